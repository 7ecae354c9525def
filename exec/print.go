package exec

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// The prints of steps with state. Directories hold them: a form of text that is written here never changes. What is to
// be said otherwise gets another word.

// printGroups is the print of an aggregation's table.
func printGroups(a *plan.Aggregate) (state.Print, error) {
	p := state.Print{Step: "groups of a " + shapeWord(a.In.Out().Shape) + keysText(a.Schema[:a.Groups]) + windowText(a.Window)}
	for _, c := range a.Calls {
		var b strings.Builder
		b.WriteString(c.Func.Name + "(")
		for i, t := range c.Site.Args {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(typeText(t))
			if i < len(c.Site.Lits) && c.Site.Lits[i] != nil {
				x, err := literalText(c.Site.Lits[i])
				if err != nil {
					return p, fmt.Errorf("%s: %w", c.Func.Name, err)
				}
				b.WriteString(" = " + x)
			}
		}
		b.WriteString(") " + typeText(c.Site.Returns))
		if c.Variant.State != nil {
			b.WriteString(" from " + typeText(c.Variant.State(c.Site.Args)))
		}
		p.Cells = append(p.Cells, b.String())
	}
	return p, nil
}

// printRows is the print of a table of whole rows. Columns may be added at the end of them.
func printRows(h *plan.Head) state.Print {
	p := state.Print{Step: "rows" + keysText(h.Schema[:h.Schema.Keys()]) + windowText(h.Window), Open: true}
	for _, c := range h.Schema {
		p.Cells = append(p.Cells, nameText(c.Name)+" "+typeText(c.Type))
	}
	return p
}

// printClock is the print of what a sink remembers.
func printClock() state.Print { return state.Print{Step: "clock of a sink"} }

func shapeWord(s plan.Shape) string {
	if s == sql.TableKind {
		return "table"
	}
	return "stream"
}

func keysText(keys sql.Schema) string {
	var list []string
	for _, c := range keys {
		list = append(list, nameText(c.Name)+" "+typeText(c.Type))
	}
	return " by (" + strings.Join(list, ", ") + ")"
}

func windowText(w *plan.Window) string {
	if w == nil {
		return ""
	}
	kind := map[sql.WindowKind]string{sql.Tumbling: "tumbling", sql.Hopping: "hopping", sql.Session: "session"}[w.Kind]
	text := fmt.Sprintf(" in a %s window of %d ms, advance %d, grace %d, retention %d", kind, w.Size, w.Advance, w.Grace, w.Retention)
	if w.Final {
		text += ", final"
	}
	return text
}

// nameText is a name in quotes, which double where the name holds them.
func nameText(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func typeText(t sql.Type) string {
	switch t.Kind {
	case sql.Boolean:
		return "BOOLEAN"
	case sql.Integer:
		return "INTEGER"
	case sql.Bigint:
		return "BIGINT"
	case sql.Decimal:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.Precision, t.Scale)
	case sql.Double:
		return "DOUBLE"
	case sql.String:
		return "STRING"
	case sql.Time:
		return "TIME"
	case sql.Date:
		return "DATE"
	case sql.Timestamp:
		return "TIMESTAMP"
	case sql.Bytes:
		return "BYTES"
	case sql.Array:
		return "ARRAY<" + typeText(*t.Elem) + ">"
	case sql.Map:
		return "MAP<" + typeText(*t.Key) + ", " + typeText(*t.Elem) + ">"
	case sql.Struct:
		var list []string
		for _, f := range t.Fields {
			list = append(list, nameText(f.Name)+" "+typeText(f.Type))
		}
		return "STRUCT<" + strings.Join(list, ", ") + ">"
	}
	return "NULL" // of a literal without a type
}

func literalText(v any) (string, error) {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v), nil
	case int32:
		return strconv.Itoa(int(v)), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return "0x" + strconv.FormatUint(math.Float64bits(v), 16), nil
	case string:
		return nameText(v), nil
	case []byte:
		return "x" + hex.EncodeToString(v), nil
	case vec.Decimal:
		return v.Unscaled.String() + "e-" + strconv.Itoa(v.Scale), nil
	case vec.Date:
		return strconv.FormatInt(int64(v), 10), nil
	case vec.Time:
		return strconv.FormatInt(int64(v), 10), nil
	case vec.Timestamp:
		return strconv.FormatInt(int64(v), 10), nil
	}
	return "", fmt.Errorf("a literal of %T cannot be remembered by", v)
}
