package plan

import "github.com/ksqlgo/ksql/sql"

// Effect is what a statement changes, as plain data: applied to the catalog that the statement was checked
// against it gives the catalog afterwards, without planning anything again.
type Effect struct {
	DropTypes    []string    `json:",omitempty"`
	PutTypes     []NamedType `json:",omitempty"`
	Drop         []string    `json:",omitempty"` // names of sources
	Put          []*Source   `json:",omitempty"` // sources, new or in the place of those of their names
	Stop         []string    `json:",omitempty"` // ids of queries to end
	Start        *Query      `json:",omitempty"` // query to start
	Replace      bool        `json:",omitempty"` // Start takes the place of the running query of its id, keeping state and offsets
	Pause        []string    `json:",omitempty"` // ids of queries to hold
	Resume       []string    `json:",omitempty"` // ids of queries to let go on
	CreateTopics []TopicSpec `json:",omitempty"` // topics to make
	DeleteTopics []string    `json:",omitempty"` // topics to delete
}

// NamedType is a custom type.
type NamedType struct {
	Name string
	Type sql.Type
}

// TopicSpec is a topic to make.
type TopicSpec struct {
	Name       string
	Partitions int
	Replicas   int   `json:",omitempty"` // 0: the log's default
	Compact    bool  `json:",omitempty"` // keep the newest row of each key
	Retention  int64 `json:",omitempty"` // ms; 0: the log's default, negative: for ever
}

// Apply is the catalog after e.
func (c *Catalog) Apply(e *Effect) *Catalog {
	d := *c
	for _, name := range e.DropTypes {
		d.types = d.types.without(name)
	}
	for _, t := range e.PutTypes {
		d.types = d.types.with(t.Name, t.Type)
	}
	for _, name := range e.Drop {
		d.drop(name)
	}
	for _, s := range e.Put {
		d.put(s)
	}
	for _, id := range e.Stop {
		d.stop(id)
	}
	if e.Start != nil {
		d.start(e.Start)
	}
	for _, id := range e.Pause {
		d.pause(id, true)
	}
	for _, id := range e.Resume {
		d.pause(id, false)
	}
	return &d
}
