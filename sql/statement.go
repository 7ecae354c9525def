package sql

import "time"

// statement reads a statement without its semicolon. While the first words still fit several statements,
// predict is set: an error there is ksqlDB's "no viable alternative".
func (p *parser) statement() Statement {
	p.nest()
	defer func() { p.depth-- }()
	at, w := At{Pos(p.cur().off)}, p.cur().word
	if p.cur().kind != keywordToken || !startsStatement(w) && w != wRun {
		w = noWord
	}
	switch w {
	case wSelect:
		return p.query()
	case wList, wShow:
		return p.show(at)
	case wDescribe:
		return p.describe(at)
	case wPrint:
		return p.print(at)
	case wTerminate, wPause, wResume:
		return p.queryAdmin(at, w)
	case wSet:
		p.p++
		n, v := p.setting()
		return &Set{at, n, v}
	case wUnset:
		p.p++
		return &Unset{at, p.str(nothing)}
	case wDefine:
		p.p++
		n := p.variableName()
		p.expect(wEq, isString)
		return &Define{at, n, p.str(nothing)}
	case wUndefine:
		p.p++
		return &Undefine{at, p.variableName()}
	case wAlter:
		return p.alter(at)
	case wDrop:
		return p.drop(at)
	case wExplain:
		return p.explain(at)
	case wInsert:
		return p.insert(at)
	case wAssert:
		return p.assert(at)
	case wCreate:
		return p.create(at)
	case wRun:
		if p.mode.test {
			p.p++
			p.expect(wScript, isString)
			return &RunScript{at, p.str(nothing)}
		}
	}
	p.first = p.p
	p.wrong(func(t token) bool { return t.kind == eofToken || t.kind == keywordToken && startsStatement(t.word) })
	return nil
}

// setting reads 'name' = 'value'.
func (p *parser) setting() (name, value string) {
	name = p.str(func(t token) bool { return t.word == wEq })
	p.expect(wEq, isString)
	return name, p.str(nothing)
}

// variableName takes the name in DEFINE and UNDEFINE, which may be any word.
func (p *parser) variableName() string {
	if t := p.cur(); t.kind != identToken && t.kind != keywordToken {
		p.miss(wIdentToken, func(t token) bool { return t.word == wEq })
	}
	p.p++
	return p.raw(p.p - 1)
}

func (p *parser) show(at At) Statement {
	p.predict = true
	p.p++
	s := &Show{At: at}
	extended := false
	switch {
	case p.accept(wProperties):
		s.What = ShowProperties
	case p.accept(wAll):
		p.expect(wTopics, nothing)
		s.What, s.All, extended = ShowTopics, true, true
	case p.accept(wTopics):
		s.What, extended = ShowTopics, true
	case p.accept(wStreams):
		s.What, extended = ShowStreams, true
	case p.accept(wTables):
		s.What, extended = ShowTables, true
	case p.accept(wQueries):
		s.What, extended = ShowQueries, true
	case p.accept(wFunctions):
		s.What = ShowFunctions
	case p.accept(wSource), p.accept(wSink):
		s.What, s.Scope = ShowConnectors, wordText[p.toks[p.p-1].word]
		p.expect(wConnectors, nothing)
	case p.accept(wConnectors):
		s.What = ShowConnectors
	case p.accept(wConnector):
		p.expect(wPlugins, nothing)
		s.What = ShowConnectorPlugins
	case p.accept(wTypes):
		s.What = ShowTypes
	case p.accept(wVariables):
		s.What = ShowVariables
	default:
		p.refuse(noViable, nil)
	}
	p.predict = false
	s.Extended = extended && p.accept(wExtended)
	return s
}

func (p *parser) describe(at At) Statement {
	p.predict = true
	p.p++
	d := &Describe{At: at}
	i := p.p
	switch {
	case p.accept(wStreams):
		d.What = DescribeStreams
	case p.cur().word == wFunction && p.peek(1).ident():
		p.p++
		d.What, d.Name = DescribeFunction, p.named()
		p.predict = false
		return d
	case p.accept(wConnector):
		p.predict = false
		d.What, d.Name = DescribeConnector, p.named()
		return d
	case p.cur().word == wTables: // an identifier to the grammar
		p.p++
		d.What = DescribeTables
	default:
		d.Name = p.sourceName()
	}
	p.predict = false
	if p.p == i+1 {
		d.Extended = p.accept(wExtended)
	}
	return d
}

