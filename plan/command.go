package plan

import (
	"github.com/ksqlgo/ksql/sql"
)

// Command is what a statement does: the catalog afterwards and the world's share of it.
type Command struct {
	Catalog     *Catalog
	Message     string      // ksqlDB's answer
	Warning     string      // why nothing was done (IF NOT EXISTS); empty otherwise
	Create      []TopicSpec // topics to make before
	DeleteTopic string      // topic to delete after; empty: none
	Start       *Query      // query to start; nil: none
	Stop        []string    // ids of queries to end
	Replace     bool        // Start takes the place of the running query of its id, keeping state and offsets
	Pause       []string    // ids of queries to hold
	Resume      []string    // ids of queries to let go on
}

// TopicSpec is a topic to make.
type TopicSpec struct {
	Name       string
	Partitions int
	Replicas   int   // 0: the log's default
	Compact    bool  // keep the newest row of each key
	Retention  int64 // ms; 0: the log's default, negative: for ever
}

// Check is what statement s, written as text, would do to catalog c. It changes nothing. Its errors are *Error
// and *sql.Error; both carry the statement's text.
func Check(c *Catalog, env *Env, s sql.Statement, text string) (*Command, error) {
	k := &checker{Catalog: c, env: env, text: text}
	cmd, err := k.check(s)
	if err != nil {
		return nil, withText(err, k.text)
	}
	return cmd, nil
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

// done is a Command that leaves catalog c.
func done(c *Catalog, message string) *Command { return &Command{Catalog: c, Message: message} }
