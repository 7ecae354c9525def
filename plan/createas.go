package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/property"
)

// createAs is CREATE STREAM or TABLE ... AS SELECT.
func (k *checker) createAs(s *sql.CreateAs) (*Command, error) {
	p, err := readProps(s.With, ofCreateAs)
	if err != nil {
		return nil, err
	}
	q, err := (&query{Catalog: k.Catalog, env: k.env, text: k.text, kind: PersistentAs, sink: s.Name, sel: s.Query}).analyze()
	if err != nil {
		return nil, err
	}
	written := *s
	written.Query = q.written()
	k.text = written.String()
	old := k.Source(s.Name)
	if old != nil {
		cmd, err := k.exists(old, s.Name, s.Kind, s.OrReplace, s.IfNotExists, false)
		if cmd != nil || err != nil {
			return cmd, err
		}
	}
	b := q.builder()
	if p.timestamp != "" {
		b.checkResult = func(s sql.Schema) error {
			_, err := timestampColumn(p, s)
			return err
		}
	}
	root, err := b.plan()
	if err != nil {
		return nil, err
	}
	if got := root.Out().Shape; got != s.Kind {
		return nil, errorf("Invalid result type. Your SELECT query produces a %s. Please use CREATE %s AS SELECT statement instead.", got, got)
	}
	src := &Source{
		Name: s.Name, Kind: s.Kind, Topic: p.topic, Partitions: p.partitions, KeyWindow: keyWindow(root.Out().Window), Text: k.text,
		From: q.sources(),
	}
	src.Schema = make(sql.Schema, 0, len(root.Out().Schema))
	for _, c := range root.Out().Schema {
		if c.Role != sql.PseudoRole {
			src.Schema = append(src.Schema, c)
		}
	}
	if err := reasonableRow(src.Schema); err != nil {
		return nil, err
	}
	if src.Topic == "" {
		src.Topic = k.env.Prop("ksql.output.topic.name.prefix") + s.Name
	}
	if k.env.readOnly(src.Topic) {
		return nil, errorf("Cannot write to the read-only topic: %s", src.Topic)
	}
	if src.Partitions == 0 {
		src.Partitions = q.head().Partitions
	}
	if src.Timestamp, err = timestampColumn(p, src.Schema); err != nil {
		return nil, err
	}
	if err := q.sinkFormats(src, p); err != nil {
		return nil, err
	}
	var e Effect
	if err := q.sinkTopic(&e, src, p, root); err != nil {
		return nil, err
	}
	sink := newSink(root, src)
	id := ""
	if old != nil {
		if k.Query(old.Query) != nil {
			id = old.Query
		}
	} else if err := k.room(); err != nil {
		return nil, err
	}
	if id == "" {
		id = k.queryID(map[sql.SourceKind]string{sql.StreamKind: "CSAS_", sql.TableKind: "CTAS_"}[s.Kind] + strings.ToUpper(s.Name) + "_")
	}
	run := q.finish(sink, id, k.text)
	run.Writes, run.Topic = s.Name, src.Topic
	src.Query = id
	if s.Kind == sql.TableKind {
		src.State = id
	}
	if old != nil {
		if err := k.replaceable(old, src, run); err != nil {
			return nil, err
		}
		e.Replace = k.Query(id) != nil
	}
	e.Put, e.Start = []*Source{src}, run
	return k.done(e, "Created query with ID "+id), nil
}

// room refuses a persistent query too many.
func (k *checker) room() error {
	limit := k.env.Prop("ksql.query.persistent.active.limit")
	if n, ok := atoi(limit); ok && k.NumQueries()+1 > n {
		return errorf("Not executing statement(s) as it would cause the number of active, persistent queries to exceed the configured limit. Use the TERMINATE command to terminate existing queries before starting new ones. Additional details: Current persistent query count = %d, New persistent queries = 1, Limit = %d.", k.NumQueries(), n)
	}
	return nil
}

// keyWindow is what a sink's keys say of their window.
func keyWindow(w *Window) *Window {
	if w == nil {
		return nil
	}
	if w.Kind == sql.Session {
		return &Window{Kind: w.Kind}
	}
	return &Window{Kind: w.Kind, Size: w.Size}
}

