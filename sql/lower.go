package sql

import "strconv"

// Queries and expressions are read by TiDB's parser, but never as the user wrote them: a lowering pass turns the
// tokens into MySQL text over a closed alphabet (symbols below), in which names are the back-quoted numbers of
// their tokens, literals and types are "?", and what MySQL has no word for is a call of a carrier function. The
// pass recognises ksqlDB's grammar, so it finds all errors, but builds no tree: that is TiDB's part. Each
// lowered token has a line of its own, so a line number is an index into lowering.out.

// symbol is a letter of the alphabet.
type symbol uint8

const (
	symName    symbol = iota // `n`, n being the source token
	symFunc                  // `fn`(
	symStarArg               // the argument of f(*)
	symParam
	symOpen
	symClose
	symComma
	symDot
	symStar
	symPlus
	symMinus
	symSlash
	symPercent
	symOr2 // || travels as |, which MySQL nests as ksqlDB nests ||
	symEq
	symNe
	symLt
	symLe
	symGt
	symGe
	symNullEq
	symAnd
	symOr
	symNot
	symBetween
	symIn
	symLike
	symIsNull
	symIsNotNull
	symCase
	symWhen
	symThen
	symElse
	symEnd
	symSelect
	symAs
	symFrom
	symJoin
	symFullJoin // MySQL has no full join; this word is free
	symLeft
	symRight
	symOn
	symWhere
	symGroupBy
	symPartitionBy // travels as ORDER BY, behind HAVING
	symHaving
	symInsert
	symValues
	symDo
	symDeref // from here on: carriers
	symExpand
	symIndex
	symArray
	symMap
	symStruct
	symCast
	symTyped
	symPattern
	symDistinct
	symSame
	symLambda
	symbolCount
)

// symbolText is the MySQL text of a symbol.
var symbolText = [symbolCount]string{
	symStarArg: "`*`", symParam: "?", symOpen: "(", symClose: ")", symComma: ",", symDot: ".", symStar: "*", symPlus: "+", symMinus: "-",
	symSlash: "/", symPercent: "%", symOr2: "|", symEq: "=", symNe: "<>", symLt: "<", symLe: "<=", symGt: ">", symGe: ">=", symNullEq: "<=>",
	symAnd: "AND", symOr: "OR", symNot: "NOT", symBetween: "BETWEEN", symIn: "IN", symLike: "LIKE", symIsNull: "IS NULL",
	symIsNotNull: "IS NOT NULL", symCase: "CASE", symWhen: "WHEN", symThen: "THEN", symElse: "ELSE", symEnd: "END", symSelect: "SELECT",
	symAs: "AS", symFrom: "FROM", symJoin: "JOIN", symFullJoin: "STRAIGHT_JOIN", symLeft: "LEFT", symRight: "RIGHT", symOn: "ON",
	symWhere: "WHERE", symGroupBy: "GROUP BY", symPartitionBy: "ORDER BY", symHaving: "HAVING", symInsert: "INSERT INTO",
	symValues: "VALUES", symDo: "DO",
	symDeref: "`->`(", symExpand: "`->*`(", symIndex: "`[]`(", symArray: "`array`(", symMap: "`map`(", symStruct: "`struct`(",
	symCast: "`cast`(", symTyped: "`type`(", symPattern: "`like`(", symDistinct: "`distinct`(", symSame: "`same`(", symLambda: "`=>`(",
}

// lowered is one lowered token.
type lowered struct {
	sym symbol
	src int32
	pre []symbol // carriers opened in front of it; the last one is the outermost
}

// lowering is the state of the pass.
type lowering struct {
	*parser
	out     []lowered
	types   map[int]Type // of casts, by the token they start at
	withins []*Within    // of joins, in order
	primary int          // where in out the last operand starts
	top     int          // depth of the select item being read
}

func (p *parser) lower() *lowering {
	return &lowering{parser: p, out: make([]lowered, 0, 64)}
}

func (l *lowering) emit(s symbol, src int) { l.out = append(l.out, lowered{sym: s, src: int32(src)}) }

// pass emits s for the current token and moves on.
func (l *lowering) pass(s symbol) {
	l.emit(s, l.p)
	l.p++
}

// must is pass for a token that has to be w.
func (l *lowering) must(w word, s symbol, behind follow) {
	if !l.at(w) {
		l.miss(w, behind)
	}
	l.pass(s)
}

// identifier lowers a name.
func (l *lowering) identifier() { l.emit(symName, l.ident()) }

// wrap opens a carrier in front of what was emitted since mark.
func (l *lowering) wrap(mark int, carrier symbol) {
	l.out[mark].pre = append(l.out[mark].pre, carrier)
}

// render writes the MySQL text, and the offset at which the line of each lowered token starts.
func (l *lowering) render(buf []byte, starts []int) ([]byte, []int) {
	for i := range l.out {
		o := &l.out[i]
		starts = append(starts, len(buf))
		for j := len(o.pre) - 1; j >= 0; j-- {
			buf = append(buf, symbolText[o.pre[j]]...)
		}
		switch o.sym {
		case symName:
			buf = append(strconv.AppendInt(append(buf, '`'), int64(o.src), 10), '`')
		case symFunc:
			buf = append(strconv.AppendInt(append(buf, "`f"...), int64(o.src), 10), "`("...)
		default:
			buf = append(buf, symbolText[o.sym]...)
		}
		buf = append(buf, '\n')
	}
	return buf, starts
}
