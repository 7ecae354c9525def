package sql

import (
	"slices"
	"strings"
)

// Parse reads the statements of a request. ${variables} are replaced from vars, and by the DEFINE and UNDEFINE
// statements of the text for what comes after them; vars may be nil and is not changed. Errors are *Error. When
// the grammar is broken no statement is returned; when a statement breaks another rule, those before it are.
func Parse(text string, vars map[string]string) ([]Parsed, error) {
	return parseText(text, vars, mode{})
}

// ParseTest is Parse for the test runner: it also reads ASSERT VALUES, ASSERT NULL VALUES, ASSERT STREAM,
// ASSERT TABLE and RUN SCRIPT.
func ParseTest(text string, vars map[string]string) ([]Parsed, error) {
	return parseText(text, vars, mode{test: true})
}

// ParseParams is Parse with ? as bound parameter, counted from 0 over the whole text.
func ParseParams(text string, vars map[string]string) ([]Parsed, error) {
	return parseText(text, vars, mode{params: true})
}

// ParseSchema reads a column list without its brackets: K STRING KEY, V BIGINT. A blank text has no columns.
func ParseSchema(text string) ([]ColumnDef, error) {
	return one(text, func(p *parser) []ColumnDef {
		if p.cur().kind == eofToken {
			return nil
		}
		cols := p.columnList()
		p.end()
		return cols
	})
}

// mode is what a parser accepts beyond the language.
type mode struct{ test, params bool }

// parser reads statements.
type parser struct {
	cursor
	mode   mode
	params []int // tokens of the bound parameters
	before int   // bound parameters of the statements before this text

	expanded int // bytes of the statements into which variables were put
}

func largeText() *Error {
	return &Error{Line: 1, Col: 1, Msg: "Error processing statement: Statement is too large to parse."}
}

func newParser(text string, m mode) (*parser, error) {
	if len(text) > maxText {
		return nil, largeText()
	}
	p := &parser{cursor: cursor{source: lex(text, m.params), first: -1}, mode: m}
	for i, t := range p.toks {
		if m.params && t.kind == paramToken {
			p.params = append(p.params, i)
		}
	}
	return p, nil
}

// catch turns the panic by which parsing ends into an error.
func catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case bail:
		*err = r.err
	default:
		panic(r)
	}
}

// one reads a text that is a single thing of the grammar.
func one[T any](text string, read func(*parser) T) (out T, err error) {
	p, err := newParser(text, mode{})
	if err != nil {
		return out, err
	}
	if err = p.bound(0, len(p.toks)); err != nil {
		return out, err
	}
	defer catch(&err)
	out = read(p)
	if p.soft != nil {
		p.soft.Statement = text
		return out, p.soft
	}
	return out, nil
}

// end refuses anything before the end of the text.
func (p *parser) end() {
	if p.cur().kind != eofToken {
		p.many()
		p.miss(wEOF, nothing)
	}
}

// bound refuses a statement of too many tokens.
func (p *parser) bound(from, to int) error {
	if to-from <= maxTokens {
		return nil
	}
	var err error
	func() {
		defer catch(&err)
		p.p = from
		p.tooLarge()
	}()
	return err
}

// scripted is a statement as the first pass leaves it.
type scripted struct {
	Parsed
	soft        *Error
	first, last int            // its tokens, semicolon included
	variables   map[int]varUse // by token
	quoted      bool           // some string may hold a variable
}

func parseText(text string, vars map[string]string, m mode) ([]Parsed, error) {
	p, err := newParser(text, m)
	if err != nil {
		return nil, err
	}
	stmts, err := p.script()
	if err != nil {
		return nil, err
	}
	out := make([]Parsed, 0, len(stmts))
	scope := newScope(vars)
	for i := range stmts {
		s := &stmts[i]
		if s.quoted || len(s.variables) > 0 {
			if err := p.replace(s, scope); err != nil {
				return out, err
			}
		}
		if s.soft != nil {
			return out, s.soft
		}
		switch d := s.Statement.(type) {
		case *Define:
			scope.define(d.Name, d.Value)
		case *Undefine:
			scope.undefine(d.Name)
		}
		out = append(out, s.Parsed)
	}
	return out, nil
}

// script reads all statements; an error means that the grammar is broken.
func (p *parser) script() (out []scripted, err error) {
	from := 0
	for i, t := range p.toks {
		if t.word == wSemi || t.kind == eofToken {
			if err := p.bound(from, i); err != nil {
				return nil, err
			}
			from = i + 1
		}
	}
	defer catch(&err)
	for p.cur().kind != eofToken {
		p.first, p.soft, p.variables, p.depth, p.predict = p.p, nil, nil, 0, false
		s := scripted{first: p.p}
		s.Statement = p.statement()
		p.semicolon()
		s.last = p.p - 1
		s.soft, s.variables = p.soft, p.variables
		s.Start = Pos(p.toks[s.first].off)
		s.Text, s.Source, s.Params = p.text[s.Start:p.toks[s.last].end], p.text, p.paramNumber(p.p)
		if s.soft != nil {
			s.soft.Statement = s.Text
		}
		for i := s.first; i <= s.last && !s.quoted; i++ {
			s.quoted = p.toks[i].kind == stringToken && strings.Contains(p.raw(i), "${")
		}
		out = append(out, s)
	}
	return out, nil
}

// semicolon takes the end of a statement.
func (p *parser) semicolon() {
	p.predict = false
	p.expect(wSemi, func(t token) bool {
		return t.kind == eofToken || t.kind == keywordToken && startsStatement(t.word)
	})
}

// verbs are the words that a statement begins with, in the order in which they are offered for an unknown one: the
// first of the nearest wins.
var verbs = [...]word{
	wSelect, wCreate, wInsert, wDescribe, wPrint, wExplain, wShow, wList, wTerminate, wPause, wResume, wDrop, wSet, wDefine, wUndefine,
	wUnset, wAssert, wAlter,
}

func startsStatement(w word) bool { return slices.Contains(verbs[:], w) }

func upper(s string) string { return strings.ToUpper(s) }