func (p *parser) print(at At) Statement {
	p.p++
	s := &Print{At: at, Topic: p.resource()}
	if p.accept(wFrom) {
		p.expect(wBeginning, nothing)
		s.FromBeginning = true
	}
	if p.accept(wInterval) || p.accept(wSample) {
		s.Interval = p.integer("INTERVAL")
	}
	if p.accept(wLimit) {
		s.HasLimit, s.Limit = true, p.integer("LIMIT")
	}
	return s
}

func (p *parser) queryAdmin(at At, w word) Statement {
	p.p++
	id, all := "", p.accept(wAll)
	if !all {
		id = p.named()
	}
	switch w {
	case wTerminate:
		return &Terminate{at, id, all}
	case wPause:
		return &Pause{at, id, all}
	}
	return &Resume{at, id, all}
}

// sourceKind takes STREAM or TABLE.
func (p *parser) sourceKind() SourceKind {
	if p.accept(wTable) {
		return TableKind
	}
	if !p.accept(wStream) {
		p.choice(wStream, wTable)
	}
	return StreamKind
}

func (p *parser) alter(at At) Statement {
	p.predict = true
	p.p++
	if p.accept(wSystem) {
		p.predict = false
		n, v := p.setting()
		return &AlterSystem{at, n, v}
	}
	s := &AlterSource{At: at, Kind: p.sourceKind()}
	p.predict = false
	s.Name = p.sourceName()
	for {
		p.expect(wAdd, isName)
		if p.at(wColumn) && (p.peek(2).ident() || p.peek(2).word == wDecimal) {
			p.p++
		}
		i := p.ident()
		s.Adds = append(s.Adds, ColumnDef{At: At{Pos(p.toks[i].off)}, Name: p.name(i), Type: p.typeName()})
		if !p.accept(wComma) {
			return s
		}
	}
}

func (p *parser) ifExists() bool {
	if p.at(wIf) && p.peek(1).word == wExists {
		p.p += 2
		return true
	}
	return false
}

func (p *parser) ifNotExists() bool {
	if p.at(wIf) && p.peek(1).word == wNot {
		p.p += 2
		p.expect(wExists, isName)
		return true
	}
	return false
}

func (p *parser) drop(at At) Statement {
	p.predict = true
	p.p++
	w := p.cur().word
	switch w {
	case wStream, wTable, wConnector, wType:
		p.p++
		p.predict = false
	default:
		p.refuse(noViable, nil)
	}
	exists := p.ifExists()
	switch w {
	case wConnector:
		return &DropConnector{at, exists, p.named()}
	case wType:
		return &DropType{at, exists, p.named()}
	}
	s := &DropSource{At: at, IfExists: exists, Name: p.sourceName()}
	if w == wTable {
		s.Kind = TableKind
	}
	if p.accept(wDelete) {
		p.expect(wTopic, func(t token) bool { return t.word == wSemi })
		s.DeleteTopic = true
	}
	return s
}

func (p *parser) explain(at At) Statement {
	p.p++
	if n := p.peek(1); p.cur().ident() && (n.word == wSemi || n.kind == eofToken) {
		return &Explain{At: at, QueryID: p.named()}
	}
	if t := p.cur(); t.kind != keywordToken || !startsStatement(t.word) && t.word != wRun {
		p.predict = true
		p.wrong(nothing)
	}
	start := p.cur().off
	s := p.statement()
	return &Explain{At: at, Statement: s, Text: p.text[start:p.toks[p.p-1].end]}
}

