package plan

import (
	"slices"

	"github.com/ksqlgo/ksql/sql"
)

// Latest remembers the last row of each key of a table. With Old it turns upserts into changes, else it lets them
// through. In a persistent query it keeps whole rows: CREATE OR REPLACE may ask for other columns of them (ksqlDB
// judges them by the new predicate, and pull queries see them through the new projection).
type Latest struct {
	Head
	State string // the name of its table
	In    Step
	Whole bool // it keeps all columns
}

// Inputs is its one input.
func (s *Latest) Inputs() []Step { return []Step{s.In} }

func (s *Latest) title() string           { return "MATERIALIZE" }
func (*Latest) free() bool                { return true }
func (s *Latest) givesOld(want bool) bool { return want }
func (s *Latest) keeps() *string          { return &s.State }
func (*Latest) readsOld(bool) bool        { return false }

func (s *Latest) needs(_ int, want []bool) []bool {
	if s.Whole {
		return nil
	}
	return slices.Clone(want)
}

// Kept lists the columns that s stores, in the order in which it does: another form of the query, or of the source,
// has more at the end. ROWTIME is not among them: it is the time of the row.
func (s *Latest) Kept() (out []int) {
	for _, part := range []func(c sql.Column) bool{
		func(c sql.Column) bool { return c.Role == sql.KeyRole },
		func(c sql.Column) bool { return c.Role == sql.PseudoRole && c.Name != rowTime },
		func(c sql.Column) bool { return c.Role == sql.HeadersRole },
		func(c sql.Column) bool { return c.Role == sql.ValueRole },
	} {
		for i, c := range s.Schema {
			if part(c) && (s.Whole || wants(s.Live, i)) {
				out = append(out, i)
			}
		}
	}
	return out
}

// RowTime is the place of ROWTIME in the schema; -1: it is not there.
func (s *Latest) RowTime() int {
	return slices.IndexFunc(s.Schema, func(c sql.Column) bool { return c.Role == sql.PseudoRole && c.Name == rowTime })
}
