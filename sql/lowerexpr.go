package sql

// valueSymbol is the symbol of an operator between values.
func valueSymbol(w word) (symbol, bool) {
	switch w {
	case wPlus:
		return symPlus, true
	case wMinus:
		return symMinus, true
	case wStar:
		return symStar, true
	case wSlash:
		return symSlash, true
	case wPercent:
		return symPercent, true
	case wConcat:
		return symOr2, true
	}
	return 0, false
}

func comparison(w word) (symbol, bool) {
	switch w {
	case wEq:
		return symEq, true
	case wNe:
		return symNe, true
	case wLt:
		return symLt, true
	case wLe:
		return symLe, true
	case wGt:
		return symGt, true
	case wGe:
		return symGe, true
	}
	return 0, false
}

// expr lowers a condition: NOT, AND and OR over predicates.
func (l *lowering) expr() {
	l.nest()
	for chain := 0; ; chain++ {
		if chain > maxChain {
			l.tooLarge()
		}
		for n := 0; l.cur().word == wNot; n++ {
			if n > maxDepth {
				l.tooLarge()
			}
			l.chosen()
			l.pass(symNot)
		}
		l.value()
		l.predicate()
		if l.cur().word == wAnd {
			l.pass(symAnd)
		} else if l.cur().word == wOr {
			l.pass(symOr)
		} else {
			break
		}
	}
	l.many()
	l.depth--
}

// chosen notes that the current select item cannot be the operand of a ->* any more.
func (l *lowering) chosen() {
	if l.depth == l.top {
		l.predict = false
	}
}

// nested lowers something in brackets of its own.
func (l *lowering) nested(f func()) {
	l.nest()
	f()
	l.depth--
}

func (l *lowering) predicate() {
	if s, ok := comparison(l.cur().word); ok {
		l.pass(s)
		l.value()
		return
	}
	switch l.cur().word {
	case wIs:
		l.is()
		return
	case wNot:
		switch l.peek(1).word {
		case wIn, wBetween, wLike:
			l.pass(symNot)
		default:
			l.p++
			l.refuse(noViable, nil)
		}
	}
	switch l.cur().word {
	case wBetween:
		l.pass(symBetween)
		l.value()
		l.many()
		l.must(wAnd, symAnd, operand)
		l.value()
	case wIn:
		l.pass(symIn)
		l.must(wLParen, symOpen, operand)
		l.args(wRParen, l.expr)
	case wLike: // MySQL wants a simple pattern, so it travels as an argument
		l.emit(symLike, l.p)
		l.pass(symPattern)
		l.value()
		if l.cur().word == wEscape && l.peek(1).kind == stringToken {
			l.pass(symComma)
			l.pass(symParam)
		}
		l.emit(symClose, l.p-1)
	}
}

func (l *lowering) is() {
	at := l.p
	l.p++
	not := l.accept(wNot)
	switch {
	case l.accept(wNull):
		if not {
			l.emit(symIsNotNull, at)
		} else {
			l.emit(symIsNull, at)
		}
	case l.accept(wDistinct):
		l.expect(wFrom, operand)
		l.emit(symNullEq, at)
		if not {
			l.emit(symSame, at)
		} else {
			l.emit(symDistinct, at)
		}
		l.value()
		l.emit(symClose, l.p-1)
	default:
		l.refuse(noViable, nil)
	}
}

// value lowers signs and arithmetic over operands.
func (l *lowering) value() {
	for chain := 0; ; chain++ {
		if chain > maxChain {
			l.tooLarge()
		}
		for n := 0; (l.cur().word == wMinus || l.cur().word == wPlus) && !l.negative(); n++ {
			if n > maxDepth {
				l.tooLarge()
			}
			l.chosen()
			s, _ := valueSymbol(l.cur().word)
			l.pass(s)
		}
		l.operand()
		s, ok := valueSymbol(l.cur().word)
		if !ok {
			return
		}
		l.pass(s)
	}
}

// negative reports a minus that belongs to the number behind it: the grammar makes it part of the literal.
func (l *lowering) negative() bool { return l.cur().word == wMinus && l.peek(1).number() }

// args lowers comma separated items and the closing bracket; the opening one was emitted.
func (l *lowering) args(end word, item func()) {
	for {
		item()
		if !l.accept(wComma) {
			break
		}
		l.emit(symComma, l.p-1)
	}
	l.closing(end)
	l.emit(symClose, l.p-1)
}

// list is args that may be empty.
func (l *lowering) list(end word, item func()) {
	if l.accept(end) {
		l.emit(symClose, l.p-1)
		return
	}
	l.args(end, item)
}

// operand lowers a primary expression with the subscripts and dereferences behind it.
func (l *lowering) operand() {
	mark := len(l.out)
	l.bare(mark)
	for n := 0; ; n++ {
		if n > maxDepth {
			l.tooLarge()
		}
		switch {
		case l.cur().word == wArrow && l.peek(1).word == wStar: // legal at the end of a select item only
			l.primary = mark
			return
		case l.cur().word == wArrow:
			l.wrap(mark, symDeref)
			l.pass(symComma)
			l.identifier()
			l.emit(symClose, l.p-1)
		case l.cur().word == wLBracket:
			l.wrap(mark, symIndex)
			l.pass(symComma)
			l.nested(l.value)
			l.many()
			l.must(wRBracket, symClose, afterOperand)
		case l.cur().word == wAt && l.peek(1).word == wTime && l.peek(2).word == wZone && l.peek(3).kind == stringToken:
			l.fault(l.p, "AT TIME ZONE is not implemented.") // nor is it in ksqlDB: only its grammar has it
			l.p += 4
		default:
			l.primary = mark
			l.chosen()
			return
		}
	}
}

