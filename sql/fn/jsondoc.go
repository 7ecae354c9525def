package fn

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

// jsonDoc is a parsed JSON text: its values in the order of the text, each followed by what it contains, so
// that a document needs no memory of its own once its list has grown.
type jsonDoc struct {
	src   string
	pos   int
	depth int
	nodes []jsonNode
	work  meter.Meter
}

// jsonNode is a value, or the key of a member, which stands before the member's value.
type jsonNode struct {
	kind   byte // '{' '[' '"' '0' (a whole number) '.' (another number) 't' 'f' 'n'
	escape bool // of a string: it has escapes
	lo, hi int  // the text; without the quotes of a string
	next   int  // the node after all that this one contains
	n      int  // items or members
}

var (
	errJSON     = errors.New("Invalid JSON format")
	errJSONDeep = errors.New("Invalid JSON format: the document is nested too deep")
)

const (
	deepestJSON = 1000
	mostNodes   = 1 << 20 // each takes much more memory than its text
)

// parse reads the first value of src. What follows it is ignored. A blank text has no nodes.
func (d *jsonDoc) parse(src string) error {
	d.start(src)
	if d.pos == len(src) {
		return nil
	}
	if err := d.value(); err != nil {
		return err
	}
	return d.rootEnd()
}

func (d *jsonDoc) start(src string) {
	d.src, d.pos, d.depth, d.nodes = src, 0, 0, d.nodes[:0]
	d.blank()
}

// rootEnd checks what follows a bare number or word at the top: they have no end of their own.
func (d *jsonDoc) rootEnd() error {
	if d.pos == len(d.src) {
		return nil
	}
	switch k := d.nodes[0].kind; k {
	case '0', '.':
		if !isBlank(d.src[d.pos]) {
			return errJSON
		}
	case 't', 'f', 'n':
		if r, _ := utf8.DecodeRuneInString(d.src[d.pos:]); r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return errJSON
		}
	}
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (d *jsonDoc) blank() {
	for d.pos < len(d.src) && isBlank(d.src[d.pos]) {
		d.pos++
	}
}

// peek is the next byte after blanks, 0 at the end.
func (d *jsonDoc) peek() byte {
	if d.pos < len(d.src) && d.src[d.pos] > ' ' {
		return d.src[d.pos]
	}
	d.blank()
	if d.pos == len(d.src) {
		return 0
	}
	return d.src[d.pos]
}

func (d *jsonDoc) value() error {
	if d.work.Add(64); len(d.nodes) > mostNodes {
		return vec.ErrTooLarge
	}
	at := len(d.nodes)
	switch c := d.peek(); c {
	case '{', '[':
		return d.container(c)
	case '"':
		return d.text()
	case 't':
		return d.word("true")
	case 'f':
		return d.word("false")
	case 'n':
		return d.word("null")
	default:
		d.nodes = append(d.nodes, jsonNode{kind: '0', lo: d.pos, next: at + 1})
		kind, ok := d.number()
		if !ok {
			return errJSON
		}
		d.nodes[at].kind, d.nodes[at].hi = kind, d.pos
		return nil
	}
}

func (d *jsonDoc) container(open byte) error {
	if d.depth++; d.depth > deepestJSON {
		return errJSONDeep
	}
	at := len(d.nodes)
	d.nodes = append(d.nodes, jsonNode{kind: open, lo: d.pos})
	d.pos++
	n, end := 0, open+2 // ] and } stand two after [ and {
	if d.peek() == end {
		d.pos++
	} else {
		for {
			if open == '{' {
				if d.peek() != '"' {
					return errJSON
				}
				if err := d.text(); err != nil {
					return err
				}
				if d.peek() != ':' {
					return errJSON
				}
				d.pos++
			}
			if err := d.value(); err != nil {
				return err
			}
			n++
			c := d.peek()
			d.pos++
			if c == end {
				break
			}
			if c != ',' {
				return errJSON
			}
		}
	}
	d.depth--
	d.nodes[at].hi, d.nodes[at].next, d.nodes[at].n = d.pos, len(d.nodes), n
	return nil
}

func (d *jsonDoc) word(w string) error {
	if !strings.HasPrefix(d.src[d.pos:], w) {
		return errJSON
	}
	d.nodes = append(d.nodes, jsonNode{kind: w[0], lo: d.pos, hi: d.pos + len(w), next: len(d.nodes) + 1})
	d.pos += len(w)
	return nil
}

func (d *jsonDoc) text() error {
	s, i := d.src, d.pos+1
	n := jsonNode{kind: '"', lo: i, next: len(d.nodes) + 1}
	for i < len(s) {
		c := s[i]
		if c > '\\' || c > '"' && c < '\\' || c == ' ' || c == '!' {
			i++
			continue
		}
		if c == '"' {
			n.hi = i
			d.pos = i + 1
			d.nodes = append(d.nodes, n)
			return nil
		}
		if c != '\\' || i+1 == len(s) {
			return errJSON
		}
		n.escape = true
		switch s[i+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i += 2
		case 'u':
			if i+6 >= len(s) || !isHex(s[i+2]) || !isHex(s[i+3]) || !isHex(s[i+4]) || !isHex(s[i+5]) {
				return errJSON
			}
			i += 6
		default:
			return errJSON
		}
	}
	return errJSON
}

func isHex(c byte) bool { return c-'0' <= 9 || c|0x20-'a' <= 5 }

