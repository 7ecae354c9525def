package sql

import (
	"maps"
	"strings"
)

// scope is the variables known at a statement. Names compare without case; an exact match goes first.
type scope map[string]string

func newScope(vars map[string]string) scope {
	if vars == nil {
		return scope{}
	}
	return maps.Clone(vars)
}

func (s scope) lookup(name string) (string, bool) {
	if v, ok := s[name]; ok {
		return v, true
	}
	for k, v := range s {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return "", false
}

func (s scope) undefine(name string) {
	maps.DeleteFunc(s, func(k, _ string) bool { return strings.EqualFold(k, name) })
}

func (s scope) define(name, value string) {
	s.undefine(name)
	s[name] = value
}

// replace puts the values of variables into a statement and reads it again. A value can be one name or one
// literal only, so that it cannot change the statement around it.
func (p *parser) replace(s *scripted, vars scope) error {
	var b strings.Builder
	start, end := p.toks[s.first].off, p.toks[s.last].end
	done := start
	for i := s.first; i <= s.last; i++ {
		t := p.toks[i]
		text := p.raw(i)
		switch use, ok := s.variables[i]; {
		case ok:
			v, known := vars.lookup(text[2 : len(text)-1])
			if !known {
				v = text
			}
			if use == literalVar {
				v, ok = literalValue(v)
			} else {
				ok = identValue(v)
			}
			if !ok {
				return p.badValue(s, i, use, v)
			}
			text = v
		case t.kind == stringToken && strings.Contains(text, "${"):
			text = vars.inString(text)
		default:
			continue
		}
		b.WriteString(p.text[done:t.off])
		b.WriteString(text)
		done = t.end
	}
	b.WriteString(p.text[done:end])
	text := b.String()
	if text == p.text[start:end] {
		return nil
	}
	sub, err := newParser(text, p.mode)
	if err != nil {
		return err
	}
	sub.before = p.paramNumber(s.first)
	stmts, err := sub.script()
	if err != nil {
		return err
	}
	at := s.Start
	*s = stmts[0]
	s.Start = at
	return nil
}

func (p *parser) badValue(s *scripted, i int, use varUse, value string) error {
	p.soft = nil
	msg := "Illegal argument at " + p.location(i) + ". "
	if use == identVar {
		msg += "Identifier names cannot start with '@' and may only contain alphanumeric values and '_'. "
	}
	p.note(i, msg+"Got: '"+value+"'")
	p.soft.Statement = s.Text
	return p.soft
}

// identValue tells whether a value may stand for a name, perhaps in quotes.
func identValue(v string) bool {
	if n := len(v); n > 1 && v[0] == v[n-1] && strings.IndexByte("\"`'", v[0]) >= 0 {
		if v[0] == '\'' {
			return false
		}
		v = v[1 : n-1]
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		if !isIdent(c) || i == 0 && !isLetter(c) && c != '_' {
			return false
		}
	}
	return v != ""
}

// literalValue writes a value that may stand for a literal: a string in single quotes, a boolean or a number.
func literalValue(v string) (string, bool) {
	if n := len(v); n > 1 && v[0] == '\'' && v[n-1] == '\'' {
		return quoteString(v[1 : n-1]), true
	}
	if strings.EqualFold(v, "true") || strings.EqualFold(v, "false") {
		return v, true
	}
	digits := strings.TrimPrefix(v, "-")
	l := lex(digits, false)
	return v, len(l.toks) == 2 && l.toks[0].number() && int(l.toks[0].end-l.toks[0].off) == len(digits)
}

// inString replaces the variables inside a string literal; unknown ones stay as they are.
func (s scope) inString(text string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			break
		}
		end := i + 2
		for end < len(text) && isIdent(text[end]) {
			end++
		}
		if end < len(text) && text[end] == '}' {
			if v, ok := s.lookup(text[i+2 : end]); ok {
				b.WriteString(text[:i])
				b.WriteString(strings.ReplaceAll(v, "'", "''"))
				text = text[end+1:]
				continue
			}
		}
		b.WriteString(text[:end])
		text = text[end:]
	}
	b.WriteString(text)
	return b.String()
}
