package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql/property"
)

// TestMain begins where the module does.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const module = "github.com/ksqlgo/ksql"

// imports is the law: what each package may import of ours. A folder ending in /... stands for all in it.
var imports = map[string][]string{
	"sql":             {},
	"sql/serde":       {"sql"},
	"sql/vec":         {"sql", "sql/internal/..."},
	"sql/json":        {},
	"sql/property":    {},
	"sql/internal":    {"sql/json", "sql/vec"},
	"sql/fn":          {"sql", "sql/json", "sql/vec", "sql/internal/..."},
	"plan":            {"sql/..."},
	"store":           {},
	"store/format":    {"sql/...", "store"},
	"store/local":     {"store"},
	"store/meta":      {"store"},
	"store/kafka":     {"store"},
	"store/storetest": {"store"},
	"exec/expr":       {"plan", "sql/..."},
	"exec/state":      {"sql", "sql/vec", "store"},
	"exec/op":         {"exec/expr", "exec/state", "plan", "sql/...", "store", "store/format"},
	"exec":            {"exec/expr", "exec/state", "exec/op", "plan", "sql/...", "store", "store/format", "store/meta"},
	"exec/stmt":       {"exec", "exec/expr", "plan", "sql/...", "store", "store/format"},
	"exec/door":       {"exec", "exec/stmt", "plan", "sql/...", "store", "store/local", "store/meta"},
	".":               {"exec", "exec/door", "exec/stmt", "plan", "sql/...", "store/..."},
	"httpapi":         {".", "plan", "sql/...", "store", "store/format"}, // through the door: nothing of exec
	"bench":           {".", "sql/...", "plan", "store/...", "exec/...", "httpapi"},
	"examples":        {".", "sql/...", "store/...", "httpapi"},
}

// foreign is where a module of others may be imported: a package, or files of it.
var foreign = map[string][]string{
	"github.com/apache/arrow/":  {"sql/vec/"},
	"github.com/pingcap/tidb/":  {"sql/tidb.go", "sql/raise.go"},
	"github.com/tidwall/btree":  {"exec/state/"},
	"github.com/tidwall/buntdb": {"store/meta/"},
	"github.com/goccy/go-json":  {"exec/record.go"},
	"github.com/twmb/franz-go":  {"store/kafka/"},
	"pgregory.net/rapid":        {},
	"go.uber.org/goleak":        {},
}

// root is all that may stand at the top.
var root = []string{
	".ci", ".git", ".gitattributes", ".github", ".gitignore", ".golangci.yml", "LICENSE", "Makefile", "README.md", "go.mod", "go.sum", "ksql.go",
	"bench", "examples", "exec", "httpapi", "plan", "sql", "store", "testdata",
	"bin", "tmp", // ignored by git
}

// source is one Go file of the module that is no test.
type source struct {
	name, dir string
	text      []byte
	file      *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if b := d.Name(); name != "." && (strings.HasPrefix(b, ".") || b == "testdata" || b == "bin" || b == "tmp") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		out = append(out, source{name, path.Dir(name), text, f})
		return nil
	})
	if err != nil || len(out) < 50 {
		t.Fatalf("%d files: %v", len(out), err)
	}
	return out
}

// TestImports holds the import law.
func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		law := s.dir
		for law != "." && imports[law] == nil {
			law = path.Dir(law)
		}
		for _, i := range s.file.Imports {
			p := strings.Trim(i.Path.Value, `"`)
			if ours, ok := strings.CutPrefix(p, module); ok {
				ours = strings.TrimPrefix(ours, "/")
				if ours == "" {
					ours = "."
				}
				within := s.dir != law && strings.HasPrefix(ours+"/", law+"/")
				if !within && !slices.ContainsFunc(imports[law], func(a string) bool { return covers(a, ours) }) {
					t.Errorf("%s imports %s: package %s may not", s.name, ours, law)
				}
				continue
			}
			for prefix, where := range foreign {
				if strings.HasPrefix(p, prefix) && !slices.ContainsFunc(where, func(w string) bool { return strings.HasPrefix(s.name, w) }) {
					t.Errorf("%s imports %s: only %v may", s.name, p, where)
				}
			}
			if p == "C" {
				t.Errorf("%s uses cgo", s.name)
			}
		}
	}
}

func covers(allowed, p string) bool {
	if dir, all := strings.CutSuffix(allowed, "/..."); all {
		return p == dir || strings.HasPrefix(p, dir+"/")
	}
	return allowed == p
}

