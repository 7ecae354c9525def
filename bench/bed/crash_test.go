package bed_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/storetest"
)

// The crash test kills a process that runs an engine at full speed, again and again, opens what it left, and
// compares it with what the process said it had been promised.
//
// The child names the directory that it works on, the number from which its row ids begin, and its random seed
// in these variables.
const (
	childDir  = "KSQL_CRASH_CHILD"
	childFrom = "KSQL_CRASH_FROM"
	// crashCycles is the variable that holds the number of cycles.
	crashCycles = "KSQL_CRASH_CYCLES"
)

// idBits is how many ids a cycle may use; writerBits how many each of its writers.
const (
	idBits     = 24
	writerBits = 20
)

const crashSchema = `
SET 'auto.offset.reset'='earliest';
CREATE STREAM s (id BIGINT KEY, g STRING, v BIGINT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=3);
CREATE STREAM d AS SELECT id, g, v + 1 AS v FROM s;
CREATE TABLE t AS SELECT g, COUNT(*) AS n, SUM(v) AS v FROM s GROUP BY g;
CREATE TABLE w AS SELECT g, COUNT(*) AS n, SUM(v) AS v FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY g;
CREATE TABLE tt AS SELECT g, n * 2 AS n2 FROM t WHERE n > 3;
`

// row is what an id says of its row.
func crashRow(id int64) (g string, v, ms int64) {
	return "g" + strconv.FormatInt(id%11, 10), id % 1009, id % 60000
}

// smallLog lets the log retire, compact and change files within one cycle.
var smallLog = local.Options{SegmentBytes: 64 << 10, JournalBytes: 256 << 10, CompactBytes: 16 << 10}

// crashChild opens the engine and works until it is killed. It tells what it begins and what was promised.
func crashChild(dir string) {
	var tell sync.Mutex
	say := func(format string, args ...any) {
		tell.Lock()
		defer tell.Unlock()
		fmt.Fprintf(os.Stdout, format+"\n", args...) // one write: a line is there, or is not
	}
	ctx := context.Background()
	from, _ := strconv.ParseInt(os.Getenv(childFrom), 10, 64)
	r := rand.New(rand.NewPCG(uint64(from), 3))
	e, err := openCrashed(dir, r.IntN(2) == 0)
	if err == nil && e.Catalog().Source("S") == nil {
		_, err = e.Execute(ctx, crashSchema)
	}
	if err != nil {
		say("error %v", err)
		os.Exit(1)
	}
	say("ready")
	for writer := range int64(3) {
		r := rand.New(rand.NewPCG(uint64(from+writer), 4))
		go func() {
			for id := from + writer<<writerBits; ; {
				n := int64(1)
				if writer > 0 {
					n = 1 + r.Int64N(40)
				}
				if err := crashInsert(ctx, e, id, n); err != nil {
					say("error %v", err)
					return
				}
				say("rows %d %d", id, id+n)
				id += n
			}
		}()
	}
	for n := 0; ; n++ {
		name := fmt.Sprintf("X%d_%d", from>>idBits, n)
		text := "CREATE STREAM " + name + " (id BIGINT KEY, v BIGINT) WITH (KAFKA_TOPIC='" + name + "', VALUE_FORMAT='JSON', PARTITIONS=1);"
		if n%3 == 2 {
			text = "SET 'auto.offset.reset'='earliest'; CREATE STREAM " + name + " AS SELECT id, g, v FROM s WHERE v < 100;"
		}
		steps := []struct{ sign, text string }{{"+", text}, {"-", "DROP STREAM " + name + " DELETE TOPIC;"}}
		if n%2 == 0 {
			steps = steps[:1]
		}
		for _, s := range steps {
			say("try %s %s", s.sign, name)
			if _, err := e.Execute(ctx, s.text); err != nil {
				say("error %s: %v", s.text, err)
				return
			}
			say("done %s %s", s.sign, name)
		}
		time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
	}
}

// openSmall opens a log of small files that shows its rows late, and some of whose commits and reads fail.
func openSmall(dir string) (store.Log, error) {
	log, err := local.Open(dir, smallLog)
	if err != nil {
		return nil, err
	}
	return storetest.Aborting(storetest.Late(log, uint64(os.Getpid()), nil), uint64(os.Getpid()), 20), nil
}

// openCrashed opens the engine on its directory, or over a log of small files there.
func openCrashed(dir string, small bool) (*ksql.Engine, error) {
	if !small {
		return ksql.Open(context.Background(), ksql.WithDir(dir))
	}
	log, err := openSmall(dir)
	if err != nil {
		return nil, err
	}
	return ksql.Open(context.Background(), ksql.WithLog(log))
}

