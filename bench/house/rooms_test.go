package house_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// statements are the files that may ask what a statement is, and what for.
var statements = map[string]string{
	"plan/command.go":      "what changes the catalog",
	"exec/stmt/stmt.go":    "what all others do",
	"exec/stmt/change.go":  "the answer to CREATE has the whole text; a push query is ended elsewhere",
	"exec/stmt/written.go": "the text of CREATE",
	"exec/stmt/query.go":   "EXPLAIN plans what it explains",
	"exec/door/server.go":  "SELECT or PRINT",
	"exec/door/rows.go":    "PRINT has its own door",
	"exec/door/plans.go":   "SELECT is kept",
	"exec/door/stmt.go":    "SELECT is prepared",
	"httpapi/query.go":     "SELECT or PRINT",
}

// steps are the files that may ask what a step is, and what for. A step's own file may ask for its own.
var steps = map[string]string{
	"exec/build.go":     "from steps to work",
	"exec/stage.go":     "the ends of a stage have topics",
	"exec/built.go":     "the formats that a query writes",
	"exec/scalable.go":  "the steps that ksqlDB's scalable push queries may have",
	"exec/view.go":      "a key is looked for behind projections, which may order its columns anew",
	"plan/stage.go":     "the ends of a stage",
	"plan/explain.go":   "the name of a sink",
	"plan/live.go":      "a Latest of a query that stays keeps whole rows",
	"plan/aggregate.go": "the steps that it stands on",
	"plan/sink.go":      "the projection that is made to fit",
}

// asked calls note with each type that a file asks for: in a type switch, or in an assertion. pkg is where the types
// are.
func asked(s source, pkg string, note func(name string, swtch bool)) {
	name := func(x ast.Expr) string {
		p, ok := x.(*ast.StarExpr)
		if !ok {
			return ""
		}
		switch p := p.X.(type) {
		case *ast.SelectorExpr:
			if id, ok := p.X.(*ast.Ident); ok && id.Name == pkg {
				return p.Sel.Name
			}
		case *ast.Ident:
			if s.file.Name.Name == pkg {
				return p.Name
			}
		}
		return ""
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSwitchStmt:
			for _, c := range n.Body.List {
				for _, x := range c.(*ast.CaseClause).List {
					note(name(x), true)
				}
			}
		case *ast.TypeAssertExpr:
			if n.Type != nil {
				note(name(n.Type), false)
			}
		}
		return true
	})
}

// with gives the exported types of a package that have a method of that name, with the file of each.
func with(list []source, dir, method string) map[string]string {
	out := map[string]string{}
	for _, s := range list {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.dir == dir && f.Recv != nil && f.Name.Name == method {
				if p, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok && exportedReceiver(f) {
					out[p.X.(*ast.Ident).Name] = s.name
				}
			}
		}
	}
	return out
}

// rooms holds that every kind has its arm in one of the files, and that no file asks for kinds that may not.
func rooms(t *testing.T, pkg string, kinds map[string]string, may map[string]string, answers ...string) {
	t.Helper()
	used, answered := map[string]bool{}, map[string]map[string]bool{}
	for name := range kinds {
		answered[name] = map[string]bool{}
	}
	for _, s := range sources(t) {
		if top, _, _ := strings.Cut(s.dir, "/"); top == "bench" || s.dir == "sql" {
			continue
		}
		asked(s, pkg, func(name string, swtch bool) {
			switch home := kinds[name]; {
			case home == "" || home == s.name:
			case may[s.name] == "":
				t.Errorf("%s asks for %s.%s", s.name, pkg, name)
			case swtch && slices.Contains(answers, s.name):
				answered[name][s.name] = true
				used[s.name] = true
			default:
				used[s.name] = true
			}
		})
	}
	for name := range kinds {
		if n := len(answered[name]); n != 1 {
			t.Errorf("%s.%s has its arm in %d of %v", pkg, name, n, answers)
		}
	}
	for name := range may {
		if !used[name] {
			t.Errorf("%s may ask for what is in %s, and does not", name, pkg)
		}
	}
}

// TestStatements: a statement is three places. It is read in sql; a change of the catalog has its arm in plan/command.go,
// any other in exec/stmt/stmt.go; and what it does and answers stands in one file.
func TestStatements(t *testing.T) {
	kinds := with(sources(t), "sql", "statement")
	if len(kinds) < 28 {
		t.Fatalf("only %d statements are found", len(kinds))
	}
	rooms(t, "sql", kinds, statements, "plan/command.go", "exec/stmt/stmt.go")
}

// TestSteps: an operator is three places. The step stands in one file of plan, the work in one of exec/op, and
// exec/build.go has the arm that leads from one to the other.
func TestSteps(t *testing.T) {
	kinds := with(sources(t), "plan", "Inputs")
	if len(kinds) < 10 {
		t.Fatalf("only %d steps are found", len(kinds))
	}
	homes := map[string]string{}
	for name, file := range kinds {
		if was := homes[file]; was != "" {
			t.Errorf("%s and %s share %s", was, name, file)
		}
		homes[file] = name
	}
	rooms(t, "plan", kinds, steps, "exec/build.go")
}
