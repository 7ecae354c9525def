package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// settings are how the cases are run.
type settings struct {
	batch int  // so many consecutive inputs of a topic are appended as one run
	dir   bool // the engine lives in a temporary directory
}

// defaults are the server properties of ksqlDB's test tool.
func defaults() map[string]string {
	return map[string]string{
		"auto.offset.reset":                       "earliest",
		"ksql.service.id":                         "some.ksql.service.id",
		"ksql.streams.cache.max.bytes.buffering":  "0",
		"ksql.streams.statestore.cache.max.bytes": "0",
	}
}

// open starts an engine for one case. done ends it and removes what it left.
func (s settings) open(ctx context.Context, opts ...ksql.Option) (e *ksql.Engine, done func(), err error) {
	opts = append([]ksql.Option{ksql.WithProperties(defaults()), ksql.WithFunctions(testFunctions()...)}, opts...)
	clean := func() {}
	if s.dir {
		dir, err := os.MkdirTemp("", "conformance")
		if err != nil {
			return nil, nil, err
		}
		clean = func() { os.RemoveAll(dir) }
		opts = append(opts, ksql.WithDir(dir))
	}
	e, err = ksql.Open(ctx, opts...)
	if err != nil {
		clean()
		return nil, nil, err
	}
	return e, func() { e.Close(); clean() }, nil
}

// outcome is what a run of a case gave.
type outcome struct {
	thrown  error            // by a statement
	early   bool             // it came from a statement before the last
	stopped error            // the error of a query that failed while it ran
	rows    map[string][]row // of the topics in outputs
	catalog *plan.Catalog
	topics  []string // names of all topics of the log
	queries []string // ids of those that the statements started, in their order
}

// runQTT runs a query test: statements, then all inputs, then the outputs of the queries and what exists.
func (s settings) runQTT(ctx context.Context, c *Case) error {
	o, err := s.observe(ctx, c)
	if err != nil {
		return err
	}
	return judge(c, o)
}

// clock stands still. ksqlDB's tool stops the clock of its streams at 0, but functions such as UNIX_TIMESTAMP
// ask the system's.
func clock() time.Time { return time.UnixMilli(1700000000000) }

func (s settings) observe(ctx context.Context, c *Case) (o outcome, err error) {
	e, done, err := s.open(ctx, ksql.WithMaxPartitions(1), ksql.WithClock(clock))
	if err != nil {
		return o, err
	}
	defer done()
	if err := createTopics(ctx, e, c); err != nil {
		return o, err
	}
	var session []any
	for k, v := range c.properties() {
		session = append(session, ksql.Property(k, v))
	}
	var answers []ksql.Result
	answers, o.thrown = e.Execute(ctx, strings.Join(c.Statements, "\n"), session...)
	if o.thrown != nil {
		o.early = c.ExpectedException != nil && s.failsEarly(ctx, c, session)
		return o, ctx.Err()
	}
	o.catalog = e.Catalog()
	o.queries = queryIDs(answers, o.catalog)
	if err := s.feed(ctx, e, c); err != nil {
		return o, err
	}
	if err := e.Sync(ctx); err != nil && len(e.Failed()) == 0 {
		return o, err
	}
	for _, err := range e.Failed() {
		o.stopped = err
	}
	if o.stopped != nil {
		return o, nil
	}
	o.rows = map[string][]row{}
	for _, r := range c.Outputs {
		if _, done := o.rows[r.Topic]; !done {
			key, value := sides(o.catalog, r.Topic, c.exact())
			if o.rows[r.Topic], err = readTopic(ctx, e.Log(), r.Topic, key, value); err != nil {
				return o, err
			}
		}
	}
	all, err := e.Log().Topics(ctx)
	for name := range all {
		o.topics = append(o.topics, name)
	}
	return o, err
}

