package bed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/store"
)

// Bad input never panics, never hangs and never stops a query: 100,000 inputs in all, of which these are the
// texts and the requests; see bad_record_test.go and bad_directory_test.go for the others. The seed makes them.
const (
	badSeed     = 20261126
	badTexts    = 45_000
	badRequests = 20_000
	badRecords  = 34_880
	badDirs     = 120
)

// badLimit is how long one input may take, on a busy machine.
const badLimit = 20 * time.Second

// trial runs inputs one by one and names the one that panics or hangs.
type trial struct {
	t     *testing.T
	r     *rand.Rand
	input atomic.Pointer[string]
}

func newTrial(t *testing.T, stream uint64) *trial {
	t.Logf("seed %d", badSeed)
	return &trial{t: t, r: rand.New(rand.NewPCG(badSeed, stream))}
}

// share is n, or in short tests a part of it.
func (tr *trial) share(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

func (tr *trial) run(input string, f func()) {
	tr.t.Helper()
	tr.input.Store(&input)
	watch := time.AfterFunc(badLimit, func() {
		debug.SetTraceback("all")
		panic(fmt.Sprintf("no answer within %v to %.2000q", badLimit, *tr.input.Load()))
	})
	defer watch.Stop()
	defer func() {
		if p := recover(); p != nil {
			tr.t.Fatalf("panic %v on %.2000q\n%s", p, input, debug.Stack())
		}
	}()
	f()
}

// scripts is the statements of each script: all, and those that it executes.
func scripts(t *testing.T) (all [][]string, runs []string) {
	files, err := filepath.Glob("../../testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		blocks, _, err := readScript(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		run := ""
		for _, b := range blocks {
			switch b.word {
			case "exec":
				run += b.input
				fallthrough
			case "fail", "pull", "push":
				for _, s := range strings.SplitAfter(b.input, ";\n") {
					if s = strings.TrimSpace(s); s != "" {
						list = append(list, s)
					}
				}
			}
		}
		if len(list) > 0 {
			all, runs = append(all, list), append(runs, run)
		}
	}
	return all, runs
}

var (
	tokens = regexp.MustCompile(`\w+|'(?:[^']|'')*'|\s+|.`)
	odd    = []string{"\x00", "\u202e", "\ufeff", "\u0130", "\U0001f600", "e\u0301", "\xff", "\xed\xa0\x80", "\u2028", "ſ", "ß", "'", "`", "\"", "${", "${a}", "/*", "--", "\\", ";"}
	sizes  = []string{"0", "-1", "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e308", "1e999999999", "1e-999999999",
		"0.1", "99999999999999999999999999999999999999.9", "00", "1.", ".5"}
)

// cut is the tokens of texts.
func cut(texts ...string) (out [][]string) {
	for _, t := range texts {
		out = append(out, tokens.FindAllString(t, -1))
	}
	return out
}

// created is the head of a statement that needs a name which is free.
var created = regexp.MustCompile(`(?i)^(CREATE\s+(?:STREAM|TABLE|TYPE)\s+)\w+`)

// swap puts names, functions, texts and numbers of other statements in the places of some: the grammar mostly
// holds.
func (tr *trial) swap(text string, pool [][]string, n int) string {
	class := func(parts []string, i int) int {
		switch c := parts[i][0]; {
		case c == '\'':
			return 1
		case c-'0' <= 9:
			return 2
		case c >= 'a' && c <= 'z':
			return 3
		case c >= 'A' && c <= 'Z' && i+1 < len(parts) && parts[i+1] == "(":
			return 4
		}
		return 0
	}
	text = created.ReplaceAllString(text, fmt.Sprint("${1}x", n))
	parts := tokens.FindAllString(text, -1)
	left := 1 + tr.r.IntN(3)
	for try := 0; left > 0 && try < 200; try++ {
		other := pool[tr.r.IntN(len(pool))]
		i, j := tr.r.IntN(len(parts)), tr.r.IntN(len(other))
		if c := class(parts, i); c != 0 && c == class(other, j) {
			if parts[i] = other[j]; c == 2 && tr.r.IntN(2) == 0 {
				parts[i] = sizes[tr.r.IntN(len(sizes))]
			}
			left--
		}
	}
	return strings.Join(parts, "")
}

// mutate spoils a text in one to three places.
func (tr *trial) mutate(text string, pool [][]string) string {
	r := tr.r
	for range 1 + r.IntN(3) {
		parts := tokens.FindAllString(text, -1)
		if len(parts) == 0 {
			return text
		}
		i := r.IntN(len(parts))
		switch r.IntN(14) {
		case 0:
			j := r.IntN(len(parts))
			parts[i], parts[j] = parts[j], parts[i]
		case 1:
			other := pool[r.IntN(len(pool))]
			parts[i] = other[r.IntN(len(other))]
		case 2:
			other := pool[r.IntN(len(pool))]
			lo := r.IntN(len(other))
			parts[i] = strings.Join(other[lo:min(len(other), lo+1+r.IntN(8))], "")
		case 3:
			parts[i] = ""
		case 4:
			parts[i] += " " + parts[i]
		case 5:
			parts = parts[:i]
		case 6:
			parts[i] = odd[r.IntN(len(odd))] + parts[i]
		case 7:
			depth := 1 << r.IntN(11)
			b := [][2]string{{"(", ")"}, {"ARRAY[", "]"}, {"STRUCT<a ", ">"}, {"ABS(", ")"}, {"CASE WHEN ", " THEN 1 END"}, {"- ", ""}, {"NOT ", ""}, {"[", "]"}, {"TRANSFORM(ARRAY[1], x => ", ")"}}[r.IntN(9)]
			parts[i] = strings.Repeat(b[0], depth) + parts[i] + strings.Repeat(b[1], depth)
		case 8:
			if r.IntN(20) == 0 {
				parts[i] = strings.Repeat(parts[i]+[]string{"", " ", ",", "+"}[r.IntN(4)], 1<<r.IntN(14))
			}
		default:
			var numbers []int
			for k, p := range parts {
				if p[0]-'0' <= 9 {
					numbers = append(numbers, k)
				}
			}
			if len(numbers) > 0 && r.IntN(2) == 0 {
				parts[numbers[r.IntN(len(numbers))]] = sizes[r.IntN(len(sizes))]
				break
			}
			text := []byte(strings.Join(parts, ""))
			text[r.IntN(len(text))] ^= 1 << r.IntN(8)
			parts = []string{string(text)}
		}
		text = strings.Join(parts, "")
	}
	return text
}

// badWorld is what the scripts' statements find.
const badWorld = `
SET 'auto.offset.reset'='earliest';
CREATE STREAM s (k STRING KEY, id INT, v INT, a ARRAY<INT>, m MAP<STRING, INT>, st STRUCT<f INT, g STRING>, d DECIMAL(8,2), ts TIMESTAMP) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE t (id INT PRIMARY KEY, v INT) WITH (KAFKA_TOPIC='t', VALUE_FORMAT='JSON', PARTITIONS=1);
CREATE TABLE n AS SELECT k, COUNT(*) AS n, SUM(v) AS v FROM s GROUP BY k;
CREATE TABLE w AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY k;
INSERT INTO s VALUES ('a', 1, 2, ARRAY[1, 2], MAP('x' := 1), STRUCT(f := 1, g := 'y'), 1.5, '2020-01-01');
INSERT INTO t VALUES (1, 2);
`

func badEngine(t *testing.T, opts ...ksql.Option) *ksql.Engine {
	t.Helper()
	e, err := ksql.Open(context.Background(), append(opts, ksql.WithRand(1))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Execute(context.Background(), badWorld); err != nil {
		t.Fatal(err)
	}
	return e
}

// lives fails the test unless the engine still answers.
func lives(t *testing.T, e *ksql.Engine, after string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), badLimit)
	defer cancel()
	if _, err := e.Execute(ctx, `CREATE STREAM IF NOT EXISTS alive (v INT) WITH (KAFKA_TOPIC='alive', VALUE_FORMAT='JSON', PARTITIONS=1); INSERT INTO alive VALUES (1);`); err != nil {
		t.Fatalf("%v after %.2000q", err, after)
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatalf("%v after %.2000q", err, after)
	}
	for id, err := range e.Failed() {
		if crash := (*exec.Panic)(nil); errors.As(err, &crash) { // an aggregate may fail its query; a panic may not
			t.Fatalf("%s: %v\n%s", id, err, crash.Stack)
		}
	}
}

