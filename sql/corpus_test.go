package sql

import (
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corpus lies beside the checkout, or where KSQL_SHARED says.
var corpus = filepath.Join(cmp.Or(os.Getenv("KSQL_SHARED"), "../../shared"), "conformance/open")

type corpusCase struct {
	ID, Kind, FullName string
	Statements         []string
	Steps              []struct{ Op, SQL string }
	ExpectedException  *struct{ Type, Message string }
	ExpectedError      *struct{ Type, Message string }
	ExpectToolFailure  *struct{ Stage string }
	Post               *struct {
		Sources []struct{ Name, Schema string }
	}
}

func corpusCases(t *testing.T) []corpusCase {
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no corpus here")
	}
	var out []corpusCase
	err := filepath.WalkDir(corpus, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" || d.Name() == "MANIFEST.json" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var f struct{ Tests []corpusCase }
		if err := json.Unmarshal(data, &f); err != nil {
			return err
		}
		out = append(out, f.Tests...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCorpus reads every statement of ksqlDB's own tests. What parses is printed and read again; what must not
// parse fails with the expected words.
func TestCorpus(t *testing.T) {
	texts, refused := 0, 0
	for _, c := range corpusCases(t) {
		parse := Parse
		all := c.Statements
		for _, s := range c.Steps {
			parse = ParseTest
			if strings.TrimSpace(s.SQL) != "" {
				all = append(all, s.SQL)
			}
		}
		want, typ := "", ""
		switch {
		case c.ExpectedException != nil:
			want, typ = c.ExpectedException.Message, c.ExpectedException.Type
		case c.ExpectedError != nil:
			want, typ = c.ExpectedError.Message, c.ExpectedError.Type
		}
		text := strings.Join(all, "\n")
		stmts, err := parse(text, nil)
		if c.Kind == "rest" && err != nil { // its statements come one by one
			for _, s := range all {
				if _, err = parse(s, nil); err != nil {
					break
				}
			}
		}
		if err != nil {
			refused++
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%s: %T is not an *Error", c.FullName, err)
			}
			if (want == "" && typ == "") && c.ExpectToolFailure == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q\nwant %q\n%s", c.FullName, err, want, text)
			}
			continue
		}
		if strings.Contains(typ, "ParseFailed") && !planned(want) || strings.Contains(want, "Syntax Error") {
			t.Errorf("%s: parsed, want %q\n%s", c.FullName, want, text)
		}
		texts++
		for _, s := range stmts {
			roundTrip(t, s)
		}
		if c.Post != nil {
			for _, s := range c.Post.Sources {
				if _, err := ParseSchema(s.Schema); err != nil {
					t.Errorf("%s: schema %s: %v", c.FullName, s.Schema, err)
				}
			}
		}
	}
	t.Logf("%d cases parse, %d do not", texts, refused)
	if texts < 2000 || refused < 30 {
		t.Errorf("%d cases parse, %d do not: the corpus holds more", texts, refused)
	}
}

// planned holds for the parse failures that only a planner finds: those of WITH properties.
func planned(message string) bool { return strings.HasPrefix(message, "Configuration WINDOW_SIZE") }

func roundTrip(t *testing.T, s Parsed) {
	t.Helper()
	printed := s.Statement.String()
	again, err := ParseTest(printed, nil)
	if err != nil {
		t.Errorf("%s\nprinted as %s\n%v", s.Text, printed, err)
		return
	}
	if a, b := dump(s.Statement), dump(again[0].Statement); a != b {
		t.Errorf("%s\nprinted as %s\n%s\n%s", s.Text, printed, a, b)
	}
}
