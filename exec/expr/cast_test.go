package expr

import (
	"strings"
	"testing"
)

func TestCastColumns(t *testing.T) {
	x := columns(t, sampleSchema)
	rows := sampleRows()
	for _, c := range []struct{ text, want string }{
		{"CAST(B AS STRING)", "true|null|false"},
		{"CAST(I AS BIGINT)", "7|null|-7"},
		{"CAST(I AS DECIMAL(3,1))", "7.0|null|-7.0"},
		{"CAST(I AS DECIMAL(12,2))", "7.00|null|-7.00"},
		{"CAST(I AS DOUBLE)", "7.0|null|-7.0"},
		{"CAST(I AS STRING)", "7|null|-7"},
		{"CAST(L AS INT)", "100|null|-1"},
		{"CAST(L AS DECIMAL(2,0))", "!|null|-1"},
		{"CAST(M AS INT)", "12|null|0"},
		{"CAST(M AS BIGINT)", "12|null|0"},
		{"CAST(M AS DECIMAL(3,1))", "12.3|null|-0.5"},
		{"CAST(M AS DOUBLE)", "12.34|null|-0.5"},
		{"CAST(M AS STRING)", "12.34|null|-0.50"},
		{"CAST(W AS DECIMAL(3,1))", "10.0|null|-0.1"},
		{"CAST(D AS INT)", "1|null|0"},
		{"CAST(D AS DECIMAL(3,0))", "2|null|0"},
		{"CAST(D AS STRING)", "1.5|null|-0.0"},
		{"CAST(DT AS TIMESTAMP)", "1577836800000|null|0"},
		{"CAST(DT AS STRING)", "2020-01-01|null|1970-01-01"},
		{"CAST(T AS STRING)", "01:01:01|null|00:00"},
		{"CAST(TS AS DATE)", "18262|null|0"},
		{"CAST(TS AS TIME)", "123|null|0"},
		{"CAST(TS AS STRING)", "2020-01-01T00:00:00.123|null|1970-01-01T00:00:00.000"},
		{"CAST(A AS ARRAY<BIGINT>)", "[1 null 3]|null|[]"},
		{"CAST(A AS ARRAY<STRING>)", "[1 null 3]|null|[]"},
		{"CAST(A AS STRING)", "[1, null, 3]|null|[]"},
		{"CAST(MP AS STRING)", "{a=1, b=null}|null|{}"},
		{"CAST(MP AS MAP<STRING, DOUBLE>)", "(a=1.0 b=null)|null|()"},
		{"CAST(ST AS STRING)", "Struct{F0=5,F1=five}|null|Struct{}"},
		{"CAST(ST AS STRUCT<F1 STRING, F0 STRING, F9 INT>)", "{five 5 null}|null|{null null null}"},
		{"CAST(ST AS STRUCT<F1 INT>)", "!|null|{null}"},
		{"CAST(ARRAY[S, S] AS ARRAY<INT>)", "!|[null null]|!"},
		{"CAST(S AS INT)", "!|null|!"},
		{"CAST(S AS BOOLEAN)", "false|null|false"},
		{"CAST(NULL AS ARRAY<INT>)", "null|null|null"},
		{"CAST(I + 1 AS STRING)", "8|null|-6"},
	} {
		if got := strings.Join(x.eval(t, c.text, rows...), "|"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestCastText(t *testing.T) {
	x := columns(t, "S STRING")
	for _, c := range []struct{ typ, text, want string }{
		{"BOOLEAN", " TRUE ", "true"}, {"BOOLEAN", "y", "true"}, {"BOOLEAN", "yess", "false"}, {"BOOLEAN", "", "false"}, {"BOOLEAN", "no", "false"},
		{"INT", " 12 ", "12"}, {"INT", "+12", "12"}, {"INT", "1.0", "!"}, {"INT", "2147483648", "!"}, {"INT", "1_0", "!"}, {"INT", "", "!"},
		{"BIGINT", "-9223372036854775808", "-9223372036854775808"}, {"BIGINT", "9223372036854775808", "!"},
		{"DECIMAL(4,2)", "99.999", "100.00"}, {"DECIMAL(4,2)", "100", "!"}, {"DECIMAL(4,2)", " 1e1 ", "10.00"}, {"DECIMAL(4,2)", "x", "!"}, {"DECIMAL(4,2)", "-1.005", "-1.01"},
		{"DECIMAL(50,2)", "12345678901234567890123456789012345678901234.567", "12345678901234567890123456789012345678901234.57"},
		{"DOUBLE", "1e3", "1000.0"}, {"DOUBLE", " 0x1p3 ", "8.0"}, {"DOUBLE", "NaN", "!"}, {"DOUBLE", "1e999", "!"}, {"DOUBLE", "1d", "1.0"},
		{"DATE", "2021", "18628"}, {"DATE", "2021-03", "18687"}, {"DATE", "2021-03-04", "18690"}, {"DATE", "2021-3-4", "!"}, {"DATE", "2021-13-01", "!"}, {"DATE", "2021-03-04T00", "!"},
		{"TIME", "01:02", "3720000"}, {"TIME", "01:02:03", "3723000"}, {"TIME", "01:02:03.4567", "3723456"}, {"TIME", "1:02", "!"}, {"TIME", "25:00", "!"},
		{"TIMESTAMP", "2020", "1577836800000"}, {"TIMESTAMP", "2020-01-01T00:00:01.5", "1577836801500"}, {"TIMESTAMP", "2020-01-01T01", "1577840400000"},
		{"TIMESTAMP", "2020-01-01T00:00:00Z", "1577836800000"}, {"TIMESTAMP", "2020-01-01T02:00:00+0200", "1577836800000"},
		{"TIMESTAMP", "2020-01-01T00:00-05:00", "1577854800000"}, {"TIMESTAMP", "rubbish", "!"}, {"TIMESTAMP", "2020-01-01T00:00:00+99", "!"},
		{"BYTES", "AQI=", "[1 2]"}, {"BYTES", "?", "!"},
	} {
		for _, text := range []string{"CAST(S AS " + c.typ + ")", "CAST('" + c.text + "' AS " + c.typ + ")"} {
			if got := x.eval(t, text, row{"S": c.text})[0]; got != c.want {
				t.Errorf("%s of %q: got %s, want %s", text, c.text, got, c.want)
			}
		}
	}
}

func TestCastNumbers(t *testing.T) {
	x := columns(t, "D DOUBLE, M DECIMAL(30,2), L BIGINT")
	in := row{"D": 3e10, "M": dec(-1234567890199, 2), "L": int64(1)<<33 + 5}
	for _, c := range []struct{ text, want string }{
		{"CAST(D AS INT)", "2147483647"},
		{"CAST(-D AS INT)", "-2147483648"},
		{"CAST(D / 0 AS BIGINT)", "9223372036854775807"},
		{"CAST(0 * (D / 0) AS BIGINT)", "0"},
		{"CAST(D / 0 AS DECIMAL(4,2))", "!"},
		{"CAST(1.15E0 AS DECIMAL(3,1))", "1.2"}, // 1.15 limited to 3 digits first
		{"CAST(M AS INT)", "539222987"},
		{"CAST(L AS INT)", "5"},
		{"CAST(1E7 AS STRING)", "1.0E7"},
		{"CAST(1E-3 AS STRING)", "0.001"},
		{"CAST(10000000 AS STRING)", "10000000"},
		{"CAST(0.0000001 AS STRING)", "0.0000001"},
	} {
		if got := x.eval(t, c.text, in)[0]; got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
}

func TestNullText(t *testing.T) {
	x := columns(t, "I INT")
	p, err := Compile(x.mustBind(t, "CAST(I AS STRING)"), &Env{Config: map[string]string{"ksql.cast.strings.preserve.nulls": "false"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Eval(&Call{Cols: x.batch(row{}), N: 1}).Get(0); got != "null" {
		t.Errorf("got %v", got)
	}
}
