package door

import (
	"container/list"
	"context"
	"sort"
	"strings"
	"sync"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// plans keeps the pull queries on tables that were asked for last, ready to run again: reading and planning the
// text costs many times the look-up. An entry is good for the catalog it was planned for.
type plans struct {
	mu   sync.Mutex
	max  int
	at   map[key]*list.Element
	used list.List // of *planned, the newest first
}

// key is what a plan depends on besides the catalog: the text of a prepared statement with its types and properties,
// or the shape of any text with its properties. As a shape, one entry serves all keys; where the plan depends on the
// literals, the shape's entry says so, and the texts have entries of their own.
type key struct{ text, with string }

type planned struct {
	key  key
	cat  *plan.Catalog
	pull *exec.Pull // nil: of a shape whose texts differ in more than values
}

func newPlans(n int) *plans { return &plans{max: n, at: map[key]*list.Element{}} }

// get is the entry of a key; nil: there is none.
func (p *plans) get(k key, cat *plan.Catalog) *planned {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.at[k]
	if !ok {
		return nil
	}
	x := e.Value.(*planned)
	if x.cat != cat {
		p.used.Remove(e)
		delete(p.at, k)
		return nil
	}
	p.used.MoveToFront(e)
	return x
}

func (p *plans) put(k key, cat *plan.Catalog, pull *exec.Pull) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.at[k]; ok {
		p.used.Remove(e)
	}
	p.at[k] = p.used.PushFront(&planned{k, cat, pull})
	if p.used.Len() > p.max {
		last := p.used.Back()
		delete(p.at, last.Value.(*planned).key)
		p.used.Remove(last)
	}
}

// longest is the longest text that is kept by itself.
const longest = 4096

// shaped is the key of a text, or of its shape, that was not prepared.
func shaped(text string, props map[string]string) key {
	if len(props) == 0 {
		return key{text, "\x00"}
	}
	var parts []string
	for k, v := range props {
		parts = append(parts, k+"\x00"+v)
	}
	sort.Strings(parts)
	return key{text, "\x00" + strings.Join(parts, "\x00")}
}

// Planned is a pull query that was asked for before, perhaps with other keys, and runs at once.
type Planned struct {
	e      *Engine
	pull   *exec.Pull
	values []any
}

// Planned finds the pull query of a text; false: there is none.
func (e *Engine) Planned(text string, props map[string]string) (Planned, bool) {
	if len(text) > longest {
		return Planned{}, false
	}
	cat, s := e.Catalog(), sql.ShapeOf(text)
	x := e.plans.get(shaped(s.Key(), props), cat)
	if x != nil && x.pull == nil {
		x, s.Values = e.plans.get(shaped(text, props), cat), nil
	}
	if x == nil {
		return Planned{}, false
	}
	return Planned{e, x.pull, s.Values}, true
}

// Run runs the query.
func (p Planned) Run(ctx context.Context) (*Rows, error) {
	rows, err := p.pull.Run(ctx, p.values)
	return p.e.newRows(ctx, rows), err
}

// keep makes a pull query that has run ready to run again.
func (e *Engine) keep(ctx context.Context, text string, props map[string]string, cat *plan.Catalog, pull *exec.Pull) {
	if len(text) > longest {
		return
	}
	s := sql.ShapeOf(text)
	if len(s.Values) == 0 {
		e.plans.put(shaped(s.Key(), props), cat, pull)
		return
	}
	if e.plans.get(shaped(s.Key(), props), cat) == nil {
		generic := e.generic(ctx, s, props, cat)
		e.plans.put(shaped(s.Key(), props), cat, generic)
		if generic != nil {
			return
		}
	}
	e.plans.put(shaped(text, props), cat, pull)
}

// generic is the query of a shape; nil: its plan depends on the literals.
func (e *Engine) generic(ctx context.Context, s sql.Shape, props map[string]string, cat *plan.Catalog) *exec.Pull {
	list, err := sql.ParseParams(s.Text, nil)
	if err != nil || len(list) != 1 {
		return nil
	}
	sel, ok := list[0].Statement.(*sql.Select)
	if !ok {
		return nil
	}
	p, err := plan.PlanPull(cat, e.Env(ctx, props, nil), sel, list[0].Text, s.Types...)
	if err != nil || !p.Generic() {
		return nil
	}
	pull, err := e.NewPull(p, props)
	if err != nil {
		return nil
	}
	return pull
}
