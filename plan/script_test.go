package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// Floors of the REST cases and the SQL scripts, as in TestCorpus.
const (
	floorREST    = 278
	floorScripts = 51
)

type restCase struct {
	FullName      string
	Statements    []string
	Properties    map[string]any
	ExpectedError *struct{ Message string }
	Responses     []struct {
		Query []struct {
			Header *struct{ Schema string }
		}
	}
	Steps             []struct{ Op, SQL string }
	ExpectedException *struct{ Type, Message string }
}

func readCases(t *testing.T, pattern string) []restCase {
	var out []restCase
	for _, p := range []string{"/*.json", "/*/*.json"} {
		files, _ := filepath.Glob(filepath.Dir(corpus) + pattern + p)
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			var file struct{ Tests []restCase }
			if err := json.Unmarshal(data, &file); err != nil {
				t.Fatal(f, err)
			}
			out = append(out, file.Tests...)
		}
	}
	if len(out) == 0 {
		t.Skip("no corpus here")
	}
	return out
}

// TestREST plans the statements of ksqlDB's REST cases: results have the schemas, errors the words it gave.
func TestREST(t *testing.T) {
	builtins := fn.Builtins()
	right, all := 0, 0
	for _, c := range readCases(t, "/rest-query-validation-tests") {
		all++
		if msg := c.rest(builtins); msg != "" {
			t.Logf("%s\n   %s", c.FullName, msg)
			continue
		}
		right++
	}
	t.Logf("REST: %d of %d", right, all)
	if right < floorREST {
		t.Errorf("below the floor of %d", floorREST)
	}
}

func (c *restCase) rest(builtins *fn.Set) string {
	cat := NewCatalog()
	env := &Env{Functions: builtins, Props: map[string]string{}}
	for k, v := range c.Properties {
		env.Props[k] = fmt.Sprint(v)
	}
	for i, text := range c.Statements {
		stmts, err := sql.Parse(text, nil)
		for _, s := range stmts {
			if err != nil {
				break
			}
			var schema sql.Schema
			switch st := s.Statement.(type) {
			case *sql.InsertValues:
				_, err = PlanInsert(cat, env, st)
			case *sql.Select:
				if st.Emit == sql.EmitNone {
					var p *Pull
					if p, err = PlanPull(cat, env, st, s.Text); err == nil {
						schema = p.Printed()
					}
				} else {
					var q *Query
					if q, err = PlanPush(cat, env, st, s.Text); err == nil {
						schema = q.Schema
					}
				}
			case *sql.Show, *sql.Describe, *sql.Explain, *sql.Set, *sql.Print:
			default:
				var cmd *Command
				if cmd, err = Check(cat, env, s.Statement, s.Text); err == nil {
					cat = cmd.Catalog
				}
			}
			if err == nil && schema != nil && i < len(c.Responses) && len(c.Responses[i].Query) > 0 && c.Responses[i].Query[0].Header != nil {
				if want := c.Responses[i].Query[0].Header.Schema; want != "" && want != schema.String() {
					return "want schema " + want + "\n   got         " + schema.String()
				}
			}
		}
		if err == nil {
			continue
		}
		if e := c.ExpectedError; e != nil && strings.Contains(err.Error(), e.Message) {
			return ""
		}
		want := ""
		if c.ExpectedError != nil {
			want = c.ExpectedError.Message
		}
		return fmt.Sprintf("want error %q\n   got        %q\n   in %s", want, err, text)
	}
	if c.ExpectedError != nil {
		return "want error " + c.ExpectedError.Message
	}
	return ""
}

// TestScripts plans the statements of ksqlDB's SQL scripts, which replace running queries.
func TestScripts(t *testing.T) {
	builtins := fn.Builtins()
	right, all := 0, 0
	for _, c := range readCases(t, "/sql-tests") {
		if e := c.ExpectedException; e != nil && strings.HasSuffix(e.Type, "AssertionError") || e != nil && strings.HasPrefix(e.Message, "Expected ") {
			continue // of rows, or of the script's own ASSERTs
		}
		all++
		if msg := c.script(builtins); msg != "" {
			t.Logf("%s\n   %s", c.FullName, msg)
			continue
		}
		right++
	}
	t.Logf("scripts: %d of %d", right, all)
	if right < floorScripts {
		t.Errorf("below the floor of %d", floorScripts)
	}
}

func (c *restCase) script(builtins *fn.Set) string {
	cat := NewCatalog()
	env := &Env{Functions: builtins, Props: map[string]string{"auto.offset.reset": "earliest"}}
	for _, step := range c.Steps {
		stmts, err := sql.ParseTest(step.SQL, nil)
		for _, s := range stmts {
			if err != nil {
				break
			}
			switch st := s.Statement.(type) {
			case *sql.InsertValues:
				_, err = PlanInsert(cat, env, st)
			case *sql.Set:
				env.Props[st.Name] = st.Value
			case *sql.Unset:
				delete(env.Props, st.Name)
			case *sql.AssertValues, *sql.AssertSource, *sql.RunScript:
			case *sql.Select:
				_, err = PlanPush(cat, env, st, s.Text)
			default:
				var cmd *Command
				if cmd, err = Check(cat, env, s.Statement, s.Text); err == nil {
					cat = cmd.Catalog
				}
			}
		}
		var parse *sql.Error
		switch {
		case err == nil:
		case c.ExpectedException == nil:
			return fmt.Sprintf("%v\n   in %s", err, step.SQL)
		case !strings.Contains(err.Error(), c.ExpectedException.Message):
			return fmt.Sprintf("want error %q\n   got        %q", c.ExpectedException.Message, err)
		case strings.HasSuffix(c.ExpectedException.Type, "ParseFailedException") && !errors.As(err, &parse):
			return fmt.Sprintf("want a parse error, got %T", err)
		default:
			return ""
		}
	}
	if c.ExpectedException != nil {
		return "want error " + c.ExpectedException.Message
	}
	return ""
}
