package sql

import "strings"

// Mask is a request's text fit for logs and answers: the values of INSERT ... VALUES become '[value]' and those
// of a connector's properties, connector.class excepted, '[string]'. Such statements are printed again;
// all others stay as they are. In a text that does not parse every literal is masked.
func Mask(text string) string {
	p, err := newParser(text, mode{test: true, params: true})
	if err != nil {
		return "[text]"
	}
	stmts, err := p.script()
	if err != nil {
		return maskLiterals(p.source)
	}
	var b strings.Builder
	done := int32(0)
	for _, s := range stmts {
		masked, ok := maskStatement(p, s)
		if !ok {
			continue
		}
		b.WriteString(text[done:s.Start])
		b.WriteString(masked)
		done = p.toks[s.last].end
	}
	b.WriteString(text[done:])
	return b.String()
}

func maskStatement(p *parser, s scripted) (string, bool) {
	switch x := s.Statement.(type) {
	case *InsertValues:
		return maskValues("INSERT INTO ", x.Target, x.Columns, " VALUES (", len(x.Values)), true
	case *AssertValues:
		if x.Tombstone {
			return maskValues("ASSERT NULL VALUES ", x.Target, x.Columns, " KEY (", len(x.Values)), true
		}
		return maskValues("ASSERT VALUES ", x.Target, x.Columns, " VALUES (", len(x.Values)), true
	case *CreateConnector:
		return maskConnector(p, s), true
	case *Explain:
		if x.Statement == nil {
			return "", false
		}
		inner := s
		inner.Statement = x.Statement
		inner.first++
		if masked, ok := maskStatement(p, inner); ok {
			return "EXPLAIN " + masked, true
		}
	}
	return "", false
}

func maskValues(verb, target string, columns []string, word string, n int) string {
	back := func(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }
	cols := ""
	if len(columns) > 0 {
		list := make([]string, len(columns))
		for i, c := range columns {
			list[i] = back(c)
		}
		cols = " (" + strings.Join(list, ", ") + ")"
	}
	return verb + back(target) + cols + word + strings.TrimSuffix(strings.Repeat("'[value]', ", n), ", ") + ");"
}

// maskConnector prints the head of the statement and its properties with keys as written.
func maskConnector(p *parser, s scripted) string {
	var b strings.Builder
	with := false
	for i := s.first; i < s.last; i++ {
		t := p.toks[i]
		switch {
		case with && p.toks[i-1].word == wEq:
			key := p.raw(i - 2)
			if k := p.toks[i-2].kind; k == stringToken || k == quotedToken {
				key = unquote(key)
			}
			if strings.EqualFold(key, "connector.class") {
				b.WriteString(p.raw(i))
			} else {
				b.WriteString("'[string]'")
			}
			if t.word == wMinus {
				i++
			}
			continue
		case with && t.word == wComma:
			b.WriteString(", ")
			continue
		case t.word == wWith:
			with = true
			b.WriteString("WITH ")
			continue
		}
		b.WriteString(p.raw(i))
		if !with {
			b.WriteByte(' ')
		}
	}
	return b.String() + ";"
}

// maskLiterals replaces every literal of a text that does not parse; quoting may be broken too, so nothing is
// kept from the first stray quote on.
func maskLiterals(s *source) string {
	var b strings.Builder
	done := int32(0)
	for _, t := range s.toks {
		word := ""
		switch {
		case t.kind == stringToken:
			word = "'[string]'"
		case t.number():
			word = "[number]"
		case t.kind == badToken && strings.ContainsAny(s.text[t.off:t.end], "'\"`"):
			return b.String() + s.text[done:t.off] + "'[string]'"
		default:
			continue
		}
		b.WriteString(s.text[done:t.off])
		b.WriteString(word)
		done = t.end
	}
	return b.String() + s.text[done:]
}
