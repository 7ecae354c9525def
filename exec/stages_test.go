package exec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// TestSameStages holds plan.Stages to what cut gives, on every script and every case of the corpus.
func TestSameStages(t *testing.T) {
	plans, stages := 0, 0
	check := func(name string, script []string, props map[string]string) {
		var text []sql.Parsed
		for _, part := range script {
			list, _ := sql.Parse(part, nil) // what it read before an error
			text = append(text, list...)
		}
		cat := plan.NewCatalog()
		env := &plan.Env{Functions: fn.Builtins(), Props: map[string]string{"auto.offset.reset": "earliest"}}
		for k, v := range props {
			env.Props[k] = v
		}
		for _, s := range text {
			var q *plan.Query
			if sel, ok := s.Statement.(*sql.Select); ok {
				q, _ = plan.PlanPush(cat, env, sel, s.Text)
			} else if _, ok := s.Statement.(*sql.InsertValues); ok {
				continue
			} else if cmd, err := plan.Check(cat, env, s.Statement, s.Text); err == nil {
				cat, q = cmd.Catalog, cmd.Start
				env.NextQuery++
			}
			if q == nil {
				continue
			}
			plans++
			for _, n := range []int32{1, 4} {
				old, err := cut(q.Root, n, 3, false, func(s string) string { return s })
				if err != nil {
					t.Fatal(err)
				}
				now := plan.Stages(q.Root, func(string) int32 { return n })
				stages += len(now)
				if a, b := printOld(old), printNew(now); a != b {
					t.Errorf("%s: %s\nwas %s\nis  %s", name, s.Text, a, b)
				}
			}
		}
	}
	scripts, _ := filepath.Glob("../testdata/*/*.txt")
	for _, file := range scripts {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, block := range strings.Split(string(data), "\n\n") {
			lines := strings.Split(block, "\n")
			for len(lines) > 0 && (strings.HasPrefix(lines[0], "#") || lines[0] == "") {
				lines = lines[1:]
			}
			if len(lines) == 0 {
				continue
			}
			word := strings.Fields(lines[0])[0]
			body, _, _ := strings.Cut(strings.Join(lines[1:], "\n"), "----")
			switch word {
			case "exec", "push", "plan":
				if strings.TrimSpace(body) != "" {
					if !strings.HasSuffix(strings.TrimSpace(body), ";") {
						body += ";"
					}
					all = append(all, body)
				}
			}
		}
		check(file, all, nil)
	}
	t.Logf("scripts: %d, plans: %d, stages: %d", len(scripts), plans, stages)
	corpus := filepath.Join(cmp.Or(os.Getenv("KSQL_SHARED"), "../../shared"), "conformance/open")
	files, _ := filepath.Glob(filepath.Join(corpus, "*", "*.json"))
	cases := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Tests []struct {
				FullName   string
				Statements []string
				Properties map[string]any
			}
		}
		if json.Unmarshal(data, &file) != nil {
			continue
		}
		for _, c := range file.Tests {
			cases++
			props := map[string]string{}
			for k, v := range c.Properties {
				props[k] = fmt.Sprint(v)
			}
			check(c.FullName, c.Statements, props)
		}
	}
	t.Logf("files: %d, cases: %d, plans: %d, stages: %d", len(files), cases, plans, stages)
}

func printOld(list []stage) string {
	var out []string
	for _, s := range list {
		in, end := any(s.scan), any(nil)
		if s.from != nil {
			in = s.from
		}
		switch {
		case s.sink != nil:
			end = s.sink
		case s.send != nil:
			end = s.send
		}
		out = append(out, fmt.Sprintf("%s: %p %p %s", s.name, in, end, pointers(s.steps)))
	}
	return strings.Join(out, "; ")
}

func printNew(list []plan.Stage) string {
	var out []string
	for _, s := range list {
		end := any(nil)
		if len(s.Out) == 1 {
			end = s.Out[0]
		}
		out = append(out, fmt.Sprintf("%s: %p %p %s", s.Name, s.In[0], end, pointers(s.Steps)))
	}
	return strings.Join(out, "; ")
}

func pointers(steps []plan.Step) string {
	var out []string
	for _, s := range slices.Clone(steps) {
		out = append(out, fmt.Sprintf("%T %p", s, s))
	}
	return strings.Join(out, ", ")
}
