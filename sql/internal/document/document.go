// Package document is a JSON text as a list of nodes, as Jackson reads one into a tree, and the paths that lead to a
// node. Left out: JsonPath's wildcards, filters and ranges, which ksqlDB has not either.
package document

import (
	"errors"
	"iter"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Doc is a parsed JSON text: its values in the order of the text, each followed by what it contains, so
// that a document needs no memory of its own once its list has grown.
type Doc struct {
	src   string
	b     []byte // src, for the scanner
	pos   int
	depth int
	nodes []node
	work  meter.Meter
}

// node is a value, or the key of a member, which stands before the member's value.
type node struct {
	kind   byte // '{' '[' '"' '0' (a whole number) '.' (another number) 't' 'f' 'n'
	escape bool // of a string: it has escapes
	lo, hi int  // the text; without the quotes of a string
	next   int  // the node after all that this one contains
	n      int  // items or members
}

var (
	errSyntax = errors.New("Invalid JSON format")
	errDeep   = errors.New("Invalid JSON format: the document is nested too deep")
)

const (
	deepest   = 1000
	mostNodes = 1 << 20 // each takes much more memory than its text
)

// Parse reads the first value of src. What follows it is ignored. A blank text has no nodes.
func (d *Doc) Parse(src string) error {
	d.start(src)
	if d.pos == len(src) {
		return nil
	}
	if err := d.value(); err != nil {
		return err
	}
	return d.rootEnd()
}

func (d *Doc) start(src string) {
	d.src, d.b = src, unsafe.Slice(unsafe.StringData(src), len(src))
	d.pos, d.depth, d.nodes = 0, 0, d.nodes[:0]
	d.blank()
}

// rootEnd checks what follows a bare number or word at the top: they have no end of their own.
func (d *Doc) rootEnd() error {
	if d.pos == len(d.src) {
		return nil
	}
	switch k := d.nodes[0].kind; k {
	case '0', '.':
		if json.Blank(d.b, d.pos) == d.pos {
			return errSyntax
		}
	case 't', 'f', 'n':
		if r, _ := utf8.DecodeRuneInString(d.src[d.pos:]); r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return errSyntax
		}
	}
	return nil
}

// blank is the rare part of peek, which is inlined because this is not.
//
//go:noinline
func (d *Doc) blank() { d.pos = json.Blank(d.b, d.pos) }

// peek is the next byte after blanks, 0 at the end.
func (d *Doc) peek() byte {
	if d.pos < len(d.src) && d.src[d.pos] > ' ' {
		return d.src[d.pos]
	}
	d.blank()
	if d.pos == len(d.src) {
		return 0
	}
	return d.src[d.pos]
}

func (d *Doc) value() error {
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
		n := node{kind: '0', lo: d.pos, next: at + 1}
		if n.hi = json.Integer(d.b, d.pos); n.hi < 0 {
			return errSyntax
		}
		if n.hi < len(d.b) && (d.b[n.hi] == '.' || d.b[n.hi]|0x20 == 'e') {
			n.kind = '.'
			if n.hi, _ = json.Fraction(d.b, n.hi); n.hi < 0 {
				return errSyntax
			}
		}
		d.pos = n.hi
		d.nodes = append(d.nodes, n)
		return nil
	}
}

func (d *Doc) container(open byte) error {
	if d.depth++; d.depth > deepest {
		return errDeep
	}
	at := len(d.nodes)
	d.nodes = append(d.nodes, node{kind: open, lo: d.pos})
	d.pos++
	n, end := 0, open+2 // ] and } stand two after [ and {
	if d.peek() == end {
		d.pos++
	} else {
		for {
			if open == '{' {
				if d.peek() != '"' {
					return errSyntax
				}
				if err := d.text(); err != nil {
					return err
				}
				if d.peek() != ':' {
					return errSyntax
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
				return errSyntax
			}
		}
	}
	d.depth--
	d.nodes[at].hi, d.nodes[at].next, d.nodes[at].n = d.pos, len(d.nodes), n
	return nil
}

func (d *Doc) word(w string) error {
	end := json.Word(d.b, d.pos, w)
	if end < 0 {
		return errSyntax
	}
	d.nodes = append(d.nodes, node{kind: w[0], lo: d.pos, hi: end, next: len(d.nodes) + 1})
	d.pos = end
	return nil
}

// text reads a string. The scanner's own reading of strings refuses what is no UTF-8, but a text of SQL may hold half
// of a surrogate pair.
func (d *Doc) text() error {
	s, i := d.src, d.pos+1
	n := node{kind: '"', lo: i, next: len(d.nodes) + 1}
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
		if c != '\\' {
			return errSyntax
		}
		n.escape = true
		if i = json.SkipEscape(d.b, i); i < 0 {
			return errSyntax
		}
	}
	return errSyntax
}