// crashInsert writes n rows and waits until they are promised: one by INSERT, several through the log.
func crashInsert(ctx context.Context, e *ksql.Engine, id, n int64) error {
	if n == 1 {
		g, v, ms := crashRow(id)
		_, err := e.Execute(ctx, `INSERT INTO s (ROWTIME, id, g, v) VALUES (?, ?, ?, ?);`, ms, id, g, v)
		return err
	}
	runs := map[int32]*store.Records{}
	for i := range n {
		g, v, ms := crashRow(id + i)
		key := binary.BigEndian.AppendUint64(nil, uint64(id+i))
		p := store.Partition(key, 3)
		if runs[p] == nil {
			runs[p] = &store.Records{TP: store.TP{Topic: "s", Partition: p}}
		}
		runs[p].Add(ms, key, fmt.Appendf(nil, `{"G":%q,"V":%d}`, g, v))
	}
	var all []*store.Records
	for _, r := range runs {
		all = append(all, r)
	}
	seq, err := e.Log().Append(ctx, all...)
	if err != nil {
		return err
	}
	return e.Log().Wait(ctx, seq)
}

// promises is what children have said.
type promises struct {
	rows    map[int64]bool // ids of rows that were acknowledged
	until   int64          // ids below may be there
	streams map[string]int // 1: created, -1: dropped, 0: it was about to be
	began   bool           // the first statements were acknowledged
}

func TestCrash(t *testing.T) {
	cycles := 12
	if s := os.Getenv(crashCycles); s != "" {
		var err error
		if cycles, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	const life = 20 // cycles of one directory
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	kills, rows, statements := 0, 0, 0
	start := time.Now()
	for done := 0; done < cycles; {
		dir := t.TempDir()
		p := &promises{rows: map[int64]bool{}, streams: map[string]int{}}
		for range min(life, cycles-done) {
			p.kill(t, dir, int64(done)<<idBits, r)
			kills++
			done++
			if done%10 == 0 {
				if err := os.Remove(filepath.Join(dir, "meta.db")); err != nil && !os.IsNotExist(err) {
					t.Fatal(err)
				}
			}
			p.check(t, dir, done%2 == 0)
			if t.Failed() {
				t.Fatalf("after %d kills", kills)
			}
		}
		rows += len(p.rows)
		statements += len(p.streams)
		os.RemoveAll(dir)
	}
	t.Logf("%d cycles, %d kills, %d acknowledged rows, %d statements, none lost, none doubled, %v", cycles, kills, rows, statements, time.Since(start).Round(time.Millisecond))
}

// kill runs a child for a while, kills it, and notes what it said.
func (p *promises) kill(t *testing.T, dir string, from int64, r *rand.Rand) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir, childFrom+"="+strconv.FormatInt(from, 10))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	end := func(after time.Duration) { time.AfterFunc(after, func() { child.Process.Kill() }) }
	early := p.began && r.IntN(5) == 0 // while it opens
	if early {
		end(time.Duration(r.IntN(50_000)) * time.Microsecond)
	}
	deadline := time.AfterFunc(20*time.Second, func() { child.Process.Kill() })
	defer deadline.Stop()
	p.until = from + 1<<idBits
	ready := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		words := strings.Fields(lines.Text())
		switch words[0] {
		case "ready":
			ready, p.began = true, true
			if !early {
				end(time.Duration(5_000+r.IntN(90_000)) * time.Microsecond)
			}
		case "rows":
			lo, _ := strconv.ParseInt(words[1], 10, 64)
			hi, _ := strconv.ParseInt(words[2], 10, 64)
			for ; lo < hi; lo++ {
				p.rows[lo] = true
			}
		case "try":
			p.streams[words[2]] = 0
		case "done":
			p.streams[words[2]] = map[string]int{"+": 1, "-": -1}[words[1]]
		case "error":
			t.Errorf("the child: %s", lines.Text())
			child.Process.Kill()
		}
	}
	child.Wait()
	if !ready && !early {
		t.Fatal("the child was never ready")
	}
}

// check opens the directory and compares all that is in it with the promises.
func (p *promises) check(t *testing.T, dir string, small bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	var e *ksql.Engine
	var err error
	if small {
		log, err := openSmall(dir)
		if err != nil {
			t.Fatalf("the directory was refused: %v", err)
		}
		defer log.Close()
		e, err = ksql.Open(ctx, ksql.WithLog(log))
		if err != nil {
			t.Fatalf("the directory was refused: %v", err)
		}
	} else if e, err = ksql.Open(ctx, ksql.WithDir(dir)); err != nil {
		t.Fatalf("the directory was refused: %v", err)
	}
	defer e.Close()
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if f := e.Failed(); len(f) > 0 {
		t.Fatalf("queries have failed: %v", f)
	}
	ids := p.checkRows(t, e, ctx)
	checkStream(t, e, ctx, "D", func(id, v int64) bool { _, want, _ := crashRow(id); return v == want+1 }, ids, nil)
	checkTables(t, e, ctx, ids)
	for name, state := range p.streams {
		src := e.Catalog().Source(name)
		if state == 1 && src == nil {
			t.Errorf("%s was created, but is not there", name)
		}
		if state == -1 && src != nil {
			t.Errorf("%s was dropped, but is there", name)
		}
		if src != nil && src.Query != "" {
			checkStream(t, e, ctx, name, func(id, v int64) bool { _, want, _ := crashRow(id); return v == want }, ids,
				func(id int64) bool { _, v, _ := crashRow(id); return v < 100 })
		}
	}
}