func (l *lowering) bare(mark int) {
	t, next, i := l.cur(), l.peek(1), l.p
	switch {
	case t.kind == stringToken, t.kind == paramToken, t.number(), t.word == wNull, t.word == wTrue, t.word == wFalse:
		l.pass(symParam)
	case t.word == wMinus && next.number():
		l.pass(symParam)
		l.p++
	case t.word == wLParen:
		l.pass(symOpen)
		l.expr()
		l.must(wRParen, symClose, afterOperand)
	case t.word == wCase:
		l.nested(l.caseExpr)
	case t.word == wCast:
		l.cast(i)
	case t.word == wArray && next.word == wLBracket:
		l.pass(symArray)
		l.p++
		l.list(wRBracket, l.expr)
	case t.word == wStruct && next.word == wLParen && (l.peek(2).word == wRParen || l.peek(3).word == wAssign):
		l.pass(symStruct)
		l.p++
		l.list(wRParen, func() { l.identifier(); l.assign() })
	case t.word == wMap && next.word == wLParen && l.peek(2).word != wStar:
		l.mapExpr(mark)
	case t.ident() && next.word == wLParen:
		l.call(i)
	case t.ident() && next.kind == stringToken:
		l.emit(symTyped, i)
		l.identifier()
		l.emit(symComma, i)
		l.pass(symParam)
		l.emit(symClose, i+1)
	case t.ident() && next.word == wDot:
		l.identifier()
		l.pass(symDot)
		l.identifier()
	case t.kind == varToken:
		l.variable(literalVar)
		l.pass(symParam)
	case t.ident():
		l.identifier()
	default:
		l.wrong(operand)
	}
}

func (l *lowering) cast(i int) {
	l.pass(symCast)
	l.expect(wLParen, operand)
	l.expr()
	l.expect(wAs, isName)
	l.emit(symComma, i)
	l.emit(symParam, l.p)
	if l.types == nil {
		l.types = map[int]Type{}
	}
	at := l.p
	l.types[at] = l.typeName()
	l.must(wRParen, symClose, afterOperand)
}

func (l *lowering) call(i int) {
	if l.cur().kind == varToken {
		l.variable(identVar)
	}
	l.pass(symFunc)
	l.p++
	if l.accept(wStar) {
		l.emit(symStarArg, l.p-1)
		l.must(wRParen, symClose, afterOperand)
		return
	}
	n, lambdas := 0, false
	l.list(wRParen, func() { n, lambdas = l.argument(n, lambdas) })
}

func (l *lowering) caseExpr() {
	l.pass(symCase)
	if l.cur().word != wWhen {
		l.value()
		l.many()
	}
	for {
		l.must(wWhen, symWhen, operand)
		l.expr()
		l.must(wThen, symThen, operand)
		l.expr()
		if l.cur().word != wWhen {
			break
		}
	}
	if l.cur().word == wElse {
		l.pass(symElse)
		l.expr()
	}
	l.must(wEnd, symEnd, afterOperand)
}

func (l *lowering) assign() {
	l.must(wAssign, symComma, operand)
	l.expr()
}

// mapExpr lowers MAP(k := v, ...); without := it is a call of a function with that name.
func (l *lowering) mapExpr(mark int) {
	l.pass(symMap)
	l.p++
	if l.accept(wRParen) {
		l.emit(symClose, l.p-1)
		return
	}
	l.expr()
	if l.cur().word == wAssign {
		l.assign()
		for l.accept(wComma) {
			l.emit(symComma, l.p-1)
			l.expr()
			l.assign()
		}
	} else {
		l.out[mark].sym = symFunc
		n, lambdas := 1, false
		for l.accept(wComma) {
			l.emit(symComma, l.p-1)
			n, lambdas = l.argument(n, lambdas)
		}
	}
	l.must(wRParen, symClose, afterOperand)
}

// argument lowers an argument of a call: an expression, a time unit, or, behind the first and then to the end,
// a lambda.
func (l *lowering) argument(n int, lambdas bool) (int, bool) {
	w := l.cur().word
	switch {
	case n > 0 && l.lambdaAhead():
		l.emit(symLambda, l.p)
		for l.cur().word != wLambda {
			if l.cur().ident() {
				l.identifier()
				l.emit(symComma, l.p-1)
				continue
			}
			l.p++
		}
		l.p++
		l.expr()
		l.emit(symClose, l.p-1)
		return n + 1, true
	case lambdas:
		l.wrong(func(t token) bool { return t.ident() || t.word == wLParen })
	case timeUnit[w] != "" && !nonReserved[w]:
		l.pass(symParam)
	default:
		l.expr()
	}
	return n + 1, false
}

// lambdaAhead reports whether a lambda starts at the current token.
func (l *lowering) lambdaAhead() bool {
	if l.cur().ident() {
		return l.peek(1).word == wLambda
	}
	if l.cur().word != wLParen || !l.peek(1).ident() {
		return false
	}
	n := 2
	for l.peek(n).word == wComma && l.peek(n+1).ident() {
		n += 2
	}
	return l.peek(n).word == wRParen && l.peek(n+1).word == wLambda
}

// values lowers value expressions separated by commas.
func (l *lowering) values() {
	for {
		l.value()
		l.many()
		if !l.accept(wComma) {
			return
		}
		l.emit(symComma, l.p-1)
	}
}
