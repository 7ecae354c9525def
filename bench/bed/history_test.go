package bed_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/bench/bed"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store/local"
)

// history writes random statements of all kinds over a few names, so that they meet each other.
type history struct{ *rand.Rand }

// next is a statement that makes sense where catalog c is, most of the time.
func (h history) next(c *plan.Catalog) string {
	var streams, tables, declared, readers []string
	for s := range c.Sources() {
		switch {
		case s.Name == "KSQL_PROCESSING_LOG":
		case s.Kind == sql.StreamKind && s.Schema.Index("V") >= 0 && s.Schema.Index("K") >= 0 && s.KeyWindow == nil:
			streams = append(streams, s.Name)
		default:
			tables = append(tables, s.Name)
		}
		if strings.HasPrefix(s.Topic, "in_") && !s.ReadOnly {
			declared = append(declared, s.Name)
		}
	}
	for q := range c.Queries() {
		readers = append(readers, q.ID)
	}
	if len(streams) == 0 {
		streams = []string{"A0"}
	}
	pick := func(list []string) string {
		if len(list) == 0 {
			return "NOTHING"
		}
		return list[h.IntN(len(list))]
	}
	name, from, n := fmt.Sprintf("%c%d", 'A'+h.IntN(3), h.IntN(4)), pick(streams), h.IntN(9)
	into, made := pick(streams), name // rows go from A to D only: a circle would never rest
	if into[0] <= from[0] {
		into = "NOTHING"
	}
	if made[0] <= from[0] {
		made = fmt.Sprintf("%c%d", from[0]+1, n%4)
	}
	switch h.IntN(22) {
	case 0, 1:
		return fmt.Sprintf(`CREATE STREAM %[1]s (k INT KEY, v INT) WITH (kafka_topic='in_%[1]s', value_format='json', partitions=%[2]d);`, name, 1+n%2)
	case 2:
		return fmt.Sprintf(`CREATE TABLE %[1]s (k INT PRIMARY KEY, v INT) WITH (kafka_topic='in_%[1]s', value_format='json', partitions=%[2]d);`, name, 1+n%2)
	case 3:
		return fmt.Sprintf(`CREATE SOURCE TABLE %s (k INT PRIMARY KEY, v INT) WITH (kafka_topic='in_A%d', value_format='json');`, name, h.IntN(4))
	case 4, 5:
		return fmt.Sprintf(`CREATE STREAM %s AS SELECT k, v + %d AS v FROM %s;`, made, n, from)
	case 6:
		return fmt.Sprintf(`CREATE TABLE %s AS SELECT k, SUM(v) AS s, COUNT(*) AS n FROM %s GROUP BY k;`, made, from)
	case 7:
		return fmt.Sprintf(`CREATE TABLE %s AS SELECT v, COUNT(*) AS n FROM %s GROUP BY v;`, made, from)
	case 8:
		return fmt.Sprintf(`CREATE TABLE %s AS SELECT k, COUNT(*) AS n FROM %s WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY k;`, made, from)
	case 9, 10:
		return fmt.Sprintf(`CREATE OR REPLACE STREAM %s AS SELECT k, v + %d AS v FROM %s WHERE v > %d;`, made, n, from, n-5)
	case 11:
		return fmt.Sprintf(`INSERT INTO %s SELECT k, v - 1 AS v FROM %s;`, into, from)
	case 12:
		return fmt.Sprintf([]string{`CREATE TYPE ty%d AS STRUCT<a INT, b STRING>;`, `DROP TYPE IF EXISTS ty%d;`, `CREATE STREAM ts%[1]d (k INT KEY, c ty%[1]d) WITH (kafka_topic='in_ts', value_format='json', partitions=1);`}[h.IntN(3)], n%3)
	case 13:
		return fmt.Sprintf(`ALTER STREAM %s ADD COLUMN c%d INT;`, from, n)
	case 14, 15, 16:
		return `DROP STREAM ` + pick(streams) + []string{`;`, ` DELETE TOPIC;`}[h.IntN(2)]
	case 17:
		return `DROP TABLE ` + pick(tables) + []string{`;`, ` DELETE TOPIC;`}[h.IntN(2)]
	case 18:
		if h.IntN(8) == 0 {
			return `TERMINATE ALL;`
		}
		return `TERMINATE ` + pick(readers) + `;`
	case 19:
		return []string{`PAUSE `, `RESUME `}[h.IntN(2)] + pick(readers) + `;`
	case 20:
		return fmt.Sprintf(`CREATE STREAM %s AS SELECT k, CAST(TWICE(CAST(v AS BIGINT)) AS INT) AS v FROM %s;`, made, from)
	}
	return fmt.Sprintf(`INSERT INTO %s (k, v) VALUES (%d, %d);`, pick(declared), n, h.IntN(100))
}

