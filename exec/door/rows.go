package door

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Rows is the answer to a query, page by page and row by row.
type Rows struct {
	*exec.Rows
	ctx    context.Context // of the query
	mem    vec.Mem
	page   *exec.Page // nil: there is no current row
	at     int        // the current row in page
	err    error
	closed atomic.Bool
}

// newRows is rows for a reader; nil stays nil.
func (e *Engine) newRows(ctx context.Context, rows *exec.Rows) *Rows {
	if rows == nil {
		return nil
	}
	return &Rows{Rows: rows, ctx: ctx, mem: e.mem}
}

// rows runs a statement that is no SELECT.
func (e *Engine) rows(ctx context.Context, p sql.Parsed, r *stmt.Request) (*Rows, error) {
	show, ok := p.Statement.(*sql.Print)
	if !ok {
		return nil, errNoRows
	}
	rows, err := e.Print(ctx, show, p.Text, false, r.Props)
	return e.newRows(ctx, rows), err
}

// Move goes to the next row, waiting for it if need be; false: there is none.
func (r *Rows) Move() bool {
	if r.page != nil && r.at+1 < r.page.N && !r.closed.Load() {
		r.at++
		return true
	}
	r.page, r.at = r.next(), 0
	return r.page != nil
}

// next is the next page; nil at the end, or with err set.
func (r *Rows) next() (p *exec.Page) {
	if r.err == nil && !r.closed.Load() {
		p, r.err = r.Rows.Next(r.ctx)
	}
	return p
}

// Ready reports whether Move would not wait.
func (r *Rows) Ready() bool { return r.page != nil && r.at+1 < r.page.N || r.More() }

// Row is a copy of the current row; nil: there is none.
func (r *Rows) Row() []any {
	if r.page == nil {
		return nil
	}
	out := make([]any, len(r.page.Cols))
	for i, c := range r.page.Cols {
		out[i] = c.Get(r.at)
	}
	return out
}

// Tombstone reports whether the current row says that its key is gone.
func (r *Rows) Tombstone() bool { return r.page != nil && r.page.Tomb(r.at) }

// Err is what ended the rows early.
func (r *Rows) Err() error { return r.err }

// Close ends the query and waits for it.
func (r *Rows) Close() error {
	r.closed.Store(true)
	return r.Rows.Close()
}

// Batches gives the rows that Move has not given as Arrow records, as long as yield wants more.
func (r *Rows) Batches(yield func(vec.Record) bool) {
	page, from := r.page, r.at+1
	r.page = nil
	if page == nil || from >= page.N {
		page, from = r.next(), 0
	}
	for page != nil && yield(r.record(page, from)) {
		page, from = r.next(), 0
	}
}

// record is the rows of a page from one on.
func (r *Rows) record(p *exec.Page, from int) vec.Record {
	names := make([]string, len(r.Schema))
	for i, c := range r.Schema {
		names[i] = c.Name
	}
	all := vec.NewRecord(r.mem, names, p.Cols, p.N)
	if from == 0 {
		return all
	}
	defer all.Release()
	return all.NewSlice(int64(from), int64(p.N))
}

// Scan copies the current row into variables, or into a struct.
func (r *Rows) Scan(dst []any) error {
	if r.page == nil {
		return errors.New("Scan without a row: call Next first")
	}
	values := r.Row()
	if len(dst) == 1 && !vec.OneValue(dst[0]) {
		names, types := make([]string, len(r.Schema)), make([]sql.Type, len(r.Schema))
		for i, c := range r.Schema {
			names[i], types[i] = c.Name, c.Type
		}
		return vec.AssignStruct(dst[0], names, types, values)
	}
	if len(dst) != len(values) {
		return fmt.Errorf("Scan of %d columns into %d variables", len(values), len(dst))
	}
	for i, d := range dst {
		if err := vec.Assign(d, values[i], r.Schema[i].Type); err != nil {
			return fmt.Errorf("column %s: %w", r.Schema[i].Name, err)
		}
	}
	return nil
}
