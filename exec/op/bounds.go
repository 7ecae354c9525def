package op

import (
	"cmp"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/sql"
)

// Bounds is which groups a reader asks for. A Source gives all of those, and may give others.
type Bounds struct {
	Start, End Interval // of window starts and ends; groups without windows are in any
	Lo, Hi     []byte   // of keys in vec.AppendKey's form: from Lo on, below Hi; nil: open
}

// Interval is the times from Lo to Hi, both included; none if Lo is above Hi.
type Interval struct{ Lo, Hi int64 }

// Unbounded asks for every group.
func Unbounded() Bounds {
	all := Interval{math.MinInt64, math.MaxInt64}
	return Bounds{Start: all, End: all}
}

// Narrow leaves those times x of which x o at holds.
func (i *Interval) Narrow(o sql.BinaryOp, at int64) {
	switch o {
	case sql.OpEq:
		i.Lo, i.Hi = max(i.Lo, at), min(i.Hi, at)
	case sql.OpGe:
		i.Lo = max(i.Lo, at)
	case sql.OpLe:
		i.Hi = min(i.Hi, at)
	case sql.OpGt:
		if at == math.MaxInt64 {
			i.Lo, i.Hi = at, math.MinInt64
		} else {
			i.Lo = max(i.Lo, at+1)
		}
	case sql.OpLt:
		if at == math.MinInt64 {
			i.Lo, i.Hi = math.MaxInt64, at
		} else {
			i.Hi = min(i.Hi, at-1)
		}
	}
}

// Has reports whether at is one of the times.
func (i Interval) Has(at int64) bool { return i.Lo <= at && at <= i.Hi }

// starts is where windows of this size start that lie in the bounds.
func (b *Bounds) starts(size int64) Interval {
	i := b.Start
	if b.End.Lo > math.MinInt64+size {
		i.Lo = max(i.Lo, b.End.Lo-size)
	}
	if b.End.Hi < math.MinInt64+size {
		i.Hi = math.MinInt64
	} else {
		i.Hi = min(i.Hi, b.End.Hi-size)
	}
	return i
}

// has reports whether a window lies in the bounds.
func (b *Bounds) has(start, end int64) bool { return b.Start.Has(start) && b.End.Has(end) }

// inWindows leaves of the groups from number n of out on those whose windows, which t has with their ends, lie in the
// bounds.
func (b *Bounds) inWindows(t *state.Table, out []int32, n int) []int32 {
	left := slices.DeleteFunc(out[n:], func(g int32) bool { return !b.has(t.Win(g), t.End[g]) })
	return out[:n+len(left)]
}

// byStart puts groups in order of their windows' starts.
func byStart(t *state.Table, groups []int32) {
	slices.SortFunc(groups, func(a, b int32) int { return cmp.Compare(t.Win(a), t.Win(b)) })
}
