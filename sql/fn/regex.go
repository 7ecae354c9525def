package fn

import (
	"errors"
	"fmt"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catRegex = "REGULAR EXPRESSION"

var regexFuncs = []Func{
	{Name: "REGEXP_EXTRACT", Declared: "regexp_extract", Category: catRegex, Author: confluent,
		Doc: "Gives the first part of a text that a regular expression matches, or a group of it.", Variants: []Variant{
			PerSite(func(s Site) Variant {
				f := regexExtract(s)
				return FnStr2E("pattern: the expression; input: the text", func(dst []byte, p, s string) ([]byte, error) { return f(dst, p, s, 0) })
			}),
			PerSite(func(s Site) Variant {
				return FnStr3E("pattern: the expression; input: the text; group: the number of the group", regexExtract(s))
			})}},
	{Name: "REGEXP_EXTRACT_ALL", Declared: "regexp_extract_all", Category: catRegex, Author: confluent,
		Doc: "Gives all parts of a text that a regular expression matches, or a group of each.", Variants: []Variant{
			PerSite(func(s Site) Variant { return regexExtractAll(s, "pattern: the expression; input: the text") }),
			PerSite(func(s Site) Variant {
				return regexExtractAll(s, "pattern: the expression; input: the text; group: the number of the group", sql.TInteger)
			})}},
	{Name: "REGEXP_REPLACE", Declared: "regexp_replace", Category: catRegex, Author: confluent,
		Doc: "Replaces each part of a text that a regular expression matches; $1 and ${name} stand for groups.", Variants: []Variant{
			PerSite(func(s Site) Variant {
				compiled := Cached(compileJavaRegex)
				m := matcher(s)
				return FnStr3E("str: the text; regexp: the expression; newStr: what comes in place", func(dst []byte, s, p, with string) ([]byte, error) {
					re, err := compiled(p)
					if err != nil {
						return nil, err
					}
					return m.replaceAll(dst, re, s, with)
				})
			})}},
	{Name: "REGEXP_SPLIT_TO_ARRAY", Declared: "regexp_split_to_array", Category: catRegex, Author: confluent,
		Doc: "Divides a text wherever a regular expression matches.", Variants: []Variant{
			PerSite(func(s Site) Variant {
				compiled := Cached(compileJavaRegex)
				m := matcher(s)
				return Fn2E("string: the text; regexp: the expression", func(s, p string) ([]string, error) {
					re, err := compiled(p)
					if err != nil {
						return nil, err
					}
					return m.split(re, s)
				})
			})}},
}

func matcher(s Site) *regexMatcher { return &regexMatcher{work: meter{stop: s.Stop}, most: s.most()} }

// pieceBytes is about what a short piece of a text takes while the pieces are collected.
const pieceBytes = 40

var errNegativeGroup = errors.New("No group with a negative number")

func regexExtract(site Site) func(dst []byte, p, s string, group int32) ([]byte, error) {
	compiled := Cached(compileJavaRegex)
	m := matcher(site)
	return func(dst []byte, p, s string, group int32) ([]byte, error) {
		re, err := compiled(p)
		if err != nil {
			return nil, err
		}
		if int(group) >= re.groups {
			return nil, ErrNull
		}
		m.reset(re, s)
		if !m.find(0) {
			if m.err != nil {
				return nil, m.err
			}
			return nil, ErrNull
		}
		if group < 0 {
			return nil, errNegativeGroup
		}
		from, to := m.caps[2*group], m.caps[2*group+1]
		if from < 0 {
			return nil, ErrNull
		}
		return vec.AppendUnits(dst, m.u[from:to]), nil
	}
}

func regexExtractAll(site Site, sig string, more ...sql.Type) Variant {
	compiled := Cached(compileJavaRegex)
	m := matcher(site)
	types := append([]sql.Type{sql.TString, sql.TString}, more...)
	return FnRow(sig, types, sql.ArrayOf(sql.TString), func(c *Call, i int, out *vec.Vec) error {
		for _, a := range c.Args {
			if a.IsNull(i) {
				return ErrNull
			}
		}
		re, err := compiled(c.Args[0].Str(i))
		if err != nil {
			return err
		}
		group := 0
		if len(c.Args) > 2 {
			group = int(c.Args[2].I32[i])
		}
		if group >= re.groups {
			return ErrNull
		}
		m.reset(re, c.Args[1].Str(i))
		var found []Opt[string]
		for ok := m.find(0); ok; ok = m.next() {
			if group < 0 {
				return errNegativeGroup
			}
			if len(found) > m.most/pieceBytes {
				return vec.ErrTooLarge
			}
			t, took := m.text(group)
			found = append(found, Opt[string]{t, took})
		}
		if m.err != nil {
			return m.err
		}
		for _, t := range found {
			if t.OK {
				out.Kids[0].AppendString(t.V)
			} else {
				out.Kids[0].AppendNull()
			}
		}
		out.EndList()
		return nil
	})
}

func (m *regexMatcher) replaceAll(dst []byte, re *javaRegex, s, with string) ([]byte, error) {
	m.reset(re, s)
	m.with = vec.Units(m.with[:0], with)
	out := m.made[:0]
	done := 0
	for ok := m.find(0); ok; ok = m.next() {
		out = append(out, m.u[done:m.caps[0]]...)
		var err error
		if out, err = m.expand(out, m.with); err != nil {
			return nil, err
		}
		if len(out) > m.most {
			return nil, vec.ErrTooLarge
		}
		done = m.caps[1]
	}
	if m.err != nil {
		return nil, m.err
	}
	m.made = append(out, m.u[done:]...)
	return vec.AppendUnits(dst, m.made), nil
}

// expand adds a replacement for the current match.
func (m *regexMatcher) expand(out, w []uint16) ([]uint16, error) {
	group := func(g int) {
		if from := m.caps[2*g]; from >= 0 {
			out = append(out, m.u[from:m.caps[2*g+1]]...)
		}
	}
	for i := 0; i < len(w); i++ {
		switch w[i] {
		case '\\':
			if i++; i == len(w) {
				return nil, errors.New("character to be escaped is missing")
			}
			out = append(out, w[i])
		case '$':
			if i++; i == len(w) {
				return nil, errors.New("Illegal group reference: group index is missing")
			}
			if w[i] == '{' {
				end := i + 1
				for end < len(w) && w[end] < 0x80 && chars.LetterOrDigit(byte(w[end])) {
					end++
				}
				if end == len(w) || w[end] != '}' {
					return nil, errors.New("named capturing group is missing trailing '}'")
				}
				g, err := m.re.groupOf(chars.OfUnits(w[i+1 : end]))
				if err != nil {
					return nil, err
				}
				group(g)
				i = end
				continue
			}
			if w[i] < '0' || w[i] > '9' {
				return nil, errors.New("Illegal group reference")
			}
			g := int(w[i] - '0')
			if g >= m.re.groups {
				return nil, fmt.Errorf("No group %d", g)
			}
			for i+1 < len(w) && w[i+1] >= '0' && w[i+1] <= '9' {
				wider := g*10 + int(w[i+1]-'0')
				if wider >= m.re.groups {
					break
				}
				g = wider
				i++
			}
			group(g)
		default:
			out = append(out, w[i])
		}
	}
	return out, nil
}

// split has two ways, as ksqlDB has: an expression that can match nothing divides like Java's own split,
// any other keeps all pieces.
func (m *regexMatcher) split(re *javaRegex, s string) ([]string, error) {
	m.reset(re, "")
	nothing := m.find(0)
	if m.err != nil {
		return nil, m.err
	}
	m.reset(re, s)
	var out []string
	if nothing {
		at := 0
		for ok := m.find(0); ok; ok = m.next() {
			if at == 0 && m.caps[1] == 0 {
				continue
			}
			if len(out) > m.most/pieceBytes {
				return nil, vec.ErrTooLarge
			}
			out = append(out, chars.OfUnits(m.u[at:m.caps[0]]))
			at = m.caps[1]
		}
		if m.err != nil {
			return nil, m.err
		}
		if at == 0 {
			return []string{s}, nil
		}
		out = append(out, chars.OfUnits(m.u[at:]))
		for len(out) > 0 && out[len(out)-1] == "" {
			out = out[:len(out)-1]
		}
		return out, nil
	}
	at, from := 0, 0
	for from <= len(m.u) && m.find(from) {
		if from = m.caps[1]; from == at {
			from++ // a match of no width where the piece begins
			continue
		}
		if len(out) > m.most/pieceBytes {
			return nil, vec.ErrTooLarge
		}
		out = append(out, chars.OfUnits(m.u[at:m.caps[0]]))
		at = from
	}
	if m.err != nil {
		return nil, m.err
	}
	return append(out, chars.OfUnits(m.u[at:])), nil
}
