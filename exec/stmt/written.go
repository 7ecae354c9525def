package stmt

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// written is the statement that made a source as ksqlDB answers it: completed and printed again. The properties
// stand in alphabetical order, with the cleanup policy and, where the statement declares a topic, its formats;
// CREATE ... AS also tells of the topic it made. Text that cannot be read again stays as it is.
func written(s *plan.Source) string {
	list, err := sql.Parse(strings.TrimSuffix(s.Text, ";")+";", nil)
	if err != nil || len(list) != 1 {
		return s.Text
	}
	policy := "delete"
	switch made := list[0].Statement.(type) {
	case *sql.CreateSource:
		if s.Kind == sql.TableKind {
			policy = "compact"
		}
		with := without(made.With, "FORMAT")
		with = put(with, "CLEANUP_POLICY", sql.StringLiteral, policy)
		with = put(with, "KEY_FORMAT", sql.StringLiteral, s.Key.Name)
		with = put(with, "VALUE_FORMAT", sql.StringLiteral, s.Value.Name)
		made.With = sorted(with)
		return made.String()
	case *sql.CreateAs:
		if s.Kind == sql.TableKind {
			policy = "compact"
			if s.KeyWindow != nil {
				policy = "compact,delete"
			}
		}
		retention := s.Retention
		if retention == 0 {
			retention = -1
		}
		with := put(made.With, "CLEANUP_POLICY", sql.StringLiteral, policy)
		with = put(with, "KAFKA_TOPIC", sql.StringLiteral, s.Topic)
		with = put(with, "PARTITIONS", sql.IntegerLiteral, strconv.Itoa(s.Partitions))
		with = put(with, "REPLICAS", sql.IntegerLiteral, "1")
		with = put(with, "RETENTION_MS", sql.IntegerLiteral, strconv.FormatInt(retention, 10))
		made.With = sorted(with)
		return made.String()
	}
	return s.Text
}

// queryText is the statement that made a query, as written has it for those that made their sink.
func queryText(c *plan.Catalog, p *plan.Query) string {
	if s := c.Source(p.Writes); s != nil && p.Kind == plan.PersistentAs && s.Query == p.ID {
		return written(s)
	}
	return p.Text
}

func without(with sql.Props, name string) sql.Props {
	return slices.DeleteFunc(slices.Clone(with), func(p sql.Prop) bool { return p.Name == name })
}

// put adds a property that is not there.
func put(with sql.Props, name string, kind sql.LiteralKind, text string) sql.Props {
	if with.Get(name) != nil {
		return with
	}
	return append(slices.Clone(with), sql.Prop{Name: name, Value: &sql.Literal{Kind: kind, Text: text}})
}

func sorted(with sql.Props) sql.Props {
	slices.SortFunc(with, func(a, b sql.Prop) int { return strings.Compare(a.Name, b.Name) })
	return with
}
