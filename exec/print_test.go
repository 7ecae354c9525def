package exec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// printed is an engine with a topic of four records over two partitions.
func printed(t *testing.T) *ksql.Engine {
	t.Helper()
	e, err := ksql.Open(context.Background(), ksql.WithProperties(map[string]string{"ksql.logging.processing.stream.auto.create": "false"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	if _, err := e.Execute(context.Background(), `CREATE STREAM s (k STRING KEY, v INT) WITH (kafka_topic='docks', value_format='json', partitions=2);`); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		add(t, e, "docks", int32(i%2), int64(1000*i), fmt.Sprint("d", i), fmt.Sprintf(`{"V": %d}`, i))
	}
	return e
}

func add(t *testing.T, e *ksql.Engine, topic string, partition int32, ms int64, key, value string) {
	t.Helper()
	r := &store.Records{TP: store.TP{Topic: topic, Partition: partition}}
	r.Add(ms, []byte(key), []byte(value))
	if _, err := e.Log().Append(context.Background(), r); err != nil {
		t.Fatal(err)
	}
}

// TestPrint reads the records of a topic as lines.
func TestPrint(t *testing.T) {
	e := printed(t)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	line := func(i int) string {
		return fmt.Sprintf(`rowtime: 1970/01/01 00:00:0%d.000 Z, key: d%d, value: {"V":%d}, partition: %d`, i, i, i, i%2)
	}
	for _, c := range []struct {
		text string
		args []any
		want []int
	}{
		{"PRINT docks FROM BEGINNING LIMIT 4;", nil, []int{0, 1, 2, 3}},
		{"PRINT 'docks' FROM BEGINNING LIMIT 3;", nil, []int{0, 1, 2}},
		{"PRINT docks FROM BEGINNING INTERVAL 2 LIMIT 2;", nil, []int{0, 2}},
		{"PRINT docks LIMIT 1;", []any{ksql.Property("auto.offset.reset", "earliest")}, []int{0}},
		{"PRINT docks FROM BEGINNING LIMIT 0;", nil, nil},
		{"PRINT ${t} FROM BEGINNING LIMIT 1;", []any{ksql.Variable("t", "docks")}, []int{0}},
	} {
		rows, err := e.Query(ctx, c.text, c.args...)
		if err != nil {
			t.Fatalf("%s: %v", c.text, err)
		}
		if s := rows.Schema(); len(s) != 1 || s[0].Name != "LINE" || s[0].Type.String() != "STRING" {
			t.Errorf("%s has %v", c.text, s)
		}
		var got, want []string
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			got = append(got, s)
		}
		for _, i := range c.want {
			want = append(want, line(i))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || rows.Err() != nil || !rows.Limited() {
			t.Errorf("%s: got %q, %v\nwant %q", c.text, got, rows.Err(), want)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
	p, err := e.Prepare(ctx, "PRINT docks;")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := p.Query(ctx) // of what comes
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Ready() {
		t.Error("what is there already is ready")
	}
	for i := 4; i < 7; i++ {
		add(t, e, "docks", int32(i%2), int64(1000*i), fmt.Sprint("d", i), fmt.Sprintf(`{"V":%d}`, i))
		if !rows.Ready() || !rows.Next() || rows.Row()[0] != line(i) {
			t.Errorf("got %v, %v, want %s", rows.Row(), rows.Err(), line(i))
		}
	}
}

// TestPrintRefused tells what cannot be printed, and where queries go.
func TestPrintRefused(t *testing.T) {
	e := printed(t)
	ctx := context.Background()
	kind := func(err error) ksql.Kind {
		var k *ksql.Error
		if !errors.As(err, &k) {
			t.Fatalf("got %v", err)
		}
		return k.Kind
	}
	_, err := e.Query(ctx, "PRINT Docks;")
	if kind(err) != ksql.StatementError || err.Error() != "Could not find topic 'Docks', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive.\nDid you mean:\n\tprint docks;" {
		t.Errorf("got %v", err)
	}
	for _, text := range []string{"PRINT docks;", "SELECT * FROM s;", "SHOW STREAMS; PRINT docks;"} {
		_, err := e.Execute(ctx, text)
		if kind(err) != ksql.StatementError || strings.Contains(err.Error(), "endpoint") || !strings.HasSuffix(err.Error(), "give them to Query") {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if _, err := e.Query(ctx, "SHOW STREAMS;"); kind(err) != ksql.StatementError {
		t.Errorf("got %v", err)
	}
	e.Close()
	if _, err := e.Query(ctx, "PRINT docks;"); kind(err) != ksql.ClosedError {
		t.Errorf("got %v", err)
	}
}

// TestPrintEnds ends a PRINT that waits: by its context, by Close, and with the engine.
func TestPrintEnds(t *testing.T) {
	for name, end := range map[string]func(rows *ksql.Rows, e *ksql.Engine, cancel func()) error{
		"context": func(_ *ksql.Rows, _ *ksql.Engine, cancel func()) error { cancel(); return context.Canceled },
		"close":   func(r *ksql.Rows, _ *ksql.Engine, _ func()) error { r.Close(); return nil },
		"engine":  func(_ *ksql.Rows, e *ksql.Engine, _ func()) error { e.Close(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			e := printed(t)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			rows, err := e.Query(ctx, "PRINT docks FROM BEGINNING INTERVAL 2;")
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for range 2 {
				if !rows.Next() {
					t.Fatal(rows.Err())
				}
			}
			done := make(chan bool)
			go func() { done <- rows.Next() }()
			time.Sleep(10 * time.Millisecond)
			want := end(rows, e, cancel)
			select {
			case more := <-done:
				if more || !errors.Is(rows.Err(), want) {
					t.Errorf("a row: %v, %v", more, rows.Err())
				}
			case <-time.After(5 * time.Second):
				t.Fatal("it waits on")
			}
		})
	}
}

// TestPrintLarge bounds what a PRINT holds, whatever the records are.
func TestPrintLarge(t *testing.T) {
	e := printed(t)
	for i := range 200 {
		add(t, e, "docks", 0, int64(i), "k", string(bytes.Repeat([]byte{'x'}, 100<<10)))
	}
	rows, err := e.Query(context.Background(), "PRINT docks FROM BEGINNING LIMIT 204;")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rec, err := range rows.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		n += int(rec.NumRows())
		if rec.NumRows() > 6 {
			t.Errorf("%d rows of 100 KB together", rec.NumRows())
		}
		rec.Release()
	}
	if n != 204 {
		t.Errorf("%d rows", n)
	}
}