// cutter is a file system that remembers what it was like before one of its changes: what a kill at that moment, or a
// power cut, would have left.
type cutter struct {
	*local.Forgetful
	mu   sync.Mutex
	in   int // changes until then; below 0: never
	take func(*local.Forgetful) *local.Forgetful
	left *local.Forgetful
}

func (c *cutter) step() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in == 0 {
		c.left = c.take(c.Forgetful)
	}
	c.in--
}

func (c *cutter) arm(in int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = in
}

// cut is what is left; fired: the moment came.
func (c *cutter) cut() (left *local.Forgetful, fired bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = -1
	if c.left != nil {
		return c.left, true
	}
	return c.take(c.Forgetful), false
}

func (c *cutter) Open(name string) (local.File, error) { return c.file(c.Forgetful.Open(name)) }
func (c *cutter) Create(name string) (local.File, error) {
	c.step()
	return c.file(c.Forgetful.Create(name))
}
func (c *cutter) Rename(from, to string) error { c.step(); return c.Forgetful.Rename(from, to) }
func (c *cutter) Remove(name string) error     { c.step(); return c.Forgetful.Remove(name) }
func (c *cutter) RemoveAll(name string) error  { c.step(); return c.Forgetful.RemoveAll(name) }
func (c *cutter) SyncDir(dir string) error     { c.step(); return c.Forgetful.SyncDir(dir) }

func (c *cutter) file(f local.File, err error) (local.File, error) {
	if err != nil {
		return nil, err
	}
	return &cutFile{f, c}, nil
}

type cutFile struct {
	local.File
	c *cutter
}

func (f *cutFile) Write(b []byte) (int, error) { f.c.step(); return f.File.Write(b) }
func (f *cutFile) Truncate(n int64) error      { f.c.step(); return f.File.Truncate(n) }
func (f *cutFile) Sync() error                 { f.c.step(); return f.File.Sync() }

// world is an engine over a file system in memory.
type world struct {
	*ksql.Engine
	t   *testing.T
	log interface{ Close() error }
}

