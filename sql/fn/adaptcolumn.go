package fn

import (
	"unsafe"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// typeOf is the SQL type that the Go type T stands for.
func typeOf[T any]() sql.Type {
	switch any((*T)(nil)).(type) {
	case *bool:
		return sql.TBoolean
	case *int32:
		return sql.TInteger
	case *int64:
		return sql.TBigint
	case *float64:
		return sql.TDouble
	case *string:
		return sql.TString
	case *[]byte:
		return sql.TBytes
	case *vec.Date:
		return sql.TDate
	case *vec.Time:
		return sql.TTime
	case *vec.Timestamp:
		return sql.TTimestamp
	case *vec.Decimal:
		return sql.Type{Kind: sql.Decimal}
	case *[]string:
		return sql.ArrayOf(sql.TString)
	case *[][]byte:
		return sql.ArrayOf(sql.TBytes)
	}
	return sql.TNull
}

// fixed is the raw values of a column of fixed width as a []T; ok is false for other types.
func fixed[T any](v *vec.Vec) (s []T, ok bool) {
	switch any((*T)(nil)).(type) {
	case *bool:
		return cast[T](v.Bool), true
	case *int32, *vec.Date, *vec.Time:
		return cast[T](v.I32), true
	case *int64, *vec.Timestamp:
		return cast[T](v.I64), true
	case *float64:
		return cast[T](v.F64), true
	}
	return nil, false
}

// cast sees []S as []T, which has the same memory layout.
func cast[T, S any](s []S) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(s))), len(s))
}

// column reads an argument: its raw slice where there is one, else a slice of its own.
type column[T any] struct {
	v   *vec.Vec
	x   []T
	own []T
}

func (k *column[T]) load(v *vec.Vec, n int) []T {
	k.v = v
	if x, ok := fixed[T](v); ok && len(x) >= n {
		k.x = x[:n]
		return k.x
	}
	if cap(k.own) < n {
		k.own = make([]T, n)
	}
	k.own = k.own[:n]
	k.x = k.own
	if v.Type.Kind == sql.Null {
		clear(k.own)
		return k.own
	}
	switch own := any(k.own).(type) {
	case []string:
		for i := range own {
			own[i] = v.Str(i)
		}
	case [][]byte:
		for i := range own {
			own[i] = v.Bytes(i)
		}
	default:
		for i := range k.own {
			k.own[i], _ = v.Get(i).(T)
		}
	}
	return k.own
}

func (k *column[T]) opt(i int) Opt[T] { return Opt[T]{k.x[i], !k.v.IsNull(i)} }

// result writes a result: right into the column where its width is fixed, else into a slice of its own.
type result[R any] struct {
	y   []R
	own []R
	ok  []bool
	// direct says that y is the column's memory.
	direct bool
}

func (r *result[R]) open(out *vec.Vec, n int) []R {
	if _, ok := fixed[R](out); ok {
		out.SetLen(n)
		r.y, _ = fixed[R](out)
		r.direct = true
		return r.y
	}
	if cap(r.own) < n {
		r.own = make([]R, n)
	}
	r.own = r.own[:n]
	r.y = r.own
	return r.y
}

// live marks the rows that have all their arguments; nil: every row.
func (r *result[R]) live(c *Call) []bool {
	ok := live(c, r.ok)
	if ok != nil {
		r.ok = ok
	}
	return ok
}

func live(c *Call, buf []bool) []bool {
	nulls := false
	for _, a := range c.Args {
		nulls = nulls || a != nil && a.Nulls > 0
	}
	if !nulls {
		return nil
	}
	if cap(buf) < c.N {
		buf = make([]bool, c.N)
	}
	buf = buf[:c.N]
	for i := range buf {
		buf[i] = true
	}
	for _, a := range c.Args {
		if a == nil || a.Nulls == 0 {
			continue
		}
		for i := range buf {
			if a.IsNull(i) {
				buf[i] = false
			}
		}
	}
	return buf
}

// marks is ok with every row set.
func (r *result[R]) marks(n int) []bool {
	if cap(r.ok) < n {
		r.ok = make([]bool, n)
	}
	r.ok = r.ok[:n]
	for i := range r.ok {
		r.ok[i] = true
	}
	return r.ok
}

func (r *result[R]) run(c *Call, out *vec.Vec, f func(i int) (R, error)) {
	ok, y := r.live(c), r.open(out, c.N)
	texts, isText := any(y).([]string)
	most := out.MostBytes()
	size := 0
	for i := range y {
		c.row(i)
		if ok != nil && !ok[i] {
			continue
		}
		v, err := f(i)
		if err == nil {
			y[i] = v
			if isText {
				if size += len(texts[i]); size > most {
					panic(vec.ErrTooLarge)
				}
			}
			continue
		}
		if err != ErrNull {
			c.Fail(i, err)
		}
		if ok == nil {
			ok = r.marks(c.N)
		}
		ok[i] = false
	}
	r.close(out, ok)
}

func (r *result[R]) runOpt(c *Call, out *vec.Vec, f func(i int) (Opt[R], error)) {
	y, ok := r.open(out, c.N), r.marks(c.N)
	for i := range y {
		c.row(i)
		v, err := f(i)
		if err != nil && err != ErrNull {
			c.Fail(i, err)
		}
		y[i], ok[i] = v.V, v.OK && err == nil
	}
	r.close(out, ok)
}

// close gives the values to out; rows that ok does not mark are null.
func (r *result[R]) close(out *vec.Vec, ok []bool) {
	if r.direct {
		for i := range ok {
			if !ok[i] {
				out.SetNull(i)
			}
		}
		return
	}
	switch y := any(r.y).(type) {
	case []string:
		for i, s := range y {
			if ok != nil && !ok[i] {
				out.AppendNull()
				continue
			}
			out.AppendString(s)
		}
	case [][]byte:
		for i, s := range y {
			if ok != nil && !ok[i] {
				out.AppendNull()
				continue
			}
			out.AppendBytes(s)
		}
	default:
		for i := range r.y {
			if ok != nil && !ok[i] {
				out.AppendNull()
				continue
			}
			put(out, any(r.y[i]))
		}
	}
}

func put(out *vec.Vec, x any) {
	switch x := x.(type) {
	case []string:
		for _, s := range x {
			out.Kids[0].AppendString(s)
		}
		out.EndList()
	case [][]byte:
		for _, s := range x {
			out.Kids[0].AppendBytes(s)
		}
		out.EndList()
	default:
		out.Append(x)
	}
}
