// Package door is what package ksql does: it opens an engine with its log, binds arguments, keeps plans, turns pages
// into rows, and tells kinds of errors. Package ksql says what each of these promises.
package door

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// Options is how an engine is opened.
type Options struct {
	Dir       string // empty: in memory
	Log       store.Log
	Exec      exec.Options
	Local     local.Options
	Functions []fn.Func
	Mem       vec.Mem // of Arrow records
}

// Engine is an engine with what it owns.
type Engine struct {
	*exec.Engine
	log   store.Log
	meta  *meta.DB
	mem   vec.Mem
	owns  bool // the log
	once  sync.Once
	err   error
	plans *plans
}

// mostPlans is how many pull queries are kept planned.
const mostPlans = 512

// Open starts an engine.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Exec.Memory < 0 {
		return nil, fmt.Errorf("a memory limit of %d bytes: it must be positive, or 0 for none", o.Exec.Memory)
	}
	e := &Engine{mem: o.Mem, log: o.Log, plans: newPlans(mostPlans)}
	var err error
	if e.log == nil {
		e.owns = true
		if o.Dir != "" {
			o.Local.Context = ctx
			e.log, err = local.Open(o.Dir, o.Local)
		} else {
			e.log, err = local.Memory(o.Local)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := local.Damage(e.log); err != nil {
		e.release()
		return nil, fmt.Errorf("the directory is left as it is: %w", err)
	}
	path := meta.Memory
	if o.Dir != "" {
		path = filepath.Join(o.Dir, "meta.db")
	}
	if e.meta, err = meta.Open(path); err != nil {
		e.release()
		return nil, err
	}
	o.Exec.Log, o.Exec.Meta, o.Exec.Functions = e.log, e.meta, fn.Builtins().With(o.Functions...)
	if e.Engine, err = exec.Open(ctx, o.Exec); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *Engine) release() {
	if e.meta != nil {
		e.err = errors.Join(e.err, e.meta.Close())
	}
	if e.owns {
		e.err = errors.Join(e.err, e.log.Close())
	}
}

// Close closes the engine and what it owns.
func (e *Engine) Close() error {
	e.once.Do(func() {
		e.err = e.Engine.Close()
		e.release()
	})
	return e.err
}

// Text is the statement of a persistent query; empty if there is no such query.
func (e *Engine) Text(id string) string {
	if q, ok := e.Query(id); ok {
		return q.Plan().Text
	}
	return ""
}

// Execute runs the statements of a text.
func (e *Engine) Execute(ctx context.Context, text string, args []any) ([]stmt.Result, error) {
	r, err := e.bind(args)
	if err != nil {
		return nil, err
	}
	list, err := sql.ParseParams(text, r.Vars)
	if err == nil {
		err = counted(list, r)
	}
	if err != nil {
		return nil, err
	}
	return stmt.Run(ctx, e.Engine, r, list)
}

// Option is an argument that binds no parameter.
type Option = func(*stmt.Request)

// Property sets a property for one call.
func Property(name, value string) Option {
	return func(r *stmt.Request) {
		if r.Props == nil {
			r.Props = map[string]string{}
		}
		r.Props[name] = value
	}
}

// Variable defines a variable for one call.
func Variable(name, value string) Option {
	return func(r *stmt.Request) {
		if r.Vars == nil {
			r.Vars = map[string]string{}
		}
		r.Vars[name] = value
	}
}

// bind takes the options and parameters out of args.
func (e *Engine) bind(args []any) (*stmt.Request, error) {
	if err := e.Alive(); err != nil {
		return nil, err
	}
	r := &stmt.Request{}
	for _, a := range args {
		if opt, ok := a.(Option); ok {
			opt(r)
			continue
		}
		t, v, err := vec.Bind(a)
		if err != nil {
			return nil, &plan.Error{Msg: fmt.Sprintf("parameter %d: %v", len(r.Params)+1, err)}
		}
		r.ParamTypes, r.Params = append(r.ParamTypes, t), append(r.Params, v)
	}
	for name, value := range r.Props {
		if err := stmt.CheckOverride(e.Engine, name, value); err != nil {
			return nil, &plan.Error{Msg: err.Error()}
		}
	}
	return r, nil
}

// counted refuses more arguments than parameters. Fewer are refused where the one that is missing stands.
func counted(list []sql.Parsed, r *stmt.Request) error {
	n := 0
	if len(list) > 0 {
		n = list[len(list)-1].Params
	}
	if len(r.Params) > n {
		return &plan.Error{Msg: fmt.Sprintf("%d arguments for %d parameters", len(r.Params), n)}
	}
	return nil
}
