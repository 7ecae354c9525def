package httpapi

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// Requests and answers below this size are not counted.
const small = 64 << 10

// WithBuffers sets how many bytes large requests, and large answers of other statements than queries, may hold
// together, some 256 MiB without it: beyond it they are refused with 429. Rows are not kept here.
func WithBuffers(bytes int64) Option { return func(a *api) { a.buffers.most = bytes } }

// budget is the bytes that calls may hold together.
type budget struct {
	most int64
	held atomic.Int64
}

// hold counts bytes that a call holds until it releases them, at its end at the latest. Its error is for the client.
func (c *call) hold(n int64) error {
	b := c.buffers
	if b.held.Add(n) > b.most {
		b.held.Add(-n)
		if c.held+n > b.most {
			return generic(tooMany, "The request or its answer is too large: ask for less at once")
		}
		return generic(tooMany, "The server holds as many large requests and answers as it may: try again")
	}
	c.held += n
	return nil
}

// release ends what hold began.
func (c *call) release() {
	c.buffers.held.Add(-c.held)
	c.held = 0
}

// patience is how long a client may let a large request or answer wait, which holds memory meanwhile.
const patience = 30 * time.Second

// read reads all of in, at most most bytes and one more.
func (c *call) read(in io.Reader, most int) ([]byte, error) {
	rc := http.NewResponseController(c.w)
	b := make([]byte, 0, min(max(int(c.r.ContentLength)+1, 512), small))
	slow := false
	for len(b) <= most {
		if len(b) == cap(b) {
			grown := min(2*cap(b), most+1)
			if grown > small {
				if err := c.hold(3 * int64(grown-cap(b))); err != nil { // its members are copied out of it
					return nil, err
				}
				slow = true
			}
			b = append(make([]byte, 0, grown), b...)
		}
		if slow {
			if err := wait(rc.SetReadDeadline, time.Now().Add(patience)); err != nil {
				return nil, err
			}
		}
		n, err := in.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF && slow:
			return b, wait(rc.SetReadDeadline, time.Time{})
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		}
	}
	return b, nil
}

// wait sets a deadline, where the host's writer has one.
func wait(set func(time.Time) error, until time.Time) error {
	if err := set(until); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// write sends an answer that is ready. It gives a client time for each piece, not for ever for all; one that has left
// is not told.
func (c *call) write(b []byte) {
	rc := http.NewResponseController(c.w)
	for large := len(b) > small; len(b) > 0; {
		n := min(len(b), small)
		if large && wait(rc.SetWriteDeadline, time.Now().Add(patience)) != nil {
			return
		}
		if _, err := c.w.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
	}
}