func openWorld(t *testing.T, fs local.FS, opts ...ksql.Option) *world {
	t.Helper()
	log, err := local.Open("data", local.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	ends(t, log)
	props := ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})
	e, err := ksql.Open(context.Background(), append([]ksql.Option{ksql.WithLog(log), props}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	ends(t, e)
	return &world{e, t, log}
}

func (w *world) shut() {
	w.t.Helper()
	if err := w.Close(); err != nil {
		w.t.Error(err)
	}
	if err := w.log.Close(); err != nil {
		w.t.Error(err)
	}
}

// text is all that statements decide on: catalog, topics, and the rows of topics that only INSERT VALUES writes.
func (w *world) text() string {
	w.t.Helper()
	topics := bed.TopicText(w.t, w.Engine)
	for _, m := range ownTopic.FindAllStringSubmatch(topics, -1) {
		if w.Catalog().Query(m[1]) == nil {
			w.t.Errorf("%s is left of a query that was dropped", m[0])
		}
	}
	return fmt.Sprintf("statement %d\n", w.Server().Sequence()) + bed.CatalogText(w.t, w.Engine) + topics
}

// ownTopic is a repartition topic or changelog of a query.
var ownTopic = regexp.MustCompile(`_confluent-ksql-default_query_(\w+_\d+)-\S*`)

// runs is a number of runs from a variable, or def.
func runs(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// TestKilledStatements ends the process, or cuts the power, at a random change of a file while a random statement is
// carried out. What is opened again is the catalog before the statement or the one after it, with exactly their
// topics: nothing dropped comes back, no topic of a dropped query is left, none that a user made is touched.
func TestKilledStatements(t *testing.T) {
	const workers = 4
	n := runs("KSQL_KILL_RUNS", 200)
	for worker := range workers {
		t.Run(strconv.Itoa(worker), func(t *testing.T) {
			t.Parallel()
			for seed := worker; seed < n && !t.Failed(); seed += workers {
				killStatement(t, uint64(seed))
			}
		})
	}
}

func killStatement(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 11))
	h := history{r}
	fs := &cutter{Forgetful: local.NewForgetful(), in: -1}
	power := rand.New(rand.NewPCG(seed, 12))
	fs.take = (*local.Forgetful).Kill
	if seed%2 == 1 {
		fs.take = func(f *local.Forgetful) *local.Forgetful { return f.Crash(power) }
	}
	functions := ksql.WithFunctions(double())
	w := openWorld(t, fs, functions)
	ctx := context.Background()
	var done []string
	for range 4 + r.IntN(12) {
		text := h.next(w.Catalog())
		if _, err := w.Execute(ctx, text); err == nil {
			done = append(done, text)
		}
	}
	before := w.text()
	var text, after string
	fs.arm(r.IntN(6))
	var err error
	for tries := 0; ; tries++ { // a statement that does something
		text = h.next(w.Catalog())
		if strings.HasPrefix(text, "INSERT INTO") && strings.Contains(text, "VALUES") {
			continue
		}
		if _, err = w.Execute(ctx, text); err == nil || tries == 20 {
			break
		}
	}
	left, fired := fs.cut()
	after = w.text()
	w.shut()

	w = openWorld(t, left, functions)
	now := w.text()
	switch {
	case now == after:
	case now == before && (fired || err != nil):
	default:
		t.Errorf("seed %d, killed within: %v (error %v)\nhistory: %s\n%s\nbefore\n%s\nafter\n%s\nnow\n%s", seed, fired, err, strings.Join(done, "\n"), text, before, after, now)
	}
	if failed := w.Failed(); len(failed) > 0 && now == after {
		t.Errorf("seed %d: %s: %v", seed, text, failed)
	}
	// It goes on: another statement, and opening again.
	for range 3 {
		_, _ = w.Execute(ctx, h.next(w.Catalog()))
	}
	now = w.text()
	w.shut()
	w = openWorld(t, left.Kill(), functions)
	if again := w.text(); again != now {
		t.Errorf("seed %d: closed with\n%s\nopened with\n%s", seed, now, again)
	}
	w.shut()
}

// historyDir and historySeed tell a child process to write history in a directory until it is killed.
const (
	historyDir  = "KSQL_HISTORY_CHILD"
	historySeed = "KSQL_HISTORY_SEED"
)

// historyChild says what it begins and what was answered, a line each.
func historyChild(dir string) {
	fail := func(err error) {
		fmt.Printf("error %v\n", err)
		os.Exit(1)
	}
	seed, err := strconv.ParseUint(os.Getenv(historySeed), 10, 64)
	if err != nil {
		fail(err)
	}
	h := history{rand.New(rand.NewPCG(seed, 31))}
	props := ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"})
	ctx := context.Background()
	e, err := ksql.Open(ctx, ksql.WithDir(dir), props, ksql.WithFunctions(double()))
	if err != nil {
		fail(err)
	}
	fmt.Println("ready")
	for {
		text := h.next(e.Catalog())
		fmt.Printf("try %s\n", text)
		_, err := e.Execute(ctx, text)
		fmt.Printf("done %v\n", err == nil)
	}
}