func TestBadTexts(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 1)
	all, runs := scripts(t)
	var list []string
	var pool [][]string
	var e *ksql.Engine
	defer func() { e.Close() }()
	refused := 0
	n := tr.share(badTexts)
	for i := range n {
		if i%300 == 0 {
			if e != nil {
				lives(t, e, "texts")
				e.Close()
			}
			e = badEngine(t, ksql.WithMaxPartitions(2))
			k := tr.r.IntN(len(all))
			list, pool = all[k], cut(all[k]...)
			for _, s := range strings.SplitAfter(runs[k], ";\n") {
				_, _ = e.Execute(context.Background(), s) // scripts also hold statements that fail
			}
		}
		text := list[tr.r.IntN(len(list))]
		if i%2 == 0 {
			text = tr.swap(text, pool, i)
		} else {
			text = tr.mutate(text, pool)
		}
		tr.run(text, func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond) // ASSERT waits
			defer cancel()
			_, failed := e.Execute(ctx, text)
			rows, err := e.Query(ctx, text)
			if err != nil {
				if failed != nil {
					refused++
				}
				return
			}
			for rows.Ready() && rows.Next() {
			}
			if err := rows.Close(); err != nil {
				t.Errorf("%v after %.2000q", err, text)
			}
		})
	}
	lives(t, e, "all")
	t.Logf("%d of %d texts were refused", refused, n)
	if refused < n/4 || refused == n {
		t.Error("the mutations are too weak, or too strong")
	}
}

