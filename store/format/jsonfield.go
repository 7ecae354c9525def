package format

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/json"
)

// jsonField is a place for a value: a column, a field of a STRUCT, an item of an ARRAY or MAP.
type jsonField struct {
	name   string
	prefix string // "name": as it is written
	lead   string // prefix behind the brace or comma
	typ    sql.Type
	kind   sql.Kind
	item   *jsonField  // of ARRAY and MAP
	rec    *jsonRecord // of STRUCT
}

// jsonRecord is an object with named fields, and what was learnt of the objects read so far.
type jsonRecord struct {
	fields []jsonField
	byName map[string]int
	// twins: two fields have names that are equal in upper case, so one JSON name may feed both.
	twins bool
	known map[string]*jsonName // by the text of the name with quotes and colon
	order []*jsonName          // the name that stood at each place of the last object
}

// jsonName is a name seen in the data.
type jsonName struct {
	text  string // with quotes and colon
	field int    // -1: no field of ours
	// The first and the last eight bytes of a text of at most 16, which are all of it, for two comparisons of
	// words instead of a call; of a shorter one than 8, the bytes and a mask.
	first, last, mask uint64
}

func newName(text string, field int) *jsonName {
	n := &jsonName{text: text, field: field}
	var w [8]byte
	copy(w[:], text)
	n.first = binary.LittleEndian.Uint64(w[:])
	if len(text) >= 8 {
		n.mask = ^uint64(0)
		n.last = binary.LittleEndian.Uint64([]byte(text[len(text)-8:]))
	} else {
		n.mask = 1<<(8*len(text)) - 1
	}
	return n
}

// at reports whether the name stands at p.
func (n *jsonName) at(b []byte, p int) bool {
	t := len(n.text)
	if len(b)-p < 16 || t > 16 {
		return len(b)-p >= t && string(b[p:p+t]) == n.text
	}
	if binary.LittleEndian.Uint64(b[p:])&n.mask != n.first {
		return false
	}
	return t <= 8 || binary.LittleEndian.Uint64(b[p+t-8:]) == n.last
}

// maxKnown is how many names a record remembers; data that makes its names up must not fill the memory.
const maxKnown = 1024

func newField(f sql.Field) jsonField {
	j := jsonField{name: f.Name, typ: f.Type, kind: f.Type.Kind}
	j.prefix = string(json.AppendQuoted(nil, []byte(f.Name))) + ":"
	switch f.Type.Kind {
	case sql.Array, sql.Map:
		e := newField(sql.Field{Type: *f.Type.Elem})
		j.item = &e
	case sql.Struct:
		j.rec = newRecord(f.Type.Fields)
	}
	return j
}

func newRecord(fields []sql.Field) *jsonRecord {
	n := len(fields)
	r := &jsonRecord{byName: make(map[string]int, n), known: make(map[string]*jsonName, n), order: make([]*jsonName, 0, n)}
	r.fields = slices.Grow(r.fields, n)
	upper := make(map[string]bool, n)
	for i, f := range fields {
		r.fields = append(r.fields, newField(f))
		r.fields[i].lead = "," + r.fields[i].prefix
		if i == 0 {
			r.fields[i].lead = "{" + r.fields[i].prefix
		}
		r.byName[f.Name] = i
		u := strings.ToUpper(f.Name)
		r.twins = r.twins || upper[u]
		upper[u] = true
		n := newName(r.fields[i].prefix, i)
		r.known[n.text] = n
		r.order = append(r.order, n)
	}
	return r
}

// find is ksqlDB's lookup: the exact name, else the upper-case form of the JSON name.
func (r *jsonRecord) find(key string) int {
	if i, ok := r.byName[key]; ok {
		return i
	}
	if i, ok := r.byName[strings.ToUpper(key)]; ok {
		return i
	}
	return -1
}