// checkRows is the ids of the rows that are there: all that were acknowledged, each once.
func (p *promises) checkRows(t *testing.T, e *ksql.Engine, ctx context.Context) map[int64]bool {
	t.Helper()
	ids := checkStream(t, e, ctx, "s", func(id, v int64) bool { _, want, _ := crashRow(id); return v == want && id < p.until }, nil, nil)
	for id := range p.rows {
		if !ids[id] {
			t.Errorf("row %d was acknowledged, but is lost", id)
		}
	}
	for id := range ids {
		p.rows[id] = true // what is there now stays
	}
	return ids
}

// checkStream reads a topic whose rows hold an id and v, each id once: those of want that pass, or any.
func checkStream(t *testing.T, e *ksql.Engine, ctx context.Context, topic string, right func(id, v int64) bool, want map[int64]bool, pass func(int64) bool) map[int64]bool {
	t.Helper()
	runs, err := readTopic(ctx, e.Log(), topic)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for i := range runs {
		for row := range runs[i].Time {
			var value struct{ V int64 }
			if err := json.Unmarshal(runs[i].Value[row].Of(runs[i].Bytes), &value); err != nil {
				t.Fatal(topic, err)
			}
			id := int64(binary.BigEndian.Uint64(runs[i].Key[row].Of(runs[i].Bytes)))
			if seen[id] {
				t.Errorf("topic %s: row %d is there twice", topic, id)
			}
			if !right(id, value.V) || want != nil && !want[id] {
				t.Errorf("topic %s: row %d is not right: %d", topic, id, value.V)
			}
			seen[id] = true
		}
	}
	for id := range want {
		if (pass == nil || pass(id)) && !seen[id] {
			t.Errorf("topic %s: row %d is missing", topic, id)
		}
	}
	return seen
}

type crashTotal struct{ n, v int64 }

// checkTables compares the tables with the totals of the rows. The table's topic must count each group up by one:
// no change is there twice, and none is missing.
func checkTables(t *testing.T, e *ksql.Engine, ctx context.Context, ids map[int64]bool) {
	t.Helper()
	totals, windows := map[string]crashTotal{}, map[string]crashTotal{}
	add := func(m map[string]crashTotal, k string, v int64) {
		m[k] = crashTotal{m[k].n + 1, m[k].v + v}
	}
	for id := range ids {
		g, v, ms := crashRow(id)
		add(totals, g, v)
		add(windows, fmt.Sprint(g, " ", ms/10000*10000), v)
	}
	got, gotWindows, double := map[string]crashTotal{}, map[string]crashTotal{}, 0
	each(t, e, ctx, `SELECT g, n, v FROM t;`, func(r []any) { got[r[0].(string)] = crashTotal{r[1].(int64), r[2].(int64)} })
	each(t, e, ctx, `SELECT g, WINDOWSTART, n, v FROM w;`, func(r []any) {
		gotWindows[fmt.Sprint(r[0], " ", r[1])] = crashTotal{r[2].(int64), r[3].(int64)}
	})
	each(t, e, ctx, `SELECT g, n2 FROM tt;`, func(r []any) {
		if r[1].(int64) != totals[r[0].(string)].n*2 {
			t.Errorf("table TT: %v, want %d", r, totals[r[0].(string)].n*2)
		}
		double++
	})
	if !maps.Equal(got, totals) {
		t.Errorf("table T is %v, want %v", got, totals)
	}
	if !maps.Equal(gotWindows, windows) {
		t.Errorf("table W is %v, want %v", gotWindows, windows)
	}
	want := 0
	for _, x := range totals {
		if x.n > 3 {
			want++
		}
	}
	if double != want {
		t.Errorf("table TT has %d rows, want %d", double, want)
	}
	runs, err := readRuns(ctx, e.Log(), "T")
	if err != nil {
		t.Fatal(err)
	}
	last, next, whole := map[string]int64{}, map[int32]int64{}, true
	for i := range runs {
		for row := range runs[i].Time {
			p, at := runs[i].TP.Partition, runs[i].Offset(row)
			whole = whole && at == next[p] // else compaction has thinned the topic out
			next[p] = at + 1
			if runs[i].Mark != nil && runs[i].Mark[row] == store.MarkBefore {
				continue
			}
			var value struct{ N int64 }
			if err := json.Unmarshal(runs[i].Value[row].Of(runs[i].Bytes), &value); err != nil {
				t.Fatal(err)
			}
			g := string(runs[i].Key[row].Of(runs[i].Bytes))
			if value.N <= last[g] || whole && value.N != last[g]+1 {
				t.Errorf("topic T: group %s goes from %d to %d", g, last[g], value.N)
			}
			last[g] = value.N
		}
	}
}

func each(t *testing.T, e *ksql.Engine, ctx context.Context, text string, f func([]any)) {
	t.Helper()
	rows, err := e.Query(ctx, text)
	if err != nil {
		t.Error(err)
		return
	}
	defer rows.Close()
	for r, err := range rows.All() {
		if err != nil {
			t.Error(err)
			return
		}
		f(r)
	}
}
