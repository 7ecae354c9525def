package op

import (
	"fmt"

	"github.com/ksqlgo/ksql/exec/expr"
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
	out        []*store.Records // one a partition, nil while empty
	hint       []int            // bytes of the last run of each partition
	rows       int

	arena []byte // keys before their window, or before their partition is known
	spans []store.Span
	part  []int32
	skip  []bool
	null  []bool
	now   int64
	time  []int64
	pick  gather
	live  []int32
}

// NewEncode is the operator of s, for a topic of so many partitions.
func NewEncode(s *plan.Sink, partitions int32, env *expr.Env) (*Encode, error) {
	e := &Encode{step: s, stamp: -1, out: make([]*store.Records, partitions), hint: make([]int, partitions)}
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

// Rows is how many records wait for the commit, Bytes how large the largest of their runs is.
func (e *Encode) Rows() int { return e.rows }

// Bytes is the size of the largest run that waits.
func (e *Encode) Bytes() int {
	n := 0
	for _, r := range e.out {
		if r != nil {
			n = max(n, len(r.Bytes))
		}
	}
	return n
}

// Take appends the runs that wait to dst and forgets them: they belong to the log now.
func (e *Encode) Take(dst []*store.Records) []*store.Records {
	for i, r := range e.out {
		if r != nil && r.Len() > 0 {
			dst = append(dst, r)
			e.hint[i] = len(r.Bytes)
		}
		e.out[i] = nil
	}
	e.rows = 0
	return dst
}

// Drop forgets the runs that wait.
func (e *Encode) Drop() { clear(e.out); e.rows = 0 }

func (e *Encode) run(p int32, n int) *store.Records {
	if e.out[p] == nil {
		size := max(e.hint[p]+e.hint[p]/8, 512)
		rows := max(n, 16)
		e.out[p] = &store.Records{TP: store.TP{Topic: e.step.Topic, Partition: p}, Bytes: make([]byte, 0, size),
			Time: make([]int64, 0, rows), Key: make([]store.Span, 0, rows), Value: make([]store.Span, 0, rows)}
	}
	return e.out[p]
}

// Process encodes b. Before rows are not written, Delete rows become tombstones (on a stream: null values).
func (e *Encode) Process(c *Context, b *Batch, _ Emit) error {
	b, err := e.stamped(c, e.visible(b))
	if err != nil || b.N == 0 {
		return err
	}
	var null []bool
	if b.Ops != nil {
		e.null = e.null[:0]
		for _, o := range b.Ops {
			e.null = append(e.null, o == Delete)
		}
		null = e.null
	}
	if len(e.out) == 1 {
		return e.write(e.run(0, b.N), b, null, nil, nil)
	}
	// Several partitions: the keys' bytes say which.
	e.arena, e.spans = e.arena[:0], e.spans[:0]
	if err := e.encodeKeys(b, b.NoKey); err != nil {
		return err
	}
	e.part = e.part[:0]
	seen := int32(-1)
	mixed := false
	for _, s := range e.spans {
		p := c.Partition % int32(len(e.out))
		if s.Len >= 0 {
			p = store.Partition(s.Of(e.arena), int32(len(e.out)))
		}
		mixed = mixed || seen >= 0 && p != seen
		seen = p
		e.part = append(e.part, p)
	}
	if !mixed {
		return e.write(e.run(seen, b.N), b, null, nil, e.spans)
	}
	for p := range e.out {
		e.live = e.live[:0]
		for i, q := range e.part {
			if int(q) == p {
				e.live = append(e.live, int32(i))
			}
		}
		if len(e.live) == 0 {
			continue
		}
		some := e.pick.take(b, e.live, nil)
		var gone []bool
		if null != nil {
			e.skip = e.skip[:0]
			for _, i := range e.live {
				e.skip = append(e.skip, null[i])
			}
			gone = e.skip
		}
		if err := e.write(e.run(int32(p), some.N), some, gone, e.live, e.spans); err != nil {
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
	return e.pick.take(b, e.live, nil)
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
		for i := range b.N {
			s := keys[i]
			if rows != nil {
				s = keys[rows[i]]
			}
			if s.Len < 0 {
				r.Key = append(r.Key, s)
				continue
			}
			off := len(r.Bytes)
			r.Bytes = append(r.Bytes, s.Of(e.arena)...)
			r.Key = append(r.Key, store.Span{Off: int32(off), Len: s.Len})
		}
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
	first := r.Len()
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
	e.rows += b.N
	return e.headers(r, b, first)
}

// headers copies the headers of the records that caused the rows (Kafka Streams forwards them).
func (e *Encode) headers(r *store.Records, b *Batch, first int) error {
	if b.From == nil {
		return nil
	}
	any := false
	for _, run := range b.From.Runs {
		any = any || run.Headers != nil
	}
	if !any {
		return nil
	}
	for i := range b.N {
		run, row := b.From.At(b.Cause(i))
		for _, h := range run.Headers {
			if int(h.Row) == row {
				h.Row = int32(first + i)
				r.Headers = append(r.Headers, h)
			}
		}
	}
	return nil
}

// stamped is b with the times of its TIMESTAMP column. A row whose value gives none is left out and
// reported; a row without a value gets stream time (ksqlDB).
func (e *Encode) stamped(c *Context, b *Batch) (*Batch, error) {
	if e.stamp < 0 {
		return b, nil
	}
	v := b.Cols[e.stamp]
	e.time, e.live = e.time[:0], e.live[:0]
	for i := range b.N {
		e.now = max(e.now, b.Time[i])
		t := e.now
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
	out := *b
	out.Time = e.time
	if len(e.live) == b.N {
		return &out, nil
	}
	return e.pick.take(&out, e.live, nil), nil
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
