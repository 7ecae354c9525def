package op

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/exec/expr"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/property"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
)

// Decode turns the records of a topic into batches: the work of plan.Scan.
type Decode struct {
	step       *plan.Scan
	key, value format.Codec
	cols       []*vec.Vec // by schema; nil where nobody reads
	keys, vals []*vec.Vec // the same columns by side
	headers    []int      // of the schema
	pseudo     []int
	stamp      int // column that gives the time, or -1
	pattern    *fn.TimePattern
	throw      bool // ksql.timestamp.throw.on.invalid
	strict     bool // ksql.fail.on.deserialization.error
	include    bool // ksql.logging.processing.rows.include

	origin  Origin
	runs    []store.Records
	out     Batch
	time    []int64
	ops     []Op
	dropped marks // rows that are left out
	noValue marks
	noKey   marks
	inner   []store.Span
	start   []int64
	end     []int64
	rows    []int32
	gather
}

// marks is a set of rows.
type marks struct {
	rows []bool // may end early
	n    int
}

func (m *marks) reset()         { m.rows, m.n = m.rows[:0], 0 }
func (m *marks) has(i int) bool { return i < len(m.rows) && m.rows[i] }

func (m *marks) set(i int) {
	m.fit(i + 1)
	if !m.rows[i] {
		m.rows[i] = true
		m.n++
	}
}

// fit lets rows have an entry for each of n rows.
func (m *marks) fit(n int) {
	for len(m.rows) < n {
		m.rows = append(m.rows, false)
	}
}

// NewDecode is the operator of s.
func NewDecode(s *plan.Scan, env *expr.Env) (*Decode, error) {
	d := &Decode{step: s, stamp: -1, throw: property.On(env.Config, "ksql.timestamp.throw.on.invalid"), strict: property.On(env.Config, "ksql.fail.on.deserialization.error"),
		include: property.On(env.Config, "ksql.logging.processing.rows.include")}
	d.cols = make([]*vec.Vec, len(s.Schema))
	var kf, vf []sql.Field
	for i, c := range s.Schema {
		want := s.Live == nil || s.Live[i]
		if s.Timestamp != nil && c.Name == s.Timestamp.Column && c.Role != sql.PseudoRole {
			d.stamp, want = i, true
		}
		if want {
			d.cols[i] = vec.New(c.Type)
		}
		switch {
		case c.Role == sql.PseudoRole || s.Window != nil && (c.Name == "WINDOWSTART" || c.Name == "WINDOWEND"):
			d.pseudo = append(d.pseudo, i)
		case c.Role == sql.HeadersRole:
			d.headers = append(d.headers, i)
		case c.Role == sql.KeyRole:
			kf, d.keys = append(kf, c.Field), append(d.keys, d.cols[i])
		default:
			vf, d.vals = append(vf, c.Field), append(d.vals, d.cols[i])
		}
	}
	var err error
	if d.key, err = OpenCodec(s.Key, format.Key, s.Topic, kf); err != nil {
		return nil, err
	}
	if d.value, err = OpenCodec(s.Value, format.Value, s.Topic, vf); err != nil {
		return nil, err
	}
	if d.pattern, err = stampPattern(s.Timestamp); err != nil {
		return nil, err
	}
	return d, nil
}

var errTimestamp = errors.New("Failed to extract timestamp from row")