// queryIDs are the ids of all queries that the statements started, by number: those that are answered, and those of
// source tables, which are not.
func queryIDs(answers []ksql.Result, c *plan.Catalog) []string {
	number := map[string]int{}
	add := func(id string) {
		if n, err := strconv.Atoi(id[strings.LastIndexByte(id, '_')+1:]); err == nil {
			number[id] = n
		}
	}
	for _, a := range answers {
		if c, ok := a.(*stmt.Command); ok {
			add(c.QueryID)
		}
	}
	for q := range c.Queries() {
		add(q.ID)
	}
	return slices.SortedFunc(maps.Keys(number), func(a, b string) int { return number[a] - number[b] })
}

// counted is the id that ksqlDB's test tool gives a query: it counts queries where servers count statements.
func (o *outcome) counted(id string) string {
	if n := slices.Index(o.queries, id); n >= 0 {
		return id[:strings.LastIndexByte(id, '_')+1] + strconv.Itoa(n)
	}
	return id
}

// failsEarly reports whether the statements fail without the last one, too.
func (s settings) failsEarly(ctx context.Context, c *Case, session []any) bool {
	text := strings.Join(c.Statements, "\n")
	parsed, err := sql.Parse(text, nil)
	if err != nil || len(parsed) < 2 {
		return false
	}
	e, done, err := s.open(ctx, ksql.WithMaxPartitions(1))
	if err != nil {
		return false
	}
	defer done()
	if err := createTopics(ctx, e, c); err != nil {
		return false
	}
	_, err = e.Execute(ctx, text[:parsed[len(parsed)-1].Start], session...)
	return err != nil
}

// exact reports whether fractions are compared as decimals: so it is unless the case asks otherwise.
func (c *Case) exact() bool { return c.properties()["use.exact.numeric.comparison"] != "false" }

// defaultPartitions is what ksqlDB's tool gives topics of which nothing is said.
const defaultPartitions = 4

// declaredTopics are the topics that exist before the statements run, with the partitions that the planner must
// see: those that the case lists, and those of the sources that its statements declare. uniform: the statements
// say nothing of partitions, so their number cannot matter.
func declaredTopics(c *Case, statements string) (topics map[string]int, uniform bool) {
	topics, uniform = map[string]int{}, true
	for _, t := range c.Topics {
		topics[t.Name] = max(t.Partitions, 1)
	}
	parsed, err := sql.Parse(statements, nil)
	if err != nil {
		return topics, true // the engine has to say so
	}
	for _, p := range parsed {
		st, ok := p.Statement.(*sql.CreateSource)
		if !ok {
			if as, ok := p.Statement.(*sql.CreateAs); ok {
				uniform = uniform && as.With.Get("PARTITIONS") == nil
				delete(topics, sinkTopic(as)) // ksqlDB's tool does not compare it with what the statement wants
			}
			continue
		}
		topic := st.With.Get("KAFKA_TOPIC")
		if topic == nil || topics[topic.Text] > 0 {
			continue
		}
		if st.With.Get("PARTITIONS") != nil {
			uniform = false // the statement makes it
			continue
		}
		if st.Elements != nil {
			topics[topic.Text] = defaultPartitions
		}
	}
	for _, a := range topics {
		for _, b := range topics {
			uniform = uniform && a == b
		}
	}
	return topics, uniform
}

func sinkTopic(as *sql.CreateAs) string {
	if t := as.With.Get("KAFKA_TOPIC"); t != nil {
		return t.Text
	}
	return as.Name
}

// placeholder begins the names of the streams that make a topic seem to have more partitions than it has.
const placeholder = "RUNNER_PLACEHOLDER_"

