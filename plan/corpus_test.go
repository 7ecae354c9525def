package plan

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// corpus lies beside the checkout, or where KSQL_SHARED says.
var corpus = filepath.Join(cmp.Or(os.Getenv("KSQL_SHARED"), "../../shared"), "conformance/open/query-validation-tests")

const (
	// The share of the corpus that must stay right: cases that plan and whose sources match, and errors with
	// ksqlDB's words.
	floorPlans  = 1025
	floorErrors = 261
	maxRung     = 9
)

type corpusSource struct {
	Name, Type, Schema string
	KeyFormat          *struct {
		Format, WindowType string
		WindowSize         *int64
	}
	ValueFormat                string
	KeyFeatures, ValueFeatures *[]string
	IsSource                   *bool
}

type corpusCase struct {
	Kind, FullName    string
	Statements        []string
	Properties        map[string]any
	ExpectedException *struct{ Type, Message string }
	Post              *struct {
		Sources []corpusSource
		Topics  *struct{ Blacklist string }
	}
	Oracle *struct {
		Sources []corpusSource
		Steps   []string
	}
	Requires []string
	Rung     int
}

func readCorpus(t *testing.T) []corpusCase {
	files, _ := filepath.Glob(filepath.Join(corpus, "*.json"))
	if len(files) == 0 {
		t.Skip("no corpus here")
	}
	var out []corpusCase
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Tests []corpusCase }
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(f, err)
		}
		out = append(out, file.Tests...)
	}
	return out
}

// TestCorpus plans every case of ksqlDB's own tests up to a rung: those that expect rows must plan and give
// the schemas, formats and features that ksqlDB recorded, those that expect an error must give its words.
func TestCorpus(t *testing.T) {
	builtins := fn.Builtins()
	plans, right, failures, words := 0, 0, 0, 0
	for _, c := range readCorpus(t) {
		if c.Rung > maxRung {
			continue
		}
		cat, err := c.run(builtins)
		if e := c.ExpectedException; e != nil {
			if slices.Contains(c.Requires, "runtime_failure") {
				continue
			}
			failures++
			switch {
			case err == nil:
				t.Logf("NO ERROR %s\n   want %q", c.FullName, e.Message)
			case !strings.Contains(err.Error(), e.Message):
				t.Logf("WORDS %s\n   want %q\n   got  %q", c.FullName, e.Message, err)
			case !ofType(err, e.Type):
				t.Logf("CLASS %s\n   want %s, got %T %q", c.FullName, e.Type, err, err)
			default:
				words++
			}
			continue
		}
		plans++
		if err != nil {
			t.Logf("ERROR %s\n   %v", c.FullName, err)
			continue
		}
		if diff := c.compare(cat); diff != "" {
			t.Logf("DIFF %s\n   %s", c.FullName, diff)
			continue
		}
		right++
	}
	t.Logf("plans: %d of %d, errors: %d of %d", right, plans, words, failures)
	if right < floorPlans || words < floorErrors {
		t.Errorf("below the floor: %d plans (floor %d), %d errors (floor %d)", right, floorPlans, words, floorErrors)
	}
}

// ofType reports whether err is what ksqlDB calls that class.
func ofType(err error, class string) bool {
	var own *Error
	var parse *sql.Error
	switch class[strings.LastIndexByte(class, '.')+1:] {
	case "ParseFailedException":
		return errors.As(err, &parse)
	default:
		return errors.As(err, &own) || errors.As(err, &parse)
	}
}

func (c *corpusCase) run(builtins *fn.Set) (cat *Catalog, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("PANIC %v", p)
		}
	}()
	text := strings.Join(c.Statements, "\n")
	stmts, err := sql.Parse(text, nil)
	cat = NewCatalog()
	env := &Env{Functions: builtins, Props: map[string]string{"auto.offset.reset": "earliest"}, Request: text}
	for k, v := range c.Properties {
		env.Props[k] = fmt.Sprint(v)
	}
	for _, s := range stmts {
		if in, ok := s.Statement.(*sql.InsertValues); ok {
			if _, e := PlanInsert(cat, env, in); e != nil {
				return cat, e
			}
			continue
		}
		cmd, e := Check(cat, env, s.Statement, s.Text)
		if e != nil {
			return cat, e
		}
		if e := reread(cat, cmd); e != nil {
			return cat, e
		}
		cat = cmd.Catalog
		if cmd.Start != nil && !cmd.Replace {
			env.NextQuery++
		}
	}
	return cat, err
}

