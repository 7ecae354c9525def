package fn

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Agg describes an aggregate of one argument whose state S is a plain struct of 8-byte words without
// pointers, and whose argument A and result R are of fixed width (int32, int64, float64 and the like).
// The zero S is the empty group. Null arguments are skipped.
type Agg[S, A, R any] struct {
	Add   func(s *S, x A)
	Undo  func(s *S, x A) // nil: not possible
	Merge func(into, from *S)
	Read  func(s *S) (r R, ok bool) // not ok: null
}

// Variant is the aggregate with this name of its argument and this type of its state.
func (a Agg[S, A, R]) Variant(sig string, state sql.Type) Variant {
	return Variant{
		Args: signature(sig, typeOf[A]()), Returns: typeOf[R](), Undo: a.Undo != nil,
		State: func([]sql.Type) sql.Type { return state },
		Agg:   func(Site) (Accumulator, error) { return a.New(), nil },
	}
}

// New is an accumulator without groups.
func (a Agg[S, A, R]) New() Accumulator { return &plainAgg[S, A, R]{Agg: a} }

type plainAgg[S, A, R any] struct {
	Agg[S, A, R]
	perGroup[S]
}

func (a *plainAgg[S, A, R]) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	v, s := args[0], a.s
	x, _ := fixed[A](v)
	x = x[:len(groups)]
	add, undo, read := a.Agg.Add, a.Agg.Undo, a.Agg.Read
	base, k := out.N, 0
	direct := out.Nulls == 0
	var dst []R
	if direct {
		dst = grow[R](out, len(groups))
	}
	for i, g := range groups {
		st := &s[g]
		if v.Nulls == 0 || !v.IsNull(i) {
			if sign == nil || sign[i] >= 0 {
				add(st, x[i])
			} else {
				undo(st, x[i])
			}
		}
		if show != nil && !show[i] {
			continue
		}
		if !direct {
			putFixed(out, read, st)
			continue
		}
		r, ok := read(st)
		dst[k] = r
		if !ok {
			out.SetNull(base + k)
		}
		k++
	}
	if direct {
		out.Truncate(base + k)
	}
	return nil
}

func putFixed[S, R any](out *vec.Vec, read func(*S) (R, bool), s *S) {
	r, ok := read(s)
	if !ok {
		out.AppendNull()
		return
	}
	switch p := any(&r).(type) {
	case *int64:
		out.AppendI64(*p)
	case *float64:
		out.AppendF64(*p)
	case *int32:
		out.AppendI32(*p)
	case *bool:
		out.AppendBool(*p)
	default:
		out.Append(r)
	}
}

func (a *plainAgg[S, A, R]) Merge(into, from int32) error {
	a.Agg.Merge(&a.s[into], &a.s[from])
	return nil
}

func (a *plainAgg[S, A, R]) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		putFixed(out, a.Agg.Read, &a.s[g])
	}
	return nil
}

func (a *plainAgg[S, A, R]) Save(g int32, dst []byte) []byte { return appendWords(dst, &a.s[g]) }

func (a *plainAgg[S, A, R]) Load(g int32, src []byte) ([]byte, error) {
	return readWords(src, &a.s[g])
}

// RowAgg describes any other aggregate by what it does for one row. The zero S is the empty group.
type RowAgg[S any] struct {
	Add   func(s *S, args []*vec.Vec, i int) error
	Undo  func(s *S, args []*vec.Vec, i int) error // nil: not possible
	Merge func(into, from *S) error
	Read  func(s *S, out *vec.Vec) error // appends one row to out
	Save  func(s *S, dst []byte) []byte
	Load  func(s *S, src []byte) ([]byte, error)
	// Bytes is the memory that s holds outside itself, about, at the cost of a few instructions; nil: none.
	Bytes func(s *S) int
}

// New is an accumulator without groups.
func (r RowAgg[S]) New() Accumulator { return &rowAgg[S]{RowAgg: r} }

type rowAgg[S any] struct {
	RowAgg[S]
	perGroup[S]
	held int64 // by all groups, outside of S
}

