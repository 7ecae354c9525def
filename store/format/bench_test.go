package format

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// bids is n rows like those of Nexmark's bid, about 240 bytes each.
func bids(n int) (src []byte, at []store.Span, cols []sql.Field) {
	for _, c := range []string{"AUCTION", "BIDDER", "PRICE"} {
		cols = append(cols, sql.Field{Name: c, Type: sql.TBigint})
	}
	cols = append(cols, sql.Field{Name: "CHANNEL", Type: sql.TString}, sql.Field{Name: "URL", Type: sql.TString},
		sql.Field{Name: "DATETIME", Type: sql.TBigint}, sql.Field{Name: "EXTRA", Type: sql.TString})
	extra := "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmn"
	for i := range n {
		from := len(src)
		src = fmt.Appendf(src, `{"AUCTION":%d,"BIDDER":%d,"PRICE":%d,"CHANNEL":"apple-channel-%04d","URL":"https://www.nexmark.com/item.htm?query=1&item=%06d","DATETIME":%d,"EXTRA":"%s"}`,
			1000+i, 2000+i*3, 100000+i*7, i%10000, i, 1436918400000+i, extra[:66])
		at = append(at, store.Span{Off: int32(from), Len: int32(len(src) - from)})
	}
	return src, at, cols
}

func bidColumns(cols []sql.Field) []*vec.Vec {
	var out []*vec.Vec
	for _, c := range cols {
		out = append(out, vec.New(c.Type))
	}
	return out
}

func perRow(b *testing.B, n, bytes int) {
	ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(n)
	b.ReportMetric(ns, "ns/row")
	b.ReportMetric(1e3/ns, "Mrows/s")
	b.ReportMetric(float64(bytes)/float64(n), "B/row")
	b.ReportMetric(0, "ns/op")
}

const batch = 4096

func BenchmarkJSONDecode(b *testing.B) {
	run := func(name string, wanted func(i int) bool, change func([]byte) []byte) {
		b.Run(name, func(b *testing.B) {
			src, at, cols := bids(batch)
			if change != nil {
				src = change(src)
			}
			c, err := Open(Spec{Format: "JSON", Side: Value, Topic: "bid", Columns: cols})
			if err != nil {
				b.Fatal(err)
			}
			out := bidColumns(cols)
			for i := range out {
				if !wanted(i) {
					out[i] = nil
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				for _, v := range out {
					if v != nil {
						v.Reset()
					}
				}
				c.Decode(src, at, out, func(row int, err error) { b.Fatal(row, err) }, nil)
			}
			if out[0].N != batch {
				b.Fatal(out[0].N)
			}
			perRow(b, batch, len(src))
		})
	}
	run("all", func(int) bool { return true }, nil)
	run("two columns", func(i int) bool { return i == 0 || i == 2 }, nil)
	run("lower case", func(int) bool { return true }, func(b []byte) []byte {
		for i := range b {
			if b[i] >= 'A' && b[i] <= 'Z' {
				b[i] |= 0x20
			}
		}
		return b
	})
}

func BenchmarkJSONEncode(b *testing.B) {
	src, at, cols := bids(batch)
	c, _ := Open(Spec{Format: "JSON", Side: Value, Topic: "bid", Columns: cols})
	out := bidColumns(cols)
	c.Decode(src, at, out, nil, nil)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, at, err = c.Encode(out, batch, nil, dst[:0], at[:0]); err != nil {
			b.Fatal(err)
		}
	}
	if string(dst) != string(src) {
		b.Fatal("another text")
	}
	perRow(b, batch, len(dst))
}

type bid struct {
	Auction  int64  `json:"AUCTION"`
	Bidder   int64  `json:"BIDDER"`
	Price    int64  `json:"PRICE"`
	Channel  string `json:"CHANNEL"`
	URL      string `json:"URL"`
	DateTime int64  `json:"DATETIME"`
	Extra    string `json:"EXTRA"`
}

func BenchmarkEncodingJSON(b *testing.B) {
	src, at, _ := bids(batch)
	all := make([]bid, batch)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i, s := range at {
				if err := json.Unmarshal(s.Of(src), &all[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		perRow(b, batch, len(src))
	})
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range all {
				if _, err := json.Marshal(&all[i]); err != nil {
					b.Fatal(err)
				}
			}
		}
		perRow(b, batch, len(src))
	})
}
