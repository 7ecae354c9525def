package exec

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/vec"
)

// candidate is a format that bytes may be in.
type candidate struct {
	name string
	text func([]byte) (string, bool)
}

// candidates are the formats in the order of their precedence; for keys, windowed ones come first.
var candidates = func() []candidate {
	plain := []candidate{{"JSON", printJSON}, {"KAFKA_INT", printInt}, {"KAFKA_BIGINT", printBigint}, {"KAFKA_DOUBLE", printDouble}, {"KAFKA_STRING", printString}}
	var out []candidate
	for _, c := range plain {
		out = append(out,
			candidate{"SESSION(" + c.name + ")", windowed(c.text, 16)}, candidate{"TUMBLING(" + c.name + ")", windowed(c.text, 8)}, c)
	}
	return out
}()

// guess is the candidates of one side that have fitted everything so far.
type guess struct {
	some bool
	out  [15]bool // of candidates: has failed
}

func (g *guess) see(b []byte, key bool) {
	if b == nil {
		return
	}
	g.some = true
	for i, c := range candidates {
		if g.out[i] {
			continue
		}
		if !key && strings.HasSuffix(c.name, ")") {
			g.out[i] = true
		} else if _, ok := c.text(b); !ok {
			g.out[i] = true
		}
	}
}

func (g *guess) names() string {
	if !g.some {
		return `¯\_(ツ)_/¯ - no data processed`
	}
	var out []string
	for i, c := range candidates {
		if !g.out[i] {
			out = append(out, c.name)
		}
	}
	if len(out) == 0 {
		return "does not match any supported format. It may be a STRING with encoding other than UTF8, or some other format."
	}
	return strings.Join(out, " or ")
}

func (g *guess) text(b []byte) string {
	if b == nil {
		return "<null>"
	}
	for i, c := range candidates {
		if !g.out[i] {
			if s, ok := c.text(b); ok {
				return s
			}
		}
	}
	var s strings.Builder
	for _, x := range b {
		if x >= 0x20 && x < 0x7f && x != '\\' {
			s.WriteByte(x)
		} else {
			fmt.Fprintf(&s, `\x%02X`, x)
		}
	}
	return s.String()
}

func printJSON(b []byte) (string, bool) {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return "", false
	}
	return out.String(), true
}

func printInt(b []byte) (string, bool) {
	if len(b) != 4 {
		return "", false
	}
	return strconv.Itoa(int(int32(binary.BigEndian.Uint32(b)))), true
}

func printBigint(b []byte) (string, bool) {
	if len(b) != 8 {
		return "", false
	}
	return strconv.FormatInt(int64(binary.BigEndian.Uint64(b)), 10), true
}

func printDouble(b []byte) (string, bool) {
	if len(b) != 8 {
		return "", false
	}
	return string(vec.AppendDouble(nil, math.Float64frombits(binary.BigEndian.Uint64(b)))), true
}

func printString(b []byte) (string, bool) { return string(b), len(b) > 0 && utf8.Valid(b) }

// windowed is the text of a key that ends with a window: its start, and its end for a session (16 bytes).
func windowed(text func([]byte) (string, bool), n int) func([]byte) (string, bool) {
	const last = 7258118400000 // the year 2200: text read as a time is far behind it
	return func(b []byte) (string, bool) {
		if len(b) <= n {
			return "", false
		}
		key, ok := text(b[:len(b)-n])
		var at [2]uint64
		for i := range n / 8 {
			at[i] = binary.BigEndian.Uint64(b[len(b)-n+8*i:])
			ok = ok && at[i] < last
		}
		if n == 8 {
			return fmt.Sprintf("[%s@%d/-]", key, at[0]), ok
		}
		// Kafka writes a session's end first.
		return fmt.Sprintf("[%s@%d/%d]", key, at[1], at[0]), ok && at[1] <= at[0]
	}
}
