package exec_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/exec/stmt"
)

// TestTerminate: all queries, sources and types end, push queries too; of the topics only sinks that match are
// deleted, and what the queries kept. The engine then answers nothing; opened again it serves an empty catalog.
func TestTerminate(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir), ksql.WithProperties(map[string]string{"auto.offset.reset": "earliest"}))
	h.exec(orders + `CREATE TYPE money AS DECIMAL(8, 2);
		CREATE STREAM large AS SELECT * FROM orders WHERE qty > 10;
		CREATE TABLE items AS SELECT item, COUNT(*) AS n FROM orders GROUP BY item;`)
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 20);`)
	h.sync()
	push := h.query(`SELECT * FROM orders EMIT CHANGES;`)
	var asked []string
	done, err := h.Server().Terminate(h.ctx, func(topic string) bool {
		asked = append(asked, topic)
		return topic == "LARGE" || topic == "TOTALS" || topic == "orders"
	})
	if err != nil || done.(*stmt.Command).ID != "cluster/TerminateCluster/terminate" || h.Server().Phase() != exec.Terminated {
		t.Fatal(done, err, h.Server().Phase())
	}
	slices.Sort(asked)
	if !slices.Equal(asked, []string{"ITEMS", "LARGE", "TOTALS"}) {
		t.Errorf("asked for %q: only what CREATE ... AS wrote is its", asked)
	}
	for push.Next() { // what it had already; then it ends
	}
	if _, err := h.Execute(h.ctx, `SHOW STREAMS;`); !errors.Is(err, exec.ErrTerminated) {
		t.Error(err)
	}
	if _, err := h.Query(h.ctx, `SELECT * FROM totals;`); !errors.Is(err, exec.ErrTerminated) {
		t.Error(err)
	}
	for range 2 {
		h = reopened(h, dir)
		if n, q := h.Catalog().NumSources(), slices.Collect(h.Catalog().Queries()); n != 1 || len(q) > 0 { // the processing log
			t.Errorf("%d sources, queries %v", n, q)
		}
		topics, err := h.Log().Topics(h.ctx)
		if err != nil {
			t.Fatal(err)
		}
		left := slices.DeleteFunc(slices.Sorted(maps.Keys(topics)), func(s string) bool {
			return strings.HasSuffix(s, "_command_topic") || strings.HasSuffix(s, "processing_log")
		})
		if !slices.Equal(left, []string{"ITEMS", "orders"}) {
			t.Errorf("topics %q are left", left)
		}
	}
	h.exec(`CREATE TYPE money AS INT;` + orders) // the names are free
}

// TestStatuses: each statement has the status of its command id; the newest of an id is kept, over restarts too.
func TestStatuses(t *testing.T) {
	dir := t.TempDir()
	h := newHost(t, ksql.WithDir(dir))
	if n := h.Server().Sequence(); n != -1 {
		t.Errorf("the sequence begins at %d", n)
	}
	h.exec(orders + `CREATE TYPE money AS INT; DROP TYPE money; ALTER STREAM orders ADD COLUMN note STRING;
		CREATE STREAM big AS SELECT * FROM orders; PAUSE ALL; RESUME ALL; PAUSE CSAS_BIG_5; RESUME CSAS_BIG_5;
		INSERT INTO big SELECT * FROM orders; TERMINATE ALL; DROP STREAM big;`)
	list, err := h.Server().Statuses()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, s.ID+" | "+s.Status+" | "+s.Message+" | "+s.QueryID)
	}
	want := []string{
		"pause/ALL/execute | SUCCESS | Query paused. | ",
		"pause/CSAS_BIG_5/execute | SUCCESS | Query paused. | ",
		"resume/ALL/execute | SUCCESS | Query resumed. | ",
		"resume/CSAS_BIG_5/execute | SUCCESS | Query resumed. | ",
		"stream/BIG/drop | SUCCESS | Source `BIG` (topic: BIG) was dropped. | ",
		"stream/ORDERS/alter | SUCCESS | Stream ORDERS altered. | ",
		"stream/`BIG`/create | SUCCESS | Created query with ID INSERTQUERY_10 | INSERTQUERY_10",
		"stream/`ORDERS`/create | SUCCESS | Stream created | ",
		"table/`TOTALS`/create | SUCCESS | Created query with ID CTAS_TOTALS_1 | CTAS_TOTALS_1",
		"terminate/ALL/execute | SUCCESS | Query terminated. | ",
		"type/MONEY/create | SUCCESS | Registered custom type with name 'MONEY' and SQL type INTEGER | ",
		"type/MONEY/drop | SUCCESS | Dropped type 'MONEY' | ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
	one, ok, err := h.Server().Status("stream/`BIG`/create")
	if !ok || err != nil || one.ID != "stream/`BIG`/create" || one.QueryID != "INSERTQUERY_10" || one.Seq != 10 {
		t.Error(one, ok, err)
	}
	if one, ok, err := h.Server().Status("stream/`NOPE`/create"); ok || err != nil {
		t.Error(one, err)
	}
	last := h.Server().Sequence()
	h = reopened(h, dir)
	again, err := h.Server().Statuses()
	if err != nil || !slices.EqualFunc(again, list, func(a, b exec.Status) bool { return a.ID == b.ID && a.Message == b.Message && a.Seq == b.Seq }) || h.Server().Sequence() != last || last != 12 {
		t.Errorf("after opening again: %+v %v, sequence %d", again, err, h.Server().Sequence())
	}
}