func (d *jsonDoc) digits() bool {
	from := d.pos
	for d.pos < len(d.src) && d.src[d.pos]-'0' <= 9 {
		d.pos++
	}
	return d.pos > from
}

func (d *jsonDoc) at(c byte) bool { return d.pos < len(d.src) && d.src[d.pos] == c }

func (d *jsonDoc) number() (kind byte, ok bool) {
	if d.at('-') {
		d.pos++
	}
	zero := d.at('0')
	from := d.pos
	if !d.digits() || zero && d.pos > from+1 {
		return 0, false
	}
	kind = '0'
	if d.at('.') {
		d.pos++
		kind = '.'
		if !d.digits() {
			return 0, false
		}
	}
	if d.at('e') || d.at('E') {
		d.pos++
		kind = '.'
		if d.at('+') || d.at('-') {
			d.pos++
		}
		if !d.digits() {
			return 0, false
		}
	}
	return kind, true
}

// raw is the text of a node.
func (d *jsonDoc) raw(i int) string { return d.src[d.nodes[i].lo:d.nodes[i].hi] }

// str is the value of a string or key.
func (d *jsonDoc) str(i int) string {
	if s := d.raw(i); !d.nodes[i].escape {
		return s
	}
	return string(d.appendStr(nil, i))
}

// appendStr appends the value of a string.
func (d *jsonDoc) appendStr(dst []byte, i int) []byte {
	s := d.raw(i)
	if !d.nodes[i].escape {
		return append(dst, s...)
	}
	for k := 0; k < len(s); k++ {
		if s[k] != '\\' {
			dst = append(dst, s[k])
			continue
		}
		k++
		switch s[k] {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			units := []uint16{hex4(s[k+1:])}
			k += 4
			if units[0]&0xFC00 == 0xD800 && k+6 < len(s) && s[k+1] == '\\' && s[k+2] == 'u' {
				if low := hex4(s[k+3:]); low&0xFC00 == 0xDC00 {
					units = append(units, low)
					k += 6
				}
			}
			dst = vec.AppendUnits(dst, units)
		default:
			dst = append(dst, s[k])
		}
	}
	return dst
}

func hex4(s string) uint16 {
	n, _ := strconv.ParseUint(s[:4], 16, 16)
	return uint16(n)
}

// members calls f for each member of an object: a key that comes again keeps its place and takes the last value.
func (d *jsonDoc) members(obj int, f func(key, value int)) {
	type member struct{ key, value int }
	var buf [16]member
	list := buf[:0]
	var index map[string]int
next:
	for i := obj + 1; i < d.nodes[obj].next; i = d.nodes[i+1].next {
		if n := len(list); n < len(buf) {
			for k := range list {
				if d.sameKey(list[k].key, i) {
					list[k].value = i + 1
					continue next
				}
			}
		} else {
			if index == nil {
				index = make(map[string]int, d.nodes[obj].n)
				for k := range list {
					index[d.str(list[k].key)] = k
				}
			}
			if k, ok := index[d.str(i)]; ok {
				list[k].value = i + 1
				continue
			}
			index[d.str(i)] = n
		}
		list = append(list, member{i, i + 1})
	}
	for _, m := range list {
		f(m.key, m.value)
	}
}

func (d *jsonDoc) sameKey(i, k int) bool {
	if d.nodes[i].escape || d.nodes[k].escape {
		return d.str(i) == d.str(k)
	}
	return d.raw(i) == d.raw(k)
}

// member is the value of the last member of that name, or -1.
func (d *jsonDoc) member(obj int, name string) int {
	found := -1
	for i := obj + 1; i < d.nodes[obj].next; i = d.nodes[i+1].next {
		if d.nodes[i].escape && d.str(i) == name || !d.nodes[i].escape && d.raw(i) == name {
			found = i + 1
		}
	}
	return found
}

// item is the value at a position of an array, or -1.
func (d *jsonDoc) item(list, pos int) int {
	if pos < 0 || pos >= d.nodes[list].n {
		return -1
	}
	i := list + 1
	for ; pos > 0; pos-- {
		i = d.nodes[i].next
	}
	return i
}

// print appends the value as JSON without blanks. plain writes numbers without an exponent, as ksqlDB does for
// whole documents.
func (d *jsonDoc) print(dst []byte, i int, plain bool) []byte {
	switch d.nodes[i].kind {
	case '{':
		dst = append(dst, '{')
		first := true
		d.members(i, func(key, value int) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = d.print(dst, key, plain)
			dst = d.print(append(dst, ':'), value, plain)
		})
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for k := i + 1; k < d.nodes[i].next; k = d.nodes[k].next {
			if k > i+1 {
				dst = append(dst, ',')
			}
			dst = d.print(dst, k, plain)
		}
		return append(dst, ']')
	case '"':
		if !d.nodes[i].escape {
			return append(append(append(dst, '"'), d.raw(i)...), '"')
		}
		return appendQuoted(dst, d.str(i))
	case '0':
		if s := d.raw(i); s != "-0" {
			return append(dst, s...)
		}
		return append(dst, '0')
	case '.':
		if x, ok := vec.ParseDecimal([]byte(d.raw(i))); ok {
			if plain {
				return append(dst, x.Plain()...)
			}
			return vec.AppendJava(dst, x.Unscaled, x.Scale)
		}
	}
	return append(dst, d.raw(i)...)
}

// appendQuoted appends s as a JSON string: only what must be escaped is.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			const hex = "0123456789ABCDEF"
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
