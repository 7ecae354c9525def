package expr

import "github.com/ksqlgo/ksql/sql/vec"

// frame is one batch on its way through a tree of nodes.
type frame struct {
	slots  []*vec.Vec // the columns that the program reads and the parameters of its lambdas
	n      int
	params []any
	nested func(row int, err error) // told of errors that became null inside; may be nil
	scope
}

// scope collects the rows that failed. A row that failed is null in the end, whatever its nodes compute.
type scope struct {
	failed []bool // meaningful while any is set
	any    bool
	report func(row int, err error)
}

func (f *frame) begin(n int, report func(int, error)) {
	f.n, f.any, f.report = n, false, report
}

// fail marks a row as failed; only the first error of a row counts.
func (f *frame) fail(row int, err error) {
	if !f.any {
		f.any = true
		f.failed = resize(f.failed, f.n)
		clear(f.failed)
	}
	if f.failed[row] {
		return
	}
	f.failed[row] = true
	if f.report != nil {
		f.report(row, err)
	}
}

// swallow tells of an error that became null.
func (f *frame) swallow(row int, err error) {
	if f.nested != nil {
		f.nested(row, err)
	}
}

func (f *frame) bad(row int) bool { return f.any && f.failed[row] }

// sub is a batch gathered from another one: the rows that a CASE, AND or OR leaves to a branch, or the items
// that a lambda runs over. Errors go to the row they came from.
type sub struct {
	frame
	uses []int      // the slots that the branch reads
	own  []*vec.Vec // their gathered columns
	rows []int32
	up   *frame
}

func (s *sub) init() {
	s.report = func(k int, err error) { s.up.fail(int(s.rows[k]), err) }
	s.nested = func(k int, err error) { s.up.swallow(int(s.rows[k]), err) }
}

// over gathers the rows of f that rows names.
func (s *sub) over(f *frame, rows []int32) *frame {
	s.up, s.rows, s.params = f, rows, f.params
	s.n, s.any = len(rows), false
	s.gather(f, rows)
	return &s.frame
}

func (s *sub) gather(f *frame, rows []int32) {
	if len(s.slots) < len(f.slots) {
		s.slots = make([]*vec.Vec, len(f.slots))
	}
	if s.own == nil {
		s.own = make([]*vec.Vec, len(s.uses))
	}
	for k, slot := range s.uses {
		src := f.slots[slot]
		if s.own[k] == nil {
			s.own[k] = src.Like()
		}
		s.own[k].Reset()
		s.own[k].AppendRows(src, rows)
		s.slots[slot] = s.own[k]
	}
}

// branch is a part of an expression that runs for some of the rows only.
type branch struct {
	node
	sub sub
}

// on evaluates the branch for the given rows of f: all of them run in place.
func (b *branch) on(f *frame, rows []int32) *vec.Vec {
	if len(rows) == f.n {
		return b.eval(f)
	}
	return b.eval(b.sub.over(f, rows))
}

// resize gives s n elements and keeps the old ones as far as they go.
func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	t := make([]T, n, max(n, 2*cap(s)))
	copy(t, s)
	return t
}
