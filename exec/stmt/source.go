package stmt

import (
	"context"
	"errors"
	"iter"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// SourceInfo is one line of SHOW STREAMS or SHOW TABLES.
type SourceInfo struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Topic       string `json:"topic"`
	KeyFormat   string `json:"keyFormat"`
	ValueFormat string `json:"valueFormat"`
	Windowed    bool   `json:"isWindowed"`
}

// Streams is the answer to SHOW STREAMS.
type Streams struct {
	Head
	Streams []SourceInfo `json:"streams"`
	Tail
}

// Tables is the answer to SHOW TABLES.
type Tables struct {
	Head
	Tables []SourceInfo `json:"tables"`
	Tail
}

// sources are the streams or the tables, by name.
func sources(c *plan.Catalog, kind sql.SourceKind) []*plan.Source {
	var out []*plan.Source
	for s := range c.Sources() {
		if s.Kind == kind {
			out = append(out, s)
		}
	}
	return out
}

func showSources(e *exec.Engine, kind sql.SourceKind, text string) Result {
	list := []SourceInfo{}
	for _, s := range sources(e.Catalog(), kind) {
		list = append(list, SourceInfo{kind.String(), s.Name, s.Topic, s.Key.Name, s.Value.Name, s.KeyWindow != nil})
	}
	if kind == sql.TableKind {
		return &Tables{Head{"tables", text}, list, tail()}
	}
	return &Streams{Head{"streams", text}, list, tail()}
}

// SourceDescription is what DESCRIBE tells of a stream or table.
type SourceDescription struct {
	Name         string          `json:"name"`
	WindowType   *string         `json:"windowType"`
	ReadQueries  []QueryInfo     `json:"readQueries"`
	WriteQueries []QueryInfo     `json:"writeQueries"`
	Fields       []FieldInfo     `json:"fields"`
	Type         string          `json:"type"`
	Timestamp    string          `json:"timestamp"`
	Statistics   string          `json:"statistics"`
	ErrorStats   string          `json:"errorStats"`
	Extended     bool            `json:"extended"`
	KeyFormat    string          `json:"keyFormat"`
	ValueFormat  string          `json:"valueFormat"`
	Topic        string          `json:"topic"`
	Partitions   int             `json:"partitions"`  // 0 unless extended
	Replication  int             `json:"replication"` // 0 unless extended
	Statement    string          `json:"statement"`
	Offsets      []OffsetSummary `json:"queryOffsetSummaries"`
	Constraints  []string        `json:"sourceConstraints"` // sources that cannot live without this one
	Stats        []HostStat      `json:"clusterStatistics"`
	ErrorsByHost []HostStat      `json:"clusterErrorStats"`
}

// OffsetSummary is how far a query has read.
type OffsetSummary struct {
	Group  string         `json:"groupId"`
	Topics []TopicOffsets `json:"topicSummaries"`
}

// TopicOffsets are the offsets of one topic.
type TopicOffsets struct {
	Topic   string            `json:"kafkaTopic"`
	Offsets []PartitionOffset `json:"offsets"`
}

// PartitionOffset is where one partition begins and ends, and where the query is.
type PartitionOffset struct {
	Partition int32 `json:"partition"`
	Start     int64 `json:"logStartOffset"`
	End       int64 `json:"logEndOffset"`
	Consumer  int64 `json:"consumerOffset"`
}

// HostStat is one number of one host.
type HostStat struct {
	Name  string  `json:"name"`
	Host  string  `json:"host"`
	Value float64 `json:"value"`
	Time  int64   `json:"timestamp"`
}

// Description is the answer to DESCRIBE of one source.
type Description struct {
	Head
	Source SourceDescription `json:"sourceDescription"`
	Tail
}

// Descriptions is the answer to DESCRIBE STREAMS and its like.
type Descriptions struct {
	Head
	Sources []SourceDescription `json:"sourceDescriptions"`
	Tail
}

