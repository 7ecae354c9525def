package local

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// frameOf is a run of 240-byte rows that fills about size bytes.
func frameOf(size int) *store.Records {
	r := &store.Records{TP: store.TP{Topic: "t"}}
	value := make([]byte, 232)
	for i := range value {
		value[i] = byte(i)
	}
	for i := range size / 240 {
		r.Add(int64(i), value[:8], value)
	}
	return r
}

func benchLog(b *testing.B, l store.Log, size int) {
	defer l.Close()
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		b.Fatal(err)
	}
	rec := frameOf(size)
	rd, err := l.Reader(ctx, map[store.TP]int64{{Topic: "t"}: 0}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(rec.Bytes)))
	b.ReportAllocs()
	rows := 0
	for i := 0; b.Loop(); i++ {
		if _, err := l.Append(ctx, rec); err != nil {
			b.Fatal(err)
		}
		for {
			runs, err := rd.Poll(4096)
			if err != nil {
				b.Fatal(err)
			}
			if runs == nil {
				break
			}
			for i := range runs {
				rows += runs[i].Len()
			}
		}
		if i%64 == 63 {
			ends, _ := l.Ends(ctx, []store.TP{rec.TP})
			if err := l.Trim(ctx, ends); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

var benchSizes = []int{240, 64 << 10, 1 << 20}

func BenchmarkMemory(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l, err := Memory(Options{})
			if err != nil {
				b.Fatal(err)
			}
			benchLog(b, l, size)
		})
	}
}

func BenchmarkDirectory(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			l, err := Open(b.TempDir(), Options{JournalBytes: 256 << 20})
			if err != nil {
				b.Fatal(err)
			}
			benchLog(b, l, size)
		})
	}
}

// BenchmarkColdRead reads runs back from the journal's files.
func BenchmarkColdRead(b *testing.B) {
	l, err := Open(b.TempDir(), Options{CacheBytes: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
		b.Fatal(err)
	}
	rec := frameOf(64 << 10)
	const frames = 1024
	for range frames {
		if _, err := l.Append(ctx, rec); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(rec.Bytes)) * frames)
	b.ReportAllocs()
	for b.Loop() {
		rd, err := l.Reader(ctx, map[store.TP]int64{rec.TP: 0}, nil)
		if err != nil {
			b.Fatal(err)
		}
		rows := 0
		for {
			runs, err := rd.Poll(4096)
			if err != nil {
				b.Fatal(err)
			}
			if runs == nil {
				break
			}
			for i := range runs {
				rows += runs[i].Len()
			}
		}
		if rows != frames*rec.Len() {
			b.Fatal(rows)
		}
		rd.Close()
	}
}
