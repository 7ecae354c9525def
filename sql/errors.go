package sql

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is what ksqlDB calls a ParseFailedException: the text breaks the grammar, or a rule that needs no
// knowledge of existing sources. Find it with errors.As.
type Error struct {
	Line, Col int      // of the offending token, from 1; Col counts code points
	Near      string   // the offending token as written; empty at the end of the text
	Expected  []string // for a syntax error, what could have stood there, when that is a short list
	Msg       string   // ksqlDB's message without the statement
	Statement string   // for a syntax error the line it is in, otherwise the whole statement
	Syntax    bool     // the grammar is broken (otherwise a rule of the language)
	line      string
	internal  bool // not the text but this package is to blame
}

// Error is ksqlDB's message in its unlogged form, with the statement's text at the end. It holds user data.
func (e *Error) Error() string { return e.Msg + "\nStatement: " + e.Statement }

// Logged is the message in the form that may be logged: a syntax error hides its detail.
func (e *Error) Logged() string {
	if e.Syntax {
		return fmt.Sprintf("line %d:%d: Syntax error at line %d:%d", e.Line, e.Col, e.Line, e.Col)
	}
	return e.Msg
}

// Show is the message with the source line and a mark under the offending token, for terminals.
func (e *Error) Show() string {
	if e.line == "" {
		return e.Msg
	}
	var pad strings.Builder
	col := 1
	for _, r := range e.line {
		if col >= e.Col {
			break
		}
		if r != '\t' {
			r = ' '
		}
		pad.WriteRune(r)
		col++
	}
	mark := strings.Repeat("^", max(1, min(utf8.RuneCountInString(e.Near), utf8.RuneCountInString(e.line)-col+1)))
	return e.Msg + "\n" + e.line + "\n" + pad.String() + mark
}

// nearestVerb is the statement word with the smallest edit distance.
func nearestVerb(s string) string {
	s = strings.ToUpper(s)
	if len(s) > 64 {
		s = s[:64]
	}
	best, least := "", 1<<30
	for _, w := range verbs {
		v := wordText[w]
		if d := editDistance(s, v); d < least {
			best, least = v, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
