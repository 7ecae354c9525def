package bed_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// badColumns is a column of every type.
const badColumns = `bo BOOLEAN, i INT, b BIGINT, d DOUBLE, de DECIMAL(10,3), s STRING, byt BYTES, da DATE, ti TIME, ts TIMESTAMP`

// badTopics is the topics that bad records go to, with the queries that read them. n is the number of a record
// that is good.
const badQueries = `
SET 'auto.offset.reset'='earliest';
CREATE STREAM js (k STRING KEY, n BIGINT, g STRING, ` + badColumns + `, a ARRAY<INT>, m MAP<STRING, DOUBLE>, st STRUCT<f INT, g ARRAY<STRING>>) WITH (KAFKA_TOPIC='js', KEY_FORMAT='JSON', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM dl (k BIGINT KEY, n BIGINT, g STRING, ` + badColumns + `) WITH (KAFKA_TOPIC='dl', KEY_FORMAT='DELIMITED', VALUE_FORMAT='DELIMITED', PARTITIONS=2);
CREATE STREAM ka (k INT KEY, n BIGINT) WITH (KAFKA_TOPIC='ka', FORMAT='KAFKA', PARTITIONS=2);
CREATE TABLE jt (k INT PRIMARY KEY, n BIGINT, g STRING, a ARRAY<INT>) WITH (KAFKA_TOPIC='jt', VALUE_FORMAT='JSON', PARTITIONS=2);
CREATE STREAM js_p AS SELECT k, n, g, i + 1 AS i, s + 'x' AS s, a[1] AS a1, m['x'] AS mx, st->f AS f, ROWPARTITION AS p, ROWOFFSET AS o FROM js;
CREATE STREAM dl_p AS SELECT k, n, g, i / 2 AS i, CAST(de AS STRING) AS de, ROWPARTITION AS p, ROWOFFSET AS o FROM dl;
CREATE STREAM ka_p WITH (VALUE_FORMAT='JSON') AS SELECT k, n, ROWPARTITION AS p, ROWOFFSET AS o FROM ka;
CREATE TABLE jt_p AS SELECT k, n, UCASE(g) AS g, a[1] AS a1 FROM jt;
CREATE TABLE js_a AS SELECT g, COUNT(*) AS n, SUM(d) AS d, COLLECT_LIST(s) AS l FROM js GROUP BY g;
CREATE TABLE dl_w AS SELECT g, COUNT(*) AS n FROM dl WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY g;
CREATE TABLE dl_h AS SELECT g, COUNT(*) AS n FROM dl WINDOW HOPPING (SIZE 1 HOUR, ADVANCE BY 10 MINUTES) GROUP BY g;
CREATE TABLE js_s AS SELECT g, COUNT(*) AS n, MAX(b) AS b FROM js WINDOW SESSION (10 SECONDS) GROUP BY g;
`

// place is where a record lies.
type place struct {
	topic     string
	partition int32
	offset    int64
}

// badStream is one topic under attack, and what must come of it.
type badStream struct {
	topic string
	good  func(n int64) (key, value []byte)
	// wrong is records that nobody could read.
	wrong []struct{ key, value []byte }
	// broken says of a spoiled record for certain that it cannot be read.
	broken func(key, value []byte) bool
	next   [2]int64         // offset by partition
	goods  map[place]int64  // n by place
	bads   map[place][]byte // what cannot be read
	rest   map[place]bool   // readable or not
	holes  int              // rows without a value
}

func jsonRow(n int64) string {
	return fmt.Sprintf(`{"N":%d,"G":"g%d","BO":%t,"I":%d,"B":%d,"D":%d.5,"DE":%d.125,"S":"text é %d","BYT":"AAEC","DA":%d,"TI":%d,"TS":%d,"A":[1,null,%d],"M":{"x":1.5,"y":null},"ST":{"F":%d,"G":["p","q"]}}`,
		n, n%7, n%2 == 0, n, n*n, n, n%1000, n, n%20000, n%86400000, n, n, n)
}

