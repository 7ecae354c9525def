package fn

import (
	"testing"
)

func BenchmarkRegexExtract(b *testing.B) {
	f := regexExtract(Site{})
	var buf []byte
	for range b.N {
		var err error
		if buf, err = f(buf[:0], `(\w+)@(\w+)\.com`, "write to someone@example.com today", 2); err != nil || string(buf) != "example" {
			b.Fatal(string(buf), err)
		}
	}
}
