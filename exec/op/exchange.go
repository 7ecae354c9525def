package op

import (
	"fmt"
	"math"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// Send ends a stage at a repartition topic: rows go to the partition of their key's bytes, as the key
// format writes them; their values travel in the engine's own form, with op and window.
type Send struct {
	outbox
	step  *plan.Exchange
	key   format.Codec
	keys  int
	arena []byte
	spans []store.Span
	parts scatter
	ops   []Op
	cols  []*vec.Vec
	times [2]vec.Vec // window start and end
	pre   gather
	rows  []int32
}

// NewSend is the sending side of s over a topic of so many partitions.
func NewSend(s *plan.Exchange, topic string, partitions int32) (*Send, error) {
	e := &Send{step: s, outbox: newOutbox(topic, partitions), keys: s.Schema.Keys()}
	for i := range e.times {
		e.times[i].Type = sql.TBigint
	}
	var kf []sql.Field
	for _, c := range s.Schema[:e.keys] {
		kf = append(kf, c.Field)
	}
	var err error
	if e.key, err = OpenCodec(s.Key, format.Key, topic, kf); err != nil {
		return nil, err
	}
	return e, nil
}

// Process encodes b. A stream's rows without a group end here, where their place is known.
func (e *Send) Process(c *Context, b *Batch, _ Emit) error {
	if e.step.Shape == sql.StreamKind {
		b = grouped(c, e.step.Name, e.keys, b, &e.pre, &e.rows)
	}
	e.arena, e.spans = e.arena[:0], e.spans[:0]
	var err error
	if e.arena, e.spans, err = e.key.Encode(b.Cols[:e.keys], b.N, b.NoKey, e.arena, e.spans); err != nil {
		return fmt.Errorf("Error serializing key to topic: %s: %w", e.topic, err)
	}
	e.parts.divide(e.arena, e.spans, int32(len(e.runs)), c.Partition)
	ops := e.divided(b)
	e.cols = append(e.cols[:0], b.Cols...)
	if b.Start != nil {
		for i, ms := range [2][]int64{b.Start, b.End} {
			e.times[i].N, e.times[i].I64 = b.N, ms
			e.cols = append(e.cols, &e.times[i])
		}
	}
	for p := range e.runs {
		rows := e.parts.rows(int32(p))
		if len(rows) == 0 {
			continue
		}
		r := e.run(int32(p), len(rows))
		addMarks(r, ops, rows)
		addKeys(r, e.arena, e.spans, rows)
		r.Bytes, r.Value = state.AppendRows(r.Bytes, r.Value, e.cols, rows)
		if len(r.Bytes) > math.MaxInt32 {
			return fmt.Errorf("topic %s: %w", e.topic, vec.ErrTooLarge)
		}
		r.Time = pick(r.Time, b.Time, rows)
		addHeaders(r, b, rows)
	}
	return nil
}

// divided is the ops of b: an update whose halves go to different partitions becomes a Delete and an Insert.
func (e *Send) divided(b *Batch) []Op {
	if b.Ops == nil {
		return nil
	}
	e.ops = append(e.ops[:0], b.Ops...)
	for i, o := range b.Ops {
		if o == Before && e.parts.part[i] != e.parts.part[i+1] {
			e.ops[i], e.ops[i+1] = Delete, Insert
		}
	}
	return e.ops
}

// addMarks appends the ops of these rows to r; a run of Inserts has no marks.
func addMarks(r *store.Records, ops []Op, rows []int32) {
	if ops == nil && r.Mark == nil {
		return
	}
	if r.Mark == nil {
		r.Mark = make([]byte, r.Len(), cap(r.Time))
	}
	for _, i := range rows {
		o := Insert
		if ops != nil {
			o = ops[i]
		}
		r.Mark = append(r.Mark, byte(o))
	}
}

// Receive begins a stage at a repartition topic.
type Receive struct {
	cols     []*vec.Vec // of the schema, then window start and end
	windowed bool
	origin   Origin
	runs     []store.Records
	time     []int64
	ops      []Op
	noKey    []bool
	out      Batch
}

// NewReceive is the receiving side of s.
func NewReceive(s *plan.Exchange) *Receive {
	r := &Receive{cols: columns(s.Schema), windowed: s.Window != nil}
	if r.windowed {
		r.cols = append(r.cols, vec.New(sql.TBigint), vec.New(sql.TBigint))
	}
	return r
}

// Run turns runs into a batch and lends it on, good until the next Run.
func (r *Receive) Run(c *Context, runs []store.Records, emit Emit) error {
	r.runs = append(r.runs[:0], runs...)
	r.origin.Runs, r.origin.Start = r.origin.Runs[:0], r.origin.Start[:0]
	r.time, r.ops, r.noKey = r.time[:0], r.ops[:0], r.noKey[:0]
	reset(r.cols)
	marked, bare := false, false
	for i := range r.runs {
		run := &r.runs[i]
		r.origin.Runs, r.origin.Start = append(r.origin.Runs, run), append(r.origin.Start, int32(len(r.time)))
		if row, err := state.ReadRows(run.Bytes, run.Value, r.cols); err != nil {
			return fmt.Errorf("topic %s, partition %d, offset %d: %w", run.TP.Topic, run.TP.Partition, run.Offset(row), err)
		}
		r.time = append(r.time, run.Time...)
		marked = marked || run.Mark != nil
		for _, k := range run.Key {
			r.noKey = append(r.noKey, k.Len < 0)
			bare = bare || k.Len < 0
		}
	}
	if len(r.time) == 0 {
		return nil
	}
	r.out = Batch{N: len(r.time), Cols: r.cols, Time: r.time, From: &r.origin}
	if marked {
		r.out.Ops = r.marks()
	}
	if bare {
		r.out.NoKey = r.noKey
	}
	if n := len(r.cols) - 2; r.windowed {
		r.out.Cols, r.out.Start, r.out.End = r.cols[:n], r.cols[n].I64, r.cols[n+1].I64
	}
	return emit(&r.out)
}

// marks is the ops of the runs; nil: all Insert.
func (r *Receive) marks() []Op {
	plain := true
	for i := range r.runs {
		run := &r.runs[i]
		if run.Mark == nil {
			r.ops = append(r.ops, make([]Op, run.Len())...)
			continue
		}
		for _, m := range run.Mark {
			r.ops = append(r.ops, Op(m))
			plain = plain && Op(m) == Insert
		}
	}
	if plain {
		return nil
	}
	return r.ops
}
