package stmt

import (
	"maps"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
)

// Note is an answer without content, but perhaps with a warning.
type Note struct {
	Statement string
	Warning   string
}

// Text is the statement.
func (n *Note) Text() string { return n.Statement }

func set(_ *exec.Engine, r *Request, s *sql.Set, text string) (Result, error) {
	r.Props = maps.Clone(r.Props)
	if r.Props == nil {
		r.Props = map[string]string{}
	}
	r.Props[s.Name] = s.Value
	return &Note{Statement: text}, nil
}

func unset(r *Request, s *sql.Unset, text string) (Result, error) {
	r.Props = maps.Clone(r.Props)
	delete(r.Props, s.Name)
	return &Note{Statement: text}, nil
}

func undefine(r *Request, s *sql.Undefine, text string) (Result, error) {
	n := &Note{Statement: text}
	if _, ok := r.Vars[s.Name]; !ok {
		n.Warning = "Cannot undefine variable '" + s.Name + "' which was never defined"
	}
	r.Vars = maps.Clone(r.Vars)
	delete(r.Vars, s.Name)
	return n, nil
}
