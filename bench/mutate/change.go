package main

import (
	"bytes"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// change is one piece of a file that is replaced by another text.
type change struct {
	file     string // from the module's root, with slashes
	kind     string
	line     int
	off, end int // the bytes [off, end) of the file
	text     string
}

// dir is the package's directory.
func (c change) dir() string { return path.Dir(c.file) }

// apply is src with the change made.
func (c change) apply(src []byte) []byte {
	return slices.Concat(src[:c.off], []byte(c.text), src[c.end:])
}

// diff is the lines that change, before and after.
func (c change) diff(src []byte) string {
	from := bytes.LastIndexByte(src[:c.off], '\n') + 1
	to := len(src)
	if n := bytes.IndexByte(src[c.end:], '\n'); n >= 0 {
		to = c.end + n
	}
	var b strings.Builder
	old := string(src[from:to])
	for line := range strings.SplitSeq(old, "\n") {
		fmt.Fprintf(&b, "-%s\n", line)
	}
	for line := range strings.SplitSeq(old[:c.off-from]+c.text+old[c.end-from:], "\n") {
		if strings.TrimSpace(line) != "" {
			fmt.Fprintf(&b, "+%s\n", line)
		}
	}
	return b.String()
}

// changesOf is every change of the product files of a directory of the module, in the order of the text.
func changesOf(root, dir string) ([]change, error) {
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if err != nil {
		return nil, err
	}
	var out []change
	for _, e := range entries {
		name := e.Name()
		file := path.Join(filepath.ToSlash(dir), name)
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || leftFiles[file] != "" {
			continue
		}
		if built, err := build.Default.MatchFile(filepath.Join(root, dir), name); err != nil || !built {
			if err != nil {
				return nil, err
			}
			continue
		}
		src, err := os.ReadFile(filepath.Join(root, dir, name))
		if err != nil {
			return nil, err
		}
		list, err := find(file, src)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// find is every change of one file.
func find(name string, src []byte) ([]change, error) {
	f := finder{name: name, src: src, fset: token.NewFileSet(), seen: map[change]bool{}, skip: map[any]bool{}}
	file, err := parser.ParseFile(f.fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range file.Decls {
		f.decl(d)
	}
	slices.SortStableFunc(f.out, func(a, b change) int { return a.off - b.off })
	return f.out, nil
}