// holds is the bytes that group g holds outside of S.
func (a *rowAgg[S]) holds(g int32) int64 {
	if a.RowAgg.Bytes == nil {
		return 0
	}
	return int64(a.RowAgg.Bytes(&a.s[g]))
}

// Bytes is the memory that all groups hold.
func (a *rowAgg[S]) Bytes() int64 { return a.perGroup.Bytes() + a.held }

// Clear makes group g empty again.
func (a *rowAgg[S]) Clear(g int32) {
	a.held -= a.holds(g)
	a.perGroup.Clear(g)
}

func (a *rowAgg[S]) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	for i, g := range groups {
		var err error
		was := a.holds(g)
		if sign == nil || sign[i] >= 0 {
			err = a.Add(&a.s[g], args, i)
		} else {
			err = a.Undo(&a.s[g], args, i)
		}
		a.held += a.holds(g) - was
		if err == nil && (show == nil || show[i]) {
			err = a.RowAgg.Read(&a.s[g], out)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *rowAgg[S]) Merge(into, from int32) error {
	was := a.holds(into)
	err := a.RowAgg.Merge(&a.s[into], &a.s[from])
	a.held += a.holds(into) - was
	return err
}

func (a *rowAgg[S]) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		if err := a.RowAgg.Read(&a.s[g], out); err != nil {
			return err
		}
	}
	return nil
}

func (a *rowAgg[S]) Save(g int32, dst []byte) []byte { return a.RowAgg.Save(&a.s[g], dst) }

func (a *rowAgg[S]) Load(g int32, src []byte) ([]byte, error) {
	was := a.holds(g)
	rest, err := a.RowAgg.Load(&a.s[g], src)
	a.held += a.holds(g) - was
	return rest, err
}

// perGroup is the part that all accumulators share: a state for each group.
type perGroup[S any] struct{ s []S }

// Grow makes sure that groups 0 to n-1 exist.
func (p *perGroup[S]) Grow(n int) {
	if n <= len(p.s) {
		return
	}
	if n <= cap(p.s) {
		p.s = p.s[:n]
		return
	}
	s := make([]S, n, max(n, 2*cap(p.s)))
	copy(s, p.s)
	p.s = s
}

// Bytes is the memory of the states themselves.
func (p *perGroup[S]) Bytes() int64 {
	var s S
	return int64(cap(p.s)) * int64(unsafe.Sizeof(s))
}

// Clear makes group g empty again.
func (p *perGroup[S]) Clear(g int32) {
	var zero S
	p.s[g] = zero
}

var errState = errors.New("the saved state of an aggregate is cut short")

// words sees a plain state as its 8-byte words.
func words[S any](s *S) []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Pointer(s)), unsafe.Sizeof(*s)/8)
}

func appendWords[S any](dst []byte, s *S) []byte {
	for _, w := range words(s) {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}

func readWords[S any](src []byte, s *S) ([]byte, error) {
	ws := words(s)
	if len(src) < 8*len(ws) {
		return nil, errState
	}
	for i := range ws {
		ws[i] = binary.LittleEndian.Uint64(src[8*i:])
	}
	return src[8*len(ws):], nil
}

func appendCell(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func readCell(src []byte) (b, rest []byte, err error) {
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)-w) {
		return nil, nil, errState
	}
	return src[w : w+int(n) : w+int(n)], src[w+int(n):], nil
}

// readCount reads the number of things that follow, each of at least one byte.
func readCount(src []byte) (int, []byte, error) {
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)-w) {
		return 0, nil, errState
	}
	return int(n), src[w:], nil
}

func readInt(src []byte) (int64, []byte, error) {
	if len(src) < 8 {
		return 0, nil, errState
	}
	return int64(binary.LittleEndian.Uint64(src)), src[8:], nil
}

// stateIs is the State of an aggregate whose state has the same type for all arguments.
func stateIs(t sql.Type) func([]sql.Type) sql.Type {
	return func([]sql.Type) sql.Type { return t }
}

// stateFirst is the State of an aggregate that keeps a value of its argument's type.
func stateFirst(args []sql.Type) sql.Type { return args[0] }

func tvar(name string) sql.Type { return sql.Type{Kind: sql.Var, Name: name} }
