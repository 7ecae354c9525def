package stmt

import (
	"bytes"
	"encoding/json"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// Head begins every result: its kind, in ksqlDB's words, and the statement that it answers.
type Head struct {
	Type      string `json:"@type"`
	Statement string `json:"statementText"`
}

// Text is the statement.
func (h *Head) Text() string { return h.Statement }

// Warning is something to know about an answer.
type Warning struct {
	Message string `json:"message"`
}

// Tail ends every result.
type Tail struct {
	Warnings []Warning `json:"warnings"`
}

// MarshalJSON is ksqlDB's currentStatus, or its warning_entity when nothing was done.
func (c *Command) MarshalJSON() ([]byte, error) {
	if c.Warning != "" {
		return (&Note{Statement: c.Statement, Warning: c.Warning}).MarshalJSON()
	}
	type status struct {
		Status  string  `json:"status"`
		Message string  `json:"message"`
		QueryID *string `json:"queryId"`
	}
	out := struct {
		Head
		ID     string `json:"commandId"`
		Status status `json:"commandStatus"`
		Seq    int64  `json:"commandSequenceNumber"`
		Tail
	}{Head{"currentStatus", c.Statement}, c.ID, status{"SUCCESS", c.Message, nil}, c.Seq, tail()}
	if c.QueryID != "" {
		out.Status.QueryID = &c.QueryID
	}
	return marshal(&out)
}

// MarshalJSON is ksqlDB's warning_entity.
func (n *Note) MarshalJSON() ([]byte, error) {
	return marshal(&struct {
		Head
		Message string `json:"message"`
		Tail
	}{Head{"warning_entity", n.Statement}, n.Warning, tail()})
}

// marshal leaves < > & in statements as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func tail() Tail { return Tail{Warnings: []Warning{}} }

// Ended is the answer to TERMINATE of a push query.
type Ended struct {
	Head
	QueryID       string `json:"queryId"`
	WasTerminated bool   `json:"wasTerminated"`
	Tail
}

// FieldInfo is a column, or a field of a STRUCT.
type FieldInfo struct {
	Name      string     `json:"name"`
	Schema    SchemaInfo `json:"schema"`
	HeaderKey string     `json:"headerKey,omitempty"` // k of HEADER('k')
	Type      string     `json:"type,omitempty"`      // KEY, HEADER, or empty for a value
}

// SchemaInfo is a type. Fields are a STRUCT's, Member is the type of an ARRAY's items or of a MAP's values.
type SchemaInfo struct {
	Type       string         `json:"type"`
	Fields     []FieldInfo    `json:"fields"`
	Member     *SchemaInfo    `json:"memberSchema"`
	Parameters map[string]int `json:"parameters,omitempty"` // precision and scale of a DECIMAL
}

func schemaInfo(t sql.Type) SchemaInfo {
	out := SchemaInfo{Type: t.Kind.String()}
	switch t.Kind {
	case sql.Decimal:
		out.Parameters = map[string]int{"precision": t.Precision, "scale": t.Scale}
	case sql.Array, sql.Map:
		m := schemaInfo(*t.Elem)
		out.Member = &m
	case sql.Struct:
		out.Fields = []FieldInfo{}
		for _, f := range t.Fields {
			out.Fields = append(out.Fields, FieldInfo{Name: f.Name, Schema: schemaInfo(f.Type)})
		}
	}
	return out
}

// fieldInfos are the columns of a schema, keys first; pseudo columns are not told.
func fieldInfos(s sql.Schema) []FieldInfo {
	out := []FieldInfo{}
	for _, keys := range []bool{true, false} {
		for _, c := range s {
			if (c.Role == sql.KeyRole) != keys || c.Role == sql.PseudoRole {
				continue
			}
			f := FieldInfo{Name: c.Name, Schema: schemaInfo(c.Type), HeaderKey: c.Header}
			switch c.Role {
			case sql.KeyRole:
				f.Type = "KEY"
			case sql.HeadersRole:
				f.Type = "HEADER"
			}
			out = append(out, f)
		}
	}
	return out
}

// fault is ksqlDB's error about this statement.
func fault(p sql.Parsed, msg string) error { return &plan.Error{Msg: msg, Text: p.Text} }
