package sql

import "strings"

// with reads the optional WITH clause. Names come in upper case; of a connector, whose names mean something
// to somebody else, as written.
func (c *cursor) with(connector bool) Props {
	if !c.accept(wWith) {
		return nil
	}
	return c.props(connector)
}

func (c *cursor) props(connector bool) Props {
	var ps Props
	c.expect(wLParen, func(t token) bool { return isName(t) || isString(t) })
	for {
		i := c.p
		var n string
		if c.cur().kind == stringToken {
			n = c.str(nothing)
		} else if c.cur().ident() {
			n = c.named()
		} else {
			c.wrong(func(t token) bool { return isName(t) || isString(t) })
		}
		if !connector {
			n = strings.ToUpper(n)
		}
		c.expect(wEq, operand)
		v := c.literal()
		if old := ps.Get(n); old != nil {
			c.fault(i, "Multiple entries with same key: %s=%s and %s=%s", n, Text(v), n, Text(old))
		}
		ps = append(ps, Prop{At: At{Pos(c.toks[i].off)}, Name: n, Value: v})
		if !c.accept(wComma) {
			break
		}
	}
	c.closing(wRParen)
	return ps
}

// literal takes a literal.
func (c *cursor) literal() *Literal {
	i := c.p
	switch t := c.cur(); {
	case t.kind == varToken:
		c.variable(literalVar)
		c.p++
	case t.kind == stringToken, t.word == wNull, t.word == wTrue, t.word == wFalse:
		c.p++
	case t.number():
		c.p++
	case t.word == wMinus:
		c.signedNumber()
	default:
		c.wrong(func(t token) bool {
			return t.kind == stringToken || t.kind == varToken || t.number() || t.word == wNull || t.word == wTrue || t.word == wFalse
		})
	}
	return c.constant(i)
}

// columns reads a column list in brackets, if there is one.
func (c *cursor) columns() []ColumnDef {
	if !c.accept(wLParen) {
		return nil
	}
	cols := c.columnList()
	c.closing(wRParen)
	return cols
}

func (c *cursor) columnList() []ColumnDef {
	var cols []ColumnDef
	first := c.p
	for {
		cols = append(cols, c.column())
		if !c.accept(wComma) {
			break
		}
	}
	c.checkColumns(first, cols)
	return cols
}

func (c *cursor) column() ColumnDef {
	i := c.ident()
	d := ColumnDef{At: At{Pos(c.toks[i].off)}, Name: c.name(i), Type: c.typeName()}
	switch {
	case c.accept(wPrimary):
		c.expect(wKey, nothing)
		d.Primary = true
	case c.accept(wKey):
		d.Key = true
	case c.accept(wHeaders):
		d.Headers = true
		if !d.Type.Equal(THeaders()) {
			c.fault(i, "Invalid type for HEADERS column: expected %s, got %s", THeaders(), d.Type)
		}
	case c.accept(wHeader):
		c.expect(wLParen, isString)
		d.Headers, d.Header = true, strings.TrimSpace(c.str(nothing))
		c.expect(wRParen, nothing)
		if d.Header == "" {
			c.fault(i, "Header column must have a non-empty header key name defined")
		}
		if d.Type.Kind != Bytes {
			c.fault(i, "Invalid type for HEADER('%s') column: expected BYTES, got %s", d.Header, d.Type)
		}
	}
	return d
}

// checkColumns refuses doubled names and header columns that overlap.
func (c *cursor) checkColumns(tok int, cols []ColumnDef) {
	var doubled []string
	seen := map[string]int{}
	all := false
	keys := map[string]bool{}
	for _, d := range cols {
		if seen[d.Name]++; seen[d.Name] == 2 {
			doubled = append(doubled, "`"+d.Name+"`")
		}
		if !d.Headers {
			continue
		}
		switch {
		case all:
			c.fault(tok, "Schema already contains a HEADERS column.")
		case keys[d.Header]:
			c.fault(tok, "Schema already contains a HEADER('%s') column.", d.Header)
		case d.Header == "":
			all = true
		}
		keys[d.Header] = true
	}
	if doubled != nil {
		c.fault(tok, "Duplicate column names: %s", strings.Join(doubled, ", "))
	}
}

// window reads what follows WINDOW.
func (c *cursor) window() *Window {
	w := &Window{At: At{Pos(c.cur().off)}}
	if c.cur().kind == identToken {
		w.Name = c.name(c.p)
		c.p++
	}
	switch {
	case c.accept(wTumbling):
		w.Kind = Tumbling
		c.expect(wLParen, nothing)
		c.expect(wSize, token.number)
		w.Size = c.duration("WINDOW")
	case c.accept(wHopping):
		w.Kind = Hopping
		c.expect(wLParen, nothing)
		c.expect(wSize, token.number)
		w.Size = c.duration("WINDOW")
		c.expect(wComma, nothing)
		c.expect(wAdvance, nothing)
		c.expect(wBy, token.number)
		w.Advance = c.duration("WINDOW")
	case c.accept(wSession):
		w.Kind = Session
		c.expect(wLParen, token.number)
		w.Size = c.duration("WINDOW")
	default:
		if w.Name != "" {
			c.choice(wTumbling, wHopping, wSession)
		}
		c.choice(wTumbling, wHopping, wSession, wIdentToken)
	}
	if c.at(wComma) && c.peek(1).word == wRetention {
		c.p += 2
		d := c.duration("RETENTION")
		w.Retention = &d
	}
	if c.accept(wComma) {
		if w.Grace = c.grace(); w.Grace == nil {
			c.miss(wGrace, nothing)
		}
	}
	c.expect(wRParen, nothing)
	return w
}

func (c *cursor) grace() *Duration {
	if !c.accept(wGrace) {
		return nil
	}
	c.expect(wPeriod, token.number)
	d := c.duration("GRACE PERIOD")
	return &d
}

// within reads what follows WITHIN.
func (c *cursor) within() *Within {
	w := &Within{}
	if c.accept(wLParen) {
		w.Pair = true
		w.Before = c.duration("WITHIN")
		c.expect(wComma, token.number)
		w.After = c.duration("WITHIN")
		c.expect(wRParen, nothing)
	} else {
		w.Before = c.duration("WITHIN")
		w.After = w.Before
	}
	w.Grace = c.grace()
	return w
}
