package door

import (
	"context"
	"fmt"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Stmt is a statement that was parsed once.
type Stmt struct {
	e    *Engine
	text string
	vars map[string]string
	with string // what of a plan's key the variables are
	list []sql.Parsed
	keep bool // its plan, for the next run
}

// Prepare parses one statement.
func (e *Engine) Prepare(ctx context.Context, text string, opts []Option) (*Stmt, error) {
	r := &stmt.Request{}
	for _, o := range opts {
		o(r)
	}
	err := ctx.Err()
	switch {
	case len(r.Props) > 0:
		err = &plan.Error{Msg: "properties are for Exec and Query of the prepared statement"}
	case err == nil:
		err = e.Alive()
	}
	if err != nil {
		return nil, err
	}
	s, err := e.prepare(text, r.Vars)
	if err != nil {
		return nil, err
	}
	s.keep = true
	return s, nil
}

func (e *Engine) prepare(text string, vars map[string]string) (*Stmt, error) {
	list, err := sql.ParseParams(text, vars)
	if err == nil && len(list) != 1 {
		err = &plan.Error{Msg: fmt.Sprintf("expected one statement, got %d", len(list))}
	}
	if err != nil {
		return nil, err
	}
	s := &Stmt{e: e, text: text, vars: vars, list: list}
	if len(vars) > 0 {
		s.with = fmt.Sprint(vars)
	}
	return s, nil
}

// bind takes the arguments of one run.
func (s *Stmt) bind(args []any) (*stmt.Request, error) {
	r, err := s.e.bind(args)
	if err == nil && len(r.Vars) > 0 {
		err = &plan.Error{Msg: "variables of a prepared statement are for Prepare"}
	}
	return r, err
}

// Exec runs a statement that gives no rows.
func (s *Stmt) Exec(ctx context.Context, args []any) ([]stmt.Result, error) {
	r, err := s.bind(args)
	if err == nil {
		err = counted(s.list, r)
	}
	if err != nil {
		return nil, err
	}
	r.Vars = s.vars
	return stmt.Run(ctx, s.e.Engine, r, s.list)
}

// Query runs a statement that gives rows.
func (s *Stmt) Query(ctx context.Context, args []any) (*Rows, error) {
	r, err := s.bind(args)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, r)
}

// Rows runs one SELECT or PRINT of a text.
func (e *Engine) Rows(ctx context.Context, text string, args []any) (*Rows, error) {
	r, err := e.bind(args)
	if err != nil {
		return nil, err
	}
	s, err := e.prepare(text, r.Vars)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, r)
}

func (s *Stmt) query(ctx context.Context, r *stmt.Request) (*Rows, error) {
	if err := counted(s.list, r); err != nil {
		return nil, err
	}
	sel, ok := s.list[0].Statement.(*sql.Select)
	if !ok {
		return s.e.rows(ctx, s.list[0], r)
	}
	k := key{s.text, s.with + signature(r)}
	cat := s.e.Catalog()
	if x := s.e.plans.get(k, cat); x != nil {
		rows, err := x.pull.Run(ctx, r.Params)
		return s.e.newRows(ctx, rows), err
	}
	rows, pull, err := s.e.Select(ctx, sel, s.list[0].Text, exec.Request{Props: r.Props, ParamTypes: r.ParamTypes, Params: r.Params})
	if err == nil && pull != nil && s.keep {
		s.e.plans.put(k, cat, pull)
	}
	return s.e.newRows(ctx, rows), err
}

// signature is what a plan depends on besides the text and the catalog.
func signature(r *stmt.Request) string {
	if len(r.Props) == 0 && len(r.ParamTypes) == 1 {
		switch k := r.ParamTypes[0].Kind; k {
		case sql.Integer, sql.Bigint, sql.String:
			return k.String()
		}
	}
	return fmt.Sprint(r.Props, r.ParamTypes)
}
