package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// each is one source for each kind, and what it becomes: the changed text of the line, by line.
var each = []struct {
	kind, src string
	want      []string
}{
	{kindCondition, "if a { g() }", []string{"if !(a) { g() }"}},
	{kindCondition, "if !a { g() }", []string{"if a { g() }"}},
	{kindCondition, "if n == 1 { g() }", nil}, // is another kind's
	{kindCondition, "switch {\ncase a:\n g()\n}", []string{"case !(a):"}},
	{kindBranch, "if n > 2 { g() }", []string{"if false && (n > 2) { g() }"}},
	{kindBranch, "if x := n; x > 2 { g() }", []string{"if x := n; false && (x > 2) { g() }"}},
	{kindBranch, "if a { g() } else { g() }", []string{"if false && (a) { g() } else { g() }", "if a { g() } else {}"}},
	{kindBoundary, "for i := 0; i < n; i++ { g() }", []string{"for i := 0; i <= n; i++ { g() }"}},
	{kindBoundary, "a = n >= 3", []string{"a = n > 3"}},
	{kindEqual, "a = n != 3", []string{"a = n == 3"}},
	{kindLogic, "a = a && n > 3", []string{"a = a || n > 3"}},
	{kindSum, "n = n + n", []string{"n = n - n"}},
	{kindSum, "n -= n", []string{"n += n"}},
	{kindSum, "n++", []string{"n--"}},
	{kindSum, "n = min(n, n)", []string{"n = max(n, n)"}},
	{kindSum, "a = n - n > 3", []string{"a = n + n > 3"}},
	{kindConstant, "n = n * 2", []string{"n = n * 3"}},
	{kindConstant, "n = n * 1", []string{"n = n * 0"}},
	{kindConstant, "s = s[:0]", []string{"s = s[:1]"}},
	{kindTruth, "a = false", []string{"a = true"}},
	{kindDrop, "n = 7", []string{""}},
	{kindDrop, "g(); n++", []string{"; n++", "g(); "}},
	{kindReturn, "defer func() (int, []int) { return n, s }()", []string{"defer func() (int, []int) { return *new(int), *new([]int) }()"}},
	{kindJump, "for { if a { break } }", []string{"for { if a { continue } }"}},
	// Left out.
	{"", "if err != nil { panic(1 + 2) }", nil},
	{kindSum, "err = fmt.Errorf(\"%d\", 1+2)", nil},
	{"", "var _ = 1 < 2", []string{"var _ = 0 < 2", "var _ = 1 <= 2", "var _ = 1 < 3"}},
	{"", "const most = 3", nil},
	{kindConstant, "s = make([]int, n, 3)", nil},
	{kindConstant, "n = n * 4096", nil},
	{kindConstant, "n = n << 3", nil},
	{kindConstant, "n = -1", nil},
	{kindConstant, "switch n {\ncase 1:\n g()\n}", nil},
	{kindSum, "for i := 0; a; i++ { g() }", nil},
	{kindDrop, "mu.Lock(); mu.Unlock(); defer g(); go g()", nil},
	{kindReturn, "defer func() (int, error) { return 0, err }()", nil},
	{kindConstant, "defer func() (int, error) { return 0, err }()", nil},
	{kindReturn, "defer func() bool { return true }()", nil},
	{kindJump, "out: for { break out }", nil},
}

// around is a function with one of these in it.
func around(src string) string {
	return "package p\ntype lock struct{}\nfunc (lock) Lock() {}\nfunc (lock) Unlock() {}\ntype printer struct{}\n" +
		"func (printer) Errorf(string, ...any) error { return nil }\nvar mu lock\nvar fmt printer\nfunc g() {}\n" +
		"func f(a bool, n int, s []int, err error) error {\n_, _, _ = a, n, s\n" + src + "\nreturn err\n}\n"
}

// TestFind holds that each kind of change is found, that nothing else of its kind is, and that what is found compiles.
func TestFind(t *testing.T) {
	for _, e := range each {
		src := []byte(around(e.src))
		compile(t, src)
		list, err := find("p.go", src)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			changed := c.apply(src)
			compile(t, changed)
			if c.kind == e.kind || e.kind == "" {
				lines := bytes.Split(changed, []byte("\n"))
				got = append(got, string(lines[c.line-1]))
			}
		}
		if !slices.Equal(got, e.want) {
			t.Errorf("%s: %s\ngot  %q\nwant %q", e.kind, e.src, got, e.want)
		}
	}
}

