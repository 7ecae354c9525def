package local

import (
	"fmt"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// TestHeadersStay: headers are read back from disk as they were: by row, in order, with null and empty values apart,
// beside rows that have none, also where the file was retired.
func TestHeadersStay(t *testing.T) {
	show := func(offset int, key string, value []byte) string {
		return fmt.Sprintf("%d %s %q %v", offset, key, value, value == nil)
	}
	for name, o := range map[string]Options{"journal": {}, "retired": {SegmentBytes: 1000, JournalBytes: 2000, CacheBytes: 1}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := must(Open(dir, o))(t)
			if err := l.Create(ctx, "t", store.TopicConfig{}); err != nil {
				t.Fatal(err)
			}
			var want []string
			for i := range 50 {
				r := rowsOf("t", "a", "b", "c")
				if i%3 > 0 {
					r.Headers = []store.Header{{Row: 0, Key: "k", Value: fmt.Append(nil, i)}, {Row: 2, Key: "k", Value: nil}, {Row: 2, Key: "l", Value: []byte{}}}
					want = append(want, show(3*i, "k", fmt.Append(nil, i)), show(3*i+2, "k", nil), show(3*i+2, "l", []byte{}))
				}
				must(l.Append(ctx, r))(t)
			}
			for round := range 2 {
				var got []string
				rd := must(l.Reader(ctx, map[store.TP]int64{{Topic: "t"}: -1}, nil))(t)
				for {
					runs := must(rd.Poll(7))(t)
					if runs == nil {
						break
					}
					for _, r := range runs {
						for _, h := range r.Headers {
							got = append(got, show(int(r.Offset(int(h.Row))), h.Key, h.Value))
						}
					}
				}
				if err := rd.Close(); err != nil {
					t.Error(err)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("round %d\ngot  %v\nwant %v", round, got, want)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				l = must(Open(dir, o))(t)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
