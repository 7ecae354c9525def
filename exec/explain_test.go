package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// counting counts the groups that are read of a source.
type counting struct {
	op.Source
	groups int
}

func (c *counting) Read(groups []int32) (*op.Batch, error) {
	c.groups += len(groups)
	return c.Source.Read(groups)
}

// merging is counting of a source that is a Merger.
type merging struct {
	*counting
	op.Merger
}

func (m merging) Read(groups []int32) (*op.Batch, error) { return m.counting.Read(groups) }

// TestExplainPull compares what EXPLAIN says is read with the groups that are read, in answers that fit into a page
// and in answers that flow.
func TestExplainPull(t *testing.T) {
	for _, page := range []int64{0, 1024} {
		t.Run(fmt.Sprint("page ", page), func(t *testing.T) { explainPull(t, page) })
	}
}

func explainPull(t *testing.T, page int64) {
	ctx := context.Background()
	log, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	view, err := meta.Open(meta.Memory)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(ctx, Options{Meta: view, Log: log, Functions: fn.Builtins(), Page: page, Properties: map[string]string{"auto.offset.reset": "earliest"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(e.Close(), log.Close(), view.Close()); err != nil {
			t.Error(err)
		}
	}()
	list, err := sql.Parse(`CREATE STREAM s (k STRING KEY) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE plain AS SELECT k, COUNT(*) AS n FROM s GROUP BY k;
		CREATE TABLE kept AS SELECT * FROM plain WHERE n > 0;
		CREATE TABLE tumbled AS SELECT k, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 MILLISECONDS) GROUP BY k;
		CREATE TABLE hopped AS SELECT k, COUNT(*) AS n FROM s WINDOW HOPPING (SIZE 10 MILLISECONDS, ADVANCE BY 10 MILLISECONDS) GROUP BY k;
		CREATE TABLE session_of AS SELECT k, COUNT(*) AS n FROM s WINDOW SESSION (5 MILLISECONDS) GROUP BY k;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if _, err := e.Change(ctx, p, nil); err != nil {
			t.Fatal(err)
		}
	}
	const keys, windows = 50, 20 // each window from 10 n to 10 n + 10, each session from 10 n to 10 n
	var rows [][]any
	var at []int64
	for w := range windows {
		for k := range keys {
			rows, at = append(rows, []any{fmt.Sprintf("k%02d", k)}), append(at, int64(10*w))
		}
	}
	s := e.Catalog().Source("S")
	if _, err := e.AppendRows(ctx, s, s.Schema, rows, at); err != nil {
		t.Fatal(err)
	}
	if err := e.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	windowed := []string{"tumbled", "hopped", "session_of"}
	for _, c := range []struct {
		tables []string
		where  string
		how    string
		reads  string
		groups int
	}{
		{[]string{"plain", "kept"}, ``, "TABLE SCAN", "all rows", keys},
		{[]string{"plain", "kept"}, `WHERE n = 7`, "TABLE SCAN", "all rows", keys},
		{[]string{"plain", "kept"}, `WHERE k = 'k03'`, "KEY LOOKUP", "rows of 1 key", 1},
		{[]string{"plain", "kept"}, `WHERE k IN ('k03', 'k05', 'none')`, "KEY LOOKUP", "rows of 3 keys", 2},
		{[]string{"plain", "kept"}, `WHERE k > 'k03'`, "RANGE SCAN", "rows with K > 'k03', looking at all keys", keys - 4},
		{[]string{"plain", "kept"}, `WHERE k >= 'k03' AND k <= 'k05'`, "RANGE SCAN", "rows with K >= 'k03', K <= 'k05', looking at all keys", 3},
		{[]string{"plain", "kept"}, `WHERE k < 'k03' AND n > 1`, "RANGE SCAN", "rows with K < 'k03', looking at all keys", 3},
		{windowed, ``, "TABLE SCAN", "all rows", keys * windows},
		{windowed, `WHERE k > 'k03'`, "TABLE SCAN", "all rows", keys * windows},
		{windowed, `WHERE k = 'k03'`, "KEY LOOKUP", "rows of 1 key", windows},
		{windowed, `WHERE k = 'k03' AND WINDOWSTART >= 100 AND WINDOWSTART < 130`, "KEY LOOKUP", "rows of 1 key, WINDOWSTART >= 100, WINDOWSTART < 130", 3},
		{windowed, `WHERE k = 'k03' AND WINDOWSTART = 100 AND n > 100`, "KEY LOOKUP", "rows of 1 key, WINDOWSTART = 100", 1},
		{windowed, `WHERE k IN ('k03', 'k05') AND WINDOWSTART > 100 AND WINDOWEND <= 130`, "KEY LOOKUP", "rows of 2 keys, WINDOWSTART > 100, WINDOWEND <= 130", -1},
		{windowed, `WHERE WINDOWSTART >= 100 AND WINDOWSTART <= 120`, "WINDOW SCAN", "rows with WINDOWSTART >= 100, WINDOWSTART <= 120", 3 * keys},
		{windowed, `WHERE WINDOWEND < 20 AND n < 5`, "WINDOW SCAN", "rows with WINDOWEND < 20", -1},
	} {
		for _, table := range c.tables {
			want := c.groups
			if want < 0 { // windows end later than sessions
				want = map[bool]int{true: 2, false: 1}[strings.HasPrefix(table, "session")]
				if c.how == "KEY LOOKUP" {
					want = map[bool]int{true: 6, false: 4}[strings.HasPrefix(table, "session")]
				} else {
					want *= keys
				}
			}
			text := fmt.Sprintf("SELECT * FROM %s %s;", table, c.where)
			p, groups := pulled(t, e, text)
			says := plan.ExplainPull(p)
			if !strings.HasSuffix(says, fmt.Sprintf("[ %s ] | State of: %s | Reads: %s\n", c.how, p.QueryID, c.reads)) {
				t.Errorf("%s\n%s", text, says)
			}
			// An answer that flows reads what it filters, orders and tries to put on a page more than once.
			if groups != want && (page == 0 || groups < want || groups > 6*want) {
				t.Errorf("%s: %d groups were read, want %d", text, groups, want)
			}
		}
	}
}

// pulled runs a pull query to its end. groups is how many were read for it.
func pulled(t *testing.T, e *Engine, text string) (p *plan.Pull, groups int) {
	t.Helper()
	ctx := context.Background()
	list, err := sql.Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	env := e.Env(ctx, nil, func(string) (int, bool) { return 1, true })
	if p, err = plan.PlanPull(e.Catalog(), env, list[0].Statement.(*sql.Select), text); err != nil {
		t.Fatal(text, err)
	}
	q, _ := e.Query(p.QueryID)
	var counts []*counting
	for _, k := range q.tasks() {
		if k.view == nil {
			continue
		}
		src := k.view.src
		n := &counting{Source: src}
		counts = append(counts, n)
		if m, ok := src.(op.Merger); ok {
			k.view.src = merging{n, m}
		} else {
			k.view.src = n
		}
		defer func() { k.view.src = src }()
	}
	u, err := e.NewPull(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := u.Run(ctx, nil)
	if err != nil {
		t.Fatal(text, err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	for {
		page, err := r.Next(ctx)
		if err != nil {
			t.Fatal(text, err)
		}
		if page == nil {
			break
		}
	}
	for _, n := range counts {
		groups += n.groups
	}
	return p, groups
}
