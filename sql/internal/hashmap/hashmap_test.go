package hashmap

import (
	"fmt"
	"math"
	"testing"
)

// TestOrder holds the order of entries to that of OpenJDK 17 (functions.md, section 1).
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		keys     []string
		capacity int
		want     string
	}{
		{[]string{"one", "two", "three", "four", "five"}, Capacity(5), "[two three five four one]"},
		{[]string{"one", "two", "three"}, Capacity(3), "[two three one]"},
		{[]string{"five", "three", "two", "four", "one"}, 16, "[four one five three two]"},
		{[]string{"é", "z"}, 1, "[é z]"},
		{nil, 1, "[]"},
	} {
		var hashes []uint32
		var ids []int32
		for i, k := range c.keys {
			hashes, ids = append(hashes, Spread(String(k))), append(ids, int32(i))
		}
		got := []string{}
		for _, id := range Order(nil, hashes, ids, c.capacity) {
			got = append(got, c.keys[id])
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%v: %v, want %s", c.keys, got, c.want)
		}
	}
}

// TestHashes holds hash codes to those of OpenJDK 17.
func TestHashes(t *testing.T) {
	for i, c := range [][2]uint32{
		{String("hello"), 99162322}, {String("é"), 233}, {String("a\U0001f600"), 31*(31*97+0xd83d) + 0xde00}, {Long(-1), 0}, {Long(1 << 32), 1},
		{Double(1), 1072693248}, {Double(math.NaN()), 2146959360}, {Double(-math.NaN()), 2146959360}, {Bool(true), 1231}, {Bool(false), 1237}, {Spread(1 << 16), 1<<16 | 1},
	} {
		if c[0] != c[1] {
			t.Errorf("%d: %d, want %d", i, c[0], c[1])
		}
	}
	if Size(12, 16) != 16 || Size(13, 16) != 32 || Size(0, 0) != 1 || Capacity(5) != 8 || Capacity(1) != 1 {
		t.Error("sizes")
	}
}
