package plan

import "github.com/ksqlgo/ksql/sql"

// setOld marks the tables whose updates must leave as Before and After: those that a filter or an
// aggregation reads. want says whether the step's reader needs them.
func setOld(s Step, want bool) {
	h := s.Out()
	if h.Shape == sql.StreamKind {
		h.Old = false
		for _, in := range s.Inputs() {
			setOld(in, false)
		}
		return
	}
	switch s := s.(type) {
	case *Latest:
		s.Old = want
		setOld(s.In, false)
	case *Filter:
		setOld(s.In, true)
		s.Old = s.In.Out().Old
	case *Aggregate:
		s.Old = want && !(s.Head.Window != nil && s.Head.Window.Final) // a final result has none before it
		setOld(s.In, s.In.Out().Shape == sql.TableKind)
	case *Sink:
		setOld(s.In, false)
		s.Old = false
	default:
		s.Out().Old = false
		for _, in := range s.Inputs() {
			setOld(in, want)
			s.Out().Old = in.Out().Old
		}
	}
}

// setLive marks, from the last step to the first, the columns that a later step reads. Keys and window bounds
// always count. need nil: all.
func setLive(s Step, need []bool) {
	h := s.Out()
	if need != nil {
		for i, c := range h.Schema {
			if c.Role == sql.KeyRole || isBound(c.Name) && h.Window != nil && c.Role == sql.PseudoRole {
				need[i] = true
			}
		}
		h.Live = need
	}
	wants := func(i int) bool { return need == nil || need[i] }
	below := func(in Step) []bool { return make([]bool, len(in.Out().Schema)) }
	switch s := s.(type) {
	case *Project:
		in := below(s.In)
		for i, it := range s.Items {
			if wants(i) {
				Columns(it.X, in)
			}
		}
		setLive(s.In, in)
	case *Filter:
		in := below(s.In)
		for i := range in {
			in[i] = wants(i)
		}
		Columns(s.Pred, in)
		setLive(s.In, in)
	case *FlatMap:
		in := below(s.In)
		for i := range in {
			in[i] = wants(i)
		}
		for _, c := range s.Calls {
			for _, a := range c.Args {
				Columns(a, in)
			}
		}
		setLive(s.In, in)
	case *Rekey:
		in := below(s.In)
		for _, k := range s.Keys {
			Columns(k.X, in)
		}
		for i, from := range s.Rest {
			if wants(len(s.Keys) + i) {
				in[from] = true
			}
		}
		setLive(s.In, in)
	case *Aggregate:
		in := below(s.In)
		for i := range s.Groups {
			in[i] = true
		}
		for _, c := range s.Calls {
			for _, a := range c.Args {
				in[a] = true
			}
		}
		setLive(s.In, in)
	default: // as many columns in as out
		for _, in := range s.Inputs() {
			if need == nil {
				setLive(in, nil)
				continue
			}
			setLive(in, append([]bool(nil), need...))
		}
	}
}
