package exec_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

func TestErrors(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	for _, c := range []struct {
		text, statement, message string
		args                     []any
		kind                     ksql.Kind
	}{
		{"SHOW STREAMS;\nSELEC 1;", "SELEC 1;", "line 2:1: Syntax Error", nil, ksql.ParseError},
		{"DROP STREAM nope;", "DROP STREAM nope;", "Stream NOPE does not exist", nil, ksql.StatementError},
		{"SELECT * FROM totals;", "SELECT * FROM totals;", "SELECT", nil, ksql.StatementError},
		{"INSERT INTO orders VALUES (?, 'tea', 1);", "", "2 arguments for 1 parameters", []any{1, 2}, ksql.StatementError},
		{"INSERT INTO orders VALUES (?, 'tea', ?);", "", "no value is given for parameter 2", []any{1}, ksql.StatementError},
		{"INSERT INTO orders VALUES (?, 'tea', 1);", "", "no value is given for parameter 1", nil, ksql.StatementError},
		{"CREATE STREAM c WITH (value_format='avro') AS SELECT * FROM orders;", "", "The 'AVRO' format is not available", nil, ksql.StatementError},
		{"INSERT INTO orders VALUES (?, 'tea', 1);", "", "parameter 1: a chan int cannot be a parameter", []any{make(chan int)}, ksql.StatementError},
		{"INSERT INTO orders VALUES (?, 'tea', 1);", "", "Expected type INTEGER for field `ID` but got BIGINT(4294967296)", []any{1 << 32}, ksql.StatementError},
		{"CREATE STREAM c AS SELECT id + ? AS x FROM orders;", "", "no value is given for parameter 1", []any{1}, ksql.StatementError},
	} {
		out, err := h.Execute(h.ctx, c.text, c.args...)
		var e *ksql.Error
		switch {
		case !errors.As(err, &e) || len(out) > 0:
			t.Errorf("%s: %v %v", c.text, out, err)
		case e.Kind != c.kind || !strings.Contains(err.Error(), c.message) || c.statement != "" && e.Statement != c.statement:
			t.Errorf("%s: %s error %q of %q", c.text, e.Kind, err, e.Statement)
		}
	}
	h.exec(`CREATE STREAM coded (a INT) WITH (kafka_topic='coded', value_format='avro', partitions=1);`)
	for text, kind := range map[string]ksql.Kind{
		"SELECT * FROM": ksql.ParseError, "SELECT * FROM nope;": ksql.ParseError, "SELECT nope FROM totals;": ksql.StatementError,
		"SELECT * FROM orders WHERE id = ?;": ksql.StatementError, "SELECT * FROM coded;": ksql.StatementError,
		"SHOW STREAMS;": ksql.StatementError, "SELECT 1 FROM totals; SELECT 2 FROM totals;": ksql.StatementError, "": ksql.StatementError,
	} {
		var e *ksql.Error
		if rows, err := h.Query(h.ctx, text); rows != nil || !errors.As(err, &e) || e.Kind != kind {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestErrorPlace: a program finds where the text is wrong.
func TestErrorPlace(t *testing.T) {
	h := newHost(t)
	_, err := h.Execute(h.ctx, "SHOW STREAMS;\nSHOW   TABELS;")
	var at *sql.Error
	if !errors.As(err, &at) || at.Line != 2 || at.Col != 8 || at.Near != "TABELS" {
		t.Errorf("%#v", at)
	}
	_, err = h.Execute(h.ctx, "DROP STREAM nope;")
	var refused *plan.Error
	if !errors.As(err, &refused) || refused.Msg == "" || refused.Text != "DROP STREAM nope;" {
		t.Errorf("%#v", refused)
	}
}

// TestRuntimeError: rows that break a query stop it, and only it.
func TestRuntimeError(t *testing.T) {
	breaks := fn.Func{Name: "BREAKS", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return broken{}, nil },
	}}}
	panics := fn.Func{Name: "PANICS", Variants: []fn.Variant{fn.Fn1("x: any", func(int32) int32 { panic(errBroken) })}}
	h := newHost(t, ksql.WithFunctions(breaks, panics))
	h.exec(orders + `CREATE TABLE b AS SELECT item, BREAKS(qty) AS x FROM orders GROUP BY item;`)
	live := h.query(`SELECT item, BREAKS(qty) AS x FROM orders GROUP BY item EMIT CHANGES;`)
	h.exec(`INSERT INTO orders VALUES (1, 'tea', 1);`)
	h.sync()
	runtime := func(err error) {
		t.Helper()
		var e *ksql.Error
		if !errors.As(err, &e) || e.Kind != ksql.RuntimeError || !errors.Is(err, errBroken) || !strings.Contains(e.Statement, "BREAKS") {
			t.Errorf("%#v", err)
		}
	}
	if live.Next() {
		t.Error(live.Row())
	}
	runtime(live.Err())
	failed := h.Failed()
	if len(failed) != 1 {
		t.Error(failed)
	}
	runtime(failed["CTAS_B_2"])
	same(t, h.all(`SELECT item, n FROM totals;`), []any{"tea", int64(1)})
	_, err := h.Query(h.ctx, `SELECT x FROM b;`)
	var e *ksql.Error
	if !errors.As(err, &e) || e.Kind != ksql.RuntimeError {
		t.Errorf("a pull query on the broken table: %v", err)
	}
	same(t, h.all(`SELECT qty, PANICS(qty) AS x FROM totals;`), []any{int32(1), nil}) // a scalar function's panic costs a value
}

