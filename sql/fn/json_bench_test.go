package fn

import (
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func BenchmarkExtractJSON(b *testing.B) {
	const n = 1024
	doc, path := vec.New(sql.TString), vec.New(sql.TString)
	for range n {
		doc.AppendString(`{"auction":1001,"bidder":2002,"price":12345.50,"channel":"Google","url":"https://www.nexmark.com/item.htm?query=1","extra":{"tags":["a","b",{"deep":"found"}]}}`)
		path.AppendString("$.extra.tags[2].deep")
	}
	r, err := Builtins().Resolve("EXTRACTJSONFIELD", values(sql.TString, sql.TString))
	if err != nil {
		b.Fatal(err)
	}
	k, err := r.Variant.Scalar(Site{Args: r.Args, Returns: r.Returns, Lits: make([]any, 2)})
	if err != nil {
		b.Fatal(err)
	}
	out := vec.New(r.Returns)
	c := &Call{N: n, Args: []*vec.Vec{doc, path}, Fail: func(_ int, err error) { b.Fatal(err) }}
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		k(c, out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	if got := out.Str(0); got != "found" {
		b.Fatal(got)
	}
}
