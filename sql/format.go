package sql

import (
	"strconv"
	"strings"
	"time"
)

// String is the query as ksqlDB prints it, with a semicolon.
func (s *Select) String() string {
	var p printer
	p.query(s)
	p.put(";")
	return p.String()
}

// query writes a query: a clause per line, and an item per line when there are several.
func (p *printer) query(s *Select) {
	p.put("SELECT")
	for i, it := range s.Items {
		switch {
		case i > 0:
			p.put(",\n  ")
		case len(s.Items) > 1:
			p.put("\n  ")
		default:
			p.put(" ")
		}
		p.item(it)
	}
	p.put("\nFROM ")
	p.relation(s.From)
	for _, j := range s.Joins {
		p.join(j)
	}
	if s.Window != nil {
		p.window(s.Window)
	}
	if s.Where != nil {
		p.put("\nWHERE ")
		p.expr(s.Where)
	}
	if s.HasGroup {
		p.by("\nGROUP BY ", s.GroupBy)
	}
	if s.HasPart {
		p.by("\nPARTITION BY ", s.PartitionBy)
	}
	if s.Having != nil {
		p.put("\nHAVING ")
		p.expr(s.Having)
	}
	switch s.Emit {
	case EmitChanges:
		p.put("\nEMIT CHANGES")
	case EmitFinal:
		p.put("\nEMIT FINAL")
	}
	if s.Limit != nil {
		p.put("\nLIMIT ", strconv.Itoa(*s.Limit))
	}
}

func (p *printer) item(it Item) {
	switch {
	case it.Star && it.Source != "":
		p.name(it.Source)
		p.put(".*")
	case it.Star:
		p.put("*")
	case it.Fields:
		p.primary(it.X)
		p.put("->*")
	default:
		p.expr(it.X)
		if it.HasAlias {
			p.put(" ")
			p.name(it.Alias)
		}
	}
}

// relation writes a source with its alias. EMIT and PARTITION could start a clause instead.
func (p *printer) relation(r Relation) {
	p.name(r.Name)
	p.put(" ")
	if r.Alias == "EMIT" || r.Alias == "PARTITION" {
		p.put("`", r.Alias, "`")
		return
	}
	p.name(r.Alias)
}

func (p *printer) join(j Join) {
	p.put("\n", [...]string{"INNER", "LEFT OUTER", "RIGHT OUTER", "FULL OUTER"}[j.Kind], " JOIN ")
	p.relation(j.Right)
	if w := j.Within; w != nil {
		p.put(" WITHIN ")
		if w.Pair {
			p.put("(", w.Before.String(), ", ", w.After.String(), ")")
		} else {
			p.put(w.Before.String())
		}
		if w.Grace != nil {
			p.put(" GRACE PERIOD ", w.Grace.String())
		}
	}
	p.put(" ON (")
	p.expr(j.On)
	p.put(")")
}

func (p *printer) window(w *Window) {
	p.put("\nWINDOW ")
	if w.Name != "" {
		p.name(w.Name)
		p.put(" ")
	}
	p.put(w.Kind.String(), " ( ")
	if w.Kind != Session {
		p.put("SIZE ")
	}
	p.put(w.Size.String())
	if w.Kind == Hopping {
		p.put(" , ADVANCE BY ", w.Advance.String())
	}
	if w.Retention != nil {
		p.put(" , RETENTION ", w.Retention.String())
	}
	if w.Grace != nil {
		p.put(" , GRACE PERIOD ", w.Grace.String())
	}
	p.put(" ) ")
}

func (p *printer) by(clause string, list []Expr) {
	p.put(clause)
	if len(list) == 0 {
		p.put("()")
	}
	p.list(list)
}

// String is the duration as written: 10 SECONDS.
func (d Duration) String() string { return strconv.FormatInt(d.N, 10) + " " + d.Unit }

// props writes a WITH clause: names bare where they can be, or as strings as connectors have them.
func (p *printer) props(ps Props, asStrings bool) {
	if len(ps) == 0 {
		return
	}
	p.put(" WITH (")
	for i, pr := range ps {
		if i > 0 {
			p.put(", ")
		}
		if asStrings || !plainIdent(pr.Name) || Quote(pr.Name) != pr.Name {
			p.put(quoteString(pr.Name))
		} else {
			p.put(pr.Name)
		}
		p.put("=")
		p.literal(pr.Value)
	}
	p.put(")")
}

func (p *printer) columns(cols []ColumnDef) {
	if len(cols) == 0 {
		return
	}
	p.put(" (")
	for i, d := range cols {
		if i > 0 {
			p.put(", ")
		}
		p.column(d)
	}
	p.put(")")
}

func (p *printer) column(d ColumnDef) {
	p.name(d.Name)
	p.put(" ")
	p.typ(d.Type)
	switch {
	case d.Primary:
		p.put(" PRIMARY KEY")
	case d.Key:
		p.put(" KEY")
	case d.Header != "":
		p.put(" HEADER(", quoteString(d.Header), ")")
	case d.Headers:
		p.put(" HEADERS")
	}
}

// String is the column as CREATE writes it.
func (d ColumnDef) String() string {
	var p printer
	p.column(d)
	return p.String()
}

// names writes a list of names in brackets, if there are any.
func (p *printer) names(ns []string) {
	if len(ns) == 0 {
		return
	}
	p.put(" (")
	for i, n := range ns {
		if i > 0 {
			p.put(", ")
		}
		p.name(n)
	}
	p.put(")")
}

func (p *printer) timeout(d *time.Duration) {
	if d != nil {
		p.put(" TIMEOUT ", strconv.FormatInt(d.Milliseconds(), 10), " MILLISECONDS")
	}
}

// sentence writes the parts and a semicolon; empty parts vanish.
func sentence(parts ...string) string { return strings.Join(parts, "") + ";" }

// maybe is s where cond holds.
func maybe(cond bool, s string) string {
	if cond {
		return s
	}
	return ""
}
