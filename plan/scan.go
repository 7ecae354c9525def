package plan

import "github.com/ksqlgo/ksql/sql"

// Scan reads a topic. Its schema is the source's columns (keys, then WINDOWSTART and WINDOWEND of a windowed
// source, values, headers), then the pseudo columns that the query names.
type Scan struct {
	Head
	Source     string
	Topic      string
	Columns    sql.Schema // as declared: keys, values, headers
	Key, Value Format
	Timestamp  *Timestamp
}

// Inputs are none.
func (*Scan) Inputs() []Step { return nil }

func (*Scan) title() string { return "SOURCE" }

func (s *Scan) class() string {
	if s.Window != nil {
		return "Windowed" + s.side() + "Source"
	}
	return s.side() + "Source"
}

func (s *Scan) succeeds(old Step) error {
	o := old.(*Scan)
	return sameTopic(s, "topicName", [2]string{o.Topic, s.Topic}, [2]Format{o.Key, s.Key}, [2]Format{o.Value, s.Value}, [2]*Timestamp{o.Timestamp, s.Timestamp})
}

// scanColumns are a source's key columns, its window bounds, its value columns and its headers.
func scanColumns(s *Source) sql.Schema {
	out := make(sql.Schema, 0, len(s.Schema)+len(pseudoTypes)+2)
	for _, role := range []sql.Role{sql.KeyRole, sql.PseudoRole, sql.ValueRole, sql.HeadersRole} {
		if role == sql.PseudoRole && s.KeyWindow != nil {
			out = append(out, windowBounds()...)
		}
		for _, c := range s.Schema {
			if c.Role == role {
				out = append(out, c)
			}
		}
	}
	return out
}

// newScan reads a source; pseudo names the pseudo columns to add.
func newScan(s *Source, pseudo func(string) bool) *Scan {
	scan := &Scan{
		Head:   Head{Name: "KsqlTopic", Shape: s.Kind, Schema: scanColumns(s), Window: s.KeyWindow},
		Source: s.Name, Topic: s.Topic, Columns: keysFirst(s.Schema), Key: s.Key, Value: s.Value, Timestamp: s.Timestamp,
	}
	for _, p := range pseudoTypes {
		if pseudo(p.Name) {
			scan.Schema = append(scan.Schema, pseudoColumn(p.Name, p.Type))
		}
	}
	return scan
}

func keysFirst(s sql.Schema) sql.Schema {
	out := make(sql.Schema, 0, len(s))
	for _, role := range []sql.Role{sql.KeyRole, sql.ValueRole, sql.HeadersRole} {
		for _, c := range s {
			if c.Role == role {
				out = append(out, c)
			}
		}
	}
	return out
}
