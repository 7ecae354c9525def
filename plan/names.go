package plan

import (
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// The pseudo columns that every source has, and the bounds of windowed ones.
const (
	rowTime      = "ROWTIME"
	rowPartition = "ROWPARTITION"
	rowOffset    = "ROWOFFSET"
	windowStart  = "WINDOWSTART"
	windowEnd    = "WINDOWEND"
)

var pseudoTypes = []sql.Field{{Name: rowTime, Type: sql.TBigint}, {Name: rowPartition, Type: sql.TInteger}, {Name: rowOffset, Type: sql.TBigint}}

func pseudoColumn(name string, t sql.Type) sql.Column {
	return sql.Column{Field: sql.Field{Name: name, Type: t}, Role: sql.PseudoRole}
}

func windowBounds() []sql.Column {
	return []sql.Column{pseudoColumn(windowStart, sql.TBigint), pseudoColumn(windowEnd, sql.TBigint)}
}

func allPseudo() []sql.Column {
	var out []sql.Column
	for _, p := range pseudoTypes {
		out = append(out, pseudoColumn(p.Name, p.Type))
	}
	return out
}

func isPseudo(name string) bool { return name == rowTime || name == rowPartition || name == rowOffset }

func isBound(name string) bool { return name == windowStart || name == windowEnd }

// reserved tells the names that no column may be given.
func reserved(name string) bool { return isPseudo(name) || isBound(name) }

// namer gives names to select items that have none: KSQL_COL_n, or the field of a dereference, made unique.
type namer struct {
	existing []string
	cols     int                     // next n of KSQL_COL_n
	taken    map[string]bool         // the existing names; nil until learn
	fields   map[string]map[int]bool // prefix: numbers in use
}

// newNamer makes a namer that avoids these column names.
func newNamer(existing []string) *namer { return &namer{existing: existing} }

// learn takes the existing names in, when the first name has to be made: most queries need none.
func (n *namer) learn() {
	if n.taken != nil {
		return
	}
	n.taken, n.fields = map[string]bool{}, map[string]map[int]bool{}
	for _, name := range n.existing {
		n.taken[name] = true
		prefix, no := splitName(name)
		n.use(prefix)[no] = true
	}
}

func (n *namer) use(prefix string) map[int]bool {
	if n.fields[prefix] == nil {
		n.fields[prefix] = map[int]bool{}
	}
	return n.fields[prefix]
}

// splitName parts F_3 into F and 3; a name without a number has number 0.
func splitName(name string) (prefix string, no int) {
	prefix = strings.TrimRight(name, "0123456789")
	if i, err := strconv.Atoi(name[len(prefix):]); err == nil && strings.HasSuffix(prefix, "_") {
		return prefix[:len(prefix)-1], i
	}
	return name, 0
}

// column is the next free KSQL_COL_n.
func (n *namer) column() string {
	n.learn()
	for {
		name := "KSQL_COL_" + strconv.Itoa(n.cols)
		n.cols++
		if !n.taken[name] {
			return name
		}
	}
}

// field is a name for the dereference of this field.
func (n *namer) field(name string) string {
	n.learn()
	prefix, _ := splitName(name)
	used := n.use(prefix)
	for no := 0; ; no++ {
		if used[no] {
			continue
		}
		used[no] = true
		if no == 0 {
			return prefix
		}
		return prefix + "_" + strconv.Itoa(no)
	}
}

// of names an expression that has no alias.
func (n *namer) of(e sql.Expr) string {
	switch e := e.(type) {
	case *sql.ColumnRef:
		return e.Name
	case *sql.Deref:
		return n.field(e.Field)
	}
	return n.column()
}

// join lists names as prose: A, B and C.
func join(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

// caseHint is the sentence for a source that does not exist while others have its name in another letter case.
// only limits it to sources of a kind (nil: all).
func (c *Catalog) caseHint(name string, only *sql.SourceKind) string {
	var near []*Source
	for s := range c.Sources() {
		if strings.EqualFold(s.Name, name) && (only == nil || *only == s.Kind) {
			near = append(near, s)
		}
	}
	if len(near) == 0 {
		return ""
	}
	quoted := func(s *Source) string {
		if s.Name == strings.ToUpper(s.Name) {
			return s.Name
		}
		return `"` + s.Name + `"`
	}
	if len(near) == 1 {
		if s := near[0]; quoted(s) == s.Name {
			return "\nDid you mean " + s.Name + "? Hint: try removing double quotes from the source name."
		}
		return "\nDid you mean " + quoted(near[0]) + "? Hint: wrap the source name in double quotes to make it case-sensitive."
	}
	var names []string
	for _, s := range near {
		names = append(names, `"`+s.Name+`" (`+s.Kind.String()+")")
	}
	list := names[0] + " or " + names[1]
	if len(names) > 2 {
		list = strings.Join(names[:len(names)-1], ", ") + ", or " + names[len(names)-1]
	}
	return "\nDid you mean " + list + "? Hint: wrap the source name in double quotes to make it case-sensitive."
}

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}
