package plan

import "github.com/ksqlgo/ksql/sql"

// Sink writes to a topic. Its schema is its input's: the sink's key columns, WINDOWSTART and WINDOWEND if the
// keys carry a window, the sink's value columns.
type Sink struct {
	Head
	In         Step
	Source     string
	Topic      string
	Key, Value Format
	Timestamp  *Timestamp
}

// Inputs is its one input.
func (s *Sink) Inputs() []Step { return []Step{s.In} }

func (*Sink) title() string      { return "SINK" }
func (s *Sink) class() string    { return s.side() + "Sink" }
func (*Sink) readsOld(bool) bool { return false }

func (s *Sink) succeeds(old Step) error {
	o := old.(*Sink)
	return sameTopic(s, "topic", [2]string{o.Topic, s.Topic}, [2]Format{o.Key, s.Key}, [2]Format{o.Value, s.Value}, [2]*Timestamp{o.Timestamp, s.Timestamp})
}

// newSink writes the rows of in to a source's topic.
func newSink(in Step, to *Source) *Sink {
	h := *in.Out()
	h.Name, h.Old, h.Live = "SINK", false, nil
	return &Sink{Head: h, In: in, Source: to.Name, Topic: to.Topic, Key: to.Key, Value: to.Value, Timestamp: to.Timestamp}
}

// fitSink makes the result's columns those of an existing sink, or refuses. Numeric literals and narrower
// DECIMALs take the sink's DECIMAL type; nothing else is converted.
func fitSink(root Step, to *Source) error {
	p, ok := root.(*Project)
	var cols []int // of p that belong to the record
	for i, c := range root.Out().Schema {
		if c.Role != sql.PseudoRole {
			cols = append(cols, i)
		}
	}
	want := keysFirst(to.Schema)
	misfit := func() error {
		var got sql.Schema
		for _, i := range cols {
			got = append(got, root.Out().Schema[i])
		}
		return errorf("Incompatible schema between results and sink\nResult schema is %s\nSink schema is %s", got, want)
	}
	if len(cols) != len(want) || !ok {
		return misfit()
	}
	for n, i := range cols {
		c, w := &p.Schema[i], want[n]
		if c.Name != w.Name || c.Role != w.Role {
			return misfit()
		}
		if c.Type.Equal(w.Type) {
			continue
		}
		x := p.Items[i].X
		_, literal := x.(*Literal)
		if w.Type.Kind != sql.Decimal || !(literal && c.Type.Numeric() && c.Type.Kind != sql.Double || c.Type.Kind == sql.Decimal) || !holds(w.Type, c.Type) {
			return misfit()
		}
		p.Items[i].X = &Cast{Typed: Typed{T: w.Type, Text: x.String()}, X: x, Implied: true}
		c.Type = w.Type
	}
	return nil
}

// holds reports whether every value of the exact numeric type u is one of DECIMAL t.
func holds(t, u sql.Type) bool {
	switch u.Kind {
	case sql.Integer, sql.Bigint: // a literal: its cast fails at once when it does not fit
		return true
	}
	return u.Scale <= t.Scale && u.Precision-u.Scale <= t.Precision-t.Scale
}
