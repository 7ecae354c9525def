package bed_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/format"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// rig is an engine under test, and all that it is opened again with.
type rig struct {
	t   bed.Tester
	v   variant
	e   *ksql.Engine
	log store.Log // ours to close; nil: the engine's own
	fs  *local.Forgetful

	aborting *storetest.AbortingLog // log, if it is one
	faults   [5]int64               // of those that were closed
	dir      string
	mem      *memory.CheckedAllocator
	props    map[string]string
	clock    int64
	rand     *rand.Rand
}

func newRig(t bed.Tester, v variant, seed uint64) *rig {
	r := &rig{
		t: t, v: v, props: map[string]string{"auto.offset.reset": "earliest"}, rand: rand.New(rand.NewPCG(seed, 7)),
		mem: memory.NewCheckedAllocator(memory.DefaultAllocator),
	}
	switch v.log {
	case forgetful:
		r.fs = local.NewForgetful()
	case onDisk:
		r.dir = t.(*testing.T).TempDir()
	}
	r.open()
	return r
}

func (r *rig) now() time.Time { return time.UnixMilli(r.clock) }

func (r *rig) open() {
	r.t.Helper()
	opts := []ksql.Option{ksql.WithAllocator(r.mem), ksql.WithClock(r.now), ksql.WithRand(1), ksql.WithBatch(r.v.batch), ksql.WithPage(r.v.page())}
	opts = append(opts, ksql.WithInternal(func(o *exec.Options) { o.Unions = unions }))
	if r.v.commit > 0 {
		opts = append(opts, ksql.WithCommit(r.v.commit, time.Hour))
	}
	if !r.v.parts {
		opts = append(opts, ksql.WithMaxPartitions(1))
	}
	var err error
	switch {
	case r.v.log == forgetful:
		r.log, err = local.Open("data", local.Options{FS: r.fs, Clock: r.now})
	case r.v.log == onDisk:
		opts = append(opts, ksql.WithDir(r.dir))
	case r.v.late || r.v.chaos:
		r.log, err = local.Memory(local.Options{Clock: r.now})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if r.v.late {
		r.log = storetest.Late(r.log, r.rand.Uint64(), r.holes)
	}
	if r.v.aborts > 0 {
		r.aborting = storetest.Aborting(r.log, r.rand.Uint64(), r.v.aborts)
		r.log = r.aborting
	}
	if r.v.chaos {
		r.log = storetest.Unordered(r.log, r.rand.Uint64())
	}
	if r.log != nil {
		opts = append(opts, ksql.WithLog(r.log))
	}
	if r.e, err = ksql.Open(context.Background(), opts...); err != nil {
		r.t.Fatal(err)
	}
}

// unions lets A_UNION_B stand for the rows of A and B.
func unions(name string) []string {
	if branches := strings.Split(name, "_UNION_"); len(branches) > 1 {
		return branches
	}
	return nil
}

// holes is how many offsets without a row come behind each row. Queries are numbered by the offsets of the command
// topic: what scripts show of them stays the same.
func (r *rig) holes(topic string) int {
	if strings.HasSuffix(topic, "_command_topic") {
		return 0
	}
	return r.v.holes
}

func (r *rig) shut() {
	if err := r.e.Close(); err != nil {
		r.t.Error(err)
	}
	if r.log != nil {
		if err := r.log.Close(); err != nil {
			r.t.Error(err)
		}
	}
	if r.aborting != nil {
		for i, n := range r.aborting.Faults() {
			r.faults[i] += n
		}
	}
}

// reopen ends the engine and opens what it left, or what a power cut would have left.
func (r *rig) reopen(cut bool) {
	r.t.Helper()
	if r.v.log == inMemory {
		return
	}
	if cut {
		left := r.fs.Crash(r.rand)
		r.shut()
		r.fs = left
	} else {
		r.shut()
		if r.fs != nil {
			r.fs = r.fs.Kill()
		}
	}
	r.open()
}

func (r *rig) close() {
	r.shut()
	r.mem.AssertSize(r.t, 0)
}

// session is the properties of the script's session.
func (r *rig) session() []any {
	var out []any
	for _, k := range slices.Sorted(maps.Keys(r.props)) {
		out = append(out, ksql.Property(k, r.props[k]))
	}
	return out
}

func (r *rig) set(text string) string {
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		name, value, ok := strings.Cut(l, " = ")
		switch {
		case !ok:
			delete(r.props, strings.TrimSpace(l))
		case name == "clock":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			r.clock = n
		case name == "partitions":
		default:
			r.props[name] = value
		}
	}
	return ""
}

