package expr

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// like compiles x LIKE pattern. Null on either side is an error.
func (c *compiler) like(e *plan.Like) (node, error) {
	x, p, err := c.pair(e.X, e.Pattern)
	if err != nil {
		return nil, err
	}
	n := &like{stop: c.env.Stop, x: x, p: p, escape: e.Escape, out: c.vec(sql.TBoolean)}
	if v, ok := constant(p); ok {
		n.fixed = true
		n.m, n.err = newPattern([]byte(v.(string)), e.Escape)
	}
	return n, nil
}

type like struct {
	x, p   node
	escape string
	fixed  bool
	m      pattern
	err    error
	stop   *fn.Stop
	last   []byte // the text of m, where it is not fixed; nil: none yet
	out    *vec.Vec
}

func (n *like) fails() bool { return true }

func (n *like) eval(f *frame) *vec.Vec {
	v := n.x.eval(f)
	failNulls(f, v)
	n.out.SetLen(f.n)
	out := n.out.Bool
	if n.fixed {
		if n.err != nil {
			for i := range out {
				f.fail(i, n.err)
				out[i] = false
			}
			return n.out
		}
		for i := range out {
			out[i] = n.m.matches(v.Bytes(i), n.stop)
		}
		return n.out
	}
	p := n.p.eval(f)
	failNulls(f, p)
	for i := range out {
		out[i] = false
		if f.bad(i) {
			continue
		}
		if text := p.Bytes(i); n.last == nil || !bytes.Equal(text, n.last) {
			n.m, n.err = newPattern(text, n.escape)
			n.last = append(n.last[:0], text...)
			if n.last == nil {
				n.last = []byte{}
			}
		}
		if n.err != nil {
			f.fail(i, n.err)
			continue
		}
		out[i] = n.m.matches(v.Bytes(i), n.stop)
	}
	return n.out
}

// pattern is a LIKE pattern: pieces of text between runs of %.
type pattern struct {
	pieces []piece // at least one; all but the first follow a %
	wild   bool    // there is a %
	plain  bool    // no piece has a _
}

// piece is text in which a _ may stand for any one character.
type piece struct {
	text []byte
	any  []int // offsets in text where a _ stands: the text has no byte there
}

var errEscape = errors.New("LIKE pattern must not end with escape character")

func newPattern(text []byte, escape string) (pattern, error) {
	p := pattern{plain: true}
	esc := utf8.RuneError
	if escape != "" {
		esc, _ = utf8.DecodeRuneInString(escape)
	}
	var cur piece
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case escape != "" && r == esc:
			i += size
			if i >= len(text) {
				return p, errEscape
			}
			_, size = utf8.DecodeRune(text[i:])
			cur.text = append(cur.text, text[i:i+size]...)
		case r == '%':
			p.pieces = append(p.pieces, cur)
			cur = piece{}
			p.wild = true
		case r == '_':
			cur.any = append(cur.any, len(cur.text))
			p.plain = false
		default:
			cur.text = append(cur.text, text[i:i+size]...)
		}
		i += size
	}
	p.pieces = append(p.pieces, cur)
	return p, nil
}

// matches reports whether the whole of s matches. Wildcards stand for anything but line terminators, as the
// dot of Java's regular expressions does.
func (p *pattern) matches(s []byte, stop *fn.Stop) bool {
	if !p.wild {
		if p.plain {
			return bytes.Equal(s, p.pieces[0].text)
		}
		n := p.pieces[0].match(s)
		return n == len(s)
	}
	if p.plain && len(p.pieces) == 3 && len(p.pieces[0].text) == 0 && len(p.pieces[2].text) == 0 {
		k := bytes.Index(s, p.pieces[1].text)
		if k < 0 {
			return false
		}
		return !terminated(s[:k]) && !terminated(s[k+len(p.pieces[1].text):]) || p.search(s, stop)
	}
	return p.search(s, stop)
}

// search is the general way. Each piece takes its first place; a later one could not help those behind it.
func (p *pattern) search(s []byte, stop *fn.Stop) bool {
	at := p.pieces[0].match(s)
	if at < 0 {
		return false
	}
	work := 0
	for k := 1; k < len(p.pieces); k++ {
		pc := &p.pieces[k]
		last := k == len(p.pieces)-1
		for {
			if work += 16 + len(pc.text)/16 + len(pc.any); work > 1<<16 {
				work = 0
				stop.Check()
			}
			if n := pc.match(s[at:]); n >= 0 && (!last || at+n == len(s)) {
				at += n
				break
			}
			if at >= len(s) {
				return false
			}
			r, size := utf8.DecodeRune(s[at:])
			if terminator(r) {
				return false
			}
			at += size
		}
	}
	return true
}

// match is the length of the prefix of s that the piece matches, or -1.
func (p *piece) match(s []byte) int {
	at, from := 0, 0
	for _, a := range p.any {
		lit := p.text[from:a]
		if !bytes.HasPrefix(s[at:], lit) {
			return -1
		}
		at += len(lit)
		if at >= len(s) {
			return -1
		}
		r, size := utf8.DecodeRune(s[at:])
		if terminator(r) {
			return -1
		}
		at += size
		from = a
	}
	if !bytes.HasPrefix(s[at:], p.text[from:]) {
		return -1
	}
	return at + len(p.text) - from
}

func terminator(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func terminated(s []byte) bool {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\n', '\r':
			return true
		case 0xC2:
			if i+1 < len(s) && s[i+1] == 0x85 {
				return true
			}
		case 0xE2:
			if i+2 < len(s) && s[i+1] == 0x80 && (s[i+2] == 0xA8 || s[i+2] == 0xA9) {
				return true
			}
		}
	}
	return false
}
