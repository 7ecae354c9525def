package plan

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql/vec"
)

// TestLiteralText: constant arguments of an aggregate that differ have texts that do, whatever their types.
func TestLiteralText(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{true, "true"}, {false, "false"}, {int32(-7), "-7"}, {int64(math.MaxInt64), "9223372036854775807"},
		{1.5, "0x3ff8000000000000"}, {math.Copysign(0, -1), "0x8000000000000000"}, {0.0, "0x0"},
		{`a"b`, `"a""b"`}, {"", `""`}, {[]byte{0, 255}, "x00ff"},
		{vec.Decimal{Unscaled: big.NewInt(-1250), Scale: 3}, "-1250e-3"},
		{vec.Date(-1), "-1"}, {vec.Time(5), "5"}, {vec.Timestamp(1 << 40), "1099511627776"},
	} {
		if got, err := literalText(c.v); got != c.want || err != nil {
			t.Errorf("%T %v: got %s, %v, want %s", c.v, c.v, got, err, c.want)
		}
	}
	if got, err := literalText([]any{1}); err == nil {
		t.Errorf("a list is %s", got)
	}
}

// TestStepPrints: the state of a step rests on its keys, its window, and each of its functions and columns. Directories
// hold these texts: they never change.
func TestStepPrints(t *testing.T) {
	for _, c := range []struct{ text, step, cells string }{
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N, SUM(D) AS M FROM S GROUP BY K;", "groups of a stream by (`K` STRING KEY)", "COUNT(BIGINT) BIGINT from BIGINT|SUM(DECIMAL(6, 2)) DECIMAL(6, 2) from DECIMAL(6, 2)"},
		{"CREATE TABLE O AS SELECT A, COUNT(B) AS N FROM T GROUP BY A;", "groups of a table by (`A` INTEGER KEY)", "COUNT(STRING) BIGINT from BIGINT"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY K;", "groups of a stream by (`K` STRING KEY) in a tumbling window of 3600000 ms, advance 3600000, grace 82800000, retention 86400000", "COUNT(BIGINT) BIGINT from BIGINT"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW HOPPING (SIZE 2 SECONDS, ADVANCE BY 1 SECOND, GRACE PERIOD 3 SECONDS) GROUP BY K EMIT FINAL;", "groups of a stream by (`K` STRING KEY) in a hopping window of 2000 ms, advance 1000, grace 3000, retention 5000, final", "COUNT(BIGINT) BIGINT from BIGINT"},
		{"CREATE TABLE O AS SELECT K, COUNT(*) AS N FROM S WINDOW SESSION (1 SECOND) GROUP BY K;", "groups of a stream by (`K` STRING KEY) in a session window of 1000 ms, advance 0, grace 86399000, retention 86400000", "COUNT(BIGINT) BIGINT from BIGINT"},
		{"CREATE TABLE O WITH (KEY_FORMAT='JSON') AS SELECT K, A, LATEST_BY_OFFSET(B, 2, false) AS N, TOPK(A, B, 3) AS M FROM S GROUP BY K, A;", "groups of a stream by (`K` STRING KEY, `A` INTEGER KEY)",
			"LATEST_BY_OFFSET(INTEGER, INTEGER = 2, BOOLEAN = false) ARRAY<INTEGER> from ARRAY<STRUCT<`SEQ` BIGINT, `VAL` INTEGER>>|TOPK(INTEGER, INTEGER, INTEGER = 3) ARRAY<STRUCT<`sort_col` INTEGER, `col0` INTEGER>> from ARRAY<STRUCT<`sort_col` INTEGER, `col0` INTEGER>>"},
		{"CREATE TABLE O AS SELECT ID, A FROM T;", "rows by (`ID` INTEGER KEY)", "`ID` INTEGER KEY|`ROWPARTITION` INTEGER PSEUDO|`ROWOFFSET` BIGINT PSEUDO|`A` INTEGER|`B` STRING"},
	} {
		w := newWorld(t, people)
		if err := w.run(c.text); err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		steps := Steps(w.last.Start.Root)
		if p, err := steps[len(steps)-1].(*Sink).Print(); err != nil || p.Step != "clock of a sink" {
			t.Errorf("%s: %+v, %v", c.text, p, err)
		}
		for _, s := range steps[:len(steps)-1] {
			p, ok := s.(interface{ Print() (Print, error) })
			_, rows := s.(*Latest)
			if !ok || rows != strings.HasPrefix(c.step, "rows") {
				continue
			}
			if got, err := p.Print(); err != nil || got.Step != c.step || strings.Join(got.Cells, "|") != c.cells || got.Open != rows {
				t.Errorf("%s: %s of %s, %v, want %s of %s", c.text, got.Step, strings.Join(got.Cells, "|"), err, c.step, c.cells)
			}
		}
	}
}