// Run decodes runs, which the log keeps, and lends the rows on as one batch, good until the next Run. Records that cannot be read are
// left out and reported; of a table those without a key too (ksqlDB).
func (d *Decode) Run(c *Context, runs []store.Records, emit Emit) error {
	d.begin(runs)
	base := 0
	for i := range d.runs {
		r := &d.runs[i]
		d.run(c, r, base)
		base += r.Len()
	}
	if base == 0 {
		return nil
	}
	if d.strict && d.dropped.n > 0 {
		return fmt.Errorf("topic %s: a record cannot be read and ksql.fail.on.deserialization.error is set", d.step.Topic)
	}
	d.out = Batch{N: base, Cols: d.cols, Time: d.time, From: &d.origin}
	if d.step.Window != nil {
		d.out.Start, d.out.End = d.start, d.end
	}
	if d.noValue.n > 0 {
		d.ops = append(d.ops[:0], make([]Op, base)...)
		for i, none := range d.noValue.rows {
			if none {
				d.ops[i] = Delete
			}
		}
		d.out.Ops = d.ops
	}
	if d.noKey.n > 0 {
		d.noKey.fit(base)
		d.out.NoKey = d.noKey.rows
	}
	if err := d.extract(c, base); err != nil {
		return err
	}
	d.fill(base)
	if d.dropped.n == 0 {
		return emit(&d.out)
	}
	d.rows = d.rows[:0]
	for i := 0; i < base; i++ {
		if !d.dropped.has(i) {
			d.rows = append(d.rows, int32(i))
		}
	}
	if len(d.rows) == 0 {
		return nil
	}
	return emit(d.take(&d.out, d.rows, nil))
}

func (d *Decode) begin(runs []store.Records) {
	d.runs = append(d.runs[:0], runs...)
	d.origin.Runs, d.origin.Start = d.origin.Runs[:0], d.origin.Start[:0]
	n := 0
	for i := range d.runs {
		d.origin.Runs, d.origin.Start = append(d.origin.Runs, &d.runs[i]), append(d.origin.Start, int32(n))
		n += d.runs[i].Len()
	}
	for _, v := range d.cols {
		if v != nil {
			v.Reset()
		}
	}
	d.time, d.start, d.end = d.time[:0], d.start[:0], d.end[:0]
	d.dropped.reset()
	d.noValue.reset()
	d.noKey.reset()
}

// run decodes one run, whose first row is number base of the batch.
func (d *Decode) run(c *Context, r *store.Records, base int) {
	d.time = append(d.time, r.Time...)
	unread := func(side string) func(int, error) {
		return func(row int, err error) {
			d.dropped.set(base + row)
			d.problem(c, DeserializationError, side, r, row, err)
		}
	}
	at := r.Key
	if w := d.step.Window; w != nil {
		d.inner = d.inner[:0]
		for i, s := range r.Key {
			var start, end int64
			in := s
			if key := s.Of(r.Bytes); key != nil {
				b, st, en, err := format.SplitWindow(key, w.Kind == sql.Session, w.Size)
				if err != nil {
					unread("key")(i, err)
					in = store.Span{Len: -1}
				} else {
					start, end = st, en
					in.Len = int32(len(b))
				}
			}
			d.inner, d.start, d.end = append(d.inner, in), append(d.start, start), append(d.end, end)
		}
		at = d.inner
	}
	if d.key != nil {
		d.key.Decode(r.Bytes, at, d.keys, unread("key"), nil)
	}
	for i, s := range at {
		if s.Len < 0 && len(d.keys) > 0 {
			if d.step.Shape == sql.TableKind {
				d.dropped.set(base + i)
			}
			d.noKey.set(base + i)
		}
	}
	if d.value != nil {
		report := unread("value")
		d.value.Decode(r.Bytes, r.Value, d.vals, func(row int, err error) {
			if !d.dropped.has(base + row) { // a record is told of once: its key comes first
				report(row, err)
			}
		}, func(row int) { d.noValue.set(base + row) })
	} else {
		for i, s := range r.Value {
			if s.Len < 0 {
				d.noValue.set(base + i)
			}
		}
	}
	for i, t := range r.Time {
		if t < 0 {
			d.dropped.set(base + i)
			d.problem(c, ProcessingError, "", r, i, fmt.Errorf("negative timestamp %d", t))
		}
	}
}

func (d *Decode) problem(c *Context, kind ErrorKind, side string, r *store.Records, row int, err error) {
	if c.Report == nil {
		return
	}
	p := Problem{Kind: kind, Step: d.step.Name, Target: side, Topic: r.TP.Topic, Partition: r.TP.Partition, Offset: r.Offset(row), Err: err}
	if d.include {
		switch side {
		case "key":
			p.Record = r.Key[row].Of(r.Bytes)
		case "value":
			p.Record = r.Value[row].Of(r.Bytes)
		}
	}
	c.Report(p)
}

