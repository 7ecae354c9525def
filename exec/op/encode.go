package op

import (
	"fmt"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// Encode is the end of a pipeline: it turns batches into records of the sink's topic and holds them until
// the task commits.
type Encode struct {
	step       *plan.Sink
	key, value format.Codec
	keyAt      []int // columns of the batch that are the key's, the value's; window bounds are neither
	valueAt    []int
	keyCols    []*vec.Vec
	valueCols  []*vec.Vec
	stamp      int
	pattern    *fn.TimePattern
	outbox

	arena []byte // keys before their window, or before their partition is known
	spans []store.Span
	parts scatter
	skip  []bool
	null  []bool
	table *state.Table // stream time, where the sink's rows are given their time; else nil
	time  []int64
	seen  gather // the rows that are written
	dated gather // those whose time is known
	share gather // those of one partition
	live  []int32
}

// NewEncode is the operator of s, for a topic of so many partitions.
func NewEncode(s *plan.Sink, print state.Print, partitions int32, keep bool) (*Encode, error) {
	e := &Encode{step: s, stamp: -1, outbox: newOutbox(s.Topic, partitions)}
	var kf, vf []sql.Field
	for i, c := range s.Schema {
		switch {
		case c.Role == sql.KeyRole:
			kf, e.keyAt = append(kf, c.Field), append(e.keyAt, i)
		case c.Role != sql.PseudoRole:
			vf, e.valueAt = append(vf, c.Field), append(e.valueAt, i)
		}
		if s.Timestamp != nil && c.Name == s.Timestamp.Column {
			e.stamp = i
		}
	}
	if e.stamp >= 0 {
		e.table = state.NewTable(state.Layout{Name: "Sink", Print: print, Keep: keep, Step: []int64{streamTime: 0}})
	}
	var err error
	if e.key, err = OpenCodec(s.Key, format.Key, s.Topic, kf); err != nil {
		return nil, err
	}
	if e.value, err = OpenCodec(s.Value, format.Value, s.Topic, vf); err != nil {
		return nil, err
	}
	if e.pattern, err = stampPattern(s.Timestamp); err != nil {
		return nil, err
	}
	return e, nil
}

// Tables is the one table, if there is something to remember.
func (e *Encode) Tables() []state.Kept {
	if e.table == nil {
		return nil
	}
	return []state.Kept{e.table}
}

// Restored has nothing to do.
func (e *Encode) Restored() error { return nil }

// Process encodes b. Before rows are not written, Delete rows become tombstones (on a stream: null values).
func (e *Encode) Process(c *Context, b *Batch, _ Emit) error {
	if b = e.stamped(c, e.visible(b)); b.N == 0 {
		return nil
	}
	var null []bool
	if b.Ops != nil {
		e.null = e.null[:0]
		for _, o := range b.Ops {
			e.null = append(e.null, o == Delete)
		}
		null = e.null
	}
	if len(e.runs) == 1 {
		return e.write(e.run(0, b.N), b, null, nil, nil)
	}
	// Several partitions: the keys' bytes say which.
	e.arena, e.spans = e.arena[:0], e.spans[:0]
	if err := e.encodeKeys(b, b.NoKey); err != nil {
		return err
	}
	e.parts.divide(e.arena, e.spans, int32(len(e.runs)), c.Partition)
	for p := range e.runs {
		rows := e.parts.rows(int32(p))
		if len(rows) == 0 {
			continue
		}
		if len(rows) == b.N {
			return e.write(e.run(int32(p), b.N), b, null, nil, e.spans)
		}
		some := e.share.take(b, rows, nil)
		var gone []bool
		if null != nil {
			e.skip = pick(e.skip[:0], null, rows)
			gone = e.skip
		}
		if err := e.write(e.run(int32(p), some.N), some, gone, rows, e.spans); err != nil {
			return err
		}
	}
	return nil
}

// visible is b without its Before rows.
func (e *Encode) visible(b *Batch) *Batch {
	if b.Ops == nil {
		return b
	}
	e.live = e.live[:0]
	for i, o := range b.Ops {
		if o != Before {
			e.live = append(e.live, int32(i))
		}
	}
	if len(e.live) == b.N {
		return b
	}
	return e.seen.take(b, e.live, nil)
}

// encodeKeys appends the keys of b, with their windows, to the arena.
func (e *Encode) encodeKeys(b *Batch, skip []bool) error {
	if e.key == nil {
		for range b.N {
			e.spans = append(e.spans, store.Span{Len: -1})
		}
		return nil
	}
	var err error
	if e.arena, e.spans, err = e.key.Encode(at(&e.keyCols, b, e.keyAt), b.N, skip, e.arena, e.spans); err != nil {
		return fmt.Errorf("Error serializing key to topic: %s: %w", e.step.Topic, err)
	}
	if b.Start == nil || e.step.Window == nil {
		return nil
	}
	for i, s := range e.spans {
		if s.Len < 0 {
			continue
		}
		off := len(e.arena)
		e.arena = append(e.arena, s.Of(e.arena)...)
		e.arena = format.AppendWindow(e.arena, e.step.Window.Kind == sql.Session, b.Start[i], b.End[i])
		e.spans[i] = store.Span{Off: int32(off), Len: int32(len(e.arena) - off)}
	}
	return nil
}

// write appends b to r. With rows, keys are the spans (in the arena) of those rows of a larger batch.
func (e *Encode) write(r *store.Records, b *Batch, null []bool, rows []int32, keys []store.Span) error {
	switch {
	case keys != nil:
		addKeys(r, e.arena, keys, rows)
	case e.step.Window != nil && b.Start != nil:
		e.arena, e.spans = e.arena[:0], e.spans[:0]
		if err := e.encodeKeys(b, b.NoKey); err != nil {
			return err
		}
		return e.write(r, b, null, nil, e.spans)
	case e.key == nil:
		for range b.N {
			r.Key = append(r.Key, store.Span{Len: -1})
		}
	default:
		var err error
		if r.Bytes, r.Key, err = e.key.Encode(at(&e.keyCols, b, e.keyAt), b.N, b.NoKey, r.Bytes, r.Key); err != nil {
			return fmt.Errorf("Error serializing key to topic: %s: %w", e.step.Topic, err)
		}
	}
	return e.values(r, b, null)
}

func (e *Encode) values(r *store.Records, b *Batch, null []bool) error {
	r.Time = append(r.Time, b.Time...)
	if e.value == nil {
		for i := range b.N {
			s := store.Span{}
			if null != nil && null[i] {
				s.Len = -1
			}
			r.Value = append(r.Value, s)
		}
	} else {
		var err error
		if r.Bytes, r.Value, err = e.value.Encode(at(&e.valueCols, b, e.valueAt), b.N, null, r.Bytes, r.Value); err != nil {
			return fmt.Errorf("Error serializing message to topic: %s: %w", e.step.Topic, err)
		}
	}
	addHeaders(r, b, nil)
	return nil
}

// stamped is b with the times of its TIMESTAMP column. A row whose value gives none is left out and
// reported; a row without a value gets stream time (ksqlDB).
func (e *Encode) stamped(c *Context, b *Batch) *Batch {
	if e.stamp < 0 {
		return b
	}
	v := b.Cols[e.stamp]
	e.time, e.live = e.time[:0], e.live[:0]
	now := e.table.Step[streamTime]
	for i := range b.N {
		now = max(now, b.Time[i])
		t := now
		if b.Op(i) != Delete {
			var err error
			if t, err = stampOf(v, i, e.pattern); err != nil {
				c.report(SerializationError, e.step.Name, b, i, fmt.Errorf("Error writing row with extracted timestamp: %w", err))
				e.time = append(e.time, 0)
				continue
			}
		}
		e.time, e.live = append(e.time, t), append(e.live, int32(i))
	}
	e.table.Step[streamTime] = now
	out := *b
	out.Time = e.time
	if len(e.live) == b.N {
		return &out
	}
	return e.dated.take(&out, e.live, nil)
}

// Keys serializes keys as the sink writes them, without window: see KeyBytes.
func (e *Encode) Keys(cols []*vec.Vec, n int) ([][]byte, error) {
	out := make([][]byte, n)
	if e.key == nil {
		return out, nil
	}
	dst, at, err := e.key.Encode(cols, n, nil, nil, nil)
	for i, s := range at {
		out[i] = s.Of(dst)
	}
	return out, err
}

// at is the columns of b at these places, in a slice that is used again.
func at(dst *[]*vec.Vec, b *Batch, places []int) []*vec.Vec {
	*dst = (*dst)[:0]
	for _, i := range places {
		*dst = append(*dst, b.Cols[i])
	}
	return *dst
}
