package httpapi

import (
	"sync"
	"time"
)

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
