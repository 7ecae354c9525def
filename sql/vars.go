package sql

import "strings"

// scope is the variables known at a statement. Names compare without case; an exact match goes first.
type scope struct {
	values map[string]string
	names  map[string][]string // by the name in lower case
}

func newScope(vars map[string]string) scope {
	s := scope{map[string]string{}, map[string][]string{}}
	for name, v := range vars {
		s.values[name] = v
		s.names[strings.ToLower(name)] = append(s.names[strings.ToLower(name)], name)
	}
	return s
}

func (s scope) lookup(name string) (string, bool) {
	if v, ok := s.values[name]; ok {
		return v, true
	}
	if same := s.names[strings.ToLower(name)]; len(same) > 0 {
		return s.values[same[0]], true
	}
	return "", false
}

func (s scope) undefine(name string) {
	name = strings.ToLower(name)
	for _, same := range s.names[name] {
		delete(s.values, same)
	}
	delete(s.names, name)
}

func (s scope) define(name, value string) {
	s.undefine(name)
	s.values[name] = value
	s.names[strings.ToLower(name)] = []string{name}
}

// replace puts the values of variables into a statement and reads it again. A value can be one name or one
// literal only, so that it cannot change the statement around it. What all statements of a script become is bounded
// as a text is, and while it grows.
func (p *parser) replace(s *scripted, vars scope) error {
	var b expansion
	b.left = maxText - p.expanded
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
			b.add(p.text[done:t.off])
			b.add(v)
		case t.kind == stringToken && strings.Contains(text, "${"):
			b.add(p.text[done:t.off])
			vars.inString(&b, text)
		default:
			continue
		}
		done = t.end
		if b.left < 0 {
			return largeText()
		}
	}
	b.add(p.text[done:end])
	if b.left < 0 {
		return largeText()
	}
	text := b.String()
	p.expanded += len(text)
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

// expansion is a text that grows until it is too long: then left is negative, and nothing is added any more.
type expansion struct {
	strings.Builder
	left int
}

func (e *expansion) add(text string) {
	if e.left -= len(text); e.left >= 0 {
		e.WriteString(text)
	}
}

// inString replaces the variables inside a string literal; unknown ones stay as they are.
func (s scope) inString(b *expansion, text string) {
	for b.left >= 0 {
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
				b.add(text[:i])
				b.add(strings.ReplaceAll(v, "'", "''"))
				text = text[end+1:]
				continue
			}
		}
		b.add(text[:end])
		text = text[end:]
	}
	b.add(text)
}