func delimitedRow(n int64) string {
	return fmt.Sprintf(`%d,g%d,%t,%d,%d,%d.5,%d.125,"text, é %d",AAEC,%d,%d,%d`, n, n%7, n%2 == 0, n, n*n, n, n%1000, n, n%20000, n%86400000, n)
}

// noJSON says that no JSON value begins in b: the standard library is stricter than Jackson only behind it.
func noJSON(b []byte) bool {
	var v json.RawMessage
	return json.NewDecoder(bytes.NewReader(b)).Decode(&v) != nil
}

func badStreams() []*badStream {
	type pair = struct{ key, value []byte }
	text := func(kv ...string) (out []pair) {
		for i := 0; i < len(kv); i += 2 {
			out = append(out, pair{[]byte(kv[i]), []byte(kv[i+1])})
		}
		return out
	}
	be4 := func(n int64) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	be8 := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	row := jsonRow(1)
	list := []*badStream{
		{topic: "js", good: func(n int64) ([]byte, []byte) {
			return []byte(strconv.Quote("k" + strconv.FormatInt(n, 10))), []byte(jsonRow(n))
		}, broken: func(key, value []byte) bool { return noJSON(value) || noJSON(key) },
			wrong: text(`"k"`, ``, `"k"`, `{`, `"k"`, `not json`, `"k"`, `[1]`, `"k"`, `7`, `"k"`, `"x"`, `"k"`, `{"I":{}}`, `"k"`, `{"I":[1]}`, `"k"`, `{"A":5}`, `"k"`, `{"A":{"x":1}}`, `"k"`, `{"M":[1]}`,
				`"k"`, `{"ST":[1]}`, `"k"`, `{"ST":{"F":{}}}`, `"k"`, `{"I":"x"}`, `"k"`, `{"B":true}`, `"k"`, `{"D":[]}`, `"k"`, `{"DE":"x"}`, `"k"`, `{"BYT":"*"}`, `"k"`, `{"S":"`+"\x01"+`"}`, `"k"`, `{"N":1,}`, `"k"`, `{"N":01}`,
				`"k"`, `{"S":"\x"}`, `"k"`, `{"N":1`, `"k"`, strings.Repeat("[", 5000), `"k"`, `{"X":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`, `"k`, row, `{`, row, "\"\xff\"", row, ``, row)},
		{topic: "dl", good: func(n int64) ([]byte, []byte) { return []byte(strconv.FormatInt(n, 10)), []byte(delimitedRow(n)) },
			broken: func(key, value []byte) bool {
				return !bytes.ContainsAny(value, "\"\r\n") && bytes.Count(value, []byte(",")) != 11
			},
			wrong: text(`1`, ``, `1`, `1,2`, `1`, strings.Repeat(",", 12), `1`, `x`+delimitedRow(1), `1`, `1,g,true,x,1,1,1,t,AAEC,1,1,1`, `1`, `1,g,true,1,1,1,x,t,AAEC,1,1,1`, `1`, `1,g,true,1,1,1,99999999999.5,t,AAEC,1,1,1`,
				`1`, `1,g,true,1,1,1,1,"t,AAEC,1,1,1`, `1`, `1,g,true,1,1,1,1,"t"x,AAEC,1,1,1`, `x`, delimitedRow(1), ``, delimitedRow(1), `1,2`, delimitedRow(1), `99999999999999999999`, delimitedRow(1))},
		{topic: "ka", good: func(n int64) ([]byte, []byte) { return be4(n), be8(n) },
			broken: func(key, value []byte) bool { return key != nil && len(key) != 4 || value != nil && len(value) != 8 },
			wrong:  []pair{{be4(1), []byte{}}, {be4(1), be4(1)}, {be4(1), append(be8(1), 0)}, {be8(1), be8(1)}, {[]byte{}, be8(1)}, {[]byte("x"), []byte("y")}}},
		{topic: "jt", good: func(n int64) ([]byte, []byte) {
			return be4(n), fmt.Appendf(nil, `{"N":%d,"G":"g%d","A":[%d]}`, n, n%7, n)
		}, broken: func(key, value []byte) bool { return key != nil && len(key) != 4 || value != nil && noJSON(value) },
			wrong: []pair{{be4(1), []byte(`{`)}, {be4(1), []byte(`{"A":7}`)}, {be8(1), []byte(`{}`)}, {[]byte{}, []byte(`{}`)}, {be4(7), []byte(``)}}},
	}
	for _, s := range list {
		s.goods, s.bads, s.rest = map[place]int64{}, map[place][]byte{}, map[place]bool{}
	}
	return list
}

