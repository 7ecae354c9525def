package sql

import "fmt"

// Position is the line and the column, in code points and from 1, of a node of the statement.
func (p Parsed) Position(at Pos) (line, col int) {
	s := source{text: p.Source}
	return s.position(min(int32(at), int32(len(p.Source))))
}

// Location is a place as ksqlDB's messages write it: Line: 1, Col: 22.
func (p Parsed) Location(at Pos) string {
	line, col := p.Position(at)
	return fmt.Sprintf("Line: %d, Col: %d", line, col)
}

// Fault is an Error about a node of the statement, for rules that are checked later and that ksqlDB counts as
// parse failures. msg is the whole message without the statement.
func (p Parsed) Fault(at Pos, msg string) *Error {
	s := source{text: p.Source}
	off := min(int32(at), int32(len(p.Source)))
	line, col := s.position(off)
	e := &Error{Line: line, Col: col, Msg: msg, Statement: p.Text, line: s.line(line)}
	if l := lex(p.Source[off:], false); len(l.toks) > 1 {
		e.Near = l.raw(0)
	}
	return e
}
