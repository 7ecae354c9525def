package stmt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// QueryInfo is one line of SHOW QUERIES.
type QueryInfo struct {
	Text   string         `json:"queryString"`
	Sinks  []string       `json:"sinks"`
	Topics []string       `json:"sinkKafkaTopics"`
	ID     string         `json:"id"`
	Count  map[string]int `json:"statusCount"` // of hosts, by state: there is one
	Type   string         `json:"queryType"`
	State  string         `json:"state"`
}

// Queries is the answer to SHOW QUERIES.
type Queries struct {
	Head
	Queries []QueryInfo `json:"queries"`
	Tail
}

func queryInfo(c *plan.Catalog, q *exec.Query) QueryInfo {
	p := q.Plan()
	out := QueryInfo{Text: queryText(c, p), ID: p.ID, Type: "PERSISTENT", Sinks: []string{}, Topics: []string{}, Count: map[string]int{q.State(): 1}, State: "RUNNING"}
	if p.Writes != "" {
		out.Sinks = append(out.Sinks, p.Writes)
		out.Topics = append(out.Topics, p.Topic)
	}
	if q.Err() != nil {
		out.State = "ERROR"
	}
	return out
}

func showQueries(e *exec.Engine, text string) Result {
	out := &Queries{Head{"queries", text}, []QueryInfo{}, tail()}
	for _, q := range e.Queries() {
		out.Queries = append(out.Queries, queryInfo(e.Catalog(), q))
	}
	for _, t := range e.Transients() {
		if t.Push {
			out.Queries = append(out.Queries, QueryInfo{Text: t.Text, ID: t.ID, Type: "PUSH", Sinks: []string{}, Topics: []string{}, Count: map[string]int{"RUNNING": 1}, State: "RUNNING"})
		}
	}
	return out
}

// QueryDescription is what EXPLAIN tells of a query.
type QueryDescription struct {
	ID         string            `json:"id"` // empty for a statement that does not run
	Text       string            `json:"statementText"`
	WindowType *string           `json:"windowType"`
	Fields     []FieldInfo       `json:"fields"`
	Sources    []string          `json:"sources"`
	Sinks      []string          `json:"sinks"`
	Topology   string            `json:"topology"`
	Plan       string            `json:"executionPlan"`
	Props      map[string]string `json:"overriddenProperties"`
	Hosts      map[string]string `json:"ksqlHostQueryStatus"`
	Type       string            `json:"queryType"`
	Errors     []QueryFailure    `json:"queryErrors"`
	Tasks      []struct{}        `json:"tasksMetadata"`
	Group      string            `json:"consumerGroupId"`
	State      *string           `json:"state"`
}

// QueryFailure is what stopped a query, or what it is recovering from.
type QueryFailure struct {
	Time    int64  `json:"timestamp"`
	Message string `json:"errorMessage"`
	Type    string `json:"type"`
}

// Explained is the answer to EXPLAIN.
type Explained struct {
	Head
	Query QueryDescription `json:"queryDescription"`
	Tail
}

// QueryDescriptions is the answer to SHOW QUERIES EXTENDED.
type QueryDescriptions struct {
	Head
	Queries []QueryDescription `json:"queryDescriptions"`
	Tail
}

// host is the name under which this engine stands among the hosts of a cluster.
const host = "localhost:8088"

func describePlan(p *plan.Query) QueryDescription {
	d := QueryDescription{
		Text: p.Text, Fields: fieldInfos(p.Schema), Sources: p.Reads, Sinks: []string{},
		Props: p.Props, Hosts: map[string]string{}, Type: "PERSISTENT", Errors: []QueryFailure{}, Tasks: []struct{}{},
	}
	if p.Root != nil {
		d.Plan, d.WindowType = plan.Explain(p), windowType(p.Root.Out().Window)
		d.Topology = d.Plan
		if p.Kind != plan.Push && p.Kind != plan.PullStream {
			d.Fields = fieldInfos(p.Root.Out().Schema)
		}
	}
	if p.Writes != "" {
		d.Sinks = append(d.Sinks, p.Writes)
	}
	if d.Sources == nil {
		d.Sources = []string{}
	}
	if d.Props == nil {
		d.Props = map[string]string{}
	}
	switch p.Kind {
	case plan.Push:
		d.Type = "PUSH"
	case plan.PullStream:
		d.Type = "PULL"
	}
	return d
}

