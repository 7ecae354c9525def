package sql

import "strconv"

// String is canonical SQL.
func (s *CreateSource) String() string {
	var p printer
	p.put("CREATE ", maybe(s.OrReplace, "OR REPLACE "), maybe(s.ReadOnly, "SOURCE "), s.Kind.String(), " ", maybe(s.IfNotExists, "IF NOT EXISTS "))
	p.name(s.Name)
	p.columns(s.Elements)
	p.props(s.With, false)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *CreateAs) String() string {
	var p printer
	p.put("CREATE ", maybe(s.OrReplace, "OR REPLACE "), s.Kind.String(), " ", maybe(s.IfNotExists, "IF NOT EXISTS "))
	p.name(s.Name)
	p.props(s.With, false)
	p.put(" AS ")
	p.query(s.Query)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *AlterSource) String() string {
	var p printer
	p.put("ALTER ", s.Kind.String(), " ")
	p.name(s.Name)
	for i, d := range s.Adds {
		p.put(maybe(i > 0, ","), " ADD COLUMN ")
		p.column(d)
	}
	return sentence(p.String())
}

// String is canonical SQL.
func (s *DropSource) String() string {
	return sentence("DROP ", s.Kind.String(), " ", maybe(s.IfExists, "IF EXISTS "), Quote(s.Name), maybe(s.DeleteTopic, " DELETE TOPIC"))
}

// String is canonical SQL.
func (s *InsertSelect) String() string {
	var p printer
	p.put("INSERT INTO ", Quote(s.Target))
	p.props(s.With, false)
	p.put(" ")
	p.query(s.Query)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *InsertValues) String() string {
	var p printer
	p.put("INSERT INTO ", Quote(s.Target))
	p.names(s.Columns)
	p.put(" VALUES (")
	p.list(s.Values)
	return sentence(p.String(), ")")
}

// String is canonical SQL.
func (s *CreateType) String() string {
	var p printer
	p.put("CREATE TYPE ", maybe(s.IfNotExists, "IF NOT EXISTS "), Quote(s.Name), " AS ")
	p.typ(s.Type)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *DropType) String() string {
	return sentence("DROP TYPE ", maybe(s.IfExists, "IF EXISTS "), Quote(s.Name))
}

// String is canonical SQL.
func (s *CreateConnector) String() string {
	var p printer
	kind := "SOURCE"
	if s.Sink {
		kind = "SINK"
	}
	p.put("CREATE ", kind, " CONNECTOR ", maybe(s.IfNotExists, "IF NOT EXISTS "), Quote(s.Name))
	p.props(s.With, true)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *DropConnector) String() string {
	return sentence("DROP CONNECTOR ", maybe(s.IfExists, "IF EXISTS "), Quote(s.Name))
}

func queryID(verb, id string, all bool) string {
	if all {
		return sentence(verb, " ALL")
	}
	return sentence(verb, " ", Quote(id))
}

// String is canonical SQL.
func (s *Terminate) String() string { return queryID("TERMINATE", s.ID, s.All) }

// String is canonical SQL.
func (s *Pause) String() string { return queryID("PAUSE", s.ID, s.All) }

// String is canonical SQL.
func (s *Resume) String() string { return queryID("RESUME", s.ID, s.All) }

// String is canonical SQL.
func (s *Show) String() string {
	what := [...]string{
		ShowProperties: "PROPERTIES", ShowTopics: "TOPICS", ShowStreams: "STREAMS", ShowTables: "TABLES", ShowFunctions: "FUNCTIONS",
		ShowConnectors: "CONNECTORS", ShowConnectorPlugins: "CONNECTOR PLUGINS", ShowTypes: "TYPES", ShowVariables: "VARIABLES",
		ShowQueries: "QUERIES",
	}[s.What]
	return sentence("LIST ", maybe(s.All, "ALL "), s.Scope, maybe(s.Scope != "", " "), what, maybe(s.Extended, " EXTENDED"))
}

// String is canonical SQL.
func (s *Describe) String() string {
	extended := maybe(s.Extended, " EXTENDED")
	switch s.What {
	case DescribeStreams:
		return sentence("DESCRIBE STREAMS", extended)
	case DescribeTables:
		return sentence("DESCRIBE TABLES", extended)
	case DescribeFunction:
		return sentence("DESCRIBE FUNCTION ", Quote(s.Name))
	case DescribeConnector:
		return sentence("DESCRIBE CONNECTOR ", Quote(s.Name))
	}
	name := Quote(s.Name)
	if name == "TABLES" { // bare, it means all of them
		name = "`TABLES`"
	}
	return sentence("DESCRIBE ", name, extended)
}

// String is canonical SQL.
func (s *Print) String() string {
	var p printer
	p.put("PRINT ", quoteString(s.Topic), maybe(s.FromBeginning, " FROM BEGINNING"))
	if s.Interval != 0 {
		p.put(" INTERVAL ", strconv.Itoa(s.Interval))
	}
	if s.HasLimit {
		p.put(" LIMIT ", strconv.Itoa(s.Limit))
	}
	return sentence(p.String())
}

// String is canonical SQL.
func (s *Explain) String() string {
	if s.Statement == nil {
		return sentence("EXPLAIN ", Quote(s.QueryID))
	}
	return "EXPLAIN " + s.Statement.String()
}

// String is canonical SQL.
func (s *Set) String() string {
	return sentence("SET ", quoteString(s.Name), "=", quoteString(s.Value))
}

// String is canonical SQL.
func (s *Unset) String() string { return sentence("UNSET ", quoteString(s.Name)) }

// String is canonical SQL.
func (s *AlterSystem) String() string {
	return sentence("ALTER SYSTEM ", quoteString(s.Name), "=", quoteString(s.Value))
}

// String is canonical SQL. Names of variables are never quoted.
func (s *Define) String() string { return sentence("DEFINE ", s.Name, "=", quoteString(s.Value)) }

// String is canonical SQL.
func (s *Undefine) String() string { return sentence("UNDEFINE ", s.Name) }

// String is canonical SQL.
func (s *AssertTopic) String() string {
	var p printer
	p.put("ASSERT ", maybe(s.NotExists, "NOT EXISTS "), "TOPIC ", quoteString(s.Topic))
	p.props(s.With, false)
	p.timeout(s.Timeout)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *AssertSchema) String() string {
	var p printer
	p.put("ASSERT ", maybe(s.NotExists, "NOT EXISTS "), "SCHEMA")
	if s.Subject != "" {
		p.put(" SUBJECT ", quoteString(s.Subject))
	}
	if s.ID != nil {
		p.put(" ID ", strconv.Itoa(*s.ID))
	}
	p.timeout(s.Timeout)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *AssertValues) String() string {
	var p printer
	p.put("ASSERT ", maybe(s.Tombstone, "NULL "), "VALUES ", Quote(s.Target))
	p.names(s.Columns)
	word := " VALUES ("
	if s.Tombstone {
		word = " KEY ("
	}
	p.put(word)
	p.list(s.Values)
	return sentence(p.String(), ")")
}

// String is canonical SQL.
func (s *AssertSource) String() string {
	var p printer
	p.put("ASSERT ", s.Kind.String(), " ", Quote(s.Name))
	p.columns(s.Elements)
	p.props(s.With, false)
	return sentence(p.String())
}

// String is canonical SQL.
func (s *RunScript) String() string { return sentence("RUN SCRIPT ", quoteString(s.File)) }
