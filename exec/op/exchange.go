package op

import (
	"fmt"

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
	topic string
	step  *plan.Exchange
	key   format.Codec
	keys  int
	out   []*store.Records
	rows  int
	arena []byte
	spans []store.Span
}

// NewSend is the sending side of s over a topic of so many partitions.
func NewSend(s *plan.Exchange, topic string, partitions int32) (*Send, error) {
	e := &Send{topic: topic, step: s, keys: s.Schema.Keys(), out: make([]*store.Records, partitions)}
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

// Rows is how many records wait for the commit.
func (e *Send) Rows() int { return e.rows }

// Bytes is the size of the largest run that waits.
func (e *Send) Bytes() int {
	n := 0
	for _, r := range e.out {
		if r != nil {
			n = max(n, len(r.Bytes))
		}
	}
	return n
}

// Take appends the runs that wait to dst and forgets them.
func (e *Send) Take(dst []*store.Records) []*store.Records {
	for i, r := range e.out {
		if r != nil {
			dst = append(dst, r)
		}
		e.out[i] = nil
	}
	e.rows = 0
	return dst
}

// Drop forgets the runs that wait.
func (e *Send) Drop() { clear(e.out); e.rows = 0 }

// Process encodes b. An update whose halves go to different partitions becomes a Delete and an Insert.
func (e *Send) Process(c *Context, b *Batch, _ Emit) error {
	e.arena, e.spans = e.arena[:0], e.spans[:0]
	if e.key != nil {
		var err error
		if e.arena, e.spans, err = e.key.Encode(b.Cols[:e.keys], b.N, b.NoKey, e.arena, e.spans); err != nil {
			return fmt.Errorf("Error serializing key to topic: %s: %w", e.topic, err)
		}
	}
	n := int32(len(e.out))
	part := func(i int) int32 {
		if e.key == nil || e.spans[i].Len < 0 {
			return c.Partition % n
		}
		return store.Partition(e.spans[i].Of(e.arena), n)
	}
	for i := 0; i < b.N; i++ {
		o := b.Op(i)
		p := part(i)
		if o == Before && part(i+1) != p {
			o = Delete
		}
		if o == After && part(i-1) != p {
			o = Insert
		}
		r := e.out[p]
		if r == nil {
			r = &store.Records{TP: store.TP{Topic: e.topic, Partition: p}, Mark: []byte{}}
			e.out[p] = r
		}
		r.Time, r.Mark = append(r.Time, b.Time[i]), append(r.Mark, byte(o))
		k := store.Span{Len: -1}
		if e.key != nil && e.spans[i].Len >= 0 {
			k = store.Span{Off: int32(len(r.Bytes)), Len: e.spans[i].Len}
			r.Bytes = append(r.Bytes, e.spans[i].Of(e.arena)...)
		}
		r.Key = append(r.Key, k)
		off := len(r.Bytes)
		for _, v := range b.Cols {
			if v == nil {
				r.Bytes = append(r.Bytes, 0)
				continue
			}
			r.Bytes = state.AppendValue(r.Bytes, v, i)
		}
		if b.Start != nil {
			r.Bytes = appendTimes(r.Bytes, b.Start[i], b.End[i])
		}
		r.Value = append(r.Value, store.Span{Off: int32(off), Len: int32(len(r.Bytes) - off)})
		if b.From != nil && len(b.From.Runs) > 0 {
			run, row := b.From.At(b.Cause(i))
			for _, h := range run.Headers {
				if int(h.Row) == row {
					h.Row = int32(r.Len() - 1)
					r.Headers = append(r.Headers, h)
				}
			}
		}
	}
	e.rows += b.N
	return nil
}

func appendTimes(dst []byte, start, end int64) []byte {
	v := vec.Vec{Type: sql.TBigint, N: 2, I64: []int64{start, end}}
	return state.AppendValue(state.AppendValue(dst, &v, 0), &v, 1)
}

// Receive begins a stage at a repartition topic.
type Receive struct {
	step   *plan.Exchange
	cols   []*vec.Vec
	times  []*vec.Vec
	origin Origin
	runs   []store.Records
	time   []int64
	ops    []Op
	noKey  []bool
	out    Batch
}

// NewReceive is the receiving side of s.
func NewReceive(s *plan.Exchange) *Receive {
	return &Receive{step: s, cols: columns(s.Schema), times: []*vec.Vec{vec.New(sql.TBigint), vec.New(sql.TBigint)}}
}

// Run turns runs into a batch and lends it on.
func (r *Receive) Run(c *Context, runs []store.Records, emit Emit) error {
	r.runs = append(r.runs[:0], runs...)
	r.origin.Runs, r.origin.Start = r.origin.Runs[:0], r.origin.Start[:0]
	r.time, r.ops, r.noKey = r.time[:0], r.ops[:0], r.noKey[:0]
	bare := false
	reset(r.cols)
	reset(r.times)
	plain := true
	for i := range r.runs {
		run := &r.runs[i]
		r.origin.Runs, r.origin.Start = append(r.origin.Runs, run), append(r.origin.Start, int32(len(r.time)))
		r.time = append(r.time, run.Time...)
		for row, s := range run.Value {
			rest, err := state.ReadRow(s.Of(run.Bytes), r.cols)
			if err == nil && r.step.Window != nil {
				_, err = state.ReadRow(rest, r.times)
			}
			if err != nil {
				return fmt.Errorf("topic %s, partition %d, offset %d: %w", run.TP.Topic, run.TP.Partition, run.Offset(row), err)
			}
			o := Insert
			if run.Mark != nil {
				o = Op(run.Mark[row])
			}
			r.noKey = append(r.noKey, run.Key[row].Len < 0)
			bare = bare || run.Key[row].Len < 0
			plain = plain && o == Insert
			r.ops = append(r.ops, o)
		}
	}
	if len(r.time) == 0 {
		return nil
	}
	r.out = Batch{N: len(r.time), Cols: r.cols, Time: r.time, From: &r.origin}
	if !plain {
		r.out.Ops = r.ops
	}
	if bare {
		r.out.NoKey = r.noKey
	}
	if r.step.Window != nil {
		r.out.Start, r.out.End = r.times[0].I64, r.times[1].I64
	}
	return emit(&r.out)
}