// badBodies is valid requests, by path.
var badBodies = []struct{ path, body string }{
	{"/ksql", `{"ksql":"SHOW STREAMS; DESCRIBE s EXTENDED;","streamsProperties":{"auto.offset.reset":"earliest"},"sessionVariables":{"a":"b"},"commandSequenceNumber":1}`},
	{"/ksql", `{"ksql":"CREATE STREAM x AS SELECT k, v + 1 AS v FROM s;","requestProperties":{"request.ksql.debug.request":true}}`},
	{"/ksql", `{"ksql":"INSERT INTO t VALUES (${id}, 5); DROP STREAM IF EXISTS x;","sessionVariables":{"id":"7"}}`},
	{"/query", `{"ksql":"SELECT * FROM n WHERE k = 'a';","streamsProperties":{}}`},
	{"/query", `{"ksql":"SELECT * FROM s EMIT CHANGES LIMIT 1;","streamsProperties":{"ksql.streams.auto.offset.reset":"earliest"}}`},
	{"/query", `{"ksql":"PRINT 's' FROM BEGINNING LIMIT 1;"}`},
	{"/query-stream", `{"sql":"SELECT * FROM s;","properties":{"auto.offset.reset":"earliest"}}`},
	{"/query-stream", `{"sql":"SELECT k, a[1], st->f FROM s EMIT CHANGES LIMIT 1;","properties":{"auto.offset.reset":"earliest"}}`},
	{"/inserts-stream", "{\"target\":\"s\",\"properties\":{}}\n{\"K\":\"b\",\"ID\":1,\"A\":[1,null],\"M\":{\"x\":2},\"ST\":{\"F\":1,\"G\":\"z\"},\"D\":\"1.25\",\"TS\":\"2020-01-01\"}\n{\"k\":\"c\",\"v\":9}\n"},
	{"/close-query", `{"queryId":"x"}`},
	{"/heartbeat", `{"hostInfo":{"host":"a","port":1},"timestamp":1}`},
	{"/lag", `{}`},
}

// refusedProperty is what ksqlDB answers with 500, too.
var refusedProperty = regexp.MustCompile(`Invalid value .* for configuration|Not recognizable as ksql`)

// spoil is mutate for bytes.
func (tr *trial) spoil(b []byte) []byte {
	r := tr.r
	b = slices.Clone(b)
	for range 1 + r.IntN(3) {
		if len(b) == 0 {
			return b
		}
		i := r.IntN(len(b))
		switch r.IntN(7) {
		case 0:
			b[i] ^= 1 << r.IntN(8)
		case 1:
			b[i] = byte(r.IntN(256))
		case 2:
			b = b[:i]
		case 3:
			b = slices.Delete(b, i, min(len(b), i+1+r.IntN(6)))
		case 4:
			b = slices.Insert(b, i, []byte(odd[r.IntN(len(odd))])...)
		case 5:
			b = slices.Insert(b, i, []byte(sizes[r.IntN(len(sizes))])...)
		case 6:
			d := 1 << r.IntN(12)
			o := [][2]string{{"[", "]"}, {`{"a":`, "}"}, {"{", "}"}, {`"`, `"`}, {"\\", ""}}[r.IntN(5)]
			b = slices.Concat(b[:i], bytes.Repeat([]byte(o[0]), d), b[i:i+1], bytes.Repeat([]byte(o[1]), d), b[i+1:])
		}
	}
	return b
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 2)
	e := badEngine(t, ksql.WithMaxPartitions(2))
	defer func() { e.Close() }()
	h := httpapi.New(e)
	accepts := []string{"", "application/json", "application/vnd.ksql.v1+json", "application/vnd.ksqlapi.delimited.v1", "application/vnd.ksql.v1+protobuf", "*/*", "a/b;q=x"}
	codes := map[int]int{}
	for i := range tr.share(badRequests) {
		if i%2000 == 1999 {
			lives(t, e, "requests")
			e.Close()
			e = badEngine(t, ksql.WithMaxPartitions(2))
			h = httpapi.New(e)
		}
		c := badBodies[tr.r.IntN(len(badBodies))]
		body := tr.spoil([]byte(c.body))
		if tr.r.IntN(3) == 0 {
			body = []byte(tr.mutate(c.body, cut(badBodies[tr.r.IntN(len(badBodies))].body)))
		}
		path := c.path
		if tr.r.IntN(20) == 0 {
			path = badBodies[tr.r.IntN(len(badBodies))].path
		}
		tr.run(path+" "+string(body), func() {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond) // the client of a push query leaves
			defer cancel()
			req := httptest.NewRequestWithContext(ctx, "POST", path, bytes.NewReader(body))
			req.ProtoMajor = 2 - tr.r.IntN(8)/7
			req.Header.Set("Accept", accepts[tr.r.IntN(len(accepts))])
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			codes[w.Code]++
			if w.Code >= 500 && ctx.Err() == nil && !refusedProperty.Match(w.Body.Bytes()) {
				t.Errorf("%s %.1000q: %d %.1000s", path, body, w.Code, w.Body)
			}
		})
	}
	lives(t, e, "requests")
	t.Log("answers by code: ", codes)
	if codes[200] == 0 || codes[400] == 0 {
		t.Error("the mutations are too weak, or too strong: ", codes)
	}
}