func (c *corpusCase) compare(cat *Catalog) string {
	var all []corpusSource
	if c.Oracle != nil {
		all = append(all, c.Oracle.Sources...)
	}
	if c.Post != nil {
		all = append(all, c.Post.Sources...)
	}
	var diffs []string
	differ := func(name, what string, want, got any) {
		diffs = append(diffs, fmt.Sprintf("%s %s: want %v\n      got %v", name, what, want, got))
	}
	for _, w := range all {
		s := cat.Source(w.Name)
		if s == nil {
			differ(w.Name, "source", "present", "absent")
			continue
		}
		if w.Type != "" && !strings.EqualFold(w.Type, s.Kind.String()) {
			differ(w.Name, "type", w.Type, s.Kind)
		}
		if w.Schema != "" {
			if want := canonical(w.Schema, cat); want != s.Schema.String() {
				differ(w.Name, "schema", want, s.Schema)
			}
		}
		if k := w.KeyFormat; k != nil {
			kind, size := "", int64(0)
			if s.KeyWindow != nil {
				kind, size = s.KeyWindow.Kind.String(), s.KeyWindow.Size
			}
			want := int64(0)
			if k.WindowSize != nil {
				want = *k.WindowSize
			}
			if k.Format != s.Key.Name || k.WindowType != kind || want != size {
				differ(w.Name, "key format", fmt.Sprint(k.Format, k.WindowType, want), fmt.Sprint(s.Key.Name, kind, size))
			}
		}
		if w.ValueFormat != "" && w.ValueFormat != s.Value.Name {
			differ(w.Name, "value format", w.ValueFormat, s.Value.Name)
		}
		if w.KeyFeatures != nil && !sameSet(*w.KeyFeatures, s.Key.Features) {
			differ(w.Name, "key features", *w.KeyFeatures, s.Key.Features)
		}
		if w.ValueFeatures != nil && !sameSet(*w.ValueFeatures, s.Value.Features) {
			differ(w.Name, "value features", *w.ValueFeatures, s.Value.Features)
		}
		if w.IsSource != nil && *w.IsSource != s.ReadOnly {
			differ(w.Name, "source flag", *w.IsSource, s.ReadOnly)
		}
	}
	if c.Post != nil && c.Post.Topics != nil && c.Post.Topics.Blacklist != "" {
		for q := range cat.Queries() {
			if hasExchange(q.Root) {
				differ(q.ID, "repartition", "none", "one")
			}
		}
	}
	if c.Oracle != nil {
		want, got := count(c.Oracle.Steps, "streamFlatMapV1", "streamGroupByV2", "streamAggregateV1", "streamWindowedAggregateV1", "tableAggregateV1", "streamSelectKeyV2"), 0
		for q := range cat.Queries() {
			got += stateful(q.Root)
		}
		if want != got {
			differ("plan", "steps", c.Oracle.Steps, got)
		}
	}
	return strings.Join(diffs, "\n   ")
}

func count(steps []string, kinds ...string) (n int) {
	for _, s := range steps {
		if slices.Contains(kinds, s) {
			n++
		}
	}
	return n
}

// stateful counts the steps that ksqlDB has as well.
func stateful(s Step) (n int) {
	switch s := s.(type) {
	case *FlatMap, *Rekey, *Aggregate:
		n++
	case *Exchange:
		if s.Shape == sql.StreamKind {
			n++
		}
	}
	for _, in := range s.Inputs() {
		n += stateful(in)
	}
	return n
}

func hasExchange(s Step) bool {
	_, ok := s.(*Exchange)
	for _, in := range s.Inputs() {
		ok = ok || hasExchange(in)
	}
	return ok
}

// canonical prints a schema text as Schema.String does.
func canonical(text string, cat *Catalog) string {
	defs, err := sql.ParseSchema(text)
	if err != nil {
		return err.Error()
	}
	var s sql.Schema
	for _, d := range defs {
		c := sql.Column{Field: sql.Field{Name: d.Name, Type: d.Type}, Header: d.Header}
		switch {
		case d.Key || d.Primary:
			c.Role = sql.KeyRole
		case d.Headers:
			c.Role = sql.HeadersRole
		}
		s = append(s, c)
	}
	return s.String()
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
