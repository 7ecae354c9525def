package httpapi_test

import (
	"bufio"
	"context"
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
)

// BenchmarkPull is a pull query by key: the same text again, and many texts; through the handler alone, and over
// connections that stay open, whose clients do as little as clients can.
func BenchmarkPull(b *testing.B) {
	for _, keys := range []int{1, 100000} {
		b.Run(strconv.Itoa(keys)+"/handler", func(b *testing.B) {
			h := pulled(b)
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
			s := httptest.NewServer(pulled(b))
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
	return `{"ksql":"SELECT * FROM T WHERE K=` + strconv.FormatInt(key, 10) + `;","streamsProperties":{}}`
}

// pulled is the handler of an engine whose table T has the key 0.
func pulled(b *testing.B) http.Handler {
	b.ReportAllocs()
	ctx := context.Background()
	e, err := ksql.Open(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { e.Close() })
	if _, err := e.Execute(ctx, `CREATE STREAM S (K INT KEY, V INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE T AS SELECT K, COUNT(*) AS N, SUM(V) AS V FROM S GROUP BY K;
		INSERT INTO S VALUES (0, 1);`); err != nil {
		b.Fatal(err)
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
