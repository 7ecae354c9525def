// Command server puts an engine behind ksqlDB's HTTP API, in memory or on a directory, and prints requests to try.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8088", "HOST:PORT to listen on")
	dir := flag.String("dir", "", "directory that keeps everything; empty: memory")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *addr, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, w io.Writer, addr, dir string) error {
	var opts []ksql.Option
	if dir != "" {
		opts = append(opts, ksql.WithDir(dir))
	}
	engine, err := ksql.Open(ctx, opts...)
	if err != nil {
		return err
	}
	defer engine.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // ksqlDB's Java client speaks it
	server := &http.Server{Handler: httpapi.New(engine), Protocols: &protocols, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintf(w, "listening on http://%s\n", listener.Addr())
	for _, line := range try("http://" + listener.Addr().String()) {
		fmt.Fprintln(w, "\n"+line)
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Closing the engine ends open push queries with their final message; then the server has nothing to wait for.
	closed := engine.Close()
	bounded, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return errors.Join(closed, server.Shutdown(bounded))
}

// try is requests that work one after the other on an empty engine.
func try(url string) []string {
	return []string{
		`# a stream, and a table that counts it
curl -s ` + url + `/ksql -d '{"ksql": "CREATE STREAM orders (id INT KEY, item STRING, qty INT) WITH (kafka_topic=\u0027orders\u0027, value_format=\u0027json\u0027, partitions=1); CREATE TABLE totals AS SELECT item, COUNT(*) AS orders, SUM(qty) AS qty FROM orders GROUP BY item;"}'`,
		`# rows
curl -s ` + url + `/ksql -d '{"ksql": "INSERT INTO orders VALUES (1, \u0027tea\u0027, 2); INSERT INTO orders VALUES (2, \u0027tea\u0027, 3);"}'`,
		`# a pull query: what is true now
curl -s ` + url + `/query -d '{"ksql": "SELECT * FROM totals WHERE item = \u0027tea\u0027;"}'`,
		`# a push query: rows as they happen (leave it running, and insert more elsewhere)
curl -sN ` + url + `/query-stream -d '{"sql": "SELECT * FROM orders EMIT CHANGES;", "properties": {"auto.offset.reset": "earliest"}}'`,
	}
}