// checkDescribe says what DESCRIBE would refuse.
func checkDescribe(e *exec.Engine, c *plan.Catalog, s *sql.Describe, p sql.Parsed) error {
	switch s.What {
	case sql.DescribeSource:
		if c.Source(s.Name) == nil {
			return fault(p, "Could not find STREAM/TABLE '"+s.Name+"' in the Metastore"+c.CaseHint(s.Name))
		}
	case sql.DescribeFunction:
		if _, ok := e.Functions().Lookup(s.Name); !ok {
			return fault(p, "Can't find any functions with the name '"+s.Name+"'")
		}
	case sql.DescribeConnector:
		return noConnect
	}
	return nil
}

func describe(ctx context.Context, e *exec.Engine, s *sql.Describe, p sql.Parsed) (Result, error) {
	cat := e.Catalog()
	if err := checkDescribe(e, cat, s, p); err != nil {
		return nil, err
	}
	switch s.What {
	case sql.DescribeStreams:
		return describeAll(ctx, e, sql.StreamKind, s.Extended, p.Text)
	case sql.DescribeTables:
		return describeAll(ctx, e, sql.TableKind, s.Extended, p.Text)
	case sql.DescribeFunction:
		return describeFunction(e, s.Name, p.Text), nil
	}
	d, err := describeSource(ctx, e, cat, cat.Source(s.Name), s.Extended)
	if err != nil {
		return nil, err
	}
	return &Description{Head{"sourceDescription", p.Text}, d, tail()}, nil
}

func describeAll(ctx context.Context, e *exec.Engine, kind sql.SourceKind, extended bool, text string) (Result, error) {
	out := &Descriptions{Head{"source_descriptions", text}, []SourceDescription{}, tail()}
	cat := e.Catalog()
	for _, s := range sources(cat, kind) {
		d, err := describeSource(ctx, e, cat, s, extended)
		if err != nil {
			return nil, err
		}
		out.Sources = append(out.Sources, d)
	}
	return out, nil
}

func describeSource(ctx context.Context, e *exec.Engine, cat *plan.Catalog, s *plan.Source, extended bool) (SourceDescription, error) {
	d := SourceDescription{
		Name: s.Name, Type: s.Kind.String(), Extended: extended, Topic: s.Topic, KeyFormat: s.Key.Name, ValueFormat: s.Value.Name,
		Fields: fieldInfos(s.Schema), Statement: written(s), WindowType: windowType(s.KeyWindow),
		Offsets: []OffsetSummary{}, Constraints: []string{}, Stats: []HostStat{}, ErrorsByHost: []HostStat{},
	}
	if s.Timestamp != nil {
		d.Timestamp = s.Timestamp.Column
	}
	infos := func(list iter.Seq[*plan.Query]) []QueryInfo {
		out := []QueryInfo{}
		for p := range list {
			if q, ok := e.Query(p.ID); ok && p.Kind != plan.PersistentSource {
				out = append(out, queryInfo(cat, q))
			}
		}
		return out
	}
	d.ReadQueries, d.WriteQueries = infos(cat.Readers(s.Name)), infos(cat.Writers(s.Name))
	for made := range cat.From(s.Name) {
		d.Constraints = append(d.Constraints, made.Name)
	}
	if !extended {
		return d, nil
	}
	t, err := e.Log().Topic(ctx, s.Topic)
	if err != nil && !errors.Is(err, store.ErrNoTopic) {
		return d, err
	}
	d.Partitions, d.Replication = int(t.Partitions), 1
	for p := range cat.Writers(s.Name) {
		if q, ok := e.Query(p.ID); ok {
			sum, err := offsets(ctx, e, q)
			if err != nil {
				return d, err
			}
			d.Offsets = append(d.Offsets, sum)
		}
	}
	return d, nil
}

func windowType(w *plan.Window) *string {
	if w == nil {
		return nil
	}
	s := w.Kind.String()
	return &s
}
