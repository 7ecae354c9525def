package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/serde"
)

// Aggregate groups by the first Groups columns of its input. Its schema is these, WINDOWSTART and
// WINDOWEND if windowed, and one column a call. Rows with a null group column are left out. Over a table
// (In's Shape) it expects Old.
type Aggregate struct {
	Head
	In     Step
	State  string // the name of its table
	Groups int
	Calls  []AggCall
	Key    Format // internal formats, for the fingerprint and the topics' names
	Value  Format
	Reads  []string // the source's columns that the query reads, for CREATE OR REPLACE
}

// AggCall is one aggregate function. Args are columns of the input, one for each argument of the call but those
// that the variant wants as constants (Variant.Literal): these stand in Site.Lits only.
type AggCall struct {
	Func    *fn.Func
	Variant *fn.Variant
	Site    fn.Site
	Args    []int
	Name    string // of its column: KSQL_AGG_VARIABLE_n
}

// Inputs is its one input.
func (s *Aggregate) Inputs() []Step { return []Step{s.In} }

func (s *Aggregate) title() string {
	if s.Head.Window != nil {
		return "WINDOW_AGGREGATE"
	}
	return "AGGREGATE"
}

func (s *Aggregate) class() string {
	switch {
	case s.In.Out().Shape == sql.TableKind:
		return "TableAggregate"
	case s.Head.Window != nil:
		return "StreamWindowedAggregate"
	}
	return "StreamAggregate"
}

func (s *Aggregate) needs(int, []bool) []bool {
	in := make([]bool, len(s.In.Out().Schema))
	for i := range s.Groups {
		in[i] = true
	}
	for _, c := range s.Calls {
		for _, a := range c.Args {
			in[a] = true
		}
	}
	return in
}

func (s *Aggregate) readsOld(bool) bool { return s.In.Out().Shape == sql.TableKind }

func (s *Aggregate) keeps() *string { return &s.State }

// givesOld: a final result has none before it.
func (s *Aggregate) givesOld(want bool) bool {
	return want && !(s.Head.Window != nil && s.Head.Window.Final)
}

func (s *Aggregate) succeeds(old Step) error {
	o := old.(*Aggregate)
	if kind := s.class(); kind != "StreamAggregate" {
		return errorf("Upgrades not yet supported for %s", kind)
	}
	if !slices.Equal(o.Reads, s.Reads) {
		return unlike(s, "columns not part of aggregate", quotedNames(o.Reads), quotedNames(s.Reads))
	}
	if a, b := groupTexts(o), groupTexts(s); a != b {
		return errorf("Query is not upgradeable. Plan step of type StreamGroupBy must have matching groupByExpressions. Values differ: %s vs. %s", a, b)
	}
	if a, b := callTexts(o), callTexts(s); a != b {
		return unlike(s, "aggregate functions", a, b)
	}
	return nil
}

func groupTexts(a *Aggregate) string {
	return itemTexts(prepared(a).Items[:a.Groups])
}

func callTexts(a *Aggregate) string {
	items := prepared(a).Items
	var out []string
	for _, c := range a.Calls {
		var args []string
		for _, i := range c.Args {
			args = append(args, items[i].X.String())
		}
		for _, l := range c.Site.Lits {
			if l != nil {
				args = append(args, fmt.Sprint(l))
			}
		}
		out = append(out, c.Func.Name+"("+strings.Join(args, ", ")+")")
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// prepared is the projection in front of an aggregation.
func prepared(a *Aggregate) *Project {
	in := a.In
	if x, ok := in.(*Exchange); ok {
		in = x.In
	}
	return in.(*Project)
}

// checkAggregates wants aggregates that can forget on tables, and states that the value format can hold.
func checkAggregates(agg *Aggregate, kind sql.SourceKind) error {
	var onlyStreams []string
	for _, c := range agg.Calls {
		if kind == sql.TableKind && !c.Variant.Undo && !slices.Contains(onlyStreams, c.Func.Name) {
			onlyStreams = append(onlyStreams, c.Func.Name)
		}
	}
	if len(onlyStreams) > 0 {
		s := ""
		if len(onlyStreams) > 1 {
			s = "s"
		}
		return errorf("The aggregation function%s %s cannot be applied to a table source, only to a stream source.", s, join(onlyStreams, "and"))
	}
	for _, c := range agg.Calls {
		if c.Variant.State == nil {
			continue
		}
		state := []sql.Field{{Name: c.Name, Type: c.Variant.State(c.Site.Args)}}
		if serde.Check(agg.Value.Name, agg.Value.Props, false, state, false) != nil {
			return errorf("One of the functions used in the statement has an intermediate type that the value format can not handle. Please remove the function or change the format.")
		}
	}
	return nil
}
