package chars

import (
	"cmp"
	"slices"
	"testing"
	"unicode/utf8"
)

func FuzzUTF16(f *testing.F) {
	f.Add("a😀", "a\uE000")
	f.Add("\xed\xa0\x80", "😀")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(WellFormed(a)) || !utf8.ValidString(WellFormed(b)) {
			t.Skip()
		}
		u, v := Units(nil, a), Units(nil, b)
		if Len(a) != len(u) {
			t.Errorf("length of %q: %d, want %d", a, Len(a), len(u))
		}
		if cmp.Compare(Compare(a, b), 0) != slices.Compare(u, v) {
			t.Errorf("%q and %q: %d", a, b, Compare(a, b))
		}
		if w := Units(nil, string(AppendUnits(nil, u))); !slices.Equal(w, u) {
			t.Errorf("%q: %x comes back as %x", a, u, w)
		}
	})
}
