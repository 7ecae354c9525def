package sql

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds that keep the recursion and the memory of one request in hand. ksqlDB's own bound is its stack.
const (
	maxDepth  = 500     // nested brackets, types and statements, and runs of signs, NOTs and subscripts
	maxChain  = 10_000  // operators in a row
	maxTokens = 400_000 // of one statement
	maxText   = 64 << 20
)

// cursor walks over the tokens and knows ksqlDB's ways of refusing one. Its complaints follow what ANTLR, from
// which ksqlDB's parser is made, does when it cannot go on: it takes one extra token out or puts one missing
// token in if that helps, and otherwise reports a mismatch, or no viable alternative when it was still
// looking ahead to choose a rule. ksqlDB stops at the first report, so only the wording matters.
type cursor struct {
	*source
	p       int
	first   int  // first token of the statement
	predict bool // a rule is still being chosen
	depth   int

	wants     []word // optional tokens that were looked for at wantsAt
	wantsAt   int
	manyAt    int // many tokens could stand at this token, 0: none (token 0 starts the text)
	soft      *Error
	variables map[int]varUse
}

// varUse is the place where a ${variable} stands.
type varUse uint8

const (
	identVar varUse = iota
	literalVar
)

// bail carries an Error up to the exported functions.
type bail struct{ err *Error }

func (c *cursor) cur() token { return c.toks[c.p] }
func (c *cursor) peek(n int) token {
	if c.p+n >= len(c.toks) {
		return c.toks[len(c.toks)-1]
	}
	return c.toks[c.p+n]
}

// at looks for an optional token.
func (c *cursor) at(w word) bool {
	if c.toks[c.p].word == w {
		return true
	}
	c.want(w)
	return false
}

func (c *cursor) want(w word) {
	if c.wantsAt != c.p {
		c.wants, c.wantsAt = c.wants[:0], c.p
	}
	c.wants = append(c.wants, w)
}

// many notes that so much could stand here that no message will list it.
func (c *cursor) many() { c.manyAt = c.p }

// accept takes an optional token.
func (c *cursor) accept(w word) bool {
	if c.at(w) {
		c.p++
		return true
	}
	return false
}

// follow tells whether a token may come behind one that is missing.
type follow func(token) bool

func nothing(token) bool { return false }
func isName(t token) bool {
	return t.ident()
}
func isString(t token) bool { return t.kind == stringToken }

// afterOperand holds for what may stand behind a complete expression.
func afterOperand(t token) bool {
	switch t.kind {
	case signToken:
		return t.word != wLParen && t.word != wLambda && t.word != wDot
	case keywordToken:
		switch t.word {
		case wAnd, wOr, wNot, wIn, wIs, wLike, wBetween, wAs, wFrom, wWhere, wGroup, wHaving, wLimit, wWindow, wWhen, wThen, wElse, wEnd,
			wJoin, wInner, wLeft, wRight, wFull:
			return true
		}
	}
	return t.ident()
}

// operand holds for what an expression may start with.
func operand(t token) bool {
	switch t.kind {
	case stringToken, paramToken:
		return true
	case keywordToken:
		switch t.word {
		case wNull, wTrue, wFalse, wCase, wCast, wNot:
			return true
		}
	case signToken:
		return t.word == wMinus || t.word == wPlus || t.word == wLParen
	}
	return t.number() || t.ident()
}

// expect takes a token that must stand here; behind says what may follow it.
func (c *cursor) expect(w word, behind follow) {
	if !c.accept(w) {
		c.miss(w, behind)
	}
}

// miss refuses the current token where w had to stand.
func (c *cursor) miss(w word, behind follow) {
	switch {
	case c.predict:
		c.refuse(noViable, nil)
	case c.isWord(1, w):
		c.refuse(extraneous, []word{w})
	case behind(c.cur()):
		c.refuse(missing, []word{w})
	}
	c.want(w)
	if c.manyAt == c.p && c.p > 0 {
		c.refuse(mismatched, nil)
	}
	c.refuse(mismatched, c.wants)
}

func (c *cursor) isWord(n int, w word) bool {
	t := c.peek(n)
	switch w {
	case wStringToken:
		return t.kind == stringToken
	case wIdentToken:
		return t.kind == identToken
	}
	return t.word == w
}

// choice refuses the current token where one of few had to stand.
func (c *cursor) choice(ws ...word) {
	kind := mismatched
	for _, w := range ws {
		if c.isWord(1, w) {
			kind = extraneous
		}
	}
	if c.predict {
		kind = noViable
	}
	c.refuse(kind, ws)
}

// closing takes the sign that ends a list, behind an item that no comma follows. ANTLR looks at the whole choice
// before it leaves the list: both signs are expected there, and none is put in.
func (c *cursor) closing(w word) {
	if !c.accept(w) {
		c.choice(wComma, w)
	}
}

// wrong refuses the current token where one of many had to stand, of which fits tells.
func (c *cursor) wrong(fits follow) {
	switch {
	case c.predict:
		c.refuse(noViable, nil)
	case fits(c.peek(1)):
		c.refuse(extraneous, nil)
	}
	c.refuse(mismatched, nil)
}

// broken reports, at a token, a disagreement between the lowering pass and TiDB's parser.
func (c *cursor) broken(tok int) {
	defer func() {
		r := recover()
		if b, ok := r.(bail); ok {
			b.err.internal = true
		}
		panic(r)
	}()
	c.p = tok
	c.refuse(noViable, nil)
}

