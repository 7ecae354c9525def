package exec

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/goccy/go-json"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// recordVersion is the version of the records that this build writes, and the newest that it reads.
const recordVersion = 2

// record is one statement that changed the catalog, as the command topic keeps it: its text, and its effect as data.
// Folding the effects gives the catalog again; nothing is planned for that, so that neither the properties nor the
// functions of today decide about yesterday.
type record struct {
	Version int          `json:"version"`
	Prev    string       `json:"prev,omitempty"` // hash of the record before
	By      string       `json:"by"`             // the engine that wrote it
	ID      string       `json:"id"`             // under which its status is kept
	Text    string       `json:"text"`           // after variables
	Message string       `json:"message,omitempty"`
	Effect  *plan.Effect `json:"effect"`
	Query   *queryRecord `json:"query,omitempty"` // that starts
	Deeds   deeds        `json:"deeds,omitzero"`
	End     bool         `json:"end,omitempty"` // the engine serves nothing afterwards, until it is opened again
}

// queryRecord is all that a persistent query rests on: with it the query is planned again, whatever else has changed
// since.
type queryRecord struct {
	ID      string              `json:"id"`
	Session string              `json:"session"` // its place at the log; no other query ever has the same
	Version int                 `json:"version"` // 1, and one more with each CREATE OR REPLACE
	Kind    plan.QueryKind      `json:"kind"`
	Number  int64               `json:"number"`          // in its id
	Text    string              `json:"text"`            // as users see it
	Made    string              `json:"made"`            // the statement that made it
	Props   map[string]string   `json:"props,omitempty"` // of server and session
	Reads   []*plan.Source      `json:"reads"`           // as they were
	Writes  string              `json:"writes,omitempty"`
	Into    *plan.Source        `json:"into,omitempty"`  // what it writes, as it was
	Parts   int32               `json:"parts,omitempty"` // partitions of the topic that it writes
	Types   map[string]sql.Type `json:"types,omitempty"`
	From    map[string][]int64  `json:"from"` // topic: where each partition begins to be read
	Shape   shape               `json:"shape"`
}

// own is the query's own topics, as they are made: repartition topics and changelogs.
func (r *queryRecord) own() []madeTopic {
	var out []madeTopic
	for _, s := range r.Shape.Stages {
		for _, t := range s.writes() {
			if r.Into == nil || t.Topic != r.Into.Topic {
				out = append(out, madeTopic{t.Topic, store.TopicConfig{Partitions: t.Parts, Internal: true}})
			}
		}
		for _, t := range s.Tables {
			if t.Topic != "" {
				out = append(out, madeTopic{t.Topic, store.TopicConfig{Partitions: s.width(), Internal: true, Compact: true}})
			}
		}
	}
	return out
}

// topics are the names of the query's own topics.
func (r *queryRecord) topics() []string {
	var out []string
	for _, t := range r.own() {
		out = append(out, t.Name)
	}
	return out
}

// bare is the query before it is planned.
func (r *queryRecord) bare() *plan.Query {
	q := &plan.Query{ID: r.ID, Kind: r.Kind, Text: r.Text, Writes: r.Writes, Props: r.Props, Earliest: map[string]bool{}}
	for _, s := range r.Reads {
		q.Reads = append(q.Reads, s.Name)
	}
	if r.Into != nil {
		q.Schema = r.Into.Schema
	}
	return q
}

// hash names a record by its bytes, which hold the hash of the one before.
func hash(value []byte) string {
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:12])
}

// readRecord reads one record of the command topic. prev is the hash of the one before it.
func readRecord(value []byte, prev string) (*record, error) {
	r := &record{}
	// Opening reads all that was ever written: this library takes a quarter of the standard one's time.
	if err := json.Unmarshal(value, r); err != nil {
		return nil, fmt.Errorf("%w: no record of a statement: %v", store.ErrCorrupt, err)
	}
	switch {
	case r.Version == 0:
		return nil, fmt.Errorf("%w: the statements were recorded in format 1, which this build does not read: run them again on a new directory, and copy the topics over", ErrFormat)
	case r.Version > recordVersion:
		return nil, fmt.Errorf("%w: the statement was recorded in format %d by a newer build; this one reads format %d", ErrFormat, r.Version, recordVersion)
	case r.Prev != prev:
		return nil, fmt.Errorf("%w: the statement does not follow the one before it", store.ErrCorrupt)
	case r.Effect == nil:
		return nil, fmt.Errorf("%w: the statement has no effect", store.ErrCorrupt)
	}
	return r, nil
}
