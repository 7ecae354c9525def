package plan

import (
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/serde"
)

// createSource is CREATE STREAM or TABLE over a topic.
func (k *checker) createSource(s *sql.CreateSource) (*Command, error) {
	p, err := readProps(s.With, ofCreate)
	if err != nil {
		return nil, err
	}
	old := k.Source(s.Name)
	if old != nil || s.ReadOnly && s.OrReplace {
		cmd, err := k.exists(old, s.Name, s.Kind, s.OrReplace, s.IfNotExists, s.ReadOnly)
		if cmd != nil || err != nil {
			return cmd, err
		}
	}
	src := &Source{Name: s.Name, Kind: s.Kind, Topic: p.topic, ReadOnly: s.ReadOnly, KeyWindow: p.window, Text: k.text}
	if err := k.declareFormats(src, p, s); err != nil {
		return nil, err
	}
	if src.Schema, err = k.declared(s.Elements); err != nil {
		return nil, err
	}
	keys := fields(src.Schema, sql.KeyRole)
	if s.Kind == sql.TableKind && len(keys) == 0 {
		return nil, errorf("Tables require a PRIMARY KEY. Please define the PRIMARY KEY.")
	}
	if p.window != nil && len(keys) == 0 {
		return nil, errorf("Windowed sources require a key column.")
	}
	if src.Timestamp, err = timestampColumn(p, src.Schema); err != nil {
		return nil, err
	}
	if src.Key, err = keyFormat(src.Key, keys); err != nil {
		return nil, err
	}
	if src.Value, err = k.env.valueFormat(src.Value, fields(src.Schema, sql.ValueRole), p.wrap); err != nil {
		return nil, err
	}
	if p.retention != nil {
		if s.Kind == sql.TableKind {
			return nil, baref("Invalid config variable in the WITH clause: RETENTION_MS. Non-windowed tables do not support retention.")
		}
		src.Retention = *p.retention
	}
	var e Effect
	if err := k.declareTopic(&e, src, p); err != nil {
		return nil, err
	}
	if old != nil {
		if err := upgradeSource(old, src); err != nil {
			return nil, err
		}
	}
	e.Put = []*Source{src}
	if s.ReadOnly && s.Kind == sql.TableKind && p.window == nil && k.env.enabled("ksql.source.table.materialization.enabled") {
		e.Start = k.materialize(src)
	}
	return k.done(e, title(s.Kind)+" created"), nil
}

// exists judges a CREATE whose name is taken: an answer, an error, or (both nil) a replacement to go on with.
func (k *checker) exists(old *Source, name string, kind sql.SourceKind, replace, ifNot, readOnly bool) (*Command, error) {
	lower := strings.ToLower(kind.String())
	if replace && (readOnly || old.ReadOnly) {
		return nil, errorf("Cannot add %s '%s': CREATE OR REPLACE is not supported on source %ss.", lower, name, lower)
	}
	if replace && k.env.enabled("ksql.create.or.replace.enabled") {
		if old.Kind == kind {
			return nil, nil
		}
	} else if replace {
		return nil, errorf("CREATE OR REPLACE functionality is disabled. You can enable it by setting 'ksql.create.or.replace.enabled' to true")
	}
	has := strings.ToLower(old.Kind.String())
	if ifNot {
		cmd := k.nothing("")
		cmd.Warning = "Cannot add " + lower + " `" + name + "`: A " + has + " with the same name already exists."
		return cmd, nil
	}
	return nil, errorf("Cannot add %s '%s': A %s with the same name already exists", lower, name, has)
}

func title(k sql.SourceKind) string {
	if k == sql.TableKind {
		return "Table"
	}
	return "Stream"
}

// declareFormats sets the formats of a declared source.
func (k *checker) declareFormats(src *Source, p *props, s *sql.CreateSource) error {
	for _, side := range []struct {
		out         *Format
		name, given string
		config      string
		props       map[string]string
		schemaID    *int
	}{
		{&src.Key, "KEY", p.keyFormat, defaultKeyFormat, p.keyProps, p.keySchemaID},
		{&src.Value, "VALUE", p.valueFormat, defaultValueFormat, p.valueProps, p.valueSchemaID},
	} {
		name := side.given
		if name == "" {
			name = strings.ToUpper(k.env.Prop(side.config))
		}
		if name == "" {
			return errorf("Statement is missing the '%s_FORMAT' property from the WITH clause. Either provide one or set a default via the '%s' config.", side.name, side.config)
		}
		if side.schemaID != nil {
			if err := checkSchemaID(side.name, name, s.Elements); err != nil {
				return err
			}
		}
		f, err := newFormat(name, side.props)
		if err != nil {
			return err
		}
		*side.out = f
	}
	if len(s.Elements) > 0 {
		return nil
	}
	if f, _ := serde.Lookup(src.Value.Name); f.Infer {
		return errorf("Schema for message values on topic '%s' does not exist in the Schema Registry.", src.Topic)
	}
	return errorf("No columns supplied.")
}

