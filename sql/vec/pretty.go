package vec

import (
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// Table prints columns as a small text table, for tests and for people who debug.
func Table(names []string, cols []*Vec) string {
	if len(cols) == 0 {
		return ""
	}
	lines := make([]strings.Builder, cols[0].N+1)
	for k, v := range cols {
		cells := []string{names[k]}
		for i := 0; i < v.N; i++ {
			cells = append(cells, cell(v, i))
		}
		width := 0
		for _, c := range cells {
			width = max(width, len([]rune(c)))
		}
		for i, c := range cells {
			if i >= len(lines) {
				break
			}
			lines[i].WriteString(c)
			if k < len(cols)-1 {
				lines[i].WriteString(strings.Repeat(" ", width-len([]rune(c))+1))
			}
		}
	}
	var out strings.Builder
	for i := range lines {
		out.WriteString(strings.TrimRight(lines[i].String(), " ") + "\n")
	}
	return out.String()
}

func cell(v *Vec, i int) string {
	if v.IsNull(i) {
		return "nil"
	}
	switch v.Type.Kind {
	case sql.Double:
		return string(AppendDouble(nil, v.F64[i]))
	case sql.Decimal:
		return string(v.AppendDecimalText(nil, i, false))
	case sql.Array:
		var items []string
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			items = append(items, cell(v.Kids[0], int(k)))
		}
		return "[" + strings.Join(items, " ") + "]"
	case sql.Map:
		var items []string
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			items = append(items, cell(v.Kids[0], int(k))+":"+cell(v.Kids[1], int(k)))
		}
		return "{" + strings.Join(items, " ") + "}"
	case sql.Struct:
		var items []string
		for k, f := range v.Type.Fields {
			items = append(items, f.Name+":"+cell(v.Kids[k], i))
		}
		return "{" + strings.Join(items, " ") + "}"
	}
	return fmt.Sprint(v.Get(i))
}
