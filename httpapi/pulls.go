package httpapi

import (
	"container/list"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
)

// pulls keeps the pull queries on tables that were asked for last, ready to run again: reading and planning the
// text costs many times the look-up. An entry is good for the catalog it was planned for.
type pulls struct {
	mu   sync.Mutex
	max  int
	at   map[string]*list.Element
	used list.List // of *pulled, the newest first
}

type pulled struct {
	key  string
	cat  *plan.Catalog
	pull *exec.Pull
}

func newPulls(n int) *pulls { return &pulls{max: n, at: map[string]*list.Element{}} }

// key is what a pull query depends on besides the catalog; empty: it is not to be kept.
func (r *request) key() string {
	if len(r.vars) > 0 || len(r.text) > 4096 {
		return ""
	}
	if len(r.props) == 0 {
		return r.text
	}
	var parts []string
	for k, v := range r.props {
		parts = append(parts, k+"\x00"+v)
	}
	sort.Strings(parts)
	return r.text + "\x00" + strings.Join(parts, "\x00")
}

func (p *pulls) get(key string, cat *plan.Catalog) *exec.Pull {
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
	return x.pull
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