// checkSchemaID judges KEY_SCHEMA_ID or VALUE_SCHEMA_ID before the format's properties are: its text is the clearer.
func checkSchemaID(side, format string, defs []sql.ColumnDef) error {
	if f, ok := serde.Lookup(format); ok && !f.Infer {
		return errorf("%s_FORMAT should support schema inference when %s_SCHEMA_ID is provided. Current format is %s.", side, side, format)
	}
	for _, d := range defs {
		if (d.Key || d.Primary) == (side == "KEY") && !d.Headers {
			return errorf("Table elements and %s_SCHEMA_ID cannot both exist for create statement.", side)
		}
	}
	return nil
}

// declared is the schema that a column list declares; its names are different.
func (k *checker) declared(defs []sql.ColumnDef) (sql.Schema, error) {
	var out sql.Schema
	for _, d := range defs {
		t, err := k.resolve(d.Type)
		if err != nil {
			return nil, err
		}
		if reserved(d.Name) {
			return nil, errorf("'%s' is a reserved column name. You cannot use it as a name for a column.", d.Name)
		}
		c := sql.Column{Field: sql.Field{Name: d.Name, Type: t}}
		switch {
		case d.Key || d.Primary:
			c.Role = sql.KeyRole
		case d.Headers:
			if !k.env.enabled("ksql.headers.columns.enabled") {
				return nil, errorf("Cannot create source with headers columns: the feature is disabled (ksql.headers.columns.enabled)")
			}
			c.Role, c.Header = sql.HeadersRole, d.Header
		}
		out = append(out, c)
	}
	return out, reasonableRow(out)
}

// resolve puts custom types in the place of their names.
func (k *checker) resolve(t sql.Type) (sql.Type, error) {
	return ResolveType(t, k.env.named(k.Catalog))
}

// timestampColumn checks the TIMESTAMP property against the columns.
func timestampColumn(p *props, s sql.Schema) (*Timestamp, error) {
	if p.timestamp == "" {
		return nil, nil
	}
	i := s.Index(p.timestamp)
	if i < 0 || s[i].Role == sql.HeadersRole {
		return nil, errorf("The TIMESTAMP column set in the WITH clause does not exist in the schema: '%s'", p.timestamp)
	}
	switch kind := s[i].Type.Kind; {
	case kind == sql.String && p.timestampFormat != "":
	case kind == sql.Bigint || kind == sql.Timestamp:
		if p.timestampFormat != "" {
			return nil, errorf("'TIMESTAMP_FORMAT' set, but TIMESTAMP column '%s' is not a STRING column", p.timestamp)
		}
	default:
		return nil, errorf("Timestamp column, `%s`, should be LONG(INT64), TIMESTAMP, or a String with a timestamp_format specified", p.timestamp)
	}
	return &Timestamp{Column: p.timestamp, Format: p.timestampFormat}, nil
}

// declareTopic finds the topic of a declared source, or plans to make it.
func (k *checker) declareTopic(e *Effect, src *Source, p *props) error {
	n, ok := k.env.topic(src.Topic)
	if ok {
		if p.partitions != 0 && n != 0 && p.partitions != n {
			return errorf("A Kafka topic with the name '%s' already exists, with different partition/replica configuration than required. KSQL expects %d partitions (topic has %d), %d replication factor (topic has %d)",
				src.Topic, p.partitions, n, max(p.replicas, 1), max(p.replicas, 1))
		}
		if src.Partitions = n; n == 0 {
			src.Partitions = p.partitions
		}
		return nil
	}
	if p.partitions == 0 {
		return baref("Topic '%s' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: %s", src.Topic, withPartitions(k.text))
	}
	if k.env.readOnly(src.Topic) {
		return errorf("Cannot create the read-only topic: %s", src.Topic)
	}
	src.Partitions = p.partitions
	e.CreateTopics = append(e.CreateTopics, TopicSpec{
		Name: src.Topic, Partitions: src.Partitions, Replicas: max(p.replicas, 0), Compact: src.Kind == sql.TableKind, Retention: src.Retention,
	})
	return nil
}

// withPartitions is a statement's text with PARTITIONS (and REPLICAS) in its WITH clause.
func withPartitions(text string) string {
	if i := strings.LastIndexByte(text, ')'); i >= 0 {
		return text[:i] + ", PARTITIONS=2, REPLICAS=1" + text[i:]
	}
	return text
}