func compile(t *testing.T, src []byte) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "p.go", src, 0)
	if err == nil {
		_, err = (&types.Config{}).Check("p", set, []*ast.File{f}, nil)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
}

func TestLeftFunctions(t *testing.T) {
	for name := range leftFuncs {
		list, err := find("p.go", []byte("package p\ntype T int\nfunc (t T) "+name+"() string { if t > 1 { return \"one\" }; return \"\" }\n"))
		if err != nil || len(list) > 0 {
			t.Errorf("%s: %v %v", name, list, err)
		}
	}
}

func TestDiff(t *testing.T) {
	src := []byte("a\n\tb <\n\tc\nd\n")
	c := change{off: 5, end: 9, text: "<= c"}
	if got, want := c.diff(src), "-\tb <\n-\tc\n+\tb <= c\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// tiny is a module: its package's tests check Sum, its scripts Twice; nobody Nothing.
var tiny = map[string]string{
	"go.mod": "module tiny\n\ngo 1.26\n",
	"a/a.go": `package a

func Sum(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}

func Twice(n int) int { return n + n }

func Nothing(n int) int { return n - n }

func Ends(done bool) {
	for !done {
		done = true
	}
}
`,
	"a/a_test.go": `package a

import "testing"

func TestSum(t *testing.T) {
	Ends(false)
	if Sum(4) != 6 {
		t.Fatal(Sum(4))
	}
}

func TestIll(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Fatal("always") }) }
`,
	"bench/bed/bed_test.go": `package bed

import (
	"os"
	"testing"

	"tiny/a"
)

func TestScripts(t *testing.T) {
	if a.Twice(3) != 6 {
		t.Fatal(a.Twice(3))
	}
	if err := os.WriteFile("left", nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOther(t *testing.T) { t.Fatal("only the scripts judge") }
`,
}

// TestSurvey judges all changes of a module: who notices is named, what does not end is noticed, what lives is
// listed, and nothing is left in the module.
func TestSurvey(t *testing.T) {
	root := t.TempDir()
	for name, text := range tiny {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	s := survey{n: 1000, seed: 1, dirs: []string{"a"}, jobs: 2, floor: 60, slack: 4 * time.Second}
	ok, err := s.run(t.Context(), filepath.Join(root, "a"), &out)
	if err != nil || !ok {
		t.Fatal(ok, err, out.String())
	}
	for _, want := range []string{
		"of a these fail unchanged and judge nothing: ^TestIll$\n",
		"boundary  a/a.go:4 noticed by package: TestSum",
		"drop      a/a.go:16 noticed by package: time-out",
		"sum       a/a.go:10 noticed by scripts: TestScripts",
		"sum       a/a.go:12 SURVIVED",
		"a/a.go:12 sum\n-func Nothing(n int) int { return n - n }\n+func Nothing(n int) int { return n + n }\n",
		"8 of 12 noticed, 66.7 %; 0 did not compile",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the answer lacks %q", want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(root, "*")); err != nil || len(left) != 3 {
		t.Error("in the module lie", left, err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Error("beside it lie", left, err)
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// TestFloor holds that too little is an exit code, and that a seed chooses the same changes again.
func TestFloor(t *testing.T) {
	var out bytes.Buffer
	tl := newTally(&out, nil)
	tl.add(1, change{kind: kindSum}, verdict{by: byPackage})
	tl.add(2, change{kind: kindSum}, verdict{by: byScripts})
	for floor, want := range map[float64]bool{100: true, 100.1: false} {
		tl.dirs = []string{"."}
		if ok, err := tl.report(".", 0, floor); ok != want || err != nil {
			t.Error(floor, ok, err)
		}
	}
	s := survey{seed: 3, dirs: []string{"."}}
	a, err := s.choose(".")
	b, err2 := s.choose(".")
	if err != nil || err2 != nil || len(a) < 50 || !slices.Equal(a, b) {
		t.Error(len(a), len(b), err, err2)
	}
	s.seed = 4
	if c, err := s.choose("."); err != nil || slices.Equal(a, c) {
		t.Error("another seed chooses the same", err)
	}
}
