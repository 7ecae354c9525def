package httpapi_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
	"github.com/ksqlgo/ksql/store"
)

// tableRows is how many keys the table has.
const tableRows = 1_000_000

// BenchmarkPull is a pull query by key on a large table: the same text again, and a text for each key; through the
// handler alone, and over connections that stay open, whose clients do as little as clients can.
func BenchmarkPull(b *testing.B) {
	h := pulled(b)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/query", strings.NewReader(pull(tableRows-1))))
	if !strings.Contains(w.Body.String(), `"row":{"columns":[992081,1,1]}`) {
		b.Fatal(w.Body)
	}
	for _, keys := range []int{1, tableRows} {
		b.Run(strconv.Itoa(keys)+"/handler", func(b *testing.B) {
			b.ReportAllocs()
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w := httptest.NewRecorder()
					h.ServeHTTP(w, httptest.NewRequest("POST", "/query", strings.NewReader(pull(n.Add(1)%int64(keys)))))
					if w.Code != 200 {
						b.Error(w.Body)
						return
					}
				}
			})
		})
		b.Run(strconv.Itoa(keys)+"/connections", func(b *testing.B) {
			b.ReportAllocs()
			s := httptest.NewServer(h)
			defer s.Close()
			var n atomic.Int64
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				c, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					b.Error(err)
					return
				}
				defer c.Close()
				in := bufio.NewReader(c)
				for pb.Next() {
					body := pull(n.Add(1) % int64(keys))
					fmt.Fprintf(c, "POST /query HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
					if err := answered(in); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func pull(key int64) string {
	key = key * 7919 % tableRows // not one beside the other
	return `{"ksql":"SELECT * FROM T WHERE K=` + strconv.FormatInt(key, 10) + `;","streamsProperties":{}}`
}

// pulled is the handler of an engine with the table.
func pulled(b *testing.B) http.Handler {
	ctx := context.Background()
	e, err := ksql.Open(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	if _, err := e.Execute(ctx, `CREATE STREAM S (K INT KEY, V INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE T AS SELECT K, COUNT(*) AS N, SUM(V) AS V FROM S GROUP BY K;`); err != nil {
		b.Fatal(err)
	}
	for from := 0; from < tableRows; from += 4000 {
		run := &store.Records{TP: store.TP{Topic: "s"}}
		for k := range 4000 {
			run.Add(0, binary.BigEndian.AppendUint32(nil, uint32(from+k)), []byte(`{"V":1}`))
		}
		if _, err := e.Log().Append(ctx, run); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Sync(ctx); err != nil {
		b.Fatal(err)
	}
	return httpapi.New(e)
}

// answered reads one answer, which must be good and tell its length.
func answered(in *bufio.Reader) error {
	length := 0
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		switch {
		case err != nil:
			return err
		case first && string(line) != "HTTP/1.1 200 OK\r\n":
			return fmt.Errorf("answered %q", line)
		case len(line) == 2:
			_, err := io.CopyN(io.Discard, in, int64(length))
			return err
		}
		if n, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(n)); err != nil {
				return err
			}
		}
	}
}