// written is the query with its columns qualified and its items named, as ksqlDB quotes it.
func (q *analysis) written() *sql.Select {
	s := *q.sel
	s.Items = make([]sql.Item, 0, len(q.items))
	for _, it := range q.items {
		if it.star {
			s.Items = append(s.Items, sql.Item{Star: true})
			continue
		}
		s.Items = append(s.Items, sql.Item{X: q.qualified(it.x), Alias: it.name, HasAlias: true})
	}
	if s.Where != nil {
		s.Where = q.qualified(q.where)
	}
	if s.Having != nil {
		s.Having = q.qualified(q.having)
	}
	s.GroupBy, s.PartitionBy = nil, nil
	for _, e := range q.groupBy {
		s.GroupBy = append(s.GroupBy, q.qualified(e))
	}
	for _, e := range q.partitionBy {
		s.PartitionBy = append(s.PartitionBy, q.qualified(e))
	}
	if s.Emit == sql.EmitNone {
		s.Emit = sql.EmitChanges
	}
	return &s
}

// sinkFormats chooses the sink's formats: those given, else those of the query's first source.
func (q *analysis) sinkFormats(src *Source, p *props) error {
	keys, from := fields(src.Schema, sql.KeyRole), q.head()
	keyName, keyProps := p.keyFormat, p.keyProps
	switch {
	case len(keys) == 0 && q.sel.HasPart:
		if keyName != "" && keyName != "NONE" {
			return errorf("Key format specified for stream without key columns.")
		}
		keyName = "NONE"
	case keyName == "" && from.Key.Name == "NONE" && len(keys) > 0:
		keyName = q.env.Prop(defaultKeyFormat)
	case keyName == "":
		keyName, keyProps = from.Key.Name, overlay(inherited(from.Key), p.keyProps)
	}
	valueName, valueProps := p.valueFormat, p.valueProps
	if valueName == "" {
		valueName, valueProps = from.Value.Name, overlay(inherited(from.Value), p.valueProps)
	}
	f, err := newFormat(keyName, keyProps)
	if err != nil {
		return err
	}
	if src.Key, err = keyFormat(f, keys); err != nil {
		return err
	}
	if f, err = newFormat(valueName, valueProps); err != nil {
		return err
	}
	src.Value, err = q.env.valueFormat(f, fields(src.Schema, sql.ValueRole), p.wrap)
	return err
}

func overlay(base, over map[string]string) map[string]string {
	maps.Copy(base, over)
	return base
}

// defaultRetention is ksqlDB's for topics whose source says nothing: 7 days.
const defaultRetention = 604800000

// sinkTopic plans the sink's topic. A windowed table's is compacted, and its windows are kept as long as either
// RETENTION_MS or the window's RETENTION says.
func (q *analysis) sinkTopic(e *Effect, src *Source, p *props, root Step) error {
	windowed := src.KeyWindow != nil
	if p.retention != nil {
		if src.Kind == sql.TableKind && !windowed {
			return errorf("Invalid config variable in the WITH clause: RETENTION_MS. Non-windowed tables do not support retention.")
		}
		src.Retention = *p.retention
	} else if src.Kind == sql.StreamKind {
		src.Retention = q.head().Retention
	}
	if windowed && src.Kind == sql.TableKind {
		src.Retention = max(src.Retention, root.Out().Window.Retention, defaultRetention)
	}
	if n, ok := q.env.topic(src.Topic); ok {
		if p.partitions != 0 && n != 0 && n != p.partitions {
			return errorf("A Kafka topic with the name '%s' already exists, with different partition/replica configuration than required. KSQL expects %d partitions (topic has %d), %d replication factor (topic has %d)",
				src.Topic, p.partitions, n, max(p.replicas, 1), max(p.replicas, 1))
		}
		if n != 0 {
			src.Partitions = n
		}
		if q.env.Topic != nil {
			return nil
		}
	}
	e.CreateTopics = append(e.CreateTopics, TopicSpec{
		Name: src.Topic, Partitions: src.Partitions, Replicas: max(p.replicas, 0), Compact: src.Kind == sql.TableKind, Retention: src.Retention,
	})
	return nil
}

