package format

import (
	"errors"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

type jsonCodec struct {
	spec Spec
	rec  *jsonRecord

	b       []byte // the record being read
	careful bool   // objects are read in two passes: first all names, then the values that count
	scratch []*vec.Vec
	stamp   uint64
	mark    []uint64 // by column that nobody reads: the stamp of the row in which it stood
	tmp     []byte
	recoded []byte // the record being read in UTF-8, when it came in another encoding
	depth   int
	base    int
}

func openJSON(s Spec) (Codec, error) {
	if s.Unwrapped && len(s.Columns) > 1 {
		return nil, errors.New("'WRAP_SINGLE_VALUE' is only valid for single-field value schemas")
	}
	s.Unwrapped = s.Unwrapped && len(s.Columns) == 1
	return &jsonCodec{spec: s, rec: newRecord(s.Columns), mark: make([]uint64, len(s.Columns)), scratch: make([]*vec.Vec, len(s.Columns))}, nil
}

var (
	errAgain  = errors.New("format: read the row with care")
	errSyntax = errors.New("malformed JSON")
)

// Decode implements Codec.
func (c *jsonCodec) Decode(src []byte, at []store.Span, out []*vec.Vec, fail func(int, error), null func(int)) {
	base := rows(out)
	for row, s := range at {
		if s.Len < 0 {
			nullRow(out)
			if null != nil {
				null(row)
			}
			continue
		}
		c.b = src[s.Off : s.Off+s.Len : s.Off+s.Len]
		c.base = base + row
		if err := c.row(out); err != nil {
			if err = c.retry(out); err != nil {
				truncate(out, c.base)
				nullRow(out)
				if fail != nil {
					fail(row, c.spec.unreadable(err))
				}
			}
		}
	}
	c.b = nil
}

// retry reads a row again that could not be read: perhaps it is not in UTF-8, perhaps it wants care.
func (c *jsonCodec) retry(out []*vec.Vec) error {
	truncate(out, c.base)
	text, ok, err := recode(c.recoded[:0], c.b)
	if err != nil {
		return err
	}
	c.recoded = text
	if ok {
		c.b = text
		if err := c.row(out); err == nil {
			return nil
		}
		truncate(out, c.base)
	}
	c.careful = true
	err = c.row(out)
	c.careful = false
	return err
}

func (c *jsonCodec) row(out []*vec.Vec) error {
	p := json.Blank(c.b, 0)
	if c.spec.Unwrapped {
		v := out[0]
		if v == nil {
			v = c.spare(0)
		}
		p, err := c.value(p, &c.rec.fields[0], v)
		if err == nil && p < len(c.b) && c.b[p-1]-'0' <= 9 && json.Blank(c.b, p) == p {
			return errSyntax // a number must end where it ends
		}
		return err
	}
	if p >= len(c.b) {
		return errSyntax
	}
	if c.b[p] != '{' {
		if json.Skip(c.b, p, 0) < 0 {
			return errSyntax
		}
		return mismatch(c.b, p, typeText(sql.StructOf(c.spec.Columns...)))
	}
	c.stamp++
	_, err := c.object(p+1, c.rec, out, c.base)
	return err
}

// object reads the object whose first byte behind the brace is at p into row n of cols. It stands apart from
// value because it is nearly all that wide flat records need.
func (c *jsonCodec) object(p int, r *jsonRecord, cols []*vec.Vec, n int) (int, error) {
	if c.careful || r.twins {
		return c.objectCareful(p, r, cols, n)
	}
	b := c.b
	set := 0
	p = json.Blank(b, p)
	if p < len(b) && b[p] == '}' {
		return c.rest(p, r, cols, n, 0)
	}
	for k := 0; ; k++ {
		var name *jsonName
		if k < len(r.order) {
			if name = r.order[k]; name.at(b, p) {
				p += len(name.text)
			} else {
				name = nil
			}
		}
		field := -1
		if name != nil {
			field = name.field
		} else {
			if p >= len(b) || b[p] != '"' {
				return 0, errSyntax
			}
			if p, field = c.learn(p, r, k); p < 0 {
				return 0, errSyntax
			}
		}
		if p < len(b) && b[p] <= ' ' {
			p = json.Blank(b, p)
		}
		if p >= len(b) {
			return 0, errSyntax
		}
		if field < 0 {
			if p = json.Skip(b, p, c.depth); p < 0 {
				return 0, errSyntax
			}
		} else {
			f := &r.fields[field]
			v := cols[field]
			if v == nil {
				var err error
				if p, err = c.unread(p, field); err != nil {
					return 0, err
				}
				goto next
			}
			if v.N != n {
				return 0, errAgain // it stood before: which one counts takes care
			}
			set++
			switch f.kind {
			case sql.Bigint, sql.Timestamp:
				if x, e := json.SmallInt(b, p); e > 0 {
					v.AppendI64(x)
					p = e
					goto next
				}
			case sql.String:
				if b[p] == '"' {
					e := json.TextEnd(b, p+1)
					if e > 0 && b[e] == '"' {
						v.AppendBytes(b[p+1 : e])
						p = e + 1
						goto next
					}
				}
			}
			var err error
			if p, err = c.value(p, f, v); err != nil {
				return 0, err
			}
		}
	next:
		if p < len(b) && b[p] <= ' ' {
			p = json.Blank(b, p)
		}
		if p >= len(b) {
			return 0, errSyntax
		}
		if b[p] == ',' {
			if p++; p < len(b) && b[p] <= ' ' {
				p = json.Blank(b, p)
			}
			continue
		}
		if b[p] == '}' {
			return c.rest(p, r, cols, n, set)
		}
		return 0, errSyntax
	}
}

// rest ends the object at p: fields that did not stand in it are null.
func (c *jsonCodec) rest(p int, r *jsonRecord, cols []*vec.Vec, n, set int) (int, error) {
	if set != len(r.fields) {
		for _, v := range cols {
			if v != nil && v.N == n {
				v.AppendNull()
			}
		}
	}
	return p + 1, nil
}

// learn reads the name at p, which is not the one expected at place k, and gives the position behind its colon.
func (c *jsonCodec) learn(p int, r *jsonRecord, k int) (int, int) {
	b := c.b
	e := json.SkipText(b, p+1)
	if e < 0 {
		return -1, 0
	}
	text := b[p:e]
	q := json.Blank(b, e)
	if q >= len(b) || b[q] != ':' {
		return -1, 0
	}
	if q == e {
		text = b[p : e+1]
	} else {
		c.tmp = append(append(c.tmp[:0], text...), ':')
		text = c.tmp
	}
	name := r.known[string(text)]
	if name == nil {
		key, _ := json.AppendText(nil, b, p+1)
		name = newName(string(text), r.find(string(key)))
		if len(r.known) < maxKnown {
			r.known[name.text] = name
		}
	}
	if k < len(r.order) {
		r.order[k] = name
	} else if k < maxKnown && k == len(r.order) {
		r.order = append(r.order, name)
	}
	return q + 1, name.field
}

// unread passes over the value of a column that nobody reads; a value that does not fit its type still makes the
// row unreadable.
func (c *jsonCodec) unread(p, field int) (int, error) {
	if c.mark[field] == c.stamp {
		return 0, errAgain
	}
	c.mark[field] = c.stamp
	b := c.b
	f := &c.rec.fields[field]
	fits := b[p] == 'n'
	switch f.kind {
	case sql.String:
		if b[p] == '"' {
			if e := json.TextEnd(b, p+1); e > 0 && b[e] == '"' {
				return e + 1, nil
			}
		}
		fits = fits || b[p] != '[' && b[p] != '{'
	case sql.Integer, sql.Bigint, sql.Double, sql.Date, sql.Timestamp:
		if _, e := json.SmallInt(b, p); e > 0 {
			return e, nil
		}
		fits = fits || b[p] == '-' || b[p]-'0' <= 9
	case sql.Boolean:
		fits = fits || b[p] == 't' || b[p] == 'f'
	}
	if fits {
		if p = json.Skip(b, p, c.depth); p < 0 {
			return 0, errSyntax
		}
		return p, nil
	}
	return c.value(p, f, c.spare(field))
}

// spare is an empty column for values that are only checked.
func (c *jsonCodec) spare(field int) *vec.Vec {
	if c.scratch[field] == nil {
		c.scratch[field] = vec.New(c.rec.fields[field].typ)
	}
	c.scratch[field].Truncate(0)
	return c.scratch[field]
}

// objectCareful reads all names first, then decodes for each field the value that counts: the last one under the
// exact name, else the last one whose name in upper case is the field's.
func (c *jsonCodec) objectCareful(p int, r *jsonRecord, cols []*vec.Vec, n int) (int, error) {
	const absent = -1
	type place struct{ exact, upper int }
	at := make([]place, len(r.fields))
	for i := range at {
		at[i] = place{absent, absent}
	}
	p, err := c.members(p, func(key string, p int) {
		if i, ok := r.byName[key]; ok {
			at[i].exact = p
		}
		if i, ok := r.byName[strings.ToUpper(key)]; ok {
			at[i].upper = p
		}
	})
	if err != nil {
		return 0, err
	}
	for i := range r.fields {
		pos := at[i].exact
		if pos == absent {
			pos = at[i].upper
		}
		v := cols[i]
		if v == nil {
			v = c.spare(i)
		}
		if pos == absent {
			v.AppendNull()
			continue
		}
		if _, err := c.value(pos, &r.fields[i], v); err != nil {
			return 0, within(err, "."+r.fields[i].name)
		}
	}
	return p, nil
}

// members calls each with the name and the place of the value of every member of the object whose first byte is at
// p, and gives the position behind the object.
func (c *jsonCodec) members(p int, each func(key string, p int)) (int, error) {
	b := c.b
	p = json.Blank(b, p)
	if p < len(b) && b[p] == '}' {
		return p + 1, nil
	}
	for {
		if p >= len(b) || b[p] != '"' {
			return 0, errSyntax
		}
		key, q := json.AppendText(nil, b, p+1)
		if p = json.Colon(b, q); p < 0 {
			return 0, errSyntax
		}
		each(string(key), p)
		if p = json.Skip(b, p, c.depth); p < 0 {
			return 0, errSyntax
		}
		p = json.Blank(b, p)
		if p >= len(b) {
			return 0, errSyntax
		}
		if b[p] == '}' {
			return p + 1, nil
		}
		if b[p] != ',' {
			return 0, errSyntax
		}
		p = json.Blank(b, p+1)
	}
}
