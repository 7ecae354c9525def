package httpapi

import (
	"container/list"
	"context"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// pulls keeps the pull queries on tables that were asked for last, ready to run again: reading and planning the
// text costs many times the look-up. An entry is good for the catalog it was planned for. Its key is a shape, so
// that one entry serves all keys; where the plan of a shape depends on its literals, the entry says so, and the
// texts have entries of their own.
type pulls struct {
	mu   sync.Mutex
	max  int
	at   map[string]*list.Element
	used list.List // of *pulled, the newest first
}

type pulled struct {
	key  string
	cat  *plan.Catalog
	pull *exec.Pull // nil: of a shape whose texts differ in more than values
}

func newPulls(n int) *pulls { return &pulls{max: n, at: map[string]*list.Element{}} }

// keeps reports whether the query may be kept.
func (r *request) keeps() bool { return len(r.vars) == 0 && len(r.text) <= 4096 }

// key is what a pull query depends on besides the catalog: text, or a shape's, and the properties as they came.
func (r *request) key(text string) string {
	if len(r.props) == 0 {
		return text
	}
	var parts []string
	for k, v := range r.props {
		parts = append(parts, k+"\x00"+v)
	}
	sort.Strings(parts)
	return text + "\x00" + strings.Join(parts, "\x00")
}

// get is the entry of a key; nil: there is none.
func (p *pulls) get(key string, cat *plan.Catalog) *pulled {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.at[key]
	if !ok {
		return nil
	}
	x := e.Value.(*pulled)
	if x.cat != cat {
		p.used.Remove(e)
		delete(p.at, key)
		return nil
	}
	p.used.MoveToFront(e)
	return x
}

func (p *pulls) put(key string, cat *plan.Catalog, pull *exec.Pull) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.at[key]; ok {
		p.used.Remove(e)
	}
	p.at[key] = p.used.PushFront(&pulled{key, cat, pull})
	if p.used.Len() > p.max {
		last := p.used.Back()
		delete(p.at, last.Value.(*pulled).key)
		p.used.Remove(last)
	}
}

// again runs a pull query that was asked for before, perhaps with other keys; nil: there is none, or it must go
// the long way.
func (a *api) again(c *call, r *request) *exec.Rows {
	if !r.keeps() || r.sequence > a.run.Sequence() {
		return nil
	}
	cat, s := a.run.Catalog(), sql.ShapeOf(r.text)
	x := a.pulls.get(r.key(s.Key()), cat)
	if x != nil && x.pull == nil {
		x, s.Values = a.pulls.get(r.key(r.text), cat), nil
	}
	if x == nil || a.mayPull() != nil {
		return nil
	}
	rows, err := x.pull.Run(c.r.Context(), s.Values)
	if err != nil {
		return nil
	}
	return rows
}

// keep makes a pull query that has run ready to run again.
func (a *api) keep(ctx context.Context, r *request, cat *plan.Catalog, pull *exec.Pull) {
	s := sql.ShapeOf(r.text)
	if len(s.Values) == 0 {
		a.pulls.put(r.key(s.Key()), cat, pull)
		return
	}
	if a.pulls.get(r.key(s.Key()), cat) == nil {
		generic := a.generic(ctx, s, r.props, cat)
		a.pulls.put(r.key(s.Key()), cat, generic)
		if generic != nil {
			return
		}
	}
	a.pulls.put(r.key(r.text), cat, pull)
}

// generic is the query of a shape; nil: its plan depends on the literals.
func (a *api) generic(ctx context.Context, s sql.Shape, props map[string]string, cat *plan.Catalog) *exec.Pull {
	list, err := sql.ParseParams(s.Text, nil)
	if err != nil || len(list) != 1 {
		return nil
	}
	sel, ok := list[0].Statement.(*sql.Select)
	if !ok {
		return nil
	}
	p, err := plan.PlanPull(cat, a.run.Env(ctx, props, nil), sel, list[0].Text, s.Types...)
	if err != nil || !p.Generic() {
		return nil
	}
	pull, err := a.run.NewPull(p, props)
	if err != nil {
		return nil
	}
	return pull
}

// limiter lets at most so many events happen in one second.
type limiter struct {
	mu     sync.Mutex
	second int64
	n      int
}

func (l *limiter) allow(now time.Time, perSecond int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := now.Unix(); s != l.second {
		l.second, l.n = s, 0
	}
	l.n++
	return l.n <= perSecond
}
