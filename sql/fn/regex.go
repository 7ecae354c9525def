package fn

import (
	"errors"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/regex"
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
				compiled := Cached(regex.Compile)
				m := matcher(s)
				return FnStr3E("str: the text; regexp: the expression; newStr: what comes in place", func(dst []byte, s, p, with string) ([]byte, error) {
					re, err := compiled(p)
					if err != nil {
						return nil, err
					}
					return m.ReplaceAll(dst, re, s, with)
				})
			})}},
	{Name: "REGEXP_SPLIT_TO_ARRAY", Declared: "regexp_split_to_array", Category: catRegex, Author: confluent,
		Doc: "Divides a text wherever a regular expression matches.", Variants: []Variant{
			PerSite(func(s Site) Variant {
				compiled := Cached(regex.Compile)
				m := matcher(s)
				return Fn2E("string: the text; regexp: the expression", func(s, p string) ([]string, error) {
					re, err := compiled(p)
					if err != nil {
						return nil, err
					}
					return m.Split(re, s)
				})
			})}},
}

func matcher(s Site) *regex.Matcher { return regex.NewMatcher(s.Stop, s.most()) }

var errNegativeGroup = errors.New("No group with a negative number")

func regexExtract(site Site) func(dst []byte, p, s string, group int32) ([]byte, error) {
	compiled := Cached(regex.Compile)
	m := matcher(site)
	return func(dst []byte, p, s string, group int32) ([]byte, error) {
		re, err := compiled(p)
		if err != nil {
			return nil, err
		}
		if int(group) >= re.Groups() {
			return nil, ErrNull
		}
		m.Reset(re, s)
		if !m.Find(0) {
			if m.Err() != nil {
				return nil, m.Err()
			}
			return nil, ErrNull
		}
		if group < 0 {
			return nil, errNegativeGroup
		}
		dst, took := m.AppendGroup(dst, int(group))
		if !took {
			return nil, ErrNull
		}
		return dst, nil
	}
}

func regexExtractAll(site Site, sig string, more ...sql.Type) Variant {
	compiled := Cached(regex.Compile)
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
		if group >= re.Groups() {
			return ErrNull
		}
		m.Reset(re, c.Args[1].Str(i))
		var found []Opt[string]
		for ok := m.Find(0); ok; ok = m.Next() {
			if group < 0 {
				return errNegativeGroup
			}
			if m.Full(len(found)) {
				return vec.ErrTooLarge
			}
			t, took := m.AppendGroup(nil, group)
			found = append(found, Opt[string]{string(t), took})
		}
		if m.Err() != nil {
			return m.Err()
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

// CompileMatch makes the test whether a regular expression of java.util.regex matches the whole of a text. Any
// goroutine may call it; its error says that it took too long.
func CompileMatch(pattern string) (func(text string) (bool, error), error) {
	return regex.CompileMatch(pattern)
}
