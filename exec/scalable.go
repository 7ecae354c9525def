package exec

import (
	"fmt"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/property"
)

// scalable reports whether ksqlDB would answer p as a scalable push query, which reads the rows of the one
// persistent query behind its source: filters and projections of new rows only. Here such a query differs in its
// id and in the rows it leaves out: those without a value, and those without a key.
func (e *Engine) scalable(p *plan.Query) bool {
	if p.Kind != plan.Push || !property.On(p.Props, "ksql.query.push.v2.enabled") || len(p.Reads) != 1 {
		return false
	}
	for _, s := range plan.Steps(p.Root) {
		switch s := s.(type) {
		case *plan.Filter, *plan.Project, *plan.Latest:
		case *plan.Scan:
			if p.Earliest[s.Topic] || s.Schema.Index("ROWPARTITION") != -1 || s.Schema.Index("ROWOFFSET") != -1 {
				return false
			}
		default:
			return false
		}
	}
	writers := 0
	for range e.Catalog().Writers(p.Reads[0]) {
		writers++
	}
	return writers == 1
}

// withKey lets only those rows of a stream through that have a key, as scalable push queries do.
func withKey(c *op.Context, scan *plan.Scan, next op.Emit) (op.Emit, error) {
	if scan.Shape != sql.StreamKind {
		return next, nil
	}
	var ops []op.Operator
	for i, col := range scan.Schema {
		if col.Role != sql.KeyRole {
			continue
		}
		key := &plan.Column{Typed: plan.Typed{T: col.Type, Text: col.Name}, Index: i}
		f, err := op.NewFilter(&plan.Filter{Head: scan.Head, In: scan, Pred: &plan.IsNull{Typed: plan.Typed{T: sql.TBoolean, Text: "(" + col.Name + " IS NOT NULL)"}, X: key, Negated: true}}, c.Env)
		if err != nil {
			return nil, err
		}
		ops = append(ops, f)
	}
	return op.Chain(c, ops, next), nil
}

// uuid is a random UUID from the engine's randomness.
func (e *Engine) uuid() string {
	a, b := e.opt.Rand(), e.opt.Rand()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}