// report is ANTLR's way to say no.
type report uint8

const (
	mismatched report = iota
	extraneous
	missing
	noViable
)

// refuse ends parsing at the current token. Without a list too much was possible to name it.
func (c *cursor) refuse(kind report, expected []word) {
	t := c.cur()
	line, col := c.position(t.off)
	e := &Error{Line: line, Col: col, Near: c.raw(c.p), Syntax: true, Statement: c.line(line), line: c.line(line)}
	expected = slices.Clone(expected)
	slices.Sort(expected)
	for _, w := range slices.Compact(expected) {
		e.Expected = append(e.Expected, w.display())
	}
	e.Msg = fmt.Sprintf("line %d:%d: Syntax Error\n%s", line, col, c.detail(kind, t, e))
	panic(bail{e})
}

// detail is the second line of ksqlDB's message.
func (c *cursor) detail(kind report, t token, e *Error) string {
	list := strings.Join(e.Expected, ", ")
	near := e.Near
	if t.kind == eofToken {
		near = "<EOF>"
	}
	pair := kind == extraneous || kind == mismatched
	switch {
	case kind == extraneous && t.kind == keywordToken && !nonReserved[t.word]:
		return fmt.Sprintf("%q is a reserved keyword and it can't be used as an identifier. "+
			"You can use it as an identifier by escaping it as '%s' ", near, near)
	case c.p == c.first && pair && t.kind != eofToken:
		return fmt.Sprintf("Unknown statement '%s'\nDid you mean '%s'?", near, nearestVerb(near))
	case pair && (t.kind == eofToken || list == "<EOF>"):
		return "Syntax error at or near \";\"\n'}', ']', or ')' is missing"
	case pair && list != "" && strings.Count(list, ",") < 3:
		if len(e.Expected) > 1 {
			list = "{" + list + "}"
		}
		return "Expecting " + list
	case kind == noViable:
		return fmt.Sprintf("Syntax error at or near '%s' at line %d:%d", near, e.Line, e.Col)
	case kind == missing:
		return fmt.Sprintf("missing %s at '%s'", list, near)
	}
	return ""
}

// fault notes a broken rule that is not grammar. The first one of a statement is kept: ksqlDB meets them only
// after the whole text was found to be grammatical.
func (c *cursor) fault(tok int, format string, args ...any) {
	c.note(tok, "Failed to prepare statement: "+fmt.Sprintf(format, args...))
}

func (c *cursor) note(tok int, msg string) {
	if c.soft != nil {
		return
	}
	line, col := c.position(c.toks[tok].off)
	c.soft = &Error{Line: line, Col: col, Near: c.raw(tok), Msg: msg, line: c.line(line)}
}

// location is how ksqlDB's rules, as opposed to its grammar, name a place.
func (c *cursor) location(tok int) string {
	line, col := c.position(c.toks[tok].off)
	return fmt.Sprintf("Line: %d, Col: %d", line, col)
}

// nest enters a bracket; the caller leaves it by taking one off depth.
func (c *cursor) nest() {
	if c.depth++; c.depth > maxDepth {
		c.tooLarge()
	}
}

func (c *cursor) tooLarge() {
	line, col := c.position(c.cur().off)
	panic(bail{&Error{
		Line: line, Col: col, Near: c.raw(c.p), line: c.line(line), Statement: c.line(line),
		Msg: "Error processing statement: Statement is too large to parse. " +
			"This may be caused by having too many nested expressions in the statement.",
	}})
}

// ident takes an identifier and gives its token.
func (c *cursor) ident() int {
	t := c.cur()
	if !t.ident() {
		c.wrong(isName)
	}
	if t.kind == varToken {
		c.variable(identVar)
	}
	c.p++
	return c.p - 1
}

// named takes an identifier and gives the name.
func (c *cursor) named() string { return c.name(c.ident()) }

// sourceName takes the name of a stream or table.
func (c *cursor) sourceName() string {
	i := c.ident()
	return c.checkSource(i)
}

func (c *cursor) checkSource(i int) string {
	n := c.name(i)
	for j := 0; j < len(n); j++ {
		if b := n[j]; !isLetter(b) && !isDigit(b) && b != '_' && b != '-' {
			c.fault(i, "Illegal argument at %s. Source names may only contain alphanumeric values, '_' or '-'. Got: '%s'", c.location(i), n)
			break
		}
	}
	return n
}

// resource takes the name of a topic or subject, whose case is kept.
func (c *cursor) resource() string {
	switch t := c.cur(); {
	case t.kind == stringToken:
		c.p++
		return unquote(c.raw(c.p - 1))
	case t.ident():
		if i := c.ident(); t.kind == quotedToken {
			return c.name(i)
		}
		return c.raw(c.p - 1)
	}
	c.wrong(func(t token) bool { return isName(t) || isString(t) })
	return ""
}

// str takes a string literal.
func (c *cursor) str(behind follow) string {
	if c.cur().kind != stringToken {
		c.miss(wStringToken, behind)
	}
	c.p++
	return unquote(c.raw(c.p - 1))
}

func (c *cursor) variable(use varUse) {
	if c.variables == nil {
		c.variables = map[int]varUse{}
	}
	c.variables[c.p] = use
}
