package stmt

import (
	"errors"
	"maps"
	"strings"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/property"
)

// Note is an answer that is only a warning.
type Note struct {
	Statement string
	Warning   string
}

// Text is the statement.
func (n *Note) Text() string { return n.Statement }

func set(e *exec.Engine, r *Request, s *sql.Set, p sql.Parsed) error {
	if err := CheckOverride(e, s.Name, s.Value); err != nil {
		var unknown *UnknownProperty
		if errors.As(err, &unknown) {
			return fault(p, "Unknown property: "+s.Name)
		}
		return fault(p, err.Error())
	}
	r.Props = maps.Clone(r.Props)
	if r.Props == nil {
		r.Props = map[string]string{}
	}
	r.Props[s.Name] = s.Value
	return nil
}

func unset(r *Request, s *sql.Unset, p sql.Parsed) error {
	if _, ok := property.Find(s.Name); !ok {
		return fault(p, "Unknown property: "+s.Name)
	}
	r.Props = maps.Clone(r.Props)
	delete(r.Props, s.Name)
	return nil
}

func (r *Request) define(name, value string) {
	r.Vars = maps.Clone(r.Vars)
	if r.Vars == nil {
		r.Vars = map[string]string{}
	}
	r.forget(name)
	r.Vars[name] = value
}

// forget drops a variable, whose name is compared without letter case, and reports whether there was one.
func (r *Request) forget(name string) bool {
	n := len(r.Vars)
	maps.DeleteFunc(r.Vars, func(k, _ string) bool { return strings.EqualFold(k, name) })
	return len(r.Vars) < n
}

func undefine(r *Request, s *sql.Undefine, text string) Result {
	r.Vars = maps.Clone(r.Vars)
	if r.forget(s.Name) {
		return nil
	}
	return &Note{Statement: text, Warning: "Cannot undefine variable '" + s.Name + "' which was never defined"}
}