// TestBadSizes: what would exhaust memory or time is refused, or fails its row, and the engine goes on.
func TestBadSizes(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 3)
	rep := strings.Repeat
	for name, c := range map[string]struct{ text, want string }{
		"a topic of many partitions":   {"CREATE STREAM x (v INT) WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=2000000000);", "at most 4096"},
		"a sink of many partitions":    {"CREATE STREAM x WITH (PARTITIONS=4097) AS SELECT * FROM s PARTITION BY id;", "at most 4096"},
		"deep brackets":                {"SELECT " + rep("(", 100000) + "1" + rep(")", 100000) + " FROM s EMIT CHANGES;", "too large to parse"},
		"deep types":                   {"CREATE STREAM x (v " + rep("STRUCT<a ", 100000) + "INT" + rep(">", 100000) + ") WITH (KAFKA_TOPIC='x', VALUE_FORMAT='JSON', PARTITIONS=1);", "too large to parse"},
		"a long chain":                 {"SELECT 1" + rep("+1", 100000) + " FROM s EMIT CHANGES;", "too large to parse"},
		"many conditions":              {"SELECT * FROM s WHERE v = 1" + rep(" OR v = 1", 100000) + " EMIT CHANGES;", "too large to parse"},
		"many tokens":                  {"SELECT ARRAY[1" + rep(",1", 1000000) + "] FROM s EMIT CHANGES;", "too large to parse"},
		"a variable that doubles":      {"DEFINE a = 'aaaaaaaa';" + rep("DEFINE a = '${a}${a}';", 60) + "SHOW STREAMS;", "too large to parse"},
		"a number of a million digits": {"INSERT INTO s (k, d) VALUES ('a', " + rep("9", 1000000) + ".5);", "numeric literal"},
		"an exponent":                  {"INSERT INTO s (k, d) VALUES ('a', 1e999999999);", "overflows"},
		"a window of 10^18 days":       {"CREATE TABLE x AS SELECT k, COUNT(*) FROM s WINDOW TUMBLING (SIZE 1000000000000000000 DAYS, GRACE PERIOD 1 DAY) GROUP BY k;", "must be less"},
		"a hop of a millisecond":       {"CREATE TABLE x AS SELECT k, COUNT(*) FROM s WINDOW HOPPING (SIZE 100 DAYS, ADVANCE BY 1 MILLISECOND) GROUP BY k;", "windows"},
		"a cast to many digits":        {"SELECT CAST(v AS DECIMAL(2000000000, 5)) FROM s EMIT CHANGES;", "precision"},
	} {
		e := badEngine(t)
		tr.run(name, func() {
			ctx, cancel := context.WithTimeout(context.Background(), badLimit)
			defer cancel()
			_, err := e.Execute(ctx, c.text)
			if strings.HasPrefix(c.text, "SELECT") {
				_, err = e.Query(ctx, c.text)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %.300v, want %q", name, err, c.want)
			}
			lives(t, e, name)
		})
		e.Close()
	}
}

// appendRecords appends records to partition 0 of a topic.
func appendRecords(t *testing.T, e *ksql.Engine, r *store.Records) {
	t.Helper()
	if _, err := e.Log().Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}
