package sql

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestMutated edits the statements of the corpus at random, a token at a time, with MySQL words thrown in. Whatever
// comes out, TiDB must read what the lowering pass accepts, and what parses must survive being printed.
// KSQL_MUTATIONS sets how many are tried.
func TestMutated(t *testing.T) {
	n := 3000
	if s, err := strconv.Atoi(os.Getenv("KSQL_MUTATIONS")); err == nil {
		n = s
	}
	var texts []string
	var words []string
	for _, c := range corpusCases(t) {
		for _, s := range c.Statements {
			texts = append(texts, s)
			if l := lex(s, false); len(texts)%7 == 0 {
				for i := range l.toks {
					words = append(words, l.raw(i))
				}
			}
		}
	}
	words = append(words, strings.Fields("NOT AND OR || -> ->* [ ] ( ) , . := => - + * % IN LIKE ESCAPE 'x' BETWEEN IS NULL DISTINCT FROM CASE WHEN "+
		"THEN END CAST AS MAP ARRAY STRUCT DIV XOR USING UNION FOR BINARY COLLATE INTERVAL `a` \"b\" 1 1.5 1e3 DAYS FULL JOIN ON EMIT PARTITION BY")...)
	rnd := rand.New(rand.NewPCG(1, 2))
	accepted := 0
	for range n {
		l := lex(texts[rnd.IntN(len(texts))], false)
		var toks []string
		for i := range l.toks {
			toks = append(toks, l.raw(i))
		}
		for range 1 + rnd.IntN(3) {
			i := rnd.IntN(len(toks))
			switch rnd.IntN(4) {
			case 0:
				toks[i] = ""
			case 1:
				toks[i] += " " + words[rnd.IntN(len(words))]
			case 2:
				toks[i] = words[rnd.IntN(len(words))]
			case 3:
				j := rnd.IntN(len(toks))
				toks[i], toks[j] = toks[j], toks[i]
			}
		}
		text := strings.Join(toks, " ")
		st, err := ParseTest(text, nil)
		var e *Error
		if errors.As(err, &e) && e.internal {
			t.Fatalf("TiDB and the lowering disagree on\n%s\n%v", text, err)
		}
		if err == nil {
			accepted++
		}
		for _, s := range st {
			roundTrip(t, s)
		}
	}
	if accepted == 0 || accepted == n {
		t.Errorf("%d of %d mutations parse", accepted, n)
	}
}
