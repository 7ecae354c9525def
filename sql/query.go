package sql

// query reads a SELECT.
func (p *parser) query() *Select {
	l := p.lower()
	q := &Select{At: At{Pos(p.cur().off)}}
	from := p.p
	l.must(wSelect, symSelect, operand)
	for {
		l.item()
		if !l.accept(wComma) {
			break
		}
		l.emit(symComma, l.p-1)
	}
	l.must(wFrom, symFrom, isName)
	l.predict = true
	l.relation()
	for l.join() {
	}
	l.clauses(q)
	l.raiseQuery(q)
	p.checkQuery(from, q)
	return q
}

// item lowers one entry of the select list. Until its first operand is read, it is open whether a ->* follows,
// so errors up to there are those of a choice that failed.
func (l *lowering) item() {
	l.predict, l.top = true, l.depth+1
	switch {
	case l.cur().word == wStar:
		l.pass(symStar)
	case l.cur().ident() && l.peek(1).word == wDot && l.peek(2).word == wStar:
		l.identifier()
		l.pass(symDot)
		l.pass(symStar)
	default:
		mark := len(l.out)
		l.expr()
		if l.cur().word == wArrow && l.primary == mark { // X->*
			l.wrap(mark, symExpand)
			l.emit(symClose, l.p)
			l.p += 2
			break
		}
		l.predict = false
		if l.accept(wAs) || l.cur().ident() {
			l.emit(symAs, l.p)
			l.identifier()
		}
	}
	l.predict, l.top = false, 0
}

// relation lowers a source and reports whether an alias came with it.
func (l *lowering) relation() (aliased bool) {
	l.identifier()
	if l.accept(wAs) || l.cur().ident() && !l.clauseAhead() {
		l.emit(symAs, l.p)
		l.identifier()
		aliased = true
	}
	l.predict = false
	l.many()
	return aliased
}

// clauseAhead tells whether EMIT or PARTITION, which may be aliases, start a clause here.
func (l *lowering) clauseAhead() bool {
	next := l.peek(1).word
	switch l.cur().word {
	case wEmit:
		return next == wChanges || next == wFinal
	case wPartition:
		return next == wBy
	}
	return false
}

// join lowers a JOIN if there is one.
func (l *lowering) join() bool {
	at := l.p
	switch l.cur().word {
	case wFull:
		l.p++
		l.accept(wOuter)
		l.must(wJoin, symFullJoin, isName)
	case wLeft, wRight:
		s := symLeft
		if l.cur().word == wRight {
			s = symRight
		}
		l.p++
		l.accept(wOuter)
		l.emit(s, at)
		l.must(wJoin, symJoin, isName)
	case wInner:
		l.p++
		l.must(wJoin, symJoin, isName)
	case wJoin:
		l.pass(symJoin)
	default:
		return false
	}
	if l.relation() {
		l.manyAt = 0 // only WITHIN and ON can follow
	}
	var w *Within
	if l.accept(wWithin) {
		w = l.within()
	}
	l.withins = append(l.withins, w)
	l.must(wOn, symOn, operand)
	l.expr()
	return true
}

// clauses lowers what follows the sources, and reads itself what MySQL knows nothing of.
func (l *lowering) clauses(q *Select) {
	if l.accept(wWindow) {
		q.Window = l.window()
	}
	if l.cur().word == wWhere {
		l.pass(symWhere)
		l.expr()
	}
	if l.cur().word == wGroup {
		q.HasGroup = true
		l.by(symGroupBy)
	}
	var partition []lowered
	if l.cur().word == wPartition {
		q.HasPart = true
		mark := len(l.out)
		l.by(symPartitionBy)
		partition = append(partition, l.out[mark:]...)
		l.out = l.out[:mark]
	}
	if l.cur().word == wHaving {
		l.pass(symHaving)
		l.expr()
	}
	l.out = append(l.out, partition...)
	if l.cur().word == wEmit {
		l.p++
		switch {
		case l.accept(wChanges):
			q.Emit = EmitChanges
		case l.accept(wFinal):
			q.Emit = EmitFinal
		default:
			l.choice(wChanges, wFinal)
		}
	}
	if l.accept(wLimit) {
		n := l.integer("LIMIT")
		q.Limit = &n
	}
}

// by lowers GROUP BY or PARTITION BY with "a, b", "(a, b)" or "()"; of the last nothing is left.
func (l *lowering) by(s symbol) {
	mark := len(l.out)
	l.pass(s)
	l.expect(wBy, operand)
	switch {
	case l.cur().word == wLParen && l.peek(1).word == wRParen:
		l.p += 2
		l.out = l.out[:mark]
	case l.cur().word == wLParen && l.rowAhead():
		l.p++
		l.values()
		l.closing(wRParen)
	default:
		l.values()
	}
}

// rowAhead reports whether the bracket at the current token holds a comma at its own level.
func (l *lowering) rowAhead() bool {
	open := 0
	for _, t := range l.toks[l.p:] {
		switch t.word {
		case wLParen, wLBracket:
			open++
		case wRParen, wRBracket:
			if open--; open == 0 {
				return false
			}
		case wComma:
			if open == 1 {
				return true
			}
		case wSemi, wEOF:
			return false
		}
	}
	return false
}

// checkQuery applies the rules that need the whole query.
func (p *parser) checkQuery(tok int, q *Select) {
	switch {
	case q.HasGroup && q.HasPart:
		p.fault(tok, "Queries only support one of PARTITION BY and GROUP BY")
	case q.HasGroup && len(q.GroupBy) == 0:
		p.fault(tok, "GROUP BY requires at least one expression")
	case q.HasPart && len(q.PartitionBy) == 0:
		p.fault(tok, "PARTITION BY requires at least one expression")
	}
	p.checkDoubled(tok, "GROUP BY", q, q.GroupBy)
	p.checkDoubled(tok, "PARTITION BY", q, q.PartitionBy)
}

// checkDoubled refuses an expression that is listed twice. With one source, names count with their source.
func (p *parser) checkDoubled(tok int, clause string, q *Select, list []Expr) {
	if len(list) < 2 {
		return
	}
	seen := map[string]bool{}
	for _, e := range list {
		if len(q.Joins) == 0 {
			e = Rewrite(e, func(e Expr) Expr {
				if c, ok := e.(*ColumnRef); ok && c.Source == "" {
					return &ColumnRef{At: c.At, Source: q.From.Alias, Name: c.Name}
				}
				return e
			})
		}
		if s := e.String(); seen[s] {
			p.fault(tok, "Duplicate %s expression: %s", clause, Text(e))
		} else {
			seen[s] = true
		}
	}
}