// over is the source that tells how the records of a topic are read: the first by name.
func (r *rig) over(topic string) *plan.Source {
	for s := range r.e.Catalog().Over(topic) {
		return s
	}
	return &plan.Source{}
}

var recordLine = regexp.MustCompile(`^@(-?\d+) (.*?) \| (.*?)(?: # (.*))?$`)

// append writes records to a topic. Where partitions have no order among them each row is waited for.
func (r *rig) append(ctx context.Context, topic, text string) error {
	src := r.over(topic)
	info, err := r.e.Log().Topic(ctx, topic)
	if err != nil {
		return err
	}
	run := &store.Records{TP: store.TP{Topic: topic}}
	flush := func() error {
		if run.Len() == 0 {
			return nil
		}
		seq, err := r.e.Log().Append(ctx, run)
		if err == nil {
			err = r.e.Log().Wait(ctx, seq)
		}
		run = &store.Records{TP: run.TP}
		return err
	}
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		m := recordLine.FindStringSubmatch(l)
		if m == nil {
			return fmt.Errorf("no record: %s", l)
		}
		ms, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil {
			return err
		}
		key, window, windowed := m[2], "", false
		if src.KeyWindow != nil {
			key, window, windowed = strings.Cut(key, "@")
		}
		kb, err := sideBytes(key, src.Key, columns(src, true))
		if err != nil {
			return err
		}
		if windowed {
			var start, end int64
			if _, err := fmt.Sscanf(window, "%d/%d", &start, &end); err != nil {
				return err
			}
			kb = format.AppendWindow(kb, src.KeyWindow.Kind == sql.Session, start, end)
		}
		vb, err := sideBytes(m[3], src.Value, columns(src, false))
		if err != nil {
			return err
		}
		var headers []store.Header
		if m[4] != "" {
			for _, h := range strings.Split(m[4], ", ") {
				k, v, _ := strings.Cut(h, "=")
				headers = append(headers, store.Header{Key: k, Value: []byte(v)})
			}
		}
		part := int32(0)
		if kb != nil {
			part = store.Partition(kb, info.Partitions)
		}
		if part != run.TP.Partition {
			if err := flush(); err != nil {
				return err
			}
			run.TP.Partition = part
		}
		run.Add(ms, kb, vb, headers...)
		if r.v.parts {
			if err := flush(); err != nil {
				return err
			}
			if err := r.e.Sync(ctx); err != nil {
				return err
			}
		}
	}
	return flush()
}

func columns(s *plan.Source, key bool) []sql.Column {
	var out []sql.Column
	for _, c := range s.Schema {
		if (c.Role == sql.KeyRole) == key && c.Role != sql.HeadersRole {
			out = append(out, c)
		}
	}
	return out
}

// sideBytes is the bytes of one side of a record as scripts write it: null, numbers of the KAFKA format, and
// text as it is (” is no text).
func sideBytes(text string, f plan.Format, cols []sql.Column) ([]byte, error) {
	switch {
	case text == "null":
		return nil, nil
	case text == "''":
		return []byte{}, nil
	case strings.HasPrefix(text, "0x"):
		return hex.DecodeString(text[2:])
	}
	if f.Name == "KAFKA" && len(cols) == 1 {
		switch cols[0].Type.Kind {
		case sql.Integer:
			n, err := strconv.ParseInt(text, 10, 32)
			return binary.BigEndian.AppendUint32(nil, uint32(n)), err
		case sql.Bigint:
			n, err := strconv.ParseInt(text, 10, 64)
			return binary.BigEndian.AppendUint64(nil, uint64(n)), err
		case sql.Double:
			x, err := strconv.ParseFloat(text, 64)
			return binary.BigEndian.AppendUint64(nil, math.Float64bits(x)), err
		}
	}
	return []byte(text), nil
}

func sideText(b []byte, f plan.Format, cols []sql.Column) string {
	switch {
	case b == nil:
		return "null"
	case len(b) == 0:
		return "''"
	}
	if f.Name == "KAFKA" && len(cols) == 1 {
		switch k := cols[0].Type.Kind; {
		case k == sql.Integer && len(b) == 4:
			return strconv.Itoa(int(int32(binary.BigEndian.Uint32(b))))
		case k == sql.Bigint && len(b) == 8:
			return strconv.FormatInt(int64(binary.BigEndian.Uint64(b)), 10)
		case k == sql.Double && len(b) == 8:
			return strconv.FormatFloat(math.Float64frombits(binary.BigEndian.Uint64(b)), 'g', -1, 64)
		}
	}
	if !utf8.Valid(b) || slices.ContainsFunc(b, func(c byte) bool { return c < ' ' && c != '\t' }) {
		return "0x" + hex.EncodeToString(b)
	}
	return string(b)
}