func describeQuery(e *exec.Engine, q *exec.Query) QueryDescription {
	d := describePlan(q.Plan())
	d.ID, d.Group, d.Text = q.Plan().ID, group(e, q), queryText(e.Catalog(), q.Plan())
	server := e.Properties()
	d.Props = maps.Clone(d.Props)
	maps.DeleteFunc(d.Props, func(k, v string) bool { was, ok := server[k]; return ok && was == v })
	state := q.State()
	d.Hosts[host] = state
	for _, t := range q.Troubles() {
		f := QueryFailure{t.At.UnixMilli(), t.Err.Error(), "UNKNOWN"}
		if t.Hint != "" {
			f.Message += "\n" + t.Hint
		}
		d.Errors = append(d.Errors, f)
	}
	if q.Err() == nil {
		state = "RUNNING"
	}
	d.State = &state
	return d
}

// group is the name that ksqlDB gives the consumer group of a query.
func group(e *exec.Engine, q *exec.Query) string {
	return "_confluent-ksql-" + e.Property("ksql.service.id") + "query_" + q.Plan().ID
}

func describeQueries(_ context.Context, e *exec.Engine, text string) (Result, error) {
	out := &QueryDescriptions{Head{"query_descriptions", text}, []QueryDescription{}, tail()}
	for _, q := range e.Queries() {
		out.Queries = append(out.Queries, describeQuery(e, q))
	}
	return out, nil
}

func explain(ctx context.Context, e *exec.Engine, r *Request, s *sql.Explain, p sql.Parsed) (Result, error) {
	d, err := explained(ctx, e, e.Catalog(), r, s, p)
	if err != nil {
		return nil, err
	}
	return &Explained{Head{"queryDescription", p.Text}, *d, tail()}, nil
}

// explained plans what EXPLAIN names, without running it.
func explained(ctx context.Context, e *exec.Engine, cat *plan.Catalog, r *Request, s *sql.Explain, p sql.Parsed) (*QueryDescription, error) {
	if s.Statement == nil {
		if p := cat.FindQuery(s.QueryID); p != nil {
			d := describePlan(p)
			if q, ok := e.Query(p.ID); ok { // else an earlier statement of the request makes it
				d = describeQuery(e, q)
			}
			return &d, nil
		}
		return nil, fault(p, "Query with id:"+s.QueryID+" does not exist, use SHOW QUERIES to view the full set of queries.")
	}
	env := e.Env(ctx, r.Props, nil)
	var q *plan.Query
	switch in := s.Statement.(type) {
	case *sql.Select:
		if in.Emit != sql.EmitNone {
			var err error
			if q, err = plan.PlanPush(cat, env, in, s.Text, r.ParamTypes...); err != nil {
				return nil, err
			}
			break
		}
		pull, err := plan.PlanPull(cat, env, in, s.Text, r.ParamTypes...)
		if err != nil {
			return nil, err
		}
		if q = pull.Stream; q == nil {
			return describePull(pull, s.Text), nil
		}
	case *sql.CreateAs, *sql.InsertSelect:
		cmd, err := plan.Check(cat, env, in, s.Text)
		if err != nil {
			return nil, err
		}
		q = cmd.Start
	}
	if q == nil {
		return nil, fault(p, "The provided statement does not run a ksql query")
	}
	d := describePlan(q)
	return &d, nil
}

// describePull is the plan of a pull query on a table: how it finds its rows, then what it makes of them.
func describePull(p *plan.Pull, text string) *QueryDescription {
	out := plan.ExplainPull(p)
	return &QueryDescription{
		Text: text, WindowType: windowType(p.Source.KeyWindow), Fields: fieldInfos(p.Schema), Sources: []string{p.Source.Name}, Sinks: []string{}, Topology: out, Plan: out,
		Props: map[string]string{}, Hosts: map[string]string{}, Type: "PULL", Errors: []QueryFailure{}, Tasks: []struct{}{},
	}
}

// offsets is how far a query has read its sources.
func offsets(ctx context.Context, e *exec.Engine, q *exec.Query) (OffsetSummary, error) {
	out := OffsetSummary{Group: group(e, q), Topics: []TopicOffsets{}}
	at := q.Positions()
	var tps []store.TP
	for tp := range at {
		tps = append(tps, tp)
	}
	slices.SortFunc(tps, func(a, b store.TP) int {
		if c := strings.Compare(a.Topic, b.Topic); c != 0 {
			return c
		}
		return int(a.Partition - b.Partition)
	})
	ends, err := e.Log().Ends(ctx, tps)
	if err != nil {
		return out, err
	}
	for _, tp := range tps {
		if n := len(out.Topics); n == 0 || out.Topics[n-1].Topic != tp.Topic {
			out.Topics = append(out.Topics, TopicOffsets{Topic: tp.Topic})
		}
		last := &out.Topics[len(out.Topics)-1]
		last.Offsets = append(last.Offsets, PartitionOffset{tp.Partition, 0, ends[tp], at[tp]})
	}
	return out, nil
}