// New is a document into which texts can be parsed, until stop ends that.
func New(stop meter.Stopper) Doc { return Doc{work: meter.Meter{Stop: stop}} }

// Empty reports whether the text was blank.
func (d *Doc) Empty() bool { return len(d.nodes) == 0 }

// Kind is { or [ or " of a node, 0 of a whole number, a dot of another one, t or f or n of a word.
func (d *Doc) Kind(i int) byte { return d.nodes[i].kind }

// Size is the number of items or members of a node.
func (d *Doc) Size(i int) int { return d.nodes[i].n }

// Items are the nodes of an array.
func (d *Doc) Items(list int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for k := list + 1; k < d.nodes[list].next; k = d.nodes[k].next {
			if !yield(k) {
				return
			}
		}
	}
}

// Stream parses the items of an array one by one as node 0 and calls f for each while it wants more. It ends where
// the text is no array, or no longer is one.
func (d *Doc) Stream(src string, f func() bool) {
	d.start(src)
	if d.peek() != '[' {
		return
	}
	d.pos++
	if d.peek() == ']' {
		return
	}
	for {
		d.nodes = d.nodes[:0]
		if d.value() != nil || !f() || d.peek() != ',' {
			return
		}
		d.pos++
	}
}

// Raw is the text of a node.
func (d *Doc) Raw(i int) string { return d.src[d.nodes[i].lo:d.nodes[i].hi] }

// Text is the value of a string or key.
func (d *Doc) Text(i int) string {
	if s := d.Raw(i); !d.nodes[i].escape {
		return s
	}
	return string(d.AppendText(nil, i))
}

// AppendText appends the value of a string.
func (d *Doc) AppendText(dst []byte, i int) []byte {
	s := d.Raw(i)
	if !d.nodes[i].escape {
		return append(dst, s...)
	}
	b := d.b[:d.nodes[i].hi]
	for k := d.nodes[i].lo; k < len(b); {
		if b[k] != '\\' {
			dst = append(dst, b[k])
			k++
			continue
		}
		dst, k = json.Unescape(dst, b, k)
	}
	return dst
}

// Members calls f for each member of an object: a key that comes again keeps its place and takes the last value.
func (d *Doc) Members(obj int, f func(key, value int)) {
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
					index[d.Text(list[k].key)] = k
				}
			}
			if k, ok := index[d.Text(i)]; ok {
				list[k].value = i + 1
				continue
			}
			index[d.Text(i)] = n
		}
		list = append(list, member{i, i + 1})
	}
	for _, m := range list {
		f(m.key, m.value)
	}
}

func (d *Doc) sameKey(i, k int) bool {
	if d.nodes[i].escape || d.nodes[k].escape {
		return d.Text(i) == d.Text(k)
	}
	return d.Raw(i) == d.Raw(k)
}

// Member is the value of the last member of that name, or -1.
func (d *Doc) Member(obj int, name string) int {
	found := -1
	for i := obj + 1; i < d.nodes[obj].next; i = d.nodes[i+1].next {
		if d.nodes[i].escape && d.Text(i) == name || !d.nodes[i].escape && d.Raw(i) == name {
			found = i + 1
		}
	}
	return found
}

// Item is the value at a position of an array, or -1.
func (d *Doc) Item(list, pos int) int {
	if pos < 0 || pos >= d.nodes[list].n {
		return -1
	}
	i := list + 1
	for ; pos > 0; pos-- {
		i = d.nodes[i].next
	}
	return i
}

// Print appends the value as JSON without blanks. plain writes numbers without an exponent, as ksqlDB does for
// whole documents.
func (d *Doc) Print(dst []byte, i int, plain bool) []byte {
	switch d.nodes[i].kind {
	case '{':
		dst = append(dst, '{')
		first := true
		d.Members(i, func(key, value int) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = d.Print(dst, key, plain)
			dst = d.Print(append(dst, ':'), value, plain)
		})
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for k := i + 1; k < d.nodes[i].next; k = d.nodes[k].next {
			if k > i+1 {
				dst = append(dst, ',')
			}
			dst = d.Print(dst, k, plain)
		}
		return append(dst, ']')
	case '"':
		if !d.nodes[i].escape {
			return append(append(append(dst, '"'), d.Raw(i)...), '"')
		}
		return AppendQuoted(dst, d.Text(i))
	case '0':
		if s := d.Raw(i); s != "-0" {
			return append(dst, s...)
		}
		return append(dst, '0')
	case '.':
		if x, ok := vec.ParseDecimal([]byte(d.Raw(i))); ok {
			if plain {
				return append(dst, x.Plain()...)
			}
			return vec.AppendJava(dst, x.Unscaled, x.Scale)
		}
	}
	return append(dst, d.Raw(i)...)
}

// AppendQuoted appends s as a JSON string: only what must be escaped is.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		dst = json.AppendEscaped(dst, c)
	}
	return append(append(dst, s[from:]...), '"')
}