// TestKilledHistories kills a process that runs random statements, again and again, and compares the catalog and the
// topics of what it left with those of an engine that carried out what was answered, and perhaps the statement on its
// way.
func TestKilledHistories(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	twin := openWorld(t, local.NewForgetful(), ksql.WithFunctions(double()))
	defer func() { twin.shut() }()
	kills, statements := runs("KSQL_KILLS", 8), 0
	for seed := range kills {
		r := rand.New(rand.NewPCG(uint64(seed), 32))
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), historyDir+"="+dir, historySeed+"="+strconv.Itoa(seed))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(20*time.Second, func() { _ = child.Process.Kill() })
		last := ""
		for lines := bufio.NewScanner(out); lines.Scan(); {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "ready":
				timer.Reset(time.Duration(r.IntN(60_000)) * time.Microsecond)
			case "try":
				last = rest
			case "done":
				statements++
				if _, err := twin.Execute(ctx, last); (err == nil) != (rest == "true") {
					t.Fatalf("seed %d: %s: the child's answer is %s, the twin's %v", seed, last, rest, err)
				}
				last = ""
			case "error":
				t.Fatalf("seed %d: %s", seed, rest)
			}
		}
		timer.Stop()
		_ = child.Wait() // it was killed
		before := twin.text()
		e, err := ksql.Open(ctx, ksql.WithDir(dir), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}), ksql.WithFunctions(double()))
		if err != nil {
			t.Fatal(err)
		}
		ends(t, e)
		w := &world{e, t, nil}
		now := w.text()
		if failed := w.Failed(); len(failed) > 0 {
			t.Errorf("seed %d: %v", seed, failed)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if now != before && last != "" {
			if _, err := twin.Execute(ctx, last); err != nil {
				t.Errorf("seed %d: %s: %v", seed, last, err)
			}
		}
		if after := twin.text(); now != before && now != after {
			t.Fatalf("seed %d, %s\nbefore\n%s\nafter\n%s\nnow\n%s", seed, last, before, after, now)
		}
	}
	t.Logf("%d kills, %d statements", kills, statements)
}

// TestHistories runs long random histories with restarts, changed properties, and functions that are missing for a
// while: the catalog and the answers after opening again are those before.
func TestHistories(t *testing.T) {
	n := runs("KSQL_HISTORIES", 10)
	for seed := range n {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			runHistory(t, uint64(seed), 200)
		})
	}
}

func runHistory(t *testing.T, seed uint64, statements int) {
	r := rand.New(rand.NewPCG(seed, 21))
	h := history{r}
	fs := local.NewForgetful()
	ctx := context.Background()
	functions := ksql.WithFunctions(double())
	w := openWorld(t, fs, functions)
	for i := range statements {
		_, _ = w.Execute(ctx, h.next(w.Catalog())) // many are refused, as they should be
		if i%20 != 19 {
			continue
		}
		if err := w.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		before, answers := w.text(), w.answers()
		w.shut()
		if r.IntN(2) == 0 { // a time without the function, under other properties
			fs = fs.Kill()
			w = openWorld(t, fs, ksql.WithProperties(map[string]string{
				"ksql.query.persistent.active.limit": "1", "ksql.create.or.replace.enabled": "false", "ksql.persistence.wrap.single.values": "false",
			}))
			if now := w.text(); now != before {
				t.Fatalf("seed %d, statement %d\nbefore\n%s\nafter\n%s", seed, i, before, now)
			}
			for id, err := range w.Failed() {
				if !strings.Contains(err.Error(), "TWICE") {
					t.Fatalf("seed %d, statement %d: %s: %v", seed, i, id, err)
				}
			}
			w.shut()
		}
		fs = fs.Kill()
		w = openWorld(t, fs, functions)
		if now := w.text(); now != before {
			t.Fatalf("seed %d, statement %d\nbefore\n%s\nafter\n%s", seed, i, before, now)
		}
		if failed := w.Failed(); len(failed) > 0 {
			t.Fatalf("seed %d, statement %d: %v", seed, i, failed)
		}
		if err := w.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if now := w.answers(); now != answers {
			t.Fatalf("seed %d, statement %d\nbefore\n%s\nafter\n%s", seed, i, answers, now)
		}
	}
	w.shut()
}

// answers is what pull queries on all tables and streams answer.
func (w *world) answers() string {
	w.t.Helper()
	var out []string
	for s := range w.Catalog().Sources() {
		if s.Name == "KSQL_PROCESSING_LOG" {
			continue
		}
		rows, err := w.Query(context.Background(), `SELECT * FROM `+s.Name+`;`)
		if err != nil {
			out = append(out, s.Name+": "+err.Error())
			continue
		}
		var lines []string
		for row, err := range rows.All() {
			lines = append(lines, fmt.Sprint(s.Name, row, err))
		}
		slices.Sort(lines)
		out = append(out, lines...)
	}
	return strings.Join(out, "\n")
}