// finish makes the query ready to run.
func (q *analysis) finish(root Step, id, text string) *Query {
	settle(root, q.kind)
	run := &Query{
		ID: id, Kind: q.kind, Text: text, Root: root, Reads: q.sources(), Limit: q.sel.Limit,
		Props: maps.Clone(q.env.Props), Earliest: map[string]bool{},
	}
	run.Schema = make(sql.Schema, 0, len(root.Out().Schema))
	for _, c := range root.Out().Schema {
		if c.Role != sql.PseudoRole || !q.persistent() {
			run.Schema = append(run.Schema, c)
		}
	}
	reset, _ := property.Given(q.env.Props, "auto.offset.reset")
	for _, r := range q.from {
		for _, s := range r.reads {
			run.Earliest[s.Topic] = strings.EqualFold(reset, "earliest") || reset == "" && s.Kind == sql.TableKind
		}
	}
	return run
}

// insertSelect is INSERT INTO ... SELECT.
func (k *checker) insertSelect(s *sql.InsertSelect) (*Command, error) {
	p, err := readProps(s.With, ofInsert)
	if err != nil {
		return nil, err
	}
	to := k.Source(s.Target)
	if to == nil {
		line, col := k.env.place(s.Pos(), k.text)
		return nil, &sql.Error{Msg: "Exception while preparing statement: Line: " + itoa(line) + ", Col: " + itoa(col+12) + ": Source `" + s.Target + "` does not exist." + k.caseHint(s.Target, nil)}
	}
	if to.Kind != sql.StreamKind {
		return nil, errorf("INSERT INTO can only be used to insert into a stream. %s is a table.", s.Target)
	}
	if slices.ContainsFunc(to.Schema, func(c sql.Column) bool { return c.Role == sql.HeadersRole }) {
		return nil, errorf("Cannot insert into %s because it has header columns", s.Target)
	}
	if to.ReadOnly {
		return nil, errorf("Cannot insert into read-only stream: %s", s.Target)
	}
	if k.env.readOnly(to.Topic) {
		return nil, errorf("Cannot insert into read-only topic: %s", to.Topic)
	}
	q, err := (&query{Catalog: k.Catalog, env: k.env, text: k.text, kind: PersistentInsert, sink: s.Target, sel: s.Query}).analyze()
	if err != nil {
		return nil, err
	}
	root, err := q.builder().plan()
	if err != nil {
		return nil, err
	}
	if root.Out().Shape != sql.StreamKind {
		return nil, errorf("Incompatible data sink and query result. Data sink (%s) type is KSTREAM but select query result is KTABLE.", s.Target)
	}
	if err := fitSink(root, to); err != nil {
		return nil, err
	}
	if err := k.room(); err != nil {
		return nil, err
	}
	id := p.queryID
	if id == "" {
		id = k.queryID("INSERTQUERY_")
	} else if err := k.checkQueryID(id); err != nil {
		return nil, err
	}
	run := q.finish(newSink(root, to), id, k.text)
	run.Writes, run.Topic = s.Target, to.Topic
	return k.done(Effect{Start: run}, "Created query with ID "+id), nil
}

// checkQueryID judges an id that the user chose.
func (k *checker) checkQueryID(id string) error {
	for _, r := range id {
		if r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return errorf("Query IDs may contain only alphanumeric characters and '_'. Got: '%s'", id)
		}
	}
	for _, prefix := range []string{"INSERTQUERY_", "CTAS_", "CSAS_", "CST_"} {
		if strings.HasPrefix(id, prefix) {
			return errorf("Query IDs must not start with a reserved query ID prefix (INSERTQUERY_, CTAS_, CSAS_, CST_). Got: '%s'", id)
		}
	}
	if k.Query(id) != nil {
		return errorf("Query ID '%s' already exists.", id)
	}
	return nil
}

// materialize is the query that keeps a SOURCE table for pull queries.
func (k *checker) materialize(src *Source) *Query {
	id := k.queryID("CST_" + strings.ToUpper(src.Name) + "_")
	scan := newScan(src, func(name string) bool { return name == rowTime })
	h := scan.Head
	h.Name = "KsqlTopic-Reduce"
	root := &Latest{Head: h, State: "Latest", In: scan}
	settle(root, PersistentSource)
	src.State = id
	return &Query{
		ID: id, Kind: PersistentSource, Text: k.text, Root: root, Reads: []string{src.Name}, Schema: src.Schema,
		Props: maps.Clone(k.env.Props), Earliest: map[string]bool{src.Topic: true},
	}
}
