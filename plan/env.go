package plan

import (
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/property"
)

// Properties that planning reads.
const (
	defaultKeyFormat   = "ksql.persistence.default.format.key"
	defaultValueFormat = "ksql.persistence.default.format.value"
)

// Env is what planning may ask of its surroundings. Functions must be set; the others may be nil.
type Env struct {
	Functions *fn.Set
	Props     map[string]string                           // session properties (overrides), as strings
	Topic     func(name string) (partitions int, ok bool) // does the topic exist; nil: every topic does
	Const     func(e Expr) (any, error)                   // evaluates a bound expression without columns
	ReadOnly  func(topic string) bool                     // may only the system write, make and delete the topic; nil: none
	Unions    func(name string) []string                  // the streams whose rows a name that is no source's stands for; nil: SQL has no UNION yet, only tests do
	NextQuery int                                         // number of the next persistent query
	Named     map[string]sql.Type                         // takes the custom types that the statement names, with what they stand for; nil: nobody asks
	Ended     func() error                                // why planning is to be given up, looked at once in a while; nil: nobody does
	Request   string                                      // the whole text the statement stands in, for places in errors; empty: the statement alone

	rounds int // of planning, so far
}

// check gives planning up when nobody wants it any more.
func (e *Env) check() {
	if e.rounds++; e.rounds%checkEvery == 0 && e.Ended != nil {
		if err := e.Ended(); err != nil {
			panic(givenUp{err})
		}
	}
}

// checkEvery is the expressions between two looks at Ended.
const checkEvery = 64

// givenUp is what check panics with.
type givenUp struct{ error }

// given recovers what check panicked with.
func given(err *error) {
	switch r := recover().(type) {
	case nil:
	case givenUp:
		*err = r.error
	default:
		panic(r)
	}
}

// named finds custom types, and notes which were asked for.
func (e *Env) named(c *Catalog) func(string) (sql.Type, bool) {
	if e.Named == nil {
		return c.Type
	}
	return func(name string) (sql.Type, bool) {
		t, ok := c.Type(name)
		if ok {
			e.Named[name] = t
		}
		return t, ok
	}
}

// Prop is a session property, or its default. Names may stand without their ksql.streams. prefix.
func (e *Env) Prop(name string) string { return property.Value(e.Props, name) }

// enabled is a switch among the properties.
func (e *Env) enabled(name string) bool { return property.On(e.Props, name) }

func (e *Env) readOnly(topic string) bool { return e.ReadOnly != nil && e.ReadOnly(topic) }

func (e *Env) topic(name string) (int, bool) {
	if e.Topic == nil {
		return 0, true
	}
	return e.Topic(name)
}

// place is the line and column, from 1, of an offset in the request.
func (e *Env) place(at sql.Pos, statement string) (line, col int) {
	text := e.Request
	if text == "" {
		text, at = statement, 0
	}
	before := text[:min(int(at), len(text))]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
}