// extract takes ROWTIME from the TIMESTAMP column. A record whose value gives no time is left out; one
// without a value keeps its own.
func (d *Decode) extract(c *Context, n int) error {
	if d.stamp < 0 {
		return nil
	}
	v := d.cols[d.stamp]
	plain := v.I64 != nil && v.Nulls == 0
	for i := range n {
		if d.noValue.has(i) || d.dropped.has(i) {
			continue
		}
		if plain && v.I64[i] >= 0 {
			d.time[i] = v.I64[i]
			continue
		}
		t, err := stampOf(v, i, d.pattern)
		if err == nil {
			d.time[i] = t
			continue
		}
		r, row := d.origin.At(int32(i))
		if d.throw {
			return fmt.Errorf("Fatal user code error in TimestampExtractor callback for record %s-%d@%d: %w", r.TP.Topic, r.TP.Partition, r.Offset(row), err)
		}
		d.dropped.set(i)
		d.problem(c, DeserializationError, "value", r, row, fmt.Errorf("%w: %w", errTimestamp, err))
	}
	return nil
}

// stampOf is the time that row i of a TIMESTAMP column names, in ms.
func stampOf(v *vec.Vec, i int, p *fn.TimePattern) (int64, error) {
	if v.IsNull(i) {
		return 0, errors.New("timestamp column is null")
	}
	var t int64
	switch v.Type.Kind {
	case sql.Bigint, sql.Timestamp:
		t = v.I64[i]
	default:
		if p == nil {
			return 0, errors.New("timestamp column has no format")
		}
		var err error
		if t, err = p.ParseMillis(v.Str(i)); err != nil {
			return 0, err
		}
	}
	if t < 0 {
		return 0, fmt.Errorf("timestamp %d is negative", t)
	}
	return t, nil
}

// fill writes the pseudo columns and the headers.
func (d *Decode) fill(n int) {
	for _, i := range d.pseudo {
		v := d.cols[i]
		if v == nil {
			continue
		}
		switch d.step.Schema[i].Name {
		case "ROWTIME":
			v.I64 = append(v.I64, d.time...)
			v.N = n
		case "WINDOWSTART":
			d.bound(v, d.start)
		case "WINDOWEND":
			d.bound(v, d.end)
		case "ROWPARTITION":
			for k := range d.runs {
				for range d.runs[k].Time {
					v.AppendI32(d.runs[k].TP.Partition)
				}
			}
		case "ROWOFFSET":
			for k := range d.runs {
				for row := range d.runs[k].Time {
					v.AppendI64(d.runs[k].Offset(row))
				}
			}
		}
	}
	for _, i := range d.headers {
		if v := d.cols[i]; v != nil {
			d.header(v, d.step.Schema[i].Header)
		}
	}
}

// bound fills a bound of the window, which is NULL where there is no key.
func (d *Decode) bound(v *vec.Vec, of []int64) {
	v.I64 = append(v.I64, of...)
	v.N = len(of)
	for i, none := range d.noKey.rows {
		if none {
			v.SetNull(i)
		}
	}
}

// header fills a HEADERS column, or with a key the last header of that name (ksqlDB: HEADER('k')).
func (d *Decode) header(v *vec.Vec, key string) {
	for k := range d.runs {
		r := &d.runs[k]
		h := r.Headers
		for row := range r.Time {
			n := 0
			for n < len(h) && int(h[n].Row) == row {
				n++
			}
			of := h[:n]
			h = h[n:]
			if key == "" {
				item := v.Kids[0]
				for _, x := range of {
					item.Kids[0].AppendString(x.Key)
					appendNullable(item.Kids[1], x.Value)
					item.EndStruct()
				}
				v.EndList()
				continue
			}
			var last []byte
			for _, x := range of {
				if x.Key == key {
					last = x.Value
				}
			}
			appendNullable(v, last)
		}
	}
}

func appendNullable(v *vec.Vec, b []byte) {
	if b == nil {
		v.AppendNull()
	} else {
		v.AppendBytes(b)
	}
}
