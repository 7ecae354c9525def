package fn

import (
	"errors"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/document"
	"github.com/ksqlgo/ksql/sql/vec"
)

const catJSON = "JSON"

func jsonFuncs() []Func {
	strs := []sql.Type{sql.TString, sql.TString}
	texts := sql.ArrayOf(sql.TString)
	// perDoc is a variant with a document of its own to parse into.
	perDoc := func(sig string, types []sql.Type, returns sql.Type, f func(d *document.Doc, c *Call, i int, out *vec.Vec) error) Variant {
		return PerSite(func(s Site) Variant {
			d := document.New(s.Stop)
			return FnRow(sig, types, returns, func(c *Call, i int, out *vec.Vec) error { return f(&d, c, i, out) })
		})
	}
	concat := PerSite(func(s Site) Variant {
		j := joiner{stop: s.Stop}
		return FnRow("jsonStrings: the documents", strs[:1], sql.TString, j.concat)
	})
	concat.Variadic = 1
	one := func(v Variant) []Variant { return []Variant{v} }
	return []Func{
		{Name: "EXTRACTJSONFIELD", Declared: "extractjsonfield", Category: catJSON,
			Doc: "Gives the part of a JSON document that a path such as $.a.b[0] leads to.",
			Variants: one(PerSite(func(s Site) Variant {
				d := document.New(s.Stop)
				path := Cached(document.Path)
				return FnRow("input: the document; path: the way to the part", strs, sql.TString, func(c *Call, i int, out *vec.Vec) error {
					return extract(&d, path, c, i, out)
				})
			}))},
		{Name: "IS_JSON_STRING", Category: catJSON, Author: confluent, Doc: "Says whether a text is JSON.",
			Variants: one(perDoc("input: the text", strs[:1], sql.TBoolean, func(d *document.Doc, c *Call, i int, out *vec.Vec) error {
				out.AppendBool(!c.Args[0].IsNull(i) && d.Parse(c.Args[0].Str(i)) == nil && !d.Empty())
				return nil
			}))},
		{Name: "JSON_ARRAY_LENGTH", Category: catJSON, Author: confluent, Doc: "Counts the items of a JSON array.",
			Variants: one(perDoc("jsonArray: the array", strs[:1], sql.TInteger, func(d *document.Doc, c *Call, i int, out *vec.Vec) error {
				if err := openDoc(d, c, i, '['); err != nil {
					return err
				}
				out.AppendI32(int32(d.Size(0)))
				return nil
			}))},
		{Name: "JSON_ARRAY_CONTAINS", Category: catJSON, Author: confluent, Doc: "Says whether a JSON array holds a value.",
			Variants: one(perDoc("jsonArray: the array; val: what to look for", []sql.Type{sql.TString, tvar("T")}, sql.TBoolean, jsonContains))},
		{Name: "JSON_KEYS", Category: catJSON, Author: confluent, Doc: "Gives the keys of a JSON object.",
			Variants: one(perDoc("jsonObj: the object", strs[:1], texts, func(d *document.Doc, c *Call, i int, out *vec.Vec) error {
				if err := openDoc(d, c, i, '{'); err != nil {
					return err
				}
				d.Members(0, func(key, _ int) { out.Kids[0].AppendString(d.Text(key)) })
				out.EndList()
				return nil
			}))},
		{Name: "JSON_RECORDS", Category: catJSON, Author: confluent, Doc: "Makes a map of the members of a JSON object.",
			Variants: one(perDoc("jsonObj: the object", strs[:1], sql.MapOf(sql.TString, sql.TString), func(d *document.Doc, c *Call, i int, out *vec.Vec) error {
				if err := openDoc(d, c, i, '{'); err != nil {
					return err
				}
				n := 0
				d.Members(0, func(key, value int) {
					out.Kids[0].AppendString(d.Text(key))
					appendPart(d, out.Kids[1], value)
					n++
				})
				out.EndMap(vec.MapCapacity(n))
				return nil
			}))},
		{Name: "JSON_ITEMS", Category: catJSON, Author: confluent, Doc: "Makes an array of the items of a JSON array, each as JSON.",
			Variants: one(perDoc("jsonItems: the array", strs[:1], texts, jsonItems))},
		{Name: "JSON_CONCAT", Category: catJSON, Author: confluent, Doc: "Merges JSON objects, or appends JSON arrays and other values.",
			Variants: one(concat)},
		{Name: "TO_JSON_STRING", Category: catJSON, Author: confluent, Doc: "Writes any value as JSON.",
			Variants: one(PerSite(func(Site) Variant {
				var buf []byte
				return FnRow("input: the value", []sql.Type{tvar("T")}, sql.TString, func(c *Call, i int, out *vec.Vec) error {
					var err error
					if buf, err = appendJSON(buf[:0], c.Args[0], i); err == nil {
						out.AppendBytes(buf)
					}
					return err
				})
			}))},
	}
}

// openDoc parses the first argument. It is ErrNull when that is null, blank or not of that kind.
func openDoc(d *document.Doc, c *Call, i int, kind byte) error {
	if c.Args[0].IsNull(i) {
		return ErrNull
	}
	if err := d.Parse(c.Args[0].Str(i)); err != nil {
		return err
	}
	if d.Empty() || d.Kind(0) != kind {
		return ErrNull
	}
	return nil
}

// appendPart appends a value to a STRING column: text as it is, all else as JSON.
func appendPart(d *document.Doc, out *vec.Vec, i int) {
	if d.Kind(i) == '"' {
		out.Data = d.AppendText(out.Data, i)
	} else {
		out.Data = d.Print(out.Data, i, false)
	}
	out.EndBytes()
}