// TestComments wants a word on every package and on everything that a package shows. A method needs one
// unless another of its name in the package has it, or an interface there asks for it.
func TestComments(t *testing.T) {
	packages := map[string]bool{}
	methods := map[string]bool{} // directory and name of methods that are documented
	list := sources(t)
	for _, s := range list {
		packages[s.dir] = packages[s.dir] || s.file.Doc != nil
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil && n.Doc != nil {
					methods[s.dir+" "+n.Name.Name] = true
				}
				return false
			case *ast.InterfaceType:
				for _, m := range n.Methods.List {
					if len(m.Names) > 0 {
						methods[s.dir+" "+m.Names[0].Name] = true
					}
				}
			}
			return true
		})
	}
	for dir, ok := range packages {
		if !ok {
			t.Errorf("package %s says nothing of itself", dir)
		}
	}
	known := []string{"Error", "String", "Unwrap", "MarshalJSON", "ServeHTTP", "Read", "Write", "Close", "Len", "Less", "Swap"}
	for _, s := range list {
		if s.file.Name.Name == "main" {
			continue
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				switch {
				case !d.Name.IsExported() || d.Doc != nil:
				case d.Recv == nil:
					t.Errorf("%s: func %s has no comment", s.name, name)
				case !exportedReceiver(d) || methods[s.dir+" "+name] || slices.Contains(known, name):
				default:
					t.Errorf("%s: method %s has no comment", s.name, name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if name := bare(d, spec); name != "" {
						t.Errorf("%s: %s has no comment", s.name, name)
					}
				}
			}
		}
	}
}

// bare is the exported name that a declaration leaves without a comment.
func bare(d *ast.GenDecl, spec ast.Spec) string {
	switch x := spec.(type) {
	case *ast.TypeSpec:
		if x.Name.IsExported() && d.Doc == nil && x.Doc == nil && x.Comment == nil {
			return x.Name.Name
		}
	case *ast.ValueSpec:
		for _, n := range x.Names {
			if n.IsExported() && d.Doc == nil && x.Doc == nil && x.Comment == nil {
				return n.Name
			}
		}
	}
	return ""
}

func exportedReceiver(d *ast.FuncDecl) bool {
	x := d.Recv.List[0].Type
	for {
		switch r := x.(type) {
		case *ast.StarExpr:
			x = r.X
		case *ast.IndexExpr:
			x = r.X
		case *ast.IndexListExpr:
			x = r.X
		case *ast.Ident:
			return r.IsExported()
		default:
			return false
		}
	}
}

// mostLines is how long a file may be that can be read in one go.
const mostLines = 450

// long are the files that may be longer: the public API in one place.
var long = []string{"ksql.go"}

// TestFiles holds what a newcomer sees: a bare root, files that can be read in one go, nothing left half done, no
// work at import time.
func TestFiles(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		n := e.Name()
		left := strings.HasSuffix(n, ".test") || strings.HasSuffix(n, ".prof") || strings.HasSuffix(n, ".out")
		if !left && !slices.Contains(root, n) && !strings.HasSuffix(n, "_test.go") {
			t.Errorf("%s does not belong at the top", n)
		}
	}
	for _, s := range sources(t) {
		if lines := bytes.Count(s.text, []byte("\n")); lines > mostLines && !slices.Contains(long, s.name) {
			t.Errorf("%s has %d lines", s.name, lines)
		}
		for _, word := range []string{"TO" + "DO", "FIX" + "ME"} {
			if bytes.Contains(s.text, []byte(word)) {
				t.Errorf("%s: %s", s.name, word)
			}
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" && s.name != "sql/tidb.go" { // which TiDB's parser forces
				t.Errorf("%s has an init function", s.name)
			}
		}
		for _, bad := range []string{"util", "utils", "common", "helpers", "manager"} {
			if s.file.Name.Name == bad {
				t.Errorf("%s: a package called %s says nothing", s.name, bad)
			}
		}
	}
}

// TestProperties holds that every property that is read has its line in the table, which knows its default.
func TestProperties(t *testing.T) {
	read := map[string]bool{}
	for _, s := range sources(t) {
		if strings.HasPrefix(s.dir, "bench") || strings.HasPrefix(s.dir, "examples") || s.dir == "sql/property" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			x, ok := n.(*ast.BasicLit)
			if !ok || x.Kind != token.STRING || !strings.HasPrefix(x.Value, `"ksql.`) {
				return true
			}
			name := strings.Trim(x.Value, `"`)
			if _, known := property.Find(name); !known && !strings.HasSuffix(name, ".") {
				t.Errorf("%s reads %s, which is not in the table", s.name, name)
			}
			read[name] = true
			return true
		})
	}
	if len(read) < 30 {
		t.Errorf("only %d properties are read", len(read))
	}
}
