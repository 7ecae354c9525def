package meta

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain finds goroutines left behind. BuntDB's own one looks once a second whether it may end.
func TestMain(m *testing.M) {
	code := m.Run()
	err := goleak.Find()
	for end := time.Now().Add(3 * time.Second); err != nil && time.Now().Before(end); {
		err = goleak.Find()
	}
	if code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func open(t *testing.T, path string) *DB {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func each(t *testing.T, d *DB, bucket string) string {
	t.Helper()
	s := ""
	if err := d.Each(bucket, func(k string, v []byte) bool { s += fmt.Sprintf("%s=%s ", k, v); return k != "stop" }); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "meta")
	d := open(t, path)
	if err := d.PutAll(Entry{"a", "2", []byte("two")}, Entry{"a", "1", []byte{0, 255, '\n', '\r'}}, Entry{"ab", "1", []byte("x")}, Entry{"a", "3", nil}); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("a", "", []byte{}); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("stops", "stop", nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Put("stops", "t", nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Durable(true); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete("ab", "none"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := each(t, d, "a"); got != "= 1=\x00\xff\n\r 2=two " {
			t.Fatalf("%q", got)
		}
		if got := each(t, d, "stops"); got != "stop= " {
			t.Fatalf("%q", got)
		}
		if got := each(t, d, "none"); got != "" {
			t.Fatalf("%q", got)
		}
		if v, ok, err := d.Get("a", "2"); err != nil || !ok || string(v) != "two" {
			t.Fatal(v, ok, err)
		}
		if _, ok, err := d.Get("a", "4"); err != nil || ok {
			t.Fatal(ok, err)
		}
		d.Close()
		d = open(t, path)
	}
	if err := d.Each("ab", func(k string, v []byte) bool {
		if k != "1" || string(v) != "x" {
			t.Error(k, v)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete("ab", "1"); err != nil {
		t.Fatal(err)
	}
	if got := each(t, d, "ab"); got != "" {
		t.Fatalf("%q", got)
	}
	if err := d.Put("", "k", nil); err == nil {
		t.Fatal("no bucket")
	}
	if err := d.Put("a\x00b", "k", nil); err == nil {
		t.Fatal("a bucket with a zero byte")
	}
}

func TestMemory(t *testing.T) {
	d := open(t, Memory)
	if err := d.Put("a", "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	if got := each(t, d, "a"); got != "k=v " {
		t.Fatalf("%q", got)
	}
}

// TestDamage flips bits and cuts: a value is right or absent, and the DB always opens and takes writes.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "meta")
	d := open(t, path)
	want := map[string][]byte{}
	for i := range 20 {
		k := fmt.Sprint(i)
		want[k] = bytes.Repeat([]byte{byte(i)}, i*7)
		if err := d.Put("b", k, want[k]); err != nil {
			t.Fatal(err)
		}
	}
	d.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	absent := 0
	for n := range 300 {
		bad := bytes.Clone(whole)
		if n%3 == 0 {
			bad = bad[:r.IntN(len(bad))]
		} else {
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		}
		p := filepath.Join(dir, fmt.Sprint("bad", n))
		if err := os.WriteFile(p, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := Open(p)
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		seen := 0
		if err := d.Each("b", func(k string, v []byte) bool {
			seen++
			if w, ok := want[k]; !ok || !bytes.Equal(v, w) {
				t.Errorf("%d: %s is %q", n, k, v)
			}
			return true
		}); err != nil {
			t.Fatal(err)
		}
		absent += len(want) - seen
		if err := d.Put("b", "new", []byte("v")); err != nil {
			t.Fatal(err)
		}
		if v, ok, err := d.Get("b", "new"); err != nil || !ok || string(v) != "v" {
			t.Fatal(v, ok, err)
		}
		d.Close()
	}
	if absent == 0 {
		t.Fatal("the damage did nothing")
	}
}