// createTopics makes the topics that exist before the statements run. Each is one partition, as ksqlDB's tool
// runs all on one; where the declared number may matter, a stream over the topic declares it.
func createTopics(ctx context.Context, e *ksql.Engine, c *Case) error {
	topics, uniform := declaredTopics(c, strings.Join(c.Statements, "\n"))
	for name, partitions := range topics {
		if uniform || partitions == 1 {
			if err := e.Log().Create(ctx, name, store.TopicConfig{Partitions: 1}); err != nil && !errors.Is(err, store.ErrExists) {
				return err
			}
			continue
		}
		text := fmt.Sprintf("CREATE STREAM `%s%s` (X INT) WITH (KAFKA_TOPIC='%s', VALUE_FORMAT='JSON', PARTITIONS=%d);", placeholder, name, name, partitions)
		if _, err := e.Execute(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// feed appends the inputs in the order of the file.
func (s settings) feed(ctx context.Context, e *ksql.Engine, c *Case) error {
	made, err := e.Log().Topics(ctx)
	if err != nil {
		return err
	}
	// Several queries work side by side: only waiting for them makes the order of what they write certain.
	several := e.Catalog().NumQueries() > 1
	run := &store.Records{}
	flush := func() error {
		if run.Len() == 0 {
			return nil
		}
		_, err := e.Log().Append(ctx, run)
		run = &store.Records{}
		if err == nil && several {
			return e.Sync(ctx)
		}
		return err
	}
	for _, r := range c.Inputs {
		if _, ok := made[r.Topic]; !ok {
			config := store.TopicConfig{Partitions: 1}
			if err := e.Log().Create(ctx, r.Topic, config); err != nil {
				return err
			}
			made[r.Topic] = store.TopicInfo{}
		}
		if run.Len() >= s.batch || run.TP.Topic != r.Topic {
			if err := flush(); err != nil {
				return err
			}
		}
		run.TP.Topic = r.Topic
		key, value := sides(e.Catalog(), r.Topic, true)
		if err := appendInput(run, r, key, value); err != nil {
			return err
		}
	}
	return flush()
}

// readTopic reads all rows of a topic in the order they were appended.
func readTopic(ctx context.Context, log store.Log, topic string, key, value side) ([]row, error) {
	runs, err := readRuns(ctx, log, topic)
	if err != nil {
		return nil, err
	}
	return readRows(runs, key, value)
}

func readRuns(ctx context.Context, log store.Log, topic string) ([]store.Records, error) {
	reader, err := store.Whole(ctx, log, topic)
	if errors.Is(err, store.ErrNoTopic) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	var runs []store.Records
	for next, err := range store.Runs(ctx, reader, 4096) {
		if err != nil {
			return nil, err
		}
		runs = append(runs, next...)
	}
	return runs, nil
}

// judge compares what a run gave with what the case expects.
func judge(c *Case, o outcome) error {
	if t := c.ExpectToolFailure; t != nil {
		if t.Stage != "statement" {
			return missing{"self-test of ksqlDB's own tool: " + t.About}
		}
		if o.thrown == nil || !strings.Contains(messageOf(o.thrown), t.About) {
			return fmt.Errorf("expected %q, got %v", t.About, o.thrown)
		}
		return nil
	}
	if o.thrown != nil {
		return judgeThrown(c, o)
	}
	if o.stopped != nil {
		if c.ExpectedException == nil || len(c.Inputs) == 0 {
			return fmt.Errorf("a query stopped: %w", o.stopped)
		}
		if d := matchError(c.ExpectedException, "StreamsException", o.stopped.Error()); d != "" {
			return errors.New(d)
		}
		return nil
	}
	if c.ExpectedException != nil {
		return fmt.Errorf("expected an error, none came: %s", c.ExpectedException.Message)
	}
	if o.catalog.NumQueries() == 0 {
		return errors.New("the statements made no query")
	}
	expected := map[string][]Record{}
	for _, r := range c.Outputs {
		expected[r.Topic] = append(expected[r.Topic], r)
	}
	for _, r := range c.Outputs {
		if d := matchRows(r.Topic, expected[r.Topic], o.rows[r.Topic], len(c.Inputs) == 0); d != "" {
			return errors.New(d)
		}
	}
	return judgePost(c, o)
}

func judgeThrown(c *Case, o outcome) error {
	if c.ExpectedException == nil {
		return fmt.Errorf("a statement failed: %w", o.thrown)
	}
	class := classOf(o.thrown)
	if class == "KsqlStatementException" && o.early {
		return fmt.Errorf("a statement before the last failed: %w", o.thrown)
	}
	if d := matchError(c.ExpectedException, class, messageOf(o.thrown)); d != "" {
		return errors.New(d)
	}
	return nil
}
