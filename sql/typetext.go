package sql

import (
	"fmt"
	"strconv"
	"strings"
)

// Types and schemas have one text in records that outlive the process: that of ksqlDB's messages with quotes
// within names doubled. It is read by rules of its own, so that no change of the language changes what was written.

// MarshalText is the one text of a type of values.
func (t Type) MarshalText() ([]byte, error) { return t.appendText(nil) }

func (t *Type) appendText(dst []byte) ([]byte, error) {
	var err error
	switch t.Kind {
	case Decimal:
		return fmt.Appendf(dst, "DECIMAL(%d, %d)", t.Precision, t.Scale), nil
	case Array, Map:
		dst = append(dst, t.Kind.String()+"<"...)
		if t.Kind == Map {
			if dst, err = t.Key.appendText(dst); err != nil {
				return nil, err
			}
			dst = append(dst, ", "...)
		}
		if dst, err = t.Elem.appendText(dst); err != nil {
			return nil, err
		}
		return append(dst, '>'), nil
	case Struct:
		dst = append(dst, "STRUCT<"...)
		for i := range t.Fields {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(appendName(dst, t.Fields[i].Name), ' ')
			if dst, err = t.Fields[i].Type.appendText(dst); err != nil {
				return nil, err
			}
		}
		return append(dst, '>'), nil
	case Named, Var, Any, Lambda, Interval:
		return nil, fmt.Errorf("type %s is not that of a value", t)
	}
	return append(dst, t.Kind.String()...), nil
}

func appendName(dst []byte, name string) []byte {
	return append(append(append(dst, '`'), strings.ReplaceAll(name, "`", "``")...), '`')
}

// UnmarshalText reads what MarshalText wrote.
func (t *Type) UnmarshalText(text []byte) error {
	r := typeReader{rest: string(text)}
	got := r.typ()
	if r.end(); r.err != nil {
		return fmt.Errorf("type %s: %w", short(text), r.err)
	}
	*t = got
	return nil
}

// MarshalText is the one text of a schema: a column as `K` STRING KEY, `H` BYTES HEADER('k'), `T` BIGINT PSEUDO.
func (s Schema) MarshalText() ([]byte, error) {
	dst := []byte{}
	var err error
	for i := range s {
		c := &s[i]
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendName(dst, c.Name), ' ')
		if dst, err = c.Type.appendText(dst); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		dst = append(dst, roleTexts[c.Role]...)
		if c.Header != "" {
			dst = append(dst, "('"+strings.ReplaceAll(c.Header, "'", "''")+"')"...)
		}
	}
	return dst, nil
}

var roleTexts = [...]string{ValueRole: "", KeyRole: " KEY", HeadersRole: " HEADERS", PseudoRole: " PSEUDO"}

// UnmarshalText reads what MarshalText wrote.
func (s *Schema) UnmarshalText(text []byte) error {
	var out Schema
	r := typeReader{rest: string(text)}
	for r.rest != "" && r.err == nil {
		if len(out) > 0 {
			r.want(", ")
		}
		c := Column{Field: r.field()}
		for role := KeyRole; role <= PseudoRole; role++ {
			if r.accept(roleTexts[role]) {
				c.Role = role
			}
		}
		if c.Role == HeadersRole && r.accept("('") {
			c.Header = r.until('\'')
			r.want(")")
		}
		out = append(out, c)
	}
	if r.err != nil {
		return fmt.Errorf("schema %s: %w", short(text), r.err)
	}
	*s = out
	return nil
}

// short is a text that may be long, for an error.
func short(text []byte) string {
	if len(text) > 200 {
		text = append(text[:200:200], "..."...)
	}
	return strconv.Quote(string(text))
}

// typeReader reads texts of types. After an error it reads nothing.
type typeReader struct {
	rest  string
	depth int
	err   error
}

func (r *typeReader) fail(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is missing before %s", want, short([]byte(r.rest)))
	}
}

func (r *typeReader) accept(s string) bool {
	rest, ok := strings.CutPrefix(r.rest, s)
	if r.err != nil || !ok {
		return false
	}
	r.rest = rest
	return true
}

func (r *typeReader) want(s string) {
	if !r.accept(s) {
		r.fail(s)
	}
}

func (r *typeReader) end() {
	if r.rest != "" {
		r.fail("the end")
	}
}

// until reads to the closing quote; a doubled one stands for itself.
func (r *typeReader) until(quote byte) string {
	var b strings.Builder
	for r.err == nil {
		i := strings.IndexByte(r.rest, quote)
		if i < 0 {
			r.fail(string(quote))
			break
		}
		b.WriteString(r.rest[:i])
		r.rest = r.rest[i+1:]
		if r.rest == "" || r.rest[0] != quote {
			return b.String()
		}
		b.WriteByte(quote)
		r.rest = r.rest[1:]
	}
	return ""
}

func (r *typeReader) number() int {
	n := 0
	for n < len(r.rest) && (r.rest[n] >= '0' && r.rest[n] <= '9' || n == 0 && r.rest[0] == '-') {
		n++
	}
	v, err := strconv.Atoi(r.rest[:n])
	if err != nil {
		r.fail("a number")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// field reads a name and a type.
func (r *typeReader) field() Field {
	r.want("`")
	name := r.until('`')
	r.want(" ")
	return Field{name, r.typ()}
}

// deepest bounds how far texts of types nest, above all that planning lets pass.
const deepest = 1 << 18

func (r *typeReader) typ() Type {
	if r.depth++; r.depth > deepest {
		r.fail("an end of the nesting")
	}
	defer func() { r.depth-- }()
	if r.err != nil {
		return Type{}
	}
	n := 0
	for n < len(r.rest) && (r.rest[n]|0x20 >= 'a' && r.rest[n]|0x20 <= 'z') {
		n++
	}
	name := r.rest[:n]
	for k := Null; k <= Bytes; k++ {
		if kindNames[k] == name {
			r.rest = r.rest[n:]
			return r.of(k)
		}
	}
	r.fail("a type")
	return Type{}
}

// of reads the parameters of a type.
func (r *typeReader) of(k Kind) Type {
	t := Type{Kind: k}
	switch k {
	case Decimal:
		r.want("(")
		t.Precision = r.number()
		r.want(", ")
		t.Scale = r.number()
		r.want(")")
	case Array, Map:
		r.want("<")
		if k == Map {
			key := r.typ()
			t.Key = &key
			r.want(", ")
		}
		elem := r.typ()
		t.Elem = &elem
		r.want(">")
	case Struct:
		r.want("<")
		for !r.accept(">") && r.err == nil {
			if len(t.Fields) > 0 {
				r.want(", ")
			}
			t.Fields = append(t.Fields, r.field())
		}
	}
	return t
}

// MarshalText is STREAM or TABLE.
func (k SourceKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads STREAM or TABLE.
func (k *SourceKind) UnmarshalText(text []byte) error {
	switch string(text) {
	case "STREAM":
		*k = StreamKind
	case "TABLE":
		*k = TableKind
	default:
		return fmt.Errorf("there is no kind of source %s", short(text))
	}
	return nil
}

// MarshalText is TUMBLING, HOPPING or SESSION; empty for no window.
func (k WindowKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *WindowKind) UnmarshalText(text []byte) error {
	for w := NoWindow; w <= Session; w++ {
		if w.String() == string(text) {
			*k = w
			return nil
		}
	}
	return fmt.Errorf("there is no kind of window %s", short(text))
}
