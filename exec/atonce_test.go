package exec_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// TestFailsAtOnce: a statement whose query fails at its first row has been carried out, however fast that is: the query
// is there, in ERROR.
func TestFailsAtOnce(t *testing.T) {
	fails := &atomic.Bool{}
	fails.Store(true)
	h := newHost(t, early, ksql.WithFunctions(fn.Func{Name: "FRAGILE", Variants: []fn.Variant{{
		Args: []fn.Arg{{Name: "x", Type: sql.TInteger}}, Returns: sql.TInteger,
		Agg: func(fn.Site) (fn.Accumulator, error) { return fragile{fails: fails}, nil },
	}}}))
	h.exec(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON', PARTITIONS=1);
		INSERT INTO s VALUES (1, 700);`)
	for i := range 500 {
		h.exec(fmt.Sprintf(`CREATE TABLE t%d AS SELECT k, FRAGILE(v) AS x FROM s GROUP BY k;`, i))
	}
	eventually(t, "all are in ERROR", func() bool { return len(h.Failed()) == 500 })
}