// topic prints the records of a topic, partition by partition.
func (r *rig) topic(ctx context.Context, topic string) string {
	src := r.over(topic)
	keys, values := columns(src, true), columns(src, false)
	runs, err := readTopic(ctx, r.e.Log(), topic)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	slices.SortStableFunc(runs, func(a, b store.Records) int { return int(a.TP.Partition - b.TP.Partition) })
	var out strings.Builder
	for i := range runs {
		run := &runs[i]
		for row := range run.Time {
			key, window := run.Key[row].Of(run.Bytes), ""
			if w := src.KeyWindow; w != nil && key != nil {
				inner, start, end, err := format.SplitWindow(key, w.Kind == sql.Session, w.Size)
				if err != nil {
					return "error: " + err.Error() + "\n"
				}
				key, window = inner, fmt.Sprintf("@%d/%d", start, end)
			}
			fmt.Fprintf(&out, "@%d %s%s | %s", run.Time[row], sideText(key, src.Key, keys), window, sideText(run.Value[row].Of(run.Bytes), src.Value, values))
			var headers []string
			for _, h := range run.Headers {
				if int(h.Row) == row {
					headers = append(headers, h.Key+"="+string(h.Value))
				}
			}
			if headers != nil {
				out.WriteString(" # " + strings.Join(headers, ", "))
			}
			out.WriteString("\n")
		}
	}
	return out.String()
}

// readTopic reads all that is in a topic, as readers other than the engine see it.
func readTopic(ctx context.Context, log store.Log, topic string) ([]store.Records, error) {
	runs, err := readRuns(ctx, log, topic)
	for i := range runs {
		runs[i] = withoutOld(runs[i])
	}
	return runs, err
}

func readRuns(ctx context.Context, log store.Log, topic string) ([]store.Records, error) {
	in, err := store.Whole(ctx, log, topic)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var runs []store.Records
	for next, err := range store.Runs(ctx, in, 1<<16) {
		if err != nil {
			return runs, err
		}
		runs = append(runs, next...)
	}
	return runs, nil
}

// withoutOld leaves out the old halves of changed rows: other readers of a topic do not see them.
func withoutOld(r store.Records) store.Records {
	out := store.Records{TP: r.TP}
	for i := range r.Time {
		if r.Mark != nil && r.Mark[i] == store.MarkBefore {
			continue
		}
		var headers []store.Header
		for _, h := range r.Headers {
			if int(h.Row) == i {
				headers = append(headers, store.Header{Key: h.Key, Value: h.Value})
			}
		}
		out.Add(r.Time[i], r.Key[i].Of(r.Bytes), r.Value[i].Of(r.Bytes), headers...)
	}
	return out
}

// valueText prints a value of a row.
func valueText(v any, t sql.Type) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case float64:
		return string(vec.AppendDouble(nil, x))
	case []byte:
		return "0x" + hex.EncodeToString(x)
	case vec.Decimal:
		return decimalText(x)
	case vec.Date:
		return time.Unix(int64(x)*86400, 0).UTC().Format("2006-01-02")
	case vec.Time:
		return time.UnixMilli(int64(x)).UTC().Format("15:04:05.000")
	case vec.Timestamp:
		return time.UnixMilli(int64(x)).UTC().Format("2006-01-02T15:04:05.000")
	case []any:
		var items []string
		for _, e := range x {
			items = append(items, valueText(e, *t.Elem))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case *vec.MapValue:
		var items []string
		for i := range x.Keys {
			items = append(items, valueText(x.Keys[i], *t.Key)+":"+valueText(x.Values[i], *t.Elem))
		}
		slices.Sort(items)
		return "{" + strings.Join(items, ", ") + "}"
	case vec.StructValue:
		var items []string
		for i, e := range x {
			items = append(items, t.Fields[i].Name+"="+valueText(e, t.Fields[i].Type))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(v)
}

func decimalText(d vec.Decimal) string {
	digits := d.Unscaled.String()
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if d.Scale <= 0 {
		return sign + digits
	}
	if pad := d.Scale + 1 - len(digits); pad > 0 {
		digits = strings.Repeat("0", pad) + digits
	}
	return sign + digits[:len(digits)-d.Scale] + "." + digits[len(digits)-d.Scale:]
}

// otherText prints an answer that is no status: its JSON without what every answer has.
func otherText(res any) string {
	b, err := json.Marshal(res)
	if err != nil {
		return "error: " + oneLine(err.Error())
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return oneLine(string(b))
	}
	for _, k := range []string{"statementText", "warnings", "@type"} {
		delete(m, k)
	}
	if b, err = json.Marshal(m); err != nil {
		return "error: " + oneLine(err.Error())
	}
	return oneLine(string(b))
}
