package plan

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Print says what the state of a step rests on, in canonical text. Directories hold prints: a form of text that is
// written here never changes. What is to be said otherwise gets another word.
type Print struct {
	Step  string   // its inputs, keys and window
	Cells []string // one for each cell; of remembered rows one for each column
	Open  bool     // more cells may follow: columns that earlier rows do not have are null
}

// Print is that of its groups.
func (a *Aggregate) Print() (p Print, err error) {
	if p.Step, err = stepText("groups of a "+shapeWord(a.In.Out().Shape), a.Schema[:a.Groups], a.Window); err != nil {
		return p, err
	}
	for _, c := range a.Calls {
		text, err := callText(&c)
		if err != nil {
			return p, fmt.Errorf("%s: %w", c.Func.Name, err)
		}
		p.Cells = append(p.Cells, text)
	}
	return p, nil
}

// callText is an aggregate function with all that its state rests on.
func callText(c *AggCall) (string, error) {
	b := []byte(c.Func.Name + "(")
	var bad error
	add := func(t sql.Type) {
		text, err := t.MarshalText()
		b, bad = append(b, text...), errors.Join(bad, err)
	}
	for i, t := range c.Site.Args {
		if i > 0 {
			b = append(b, ", "...)
		}
		add(t)
		if i < len(c.Site.Lits) && c.Site.Lits[i] != nil {
			x, err := literalText(c.Site.Lits[i])
			b, bad = append(b, " = "+x...), errors.Join(bad, err)
		}
	}
	b = append(b, ") "...)
	add(c.Site.Returns)
	if c.Variant.State != nil {
		b = append(b, " from "...)
		add(c.Variant.State(c.Site.Args))
	}
	return string(b), bad
}

// Print is that of whole rows. Columns may be added at the end of them.
func (s *Latest) Print() (p Print, err error) {
	p.Open = true
	if p.Step, err = stepText("rows", s.Schema[:s.Schema.Keys()], s.Window); err != nil {
		return p, err
	}
	for _, i := range s.Kept() {
		text, err := s.Schema[i : i+1].MarshalText()
		if err != nil {
			return p, err
		}
		p.Cells = append(p.Cells, string(text))
	}
	return p, nil
}

// Print is that of the time that it remembers.
func (*Sink) Print() (Print, error) { return Print{Step: "clock of a sink"}, nil }

func shapeWord(s Shape) string {
	if s == sql.TableKind {
		return "table"
	}
	return "stream"
}

func stepText(what string, keys sql.Schema, w *Window) (string, error) {
	text, err := keys.MarshalText()
	return what + " by (" + string(text) + ")" + windowText(w), err
}

func windowText(w *Window) string {
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
		return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`, nil
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