func (p *parser) insert(at At) Statement {
	p.predict = true
	p.p++
	p.expect(wInto, isName)
	i := p.p
	name := p.sourceName()
	if p.at(wWith) || p.at(wSelect) {
		p.predict = false
		s := &InsertSelect{At: at, Target: name, With: p.with(false)}
		s.Query = p.query()
		return s
	}
	if !p.at(wLParen) && !p.at(wValues) {
		p.refuse(noViable, nil)
	}
	p.predict = false
	cols, vals := p.rows(i, wValues)
	p.checkValues(i, cols, vals)
	return &InsertValues{at, name, cols, vals}
}

// rows reads "(columns) VALUES (values)", or with another word for VALUES. name is the token of the target.
func (p *parser) rows(name int, w word) (cols []string, vals []Expr) {
	l := p.lower()
	l.emit(symInsert, name)
	l.emit(symName, name)
	if l.at(wLParen) {
		l.pass(symOpen)
		l.args(wRParen, l.identifier)
	}
	l.must(w, symValues, func(t token) bool { return t.word == wLParen })
	l.must(wLParen, symOpen, operand)
	l.list(wRParen, func() { l.value(); l.many() })
	return l.raiseInsert()
}

func (p *parser) checkValues(tok int, cols []string, vals []Expr) {
	switch {
	case len(vals) == 0:
		p.fault(tok, "Expected some values for INSERT INTO statement.")
	case len(cols) > 0 && len(cols) != len(vals):
		p.fault(tok, "Expected number columns and values to match: %d, %d", len(cols), len(vals))
	}
	for _, v := range vals {
		Walk(v, func(e Expr) bool {
			if c, ok := e.(*ColumnRef); ok && c.Source != "" {
				p.fault(tok, "'%s' is not a valid stream/table name or alias.", c.Source)
			}
			return true
		})
	}
}

func (p *parser) assert(at At) Statement {
	p.predict = true
	p.p++
	if p.mode.test {
		if s := p.assertTest(at); s != nil {
			return s
		}
	}
	not := p.accept(wNot)
	if not {
		p.expect(wExists, nothing)
	}
	switch {
	case p.accept(wTopic):
		p.predict = false
		s := &AssertTopic{At: at, NotExists: not, Topic: p.resource(), With: p.with(false)}
		s.Timeout = p.timeout()
		return s
	case p.accept(wSchema):
		p.predict = false
		return p.assertSchema(&AssertSchema{At: at, NotExists: not})
	}
	p.refuse(noViable, nil)
	return nil
}

func (p *parser) assertSchema(s *AssertSchema) Statement {
	first := p.p
	subject := p.accept(wSubject)
	if subject {
		s.Subject = p.resource()
	}
	if p.accept(wId) {
		i := p.p
		v := p.literal()
		n := 0
		if v.Kind != IntegerLiteral {
			p.fault(i, "ID must be an integer")
		}
		for _, c := range v.Text {
			if c >= '0' && c <= '9' && v.Kind == IntegerLiteral {
				n = n*10 + int(c-'0')
			}
		}
		if len(v.Text) > 0 && v.Text[0] == '-' {
			n = -n
		}
		s.ID = &n
	} else if !subject {
		p.fault(first, "ASSERT SCHEMA statements much include a subject name or an id")
	}
	s.Timeout = p.timeout()
	return s
}

func (p *parser) timeout() *time.Duration {
	if !p.accept(wTimeout) {
		return nil
	}
	d := time.Duration(p.duration("TIMEOUT").Millis()) * time.Millisecond
	return &d
}

// assertTest reads what only the test runner knows, or gives nil.
func (p *parser) assertTest(at At) Statement {
	tombstone := p.cur().word == wNull
	switch {
	case p.accept(wValues), tombstone:
		w := wValues
		if tombstone {
			p.p++
			p.expect(wValues, isName)
			w = wKey
		}
		p.predict = false
		i := p.p
		name := p.sourceName()
		cols, vals := p.rows(i, w)
		return &AssertValues{at, tombstone, name, cols, vals}
	case p.at(wStream), p.at(wTable):
		p.predict = false
		s := &AssertSource{At: at, Kind: p.sourceKind(), Name: p.sourceName()}
		s.Elements = p.columns()
		s.With = p.with(false)
		return s
	}
	return nil
}
