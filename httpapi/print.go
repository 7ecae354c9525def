package httpapi

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// print is PRINT: the raw records of a topic as lines of text, in the formats that fit all that was seen.
func (a *api) print(c *call, r *request, s *sql.Print, at endpoint) {
	ctx := c.r.Context()
	info, err := a.run.Log().Topic(ctx, s.Topic)
	if errors.Is(err, store.ErrNoTopic) {
		var topics map[string]store.TopicInfo
		if topics, err = a.run.Log().Topics(ctx); err == nil {
			err = noTopic(topics, s.Topic, at)
		}
	}
	if err != nil {
		c.fail(err, at, r.text)
		return
	}
	var tps []store.TP
	from := map[store.TP]int64{}
	for n := range info.Partitions {
		tps = append(tps, store.TP{Topic: s.Topic, Partition: n})
	}
	reset := r.props["auto.offset.reset"]
	if v, ok := r.props["ksql.streams.auto.offset.reset"]; ok {
		reset = v
	}
	if s.FromBeginning || reset == "earliest" {
		for _, tp := range tps {
			from[tp] = -1
		}
	} else if from, err = a.run.Log().Ends(ctx, tps); err != nil {
		c.fail(err, at, r.text)
		return
	}
	in, err := a.run.Log().Reader(ctx, from, nil)
	if err != nil {
		c.fail(err, at, r.text)
		return
	}
	defer in.Close()
	if at == atQuery {
		c.header(plain)
	} else {
		c.header("")
	}
	p := printer{formats: at == atQuery, every: max(s.Interval, 1), left: -1}
	if s.HasLimit {
		p.left = s.Limit
	}
	c.w.WriteHeader(200)
	c.flush()
	beat := time.Second
	if ms := a.limit("query.stream.disconnect.check"); ms != math.MaxInt32 && ms > 0 {
		beat = time.Duration(ms) * time.Millisecond
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for p.left != 0 {
		runs, err := in.Poll(1024)
		if err != nil {
			if !errors.Is(err, store.ErrClosed) {
				_, _ = c.w.Write([]byte(err.Error() + "\n"))
			}
			return
		}
		if len(runs) == 0 {
			select {
			case <-ctx.Done():
				return
			case <-a.run.Done():
				return
			case <-in.Ready():
			case <-tick.C:
				if at != atQuery {
					continue
				}
				if _, err := c.w.Write([]byte("\n")); err != nil { // a client that is gone shows
					return
				}
				c.flush()
			}
			continue
		}
		if _, err := c.w.Write(p.batch(runs)); err != nil {
			return
		}
		c.flush()
	}
}

func noTopic(topics map[string]store.TopicInfo, name string, at endpoint) *problem {
	if at == atStream {
		return generic(badStatement, "Topic does not exist: "+name)
	}
	msg := "Could not find topic '" + name + "', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive."
	hint := "\nDid you mean:"
	for _, t := range slices.Sorted(maps.Keys(topics)) {
		if strings.EqualFold(t, name) {
			msg += hint + "\n\tprint " + t + ";"
			hint = ""
		}
	}
	return generic(badRequest, msg)
}

// printer is one PRINT at work.
type printer struct {
	formats    bool // tell the candidates
	every      int
	seen, left int
	key, value guess
	told       [2]string
}

// batch is the text of some records. All of them are judged before the first is printed.
func (p *printer) batch(runs []store.Records) []byte {
	var out []byte
	for i := range runs {
		r := &runs[i]
		for n := range r.Len() {
			p.key.see(r.Key[n].Of(r.Bytes), true)
			p.value.see(r.Value[n].Of(r.Bytes), false)
		}
	}
	if p.formats {
		for i, g := range []*guess{&p.key, &p.value} {
			if s := g.names(); s != p.told[i] {
				p.told[i] = s
				out = append(out, [2]string{"Key format: ", "Value format: "}[i]+s+"\n"...)
			}
		}
	}
	for i := range runs {
		r := &runs[i]
		for n := range r.Len() {
			if p.left == 0 {
				return out
			}
			if p.seen++; (p.seen-1)%p.every != 0 {
				continue
			}
			if p.left > 0 {
				p.left--
			}
			at := "N/A"
			if ms := r.Time[n]; ms >= 0 {
				at = time.UnixMilli(ms).UTC().Format("2006/01/02 15:04:05.000") + " Z"
			}
			out = fmt.Appendf(out, "rowtime: %s, key: %s, value: %s, partition: %d\n",
				at, p.key.text(r.Key[n].Of(r.Bytes)), p.value.text(r.Value[n].Of(r.Bytes)), r.TP.Partition)
		}
	}
	return out
}

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
