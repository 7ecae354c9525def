package house_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	Module                  *struct{ Path string }
}

// checked is a package of ours whose types are known.
type checked struct {
	dir   string
	files []*ast.File
	info  *types.Info
	set   *token.FileSet
}

// typed gives the packages of this module with their types. What they import comes from the build cache.
func typed(t *testing.T) []checked {
	t.Helper()
	var failed bytes.Buffer
	cmd := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles,Module", "./...")
	cmd.Stderr = &failed
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, failed.Bytes())
	}
	var list []listed
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if p.Module != nil && p.Module.Path == module {
			list = append(list, p)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	imports := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	var out []checked
	for _, p := range list {
		c := checked{set: set, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}}}
		if c.dir, err = filepath.Rel(here, p.Dir); err != nil {
			t.Fatal(err)
		}
		c.dir = filepath.ToSlash(c.dir)
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			c.files = append(c.files, f)
		}
		if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, set, c.files, c.info); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

// mayDrop is the calls whose error may go unseen, and why: the package if it is only there, "defer" if it is only at
// the end, and the full name.
var mayDrop = map[string]string{
	"store/local crypto/rand.Read": "never fails",
	"httpapi (*bufio.Reader).Peek": "what is buffered is there",

	"httpapi (net/http.ResponseWriter).Write":      "the client has left: the request's context says so",
	"httpapi (*net/http.ResponseController).Flush": "a host's wrapper need not have it",
	"httpapi io.Copy": "into nowhere: rows behind the last one that is taken",
	"httpapi defer (*github.com/ksqlgo/ksql.Rows).Close": "the answer has told what broke the rows",
	"defer (github.com/ksqlgo/ksql/store.Reader).Close":  "it has read all that was asked of it, or has said why not",
	"sql strconv.Atoi":                "of a number that lower.go wrote",
	"sql/vec strconv.ParseFloat":      "of digits: what is out of range is infinite, as in Java",
	"sql/fn strconv.ParseFloat":       "of a scanned number: what is out of range is infinite, as in Java",
	"store/format strconv.ParseFloat": "of a scanned number: what is out of range is infinite, as in Java",
	"sql/internal/javatime (*github.com/ksqlgo/ksql/sql/internal/javatime.moment).get": "every time of day has these fields",
}

// neverFails is where writing never fails.
var neverFails = []string{"strings.Builder", "bytes.Buffer", "hash.Hash64"}

var errorType = types.Universe.Lookup("error").Type()

// errorsOf is which results of x are errors.
func (c *checked) errorsOf(x ast.Expr) []bool {
	is := func(t types.Type) bool { return types.Identical(t, errorType) }
	switch t := c.info.TypeOf(x).(type) {
	case nil:
		return nil
	case *types.Tuple:
		var out []bool
		for v := range t.Variables() {
			out = append(out, is(v.Type()))
		}
		return out
	default:
		return []bool{is(t)}
	}
}

// callee is the full name of what a call calls, and the type of what it writes into if it writes; empty: unknown.
func (c *checked) callee(x ast.Expr) (name, into string) {
	call, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return "", ""
	}
	var id *ast.Ident
	var to ast.Expr
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		if id = f.Sel; strings.HasPrefix(id.Name, "Write") {
			to = f.X
		}
	}
	if f, ok := c.info.Uses[id].(*types.Func); ok {
		name = f.FullName()
	}
	if strings.HasPrefix(name, "fmt.Fprint") {
		to = call.Args[0]
	}
	if strings.HasPrefix(name, "(*strings.Builder).") {
		return name, "strings.Builder" // perhaps of a type that embeds one
	}
	if to != nil && c.info.TypeOf(to) != nil { // a package has no type
		into = strings.TrimPrefix(c.info.TypeOf(to).String(), "*")
	}
	return name, into
}

// dropped calls note with each place where the package lets an error go unseen: a call that stands alone, or a blank
// name. what is empty, or "defer ".
func (c *checked) dropped(note func(what string, x ast.Expr)) {
	alone := func(what string, x ast.Expr) {
		if slices.Contains(c.errorsOf(x), true) {
			note(what, x)
		}
	}
	for _, f := range c.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ExprStmt:
				alone("", n.X)
			case *ast.DeferStmt:
				alone("defer ", n.Call)
			case *ast.GoStmt:
				alone("", n.Call)
			case *ast.AssignStmt:
				for i, l := range n.Lhs {
					if id, ok := l.(*ast.Ident); !ok || id.Name != "_" {
						continue
					}
					x, k := n.Rhs[0], i
					if len(n.Rhs) == len(n.Lhs) {
						x, k = n.Rhs[i], 0
					}
					if is := c.errorsOf(x); k < len(is) && is[k] {
						note("", x)
					}
				}
			}
			return true
		})
	}
}

// TestNoErrorIsDropped: an error is returned, told or looked at. Programs and test beds look after their own.
func TestNoErrorIsDropped(t *testing.T) {
	used := map[string]bool{}
	for _, c := range typed(t) {
		if top, _, _ := strings.Cut(c.dir, "/"); top == "bench" || top == "examples" || c.dir == "store/storetest" {
			continue
		}
		c.dropped(func(what string, x ast.Expr) {
			name, into := c.callee(x)
			if slices.Contains(neverFails, into) {
				return
			}
			for _, allowed := range []string{name, what + name, c.dir + " " + name, c.dir + " " + what + name} {
				if mayDrop[allowed] != "" {
					used[allowed] = true
					return
				}
			}
			at := c.set.Position(x.Pos())
			t.Errorf("%s/%s:%d drops the error of %s%s", c.dir, filepath.Base(at.Filename), at.Line, what, cmp.Or(name, "an expression"))
		})
	}
	for name := range mayDrop {
		if !used[name] {
			t.Errorf("%s is allowed to drop errors, and never does", name)
		}
	}
}