var errBroken = errors.New("broken on purpose")

// broken is an aggregate that fails at its first row.
type broken struct{}

func (broken) Grow(int)                              {}
func (broken) Clear(int32)                           {}
func (broken) Bytes() int64                          { return 0 }
func (broken) Merge(int32, int32) error              { return nil }
func (broken) Read(groups []int32, v *vec.Vec) error { v.AppendNull(); return nil }
func (broken) Save(_ int32, dst []byte) []byte       { return dst }
func (broken) Load(_ int32, src []byte) ([]byte, error) {
	return src, nil
}

func (broken) Fold([]int32, []int8, []bool, []*vec.Vec, *vec.Vec) error { return errBroken }

// TestClosed: every method that can fail says that the engine is closed; the others do no harm.
func TestClosed(t *testing.T) {
	for name, opts := range map[string][]ksql.Option{"memory": nil, "directory": {ksql.WithDir(t.TempDir())}} {
		h := newHost(t, opts...)
		h.exec(orders)
		insert, err := h.Prepare(h.ctx, `INSERT INTO orders VALUES (?, ?, ?);`)
		if err != nil {
			t.Fatal(err)
		}
		pull, err := h.Prepare(h.ctx, `SELECT * FROM totals WHERE item = ?;`)
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := pull.Query(h.ctx, "tea"); err != nil {
			t.Fatal(err)
		} else {
			rows.Close()
		}
		live := h.query(`SELECT * FROM orders EMIT CHANGES;`)
		for range 2 {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if live.Next() || live.Err() != nil || live.Limited() {
			t.Errorf("%s: an open push query ends with %v", name, live.Err())
		}
		calls := map[string]func() error{
			"Sync":       func() error { return h.Sync(h.ctx) },
			"Exec":       func() error { _, err := insert.Exec(h.ctx, 1, "tea", 1); return err },
			"Stmt.Query": func() error { _, err := pull.Query(h.ctx, "tea"); return err },
			"Prepare":    func() error { _, err := h.Prepare(h.ctx, `SHOW STREAMS;`); return err },
			"Query":      func() error { _, err := h.Query(h.ctx, `SELECT * FROM totals;`); return err },
			"push":       func() error { _, err := h.Query(h.ctx, `SELECT * FROM orders EMIT CHANGES;`); return err },
		}
		for _, text := range []string{`SHOW STREAMS;`, `INSERT INTO orders VALUES (1, 'tea', 1);`, `DROP TABLE totals;`, `SET 'auto.offset.reset' = 'latest';`, ``} {
			calls[text] = func() error { _, err := h.Execute(h.ctx, text); return err }
		}
		for call, f := range calls {
			var e *ksql.Error
			if err := f(); !errors.Is(err, ksql.ErrClosed) || !errors.As(err, &e) || e.Kind != ksql.ClosedError {
				t.Errorf("%s: %s: %v", name, call, err)
			}
		}
		if h.Catalog().NumSources() == 0 || len(h.Failed()) > 0 || h.Log() == nil {
			t.Error("what cannot fail changed")
		}
	}
}

// TestEndedContext: a context that has ended ends every call, with its error.
func TestEndedContext(t *testing.T) {
	h := newHost(t)
	h.exec(orders)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	calls := map[string]func() error{
		"Open":    func() error { _, err := ksql.Open(ctx); return err },
		"Sync":    func() error { return h.Sync(ctx) },
		"Prepare": func() error { _, err := h.Prepare(ctx, `SHOW STREAMS;`); return err },
		"pull":    func() error { _, err := h.Query(ctx, `SELECT * FROM totals;`); return err },
		"key":     func() error { _, err := h.Query(ctx, `SELECT * FROM totals WHERE item = 'tea';`); return err },
		"push":    func() error { _, err := h.Query(ctx, `SELECT * FROM orders EMIT CHANGES;`); return err },
	}
	for _, text := range []string{`SHOW STREAMS;`, `INSERT INTO orders VALUES (1, 'tea', 1);`, `DROP TABLE totals;`, `ASSERT TOPIC nope;`} {
		calls[text] = func() error { _, err := h.Execute(ctx, text); return err }
	}
	for call, f := range calls {
		if err := f(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", call, err)
		}
	}
	if h.Catalog().Source("TOTALS") == nil {
		t.Error("DROP TABLE was carried out")
	}
}
