// Command quickstart replays three months of US flights through an embedded engine: it keeps two tables
// running, shows rows as they happen, and asks the tables. It needs nothing but this binary.
package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/store"
)

// Flights and airports of the US Bureau of Transportation Statistics (public domain): see data/README.md.
var (
	//go:embed data/flights.jsonl
	flights []byte
	//go:embed data/airports.csv
	airports []byte
)

// statements declare the topics and keep two tables up to date.
const statements = `
CREATE STREAM flights (date STRING, delay INT, distance INT, origin STRING, destination STRING)
  WITH (KAFKA_TOPIC='flights', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='date', TIMESTAMP_FORMAT='yyyy/MM/dd HH:mm');

CREATE SOURCE TABLE airports (iata STRING PRIMARY KEY, name STRING, city STRING, state STRING)
  WITH (KAFKA_TOPIC='airports', VALUE_FORMAT='DELIMITED', PARTITIONS=1);

CREATE TABLE by_origin AS
  SELECT origin, COUNT(*) AS flights, AVG(delay) AS avg_delay, MAX(delay) AS worst_delay
  FROM flights GROUP BY origin EMIT CHANGES;

CREATE TABLE by_week AS
  SELECT origin, COUNT(*) AS flights, AVG(delay) AS avg_delay
  FROM flights WINDOW TUMBLING (SIZE 7 DAYS, RETENTION 200 DAYS) GROUP BY origin EMIT CHANGES;
`

func main() {
	if err := run(context.Background(), os.Stdout, 2*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run replays the flights over about that time and writes what it sees to w.
func run(ctx context.Context, w io.Writer, replay time.Duration) error {
	engine, err := ksql.Open(ctx)
	if err != nil {
		return err
	}
	defer engine.Close()
	fmt.Fprintln(w, strings.TrimSpace(statements))
	if _, err := engine.Execute(ctx, statements); err != nil {
		return err
	}
	if err := loadAirports(ctx, engine); err != nil {
		return err
	}

	const push = `SELECT date, origin, destination, delay FROM flights WHERE delay > 200 EMIT CHANGES;`
	fmt.Fprintf(w, "\n-- a push query: rows as they happen\n%s\n", push)
	late, err := engine.Query(ctx, push)
	if err != nil {
		return err
	}
	shown := make(chan error, 1)
	go func() {
		for late.Next() {
			r := late.Row()
			fmt.Fprintf(w, "   %v  %v -> %v is %v minutes late\n", r[0], r[1], r[2], r[3])
		}
		shown <- late.Err()
	}()
	if err := replayFlights(ctx, w, engine, replay); err != nil {
		return err
	}
	late.Close()
	if err := <-shown; err != nil {
		return err
	}

	for _, pull := range []string{
		`SELECT * FROM by_origin WHERE origin = 'ORD';`,
		`SELECT iata, name, city, state FROM airports WHERE iata IN ('ORD', 'HNL');`,
		`SELECT origin, flights, avg_delay FROM by_origin WHERE flights > 150;`,
		`SELECT origin, WINDOWSTART, flights, avg_delay FROM by_week WHERE origin = 'SFO' AND WINDOWSTART >= '2001-03-01';`,
	} {
		if err := show(ctx, w, engine, pull); err != nil {
			return err
		}
	}
	fmt.Fprint(w, `
Next:
  change a query in examples/quickstart/main.go and run it again
  go run ./examples/server      the same engine behind ksqlDB's HTTP API, with curl lines to try
  ksql.Open(ctx, ksql.WithDir("data"))      keeps topics, tables and queries across restarts
`)
	return nil
}

// loadAirports appends the airports: the code is the key, the next three fields are the value.
func loadAirports(ctx context.Context, engine *ksql.Engine) error {
	lines, err := csv.NewReader(bytes.NewReader(airports)).ReadAll()
	if err != nil {
		return err
	}
	run := &store.Records{TP: store.TP{Topic: "airports"}}
	var value bytes.Buffer
	for _, line := range lines[1:] {
		value.Reset()
		out := csv.NewWriter(&value)
		if err := out.Write(line[1:4]); err != nil {
			return err
		}
		out.Flush()
		run.Add(0, []byte(line[0]), bytes.TrimRight(value.Bytes(), "\n"))
	}
	if _, err := engine.Log().Append(ctx, run); err != nil {
		return err
	}
	return engine.Sync(ctx)
}

// replayFlights appends the flights in 20 steps, and reports after each.
func replayFlights(ctx context.Context, w io.Writer, engine *ksql.Engine, replay time.Duration) error {
	const steps = 20
	var lines [][]byte
	for s := bufio.NewScanner(bytes.NewReader(flights)); s.Scan(); {
		lines = append(lines, bytes.Clone(s.Bytes()))
	}
	var busy time.Duration
	for step := range steps {
		run := &store.Records{TP: store.TP{Topic: "flights"}}
		for _, line := range lines[len(lines)*step/steps : len(lines)*(step+1)/steps] {
			run.Add(time.Now().UnixMilli(), nil, line)
		}
		start := time.Now()
		if _, err := engine.Log().Append(ctx, run); err != nil {
			return err
		}
		if err := engine.Sync(ctx); err != nil {
			return err
		}
		busy += time.Since(start)
		if step%5 == 4 {
			n := len(lines) * (step + 1) / steps
			fmt.Fprintf(w, "-- %d flights read, both tables up to date, %.0f rows/s\n", n, float64(n)/busy.Seconds())
		}
		time.Sleep(replay / steps)
	}
	return nil
}

// show runs a pull query and prints its rows.
func show(ctx context.Context, w io.Writer, engine *ksql.Engine, text string) error {
	fmt.Fprintf(w, "\n-- a pull query: what is true now\n%s\n", text)
	rows, err := engine.Query(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for _, c := range rows.Schema() {
		names = append(names, c.Name)
	}
	fmt.Fprintf(w, "   %s\n", strings.Join(names, " | "))
	for rows.Next() {
		var cells []string
		for i, v := range rows.Row() {
			switch x := v.(type) {
			case float64:
				v = fmt.Sprintf("%.1f", x)
			case int64:
				if strings.HasPrefix(names[i], "WINDOW") {
					v = time.UnixMilli(x).UTC().Format("2006-01-02")
				}
			}
			cells = append(cells, fmt.Sprint(v))
		}
		fmt.Fprintf(w, "   %s\n", strings.Join(cells, " | "))
	}
	return rows.Err()
}
