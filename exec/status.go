package exec

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store/meta"
)

// Status is how far a statement that changed the catalog has come. Statements are carried out before they
// are answered, so that it is SUCCESS, or ERROR where the world could not be made to match.
type Status struct {
	ID      string `json:"-"` // type/entity/action: stream/`DOCKS`/create
	Status  string `json:"status"`
	Message string `json:"message"`
	QueryID string `json:"queryId"`  // of the query that was started; empty: none
	Seq     int64  `json:"sequence"` // of the statement in the command topic
	failed  error
}

// createdMessage is the message of a statement that started a query.
func createdMessage(cmd *plan.Command) string {
	if cmd.Start != nil && cmd.Start.Kind != plan.PersistentSource {
		return "Created query with ID " + cmd.Start.ID
	}
	return cmd.Message
}

// statuses are kept in BuntDB, a view of the command topic: it is valid as far as the record that it names is the
// one at that offset.
type statuses struct{ db *meta.DB }

const (
	statusBucket = "status"
	viewBucket   = "view"
	viewKey      = "statuses"
)

// seen is the newest record that a view holds.
type seen struct {
	Offset int64
	Hash   string
}

// status is how the statement of r at offset ended.
func (r *record) status(offset int64, failed error) Status {
	s := Status{ID: r.ID, Status: "SUCCESS", Message: r.Message, Seq: offset, failed: failed}
	if r.Query != nil && r.Query.Kind != plan.PersistentSource {
		s.QueryID = r.Query.ID
	}
	if failed != nil {
		s.Status, s.Message = "ERROR", failed.Error()
	}
	return s
}

// put keeps statuses of records up to the one that at names.
func (v statuses) put(at seen, list ...Status) error {
	var entries []meta.Entry
	for _, s := range list {
		value, err := json.Marshal(s)
		if err != nil {
			return err
		}
		entries = append(entries, meta.Entry{Bucket: statusBucket, Key: s.ID, Value: value})
	}
	value, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return v.db.PutAll(append(entries, meta.Entry{Bucket: viewBucket, Key: viewKey, Value: value})...)
}

// catchUp brings a view that was kept from before up to the command topic as it is read back.
type catchUp struct {
	v     statuses
	have  seen
	valid bool
	newer map[string]Status // by command id
	at    seen
}

func (v statuses) catchUp() (*catchUp, error) {
	c := &catchUp{v: v, have: seen{Offset: -1}, newer: map[string]Status{}}
	value, ok, err := v.db.Get(viewBucket, viewKey)
	var have seen
	if ok && json.Unmarshal(value, &have) == nil { // else it is made again
		c.have = have
	}
	return c, err
}

// add takes the status of the next record, which has that hash.
func (c *catchUp) add(s Status, hash string) {
	c.at = seen{s.Seq, hash}
	if c.at == c.have {
		c.valid = true
		clear(c.newer)
		return
	}
	c.newer[s.ID] = s
}

func (c *catchUp) end() error {
	if !c.valid {
		var old []meta.Entry
		if err := c.v.db.Each(statusBucket, func(id string, _ []byte) bool {
			old = append(old, meta.Entry{Bucket: statusBucket, Key: id})
			return true
		}); err != nil {
			return err
		}
		if err := c.v.db.PutAll(old...); err != nil {
			return err
		}
	}
	if c.at == (seen{}) {
		return nil
	}
	return c.v.put(c.at, slices.Collect(maps.Values(c.newer))...)
}

// settle keeps the status of a statement that was carried out.
func (e *Engine) settle(s Status, hash string) {
	e.went(PartStatuses, &e.statusesC, e.statuses.put(seen{s.Seq, hash}, s))
}

// Status is the status of the newest statement with that command id.
func (e *Engine) Status(id string) (s Status, ok bool, err error) {
	value, ok, err := e.statuses.db.Get(statusBucket, id)
	if ok && err == nil {
		err = json.Unmarshal(value, &s)
		s.ID = id
	}
	return s, ok, err
}

// Statuses is the status of every command id, in order.
func (e *Engine) Statuses() ([]Status, error) {
	var out []Status
	var bad error
	err := e.statuses.db.Each(statusBucket, func(id string, value []byte) bool {
		s := Status{ID: id}
		bad = json.Unmarshal(value, &s)
		out = append(out, s)
		return bad == nil
	})
	return out, errors.Join(err, bad)
}

// Sequence is the sequence number of the newest statement that was carried out; -1: there is none.
func (e *Engine) Sequence() int64 { return e.apply.reached() - 1 }

// Alive is ErrClosed when the engine is closed.
func (e *Engine) Alive() error { return e.alive() }

// Done is closed when the engine closes.
func (e *Engine) Done() <-chan struct{} { return e.ctx.Done() }
