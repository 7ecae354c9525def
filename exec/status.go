package exec

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Status is how far a statement that changed the catalog has come. Statements are carried out before they
// are answered, so that it is SUCCESS, or ERROR where the world could not be made to match.
type Status struct {
	ID      string `json:"-"` // type/entity/action: stream/`DOCKS`/create
	Status  string `json:"status"`
	Message string `json:"message"`
	QueryID string `json:"queryId"`  // of the query that was started; empty: none
	Seq     int64  `json:"sequence"` // of the statement in the command topic
}

// CommandID is the name under which the status of a statement is kept (ksqlDB's command id); empty for
// statements that are not logged.
func CommandID(s sql.Statement) string {
	query := func(verb, id string, all bool) string {
		if all {
			return verb + "/ALL/execute"
		}
		return verb + "/" + strings.ToUpper(id) + "/execute"
	}
	switch s := s.(type) {
	case *sql.CreateSource:
		return strings.ToLower(s.Kind.String()) + "/`" + s.Name + "`/create"
	case *sql.CreateAs:
		return strings.ToLower(s.Kind.String()) + "/`" + s.Name + "`/create"
	case *sql.InsertSelect:
		return "stream/`" + s.Target + "`/create"
	case *sql.DropSource:
		return strings.ToLower(s.Kind.String()) + "/" + s.Name + "/drop"
	case *sql.AlterSource:
		return strings.ToLower(s.Kind.String()) + "/" + s.Name + "/alter"
	case *sql.CreateType:
		return "type/" + s.Name + "/create"
	case *sql.DropType:
		return "type/" + s.Name + "/drop"
	case *sql.Terminate:
		return query("terminate", s.ID, s.All)
	case *sql.Pause:
		return query("pause", s.ID, s.All)
	case *sql.Resume:
		return query("resume", s.ID, s.All)
	}
	return ""
}

// createdMessage is the message of a statement that started a query.
func createdMessage(cmd *plan.Command) string {
	if cmd.Start != nil && cmd.Start.Kind != plan.PersistentSource {
		return "Created query with ID " + cmd.Start.ID
	}
	return cmd.Message
}

// settle keeps the status of a statement that was logged at seq. Statuses are made again when the command
// topic is read back; their copy among the metadata is for those who look at the directory.
func (e *Engine) settle(s sql.Statement, cmd *plan.Command, seq int64, failed error) {
	st := Status{ID: CommandID(s), Status: "SUCCESS", Message: createdMessage(cmd), Seq: seq}
	if cmd.Start != nil && cmd.Start.Kind != plan.PersistentSource {
		st.QueryID = cmd.Start.ID
	}
	if failed != nil {
		st.Status, st.Message = "ERROR", failed.Error()
	}
	e.statusM.Lock()
	if e.statuses == nil {
		e.statuses = map[string]Status{}
	}
	e.statuses[st.ID] = st
	e.sequence = max(e.sequence, seq+1)
	e.statusM.Unlock()
	if e.opt.Meta == nil {
		return
	}
	v, err := json.Marshal(st)
	if err == nil {
		err = e.opt.Meta.Put("status", st.ID, v) // a view: the command topic has the truth
	}
	e.went(PartStatuses, &e.statusesC, err)
}

// Status is the status of the newest statement with that command id.
func (e *Engine) Status(id string) (Status, bool) {
	e.statusM.Lock()
	defer e.statusM.Unlock()
	s, ok := e.statuses[id]
	return s, ok
}

// Statuses is the status of every known command id.
func (e *Engine) Statuses() map[string]Status {
	e.statusM.Lock()
	defer e.statusM.Unlock()
	return maps.Clone(e.statuses)
}

// Sequence is the sequence number of the newest statement in the command topic; -1: there is none.
func (e *Engine) Sequence() int64 {
	e.statusM.Lock()
	defer e.statusM.Unlock()
	return e.sequence - 1
}

// Alive is ErrClosed when the engine is closed.
func (e *Engine) Alive() error { return e.alive() }

// Done is closed when the engine closes.
func (e *Engine) Done() <-chan struct{} { return e.ctx.Done() }
