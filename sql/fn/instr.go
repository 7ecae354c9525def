package fn

import (
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/meter"
	"github.com/ksqlgo/ksql/sql/vec"
)

func instr(s, sub Opt[string], pos, occurrence int32, work *meter.Meter) Opt[int32] {
	if !s.OK || !sub.OK || pos == 0 || occurrence < 1 {
		return Some(int32(0))
	}
	if pos == 1 && occurrence == 1 && s.V != "" && sub.V != "" && utf8.ValidString(sub.V) {
		i := strings.Index(s.V, sub.V)
		if i < 0 {
			return Some(int32(0))
		}
		return Some(int32(vec.UTF16Len(s.V[:i])) + 1)
	}
	text, find := vec.Units(nil, s.V), vec.Units(nil, sub.V)
	n := len(text)
	from := int64(pos)
	if from < 0 {
		from = -from
	}
	if from > int64(n) {
		return Some(int32(0))
	}
	if len(find) == 0 {
		if pos > 0 {
			return Some(pos)
		}
		return Some(int32(n + 2 - int(from)))
	}
	if pos < 0 {
		text, find = reversed(text), reversed(find)
	}
	at := int(from) - 1
	for ; at+len(find) <= n; at++ {
		work.Add(8 + len(find)/8)
		if !equalUnits(text[at:at+len(find)], find) {
			continue
		}
		if occurrence--; occurrence == 0 {
			if pos > 0 {
				return Some(int32(at + 1))
			}
			return Some(int32(n - at - len(find) + 1))
		}
	}
	return Some(int32(0))
}

func equalUnits(a, b []uint16) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// reversed is u backwards, except that the two halves of a character keep their order.
func reversed(u []uint16) []uint16 {
	out := make([]uint16, 0, len(u))
	for i := len(u) - 1; i >= 0; i-- {
		if i > 0 && chars.Low(u[i]) && chars.High(u[i-1]) {
			out = append(out, u[i-1], u[i])
			i--
			continue
		}
		out = append(out, u[i])
	}
	return out
}
