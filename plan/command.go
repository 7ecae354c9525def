package plan

import (
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
)

// Command is what a statement does: its effect, the catalog afterwards, and what the user is told.
type Command struct {
	Effect
	Catalog *Catalog // after the effect; the one before if there is nothing to do
	Message string   // ksqlDB's answer
	Warning string   // why nothing was done (IF NOT EXISTS); empty otherwise
}

// Check is what statement s, written as text, would do to catalog c. It changes nothing. Its errors are *Error
// and *sql.Error; both carry the statement's text.
func Check(c *Catalog, env *Env, s sql.Statement, text string) (cmd *Command, err error) {
	defer given(&err)
	k := &checker{Catalog: c, env: env, text: text}
	if !utf8.ValidString(text) {
		return nil, withText(errorf("The statement is not text in UTF-8: it cannot be kept"), strings.ToValidUTF8(text, "?"))
	}
	cmd, err = k.check(s)
	if err == nil && cmd.Start != nil {
		err = cmd.Start.checkProps()
	}
	if err != nil {
		return nil, withText(err, k.text)
	}
	return cmd, nil
}

// checkProps refuses properties that a record could not hold.
func (q *Query) checkProps() error {
	for name, v := range q.Props {
		if !utf8.ValidString(name) || !utf8.ValidString(v) {
			return errorf("Property '%s' is not text in UTF-8: it cannot be kept with the query", strings.ToValidUTF8(name, "?"))
		}
	}
	return nil
}

// checker is one call of Check.
type checker struct {
	*Catalog
	env  *Env
	text string // the statement as its errors quote it
}

func (k *checker) check(s sql.Statement) (*Command, error) {
	switch s := s.(type) {
	case *sql.CreateSource:
		return k.createSource(s)
	case *sql.CreateAs:
		return k.createAs(s)
	case *sql.InsertSelect:
		return k.insertSelect(s)
	case *sql.AlterSource:
		return k.alter(s)
	case *sql.DropSource:
		return k.drop(s)
	case *sql.CreateType:
		return k.createType(s)
	case *sql.DropType:
		return k.dropType(s)
	case *sql.Terminate:
		return k.terminate(s)
	case *sql.Pause:
		return k.pause(s.ID, s.All, true)
	case *sql.Resume:
		return k.pause(s.ID, s.All, false)
	}
	return nil, errorf("This statement does not change the catalog: %s", s)
}

// done is the Command of an effect.
func (k *checker) done(e Effect, message string) *Command {
	return &Command{Effect: e, Catalog: k.Apply(&e), Message: message}
}

// nothing is a Command that changes nothing.
func (k *checker) nothing(message string) *Command {
	return &Command{Catalog: k.Catalog, Message: message}
}

// queryID is the id of the next query.
func (k *checker) queryID(prefix string) string { return prefix + itoa(k.env.NextQuery) }
