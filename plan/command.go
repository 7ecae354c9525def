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
	x := changeOf(s)
	if x.check == nil {
		return nil, withText(errorf("This statement does not change the catalog: %s", s), text)
	}
	cmd, err = x.check(k)
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

// change is a statement that changes the catalog.
type change struct {
	id    string // CommandID
	check func(*checker) (*Command, error)
}

// changeOf makes the change of a statement: the one switch over those that change the catalog. Others have no check.
func changeOf(s sql.Statement) change {
	switch s := s.(type) {
	case *sql.CreateSource:
		return change{ofSource(s.Kind, "`"+s.Name+"`", "create"), func(k *checker) (*Command, error) { return k.createSource(s) }}
	case *sql.CreateAs:
		return change{ofSource(s.Kind, "`"+s.Name+"`", "create"), func(k *checker) (*Command, error) { return k.createAs(s) }}
	case *sql.InsertSelect:
		return change{ofSource(sql.StreamKind, "`"+s.Target+"`", "create"), func(k *checker) (*Command, error) { return k.insertSelect(s) }}
	case *sql.AlterSource:
		return change{ofSource(s.Kind, s.Name, "alter"), func(k *checker) (*Command, error) { return k.alter(s) }}
	case *sql.DropSource:
		return change{ofSource(s.Kind, s.Name, "drop"), func(k *checker) (*Command, error) { return k.drop(s) }}
	case *sql.CreateType:
		return change{"type/" + s.Name + "/create", func(k *checker) (*Command, error) { return k.createType(s) }}
	case *sql.DropType:
		return change{"type/" + s.Name + "/drop", func(k *checker) (*Command, error) { return k.dropType(s) }}
	case *sql.Terminate:
		return change{ofQuery("terminate", s.ID, s.All), func(k *checker) (*Command, error) { return k.terminate(s) }}
	case *sql.Pause:
		return change{ofQuery("pause", s.ID, s.All), func(k *checker) (*Command, error) { return k.pause(s.ID, s.All, true) }}
	case *sql.Resume:
		return change{ofQuery("resume", s.ID, s.All), func(k *checker) (*Command, error) { return k.pause(s.ID, s.All, false) }}
	}
	return change{}
}

// ofSource and ofQuery are ids of statements about one source, and about one query or all.
func ofSource(kind sql.SourceKind, name, verb string) string {
	return strings.ToLower(kind.String()) + "/" + name + "/" + verb
}

func ofQuery(verb, id string, all bool) string {
	if all {
		return verb + "/ALL/execute"
	}
	return verb + "/" + strings.ToUpper(id) + "/execute"
}

// CommandID is the name under which the status of a statement is kept (ksqlDB's command id); empty for those that do
// not change the catalog: they are not logged.
func CommandID(s sql.Statement) string { return changeOf(s).id }

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