func extract(d *document.Doc, path func(string) ([]string, error), c *Call, i int, out *vec.Vec) error {
	doc, p := c.Args[0], c.Args[1]
	if doc.IsNull(i) || p.IsNull(i) {
		return ErrNull
	}
	steps, err := path(p.Str(i))
	if err != nil {
		return err
	}
	if err := d.Parse(doc.Str(i)); err != nil {
		return err
	}
	if d.Empty() {
		if len(steps) > 0 {
			return ErrNull
		}
		out.EndBytes()
		return nil
	}
	at := 0
	for _, s := range steps {
		switch d.Kind(at) {
		case '{':
			at = d.Member(at, s)
		case '[':
			n, err := strconv.ParseInt(s, 10, 32)
			if err != nil {
				return ErrNull
			}
			at = d.Item(at, int(n))
		default:
			return ErrNull
		}
		if at < 0 {
			return ErrNull
		}
	}
	appendPart(d, out, at)
	return nil
}

func jsonItems(d *document.Doc, c *Call, i int, out *vec.Vec) error {
	if c.Args[0].IsNull(i) {
		return ErrNull
	}
	if err := d.Parse(c.Args[0].Str(i)); err != nil {
		return err
	}
	if d.Empty() || d.Kind(0) != '[' {
		return errors.New("JSON_ITEMS needs a JSON array")
	}
	texts := out.Kids[0]
	for k := range d.Items(0) {
		texts.Data = d.Print(texts.Data, k, false)
		texts.EndBytes()
	}
	out.EndList()
	return nil
}

// jsonContains reads the array item by item and stops at the hit, as ksqlDB does: what follows may be anything.
func jsonContains(d *document.Doc, c *Call, i int, out *vec.Vec) error {
	if c.Args[0].IsNull(i) {
		return errors.New("JSON_ARRAY_CONTAINS needs an array")
	}
	out.AppendBool(contains(d, c.Args[0].Str(i), c.Args[1], i))
	return nil
}

func contains(d *document.Doc, src string, v *vec.Vec, i int) bool {
	found := false
	d.Stream(src, func() bool {
		hit, broken := equals(d, v, i)
		found = hit
		return !hit && !broken
	})
	return found
}

// equals compares node 0 with a value of the same kind. broken says that the number is none of that type.
func equals(d *document.Doc, v *vec.Vec, i int) (hit, broken bool) {
	kind := d.Kind(0)
	if v.IsNull(i) {
		return kind == 'n', false
	}
	switch v.Type.Kind {
	case sql.Boolean:
		return v.Bool[i] && kind == 't' || !v.Bool[i] && kind == 'f', false
	case sql.Integer:
		if kind == '0' {
			x, err := strconv.ParseInt(d.Raw(0), 10, 32)
			return err == nil && int32(x) == v.I32[i], err != nil
		}
	case sql.Bigint:
		if kind == '0' {
			x, err := strconv.ParseInt(d.Raw(0), 10, 64)
			return err == nil && x == v.I64[i], err != nil
		}
	case sql.Double:
		if kind == '.' {
			x, _ := strconv.ParseFloat(d.Raw(0), 64)
			return vec.CompareDouble(x, v.F64[i]) == 0, false
		}
	case sql.String:
		return kind == '"' && d.Text(0) == v.Str(i), false
	}
	return false, false
}

// joiner is JSON_CONCAT.
type joiner struct {
	docs []document.Doc
	stop *Stop
}

func (j *joiner) concat(c *Call, i int, out *vec.Vec) error {
	if len(c.Args) == 0 {
		return errors.New("JSON_CONCAT needs an argument")
	}
	for len(j.docs) < len(c.Args) {
		j.docs = append(j.docs, document.New(j.stop))
	}
	docs := j.docs[:len(c.Args)]
	objects := true
	missing := false
	for k, a := range c.Args {
		if a.IsNull(i) {
			return ErrNull
		}
		if err := docs[k].Parse(a.Str(i)); err != nil {
			return err
		}
		if docs[k].Empty() {
			missing = true
		} else if docs[k].Kind(0) != '{' {
			objects = false
		}
	}
	switch {
	case missing:
		return ErrNull
	case len(docs) == 1:
		out.Data = docs[0].Print(out.Data, 0, true)
	case objects:
		out.Data = mergeObjects(out.Data, docs)
	default:
		out.Data = joinArrays(out.Data, docs)
	}
	out.EndBytes()
	return nil
}

// mergeObjects appends an object of all members; a later one takes the place of one of the same name.
func mergeObjects(dst []byte, docs []document.Doc) []byte {
	type value struct{ doc, node int }
	var keys []string
	values := map[string]value{}
	for k := range docs {
		docs[k].Members(0, func(key, node int) {
			name := docs[k].Text(key)
			if _, ok := values[name]; !ok {
				keys = append(keys, name)
			}
			values[name] = value{k, node}
		})
	}
	dst = append(dst, '{')
	for n, name := range keys {
		if n > 0 {
			dst = append(dst, ',')
		}
		v := values[name]
		dst = docs[v.doc].Print(append(document.AppendQuoted(dst, name), ':'), v.node, true)
	}
	return append(dst, '}')
}

// joinArrays appends an array of all items; what is no array is an item.
func joinArrays(dst []byte, docs []document.Doc) []byte {
	dst = append(dst, '[')
	first := true
	add := func(d *document.Doc, node int) {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = d.Print(dst, node, true)
	}
	for k := range docs {
		d := &docs[k]
		if d.Kind(0) != '[' {
			add(d, 0)
			continue
		}
		for n := range d.Items(0) {
			add(d, n)
		}
	}
	return append(dst, ']')
}
