package httpapi_test

import (
	"context"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
)

// BenchmarkPull is a pull query by key through the handler, without a network: the same text again, and many
// texts.
func BenchmarkPull(b *testing.B) {
	for _, keys := range []int{1, 100000} {
		b.Run(strconv.Itoa(keys), func(b *testing.B) {
			ctx := context.Background()
			e, err := ksql.Open(ctx)
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			if _, err := e.Execute(ctx, `CREATE STREAM S (K INT KEY, V INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
				CREATE TABLE T AS SELECT K, COUNT(*) AS N, SUM(V) AS V FROM S GROUP BY K;
				INSERT INTO S VALUES (0, 1);`); err != nil {
				b.Fatal(err)
			}
			if err := e.Sync(ctx); err != nil {
				b.Fatal(err)
			}
			h := httpapi.New(e)
			var n atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					w := httptest.NewRecorder()
					body := `{"ksql":"SELECT * FROM T WHERE K=` + strconv.FormatInt(n.Add(1)%int64(keys), 10) + `;","streamsProperties":{}}`
					h.ServeHTTP(w, httptest.NewRequest("POST", "/query", strings.NewReader(body)))
					if w.Code != 200 {
						b.Error(w.Body)
						return
					}
				}
			})
		})
	}
}
