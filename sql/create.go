package sql

// create reads what starts with CREATE.
func (p *parser) create(at At) Statement {
	p.predict = true
	p.p++
	replace := p.accept(wOr)
	if replace {
		p.expect(wReplace, nothing)
	}
	if !replace {
		switch {
		case (p.cur().word == wSink || p.cur().word == wSource) && p.peek(1).word == wConnector:
			return p.createConnector(at)
		case p.accept(wType):
			p.predict = false
			s := &CreateType{At: at, IfNotExists: p.ifNotExists(), Name: p.named()}
			p.expect(wAs, isName)
			s.Type = p.typeName()
			return s
		}
	}
	readOnly := p.accept(wSource)
	kind := p.sourceKind()
	absent := p.ifNotExists()
	name := p.sourceName()
	if p.at(wLParen) || readOnly {
		p.predict = false
	}
	s := &CreateSource{At: at, Kind: kind, OrReplace: replace, ReadOnly: readOnly, IfNotExists: absent, Name: name}
	s.Elements = p.columns()
	s.With = p.with(false)
	p.predict = false
	p.checkKeys(s)
	first := p.p
	if s.Elements != nil || readOnly || !p.accept(wAs) {
		return s
	}
	out := &CreateAs{At: at, Kind: kind, OrReplace: replace, IfNotExists: absent, Name: name, With: s.With, Query: p.query()}
	if out.Query.Limit != nil {
		p.fault(first, "CREATE %s AS SELECT statements don't support LIMIT clause.", kind)
	}
	return out
}

func (p *parser) createConnector(at At) Statement {
	s := &CreateConnector{At: at, Sink: p.cur().word == wSink}
	p.p += 2
	p.predict = false
	s.IfNotExists = p.ifNotExists()
	s.Name = p.named()
	p.expect(wWith, func(t token) bool { return t.word == wLParen })
	s.With = p.props(true)
	return s
}

// checkKeys wants PRIMARY KEY in tables and KEY in streams.
func (p *parser) checkKeys(s *CreateSource) {
	for _, d := range s.Elements {
		msg := ""
		switch {
		case s.Kind == TableKind && d.Key:
			msg = "a 'KEY' column: please use 'PRIMARY KEY' for tables."
		case s.Kind == StreamKind && d.Primary:
			msg = "a 'PRIMARY KEY' column: please use 'KEY' for streams."
		default:
			continue
		}
		i := p.tokenAt(d.Offset)
		p.note(i, p.location(i)+": Column `"+d.Name+"` is "+msg+
			"\nTables have PRIMARY KEYs, which are unique and NON NULL."+
			"\nStreams have KEYs, which have no uniqueness or NON NULL constraints.")
	}
}

// tokenAt is the token that starts at an offset of the current statement.
func (p *parser) tokenAt(off Pos) int {
	for i := p.first; i < len(p.toks); i++ {
		if p.toks[i].off == int32(off) {
			return i
		}
	}
	return p.first
}