// TestBadRecords puts spoiled records between good ones: every good one comes out, every record comes out or
// stands in the processing log, and what nobody could read stands there with its place and the cause.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	tr := newTrial(t, 4)
	e, err := ksql.Open(context.Background(), ksql.WithRand(1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if _, err := e.Execute(ctx, badQueries); err != nil {
		t.Fatal(err)
	}
	streams := badStreams()
	const batch = 250
	n := int64(0)
	for done := 0; done < tr.share(badRecords); done += batch {
		s := streams[tr.r.IntN(len(streams))]
		part := int32(tr.r.IntN(2))
		run := &store.Records{TP: store.TP{Topic: s.topic, Partition: part}}
		for range batch {
			at := place{s.topic, part, s.next[part]}
			s.next[part]++
			n++
			key, value := s.good(n)
			switch tr.r.IntN(4) {
			case 0:
				s.goods[at] = n
			case 1:
				w := s.wrong[tr.r.IntN(len(s.wrong))]
				key, value = w.key, w.value
				s.bads[at] = value
			default:
				if tr.r.IntN(3) == 0 {
					key = tr.spoil(key)
				}
				if value = tr.spoil(value); tr.r.IntN(20) == 0 {
					value = nil
				}
				switch {
				case s.broken(key, value) && value != nil:
					s.bads[at] = value
				case value == nil:
					s.holes++
				default:
					s.rest[at] = true
				}
			}
			run.Add(1_600_000_000_000+n, key, value)
		}
		tr.run(fmt.Sprintf("%d records of topic %s: %.3000q", run.Len(), s.topic, run.Bytes), func() {
			if _, err := e.Log().Append(ctx, run); err != nil {
				t.Fatal(err)
			}
			if err := e.Sync(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
	if f := e.Failed(); len(f) > 0 {
		t.Fatal("queries have failed: ", f)
	}
	logged := problemPlaces(t, ctx, e)
	readers := map[string][]string{"js": {"JS_P", "JS_A", "JS_S"}, "dl": {"DL_P", "DL_W", "DL_H"}, "ka": {"KA_P"}, "jt": {"JT_P"}}
	ids := map[string]string{}
	for src := range e.Catalog().Sources() {
		ids[src.Name] = src.Query
	}
	for _, s := range streams {
		t.Logf("%s: %d good, %d unreadable, %d spoiled otherwise, %d without a value", s.topic, len(s.goods), len(s.bads), len(s.rest), s.holes)
		for _, sink := range readers[s.topic] {
			missing := 0
			for at, b := range s.bads {
				if logged[ids[sink]][at] != 1 {
					if missing++; missing < 4 {
						t.Errorf("%s: the record at %v, %.200q, is %d times in the processing log", sink, at, b, logged[ids[sink]][at])
					}
				}
			}
			for at := range s.goods {
				if logged[ids[sink]][at] != 0 {
					t.Errorf("%s: the good record at %v is in the processing log", sink, at)
				}
			}
		}
		switch s.topic {
		case "jt":
			checkBadTable(t, e, ctx, s)
		default:
			checkBadProjection(t, e, ctx, s, logged[ids[strings.ToUpper(s.topic)+"_P"]])
		}
	}
	checkBadCounts(t, e, ctx)
}

// problemPlaces counts the entries of the processing log by query and place. Each must tell a cause.
func problemPlaces(t *testing.T, ctx context.Context, e *ksql.Engine) map[string]map[place]int {
	t.Helper()
	rows, err := e.Query(ctx, "SELECT logger, message->type AS type, message->deserializationError AS e FROM KSQL_PROCESSING_LOG;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]map[place]int{}
	for rows.Next() {
		var logger string
		var kind int
		var problem struct {
			Target, ErrorMessage, RecordB64 *string
			Cause                           []string
			Topic                           string
			Partition                       int32
			Offset                          int64
		}
		row := rows.Row()
		logger, kind = row[0].(string), int(row[1].(int32))
		if kind != 0 {
			continue
		}
		if err := rows.Scan(&logger, &kind, &problem); err != nil {
			t.Fatal(err)
		}
		id := strings.Split(logger, ".")[1]
		if problem.ErrorMessage == nil || *problem.ErrorMessage == "" || len(problem.Cause) == 0 || problem.Cause[0] == "" || problem.Target == nil || *problem.Target != "key" && *problem.Target != "value" {
			t.Fatalf("%s: no cause: %+v", logger, problem)
		}
		if out[id] == nil {
			out[id] = map[place]int{}
		}
		out[id][place{problem.Topic, problem.Partition, problem.Offset}]++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// checkBadProjection compares the output of a projection, which knows where its rows come from.
func checkBadProjection(t *testing.T, e *ksql.Engine, ctx context.Context, s *badStream, logged map[place]int) {
	t.Helper()
	rows, err := e.Query(ctx, "SELECT n, p, o FROM "+s.topic+"_p WHERE o IS NOT NULL;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	seen := map[place]bool{}
	for rows.Next() {
		r := rows.Row()
		at := place{s.topic, r[1].(int32), r[2].(int64)}
		if seen[at] {
			t.Errorf("the record at %v came out twice", at)
		}
		seen[at] = true
		if n, ok := s.goods[at]; ok && r[0] != n {
			t.Errorf("the record at %v came out as %v, want %d", at, r[0], n)
		}
		if b, ok := s.bads[at]; ok {
			t.Errorf("the record at %v, %.200q, came out as %v", at, b, r)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for at := range s.goods {
		if !seen[at] {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%s: %d good records did not come out", s.topic, lost)
	}
	for at := range s.rest {
		if seen[at] == (logged[at] > 0) {
			t.Errorf("the record at %v: came out %v, in the log %d times", at, seen[at], logged[at])
		}
	}
}

// checkBadTable looks every good row of the table up that no later row has replaced.
func checkBadTable(t *testing.T, e *ksql.Engine, ctx context.Context, s *badStream) {
	t.Helper()
	rows, err := e.Query(ctx, "SELECT k, n, a1 FROM jt_p;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	got := map[int32][2]any{}
	for rows.Next() {
		r := rows.Row()
		got[r[0].(int32)] = [2]any{r[1], r[2]}
	}
	wrong := 0
	for _, n := range s.goods {
		if v, ok := got[int32(n)]; n < 256 || n > math.MaxInt32 { // a spoiled key may well be a small number
			continue
		} else if !ok || v[0] != n || v[1] != int32(n) {
			wrong++
		}
	}
	// Spoiled keys of other rows hit a few.
	if wrong > len(s.goods)/100 {
		t.Errorf("jt: %d of %d good rows are not there", wrong, len(s.goods))
	}
}

// checkBadCounts compares the aggregates with the rows that the projections let out.
func checkBadCounts(t *testing.T, e *ksql.Engine, ctx context.Context) {
	t.Helper()
	count := func(text string) map[any]int64 {
		rows, err := e.Query(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		out := map[any]int64{}
		for rows.Next() {
			r := rows.Row()
			if g, ok := r[0].(string); ok && strings.HasPrefix(g, "g") {
				out[g] += r[1].(int64)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct{ table, stream string }{{"js_a", "js_p"}, {"js_s", "js_p"}, {"dl_w", "dl_p"}} {
		got, want := count("SELECT g, n FROM "+c.table+";"), count("SELECT g, CAST(1 AS BIGINT) AS n FROM "+c.stream+" WHERE o IS NOT NULL;")
		if len(got) < 7 || len(got) != len(want) {
			t.Errorf("%s has %d groups, want %d", c.table, len(got), len(want))
		}
		for g, n := range want {
			if got[g] != n {
				t.Errorf("%s: %v rows of %v, want %v", c.table, got[g], g, n)
			}
		}
	}
}

// burst is a table function that gives n rows, panics at 7, and makes too much above 10.
var burst = fn.Func{Name: "BURST", Variants: []fn.Variant{{
	Args: []fn.Arg{{Name: "n", Type: sql.TInteger}}, Returns: sql.TInteger,
	Rows: func(fn.Site) (fn.RowsKernel, error) {
		return func(c *fn.Call, from []int32, out *vec.Vec) []int32 {
			for i := range c.N {
				n := c.Args[0].I32[i]
				switch {
				case n == 7:
					panic("seven")
				case n > 10:
					panic(vec.ErrTooLarge)
				}
				for k := range n {
					from = append(from, int32(i))
					out.AppendI32(k)
				}
			}
			return from
		}, nil
	},
}}}

// TestBadFunction: a table function that panics, or makes too much of a row, costs that row only.
func TestBadFunction(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), badLimit)
	defer cancel()
	e, err := ksql.Open(ctx, ksql.WithFunctions(burst))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Execute(ctx, `SET 'auto.offset.reset'='earliest';
		CREATE STREAM s (n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE STREAM d AS SELECT n, BURST(n) AS x FROM s;`); err != nil {
		t.Fatal(err)
	}
	run := &store.Records{TP: store.TP{Topic: "s"}}
	for _, n := range []int{1, 7, 40, 2, 0, 7, 3} {
		run.Add(0, nil, fmt.Appendf(nil, `{"N":%d}`, n))
	}
	appendRecords(t, e, run)
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"SELECT n, x FROM d;": "[1 0] [2 0] [2 1] [3 0] [3 1] [3 2]",
		"SELECT message->recordProcessingError->offset AS o, message->recordProcessingError->errorMessage AS e FROM KSQL_PROCESSING_LOG;": "[1 table function: seven] [2 the value is too large] [5 table function: seven]",
	} {
		rows, err := e.Query(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for r, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(r))
		}
		rows.Close()
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", text, s, want)
		}
	}
	if f := e.Failed(); len(f) > 0 {
		t.Error(f)
	}
}

// TestProblemTexts: the processing log holds the record only where it may, and a long text in short.
func TestProblemTexts(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), badLimit)
	defer cancel()
	for _, include := range []string{"false", "true"} {
		e, err := ksql.Open(ctx, ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest", "ksql.logging.processing.rows.include": include}))
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if _, err := e.Execute(ctx, `CREATE STREAM s (k INT KEY, n INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='DELIMITED', PARTITIONS=1); CREATE STREAM d AS SELECT * FROM s;`); err != nil {
			t.Fatal(err)
		}
		long := []byte(strings.Repeat("é", 1<<19))
		run := &store.Records{TP: store.TP{Topic: "s"}}
		run.Add(0, []byte("key"), []byte("1"))
		run.Add(0, nil, long)
		appendRecords(t, e, run)
		if err := e.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		rows, err := e.Query(ctx, "SELECT message->deserializationError->target AS t, message->deserializationError->errorMessage AS e, message->deserializationError->cause AS c, message->deserializationError->recordB64 AS r FROM KSQL_PROCESSING_LOG;")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for r, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			want, record := "key", []byte("key")
			if n == 1 {
				want, record = "value", long
			}
			n++
			if text, cause := r[1].(string), r[2].([]any); r[0] != want || len(text) > 5000 || len(cause) == 0 || len(cause[0].(string)) > 5000 {
				t.Errorf("%v: %.200v", want, r)
			}
			if got := r[3]; include == "true" && got != base64.StdEncoding.EncodeToString(record) || include == "false" && got != nil {
				t.Errorf("%v, rows.include %s: recordB64 is %.200v", want, include, got)
			}
		}
		if n != 2 {
			t.Errorf("%d problems, want 2", n)
		}
	}
}
