package state

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// cpu is the time that the process has worked, in ns.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// worked reports what each of so many rows has taken since `began`.
func worked(b *testing.B, began int64, rows int) {
	b.ReportMetric(float64(cpu(b)-began)/float64(b.N)/float64(rows), "cpu-ns/row")
}

// held is how many rows the tables of the benchmarks have.
const held = 1_000_000

// BenchmarkOrdered is what a row costs among a million: put in order of its key, put anywhere, found, dropped by time.
func BenchmarkOrdered(b *testing.B) {
	fill := func(at func(i int64) int64) *Ordered {
		o := NewOrdered(OrderedLayout{Name: "o", Expires: true})
		var key []byte
		for i := range int64(held) {
			key = appendTime(append(key[:0], 2), at(i))
			o.Put(key, i, key)
		}
		return o
	}
	order := func(i int64) int64 { return i }
	anywhere := func(i int64) int64 { return i * 7919 % held * 1000 }
	for name, at := range map[string]func(int64) int64{"order": order, "anywhere": anywhere} {
		b.Run("put/"+name, func(b *testing.B) {
			o := fill(at)
			each := float64(o.Bytes()) / held
			b.ReportAllocs()
			var key []byte
			n, began := int64(0), cpu(b)
			for b.Loop() {
				if name == "order" {
					key = appendTime(append(key[:0], 2), held+n)
				} else {
					key = appendTime(append(key[:0], 2), n*104729%held*1000+n%999+1)
				}
				o.Put(key, held+n, key)
				n++
			}
			worked(b, began, 1)
			b.ReportMetric(each, "B/row")
		})
		b.Run("get/"+name, func(b *testing.B) {
			o := fill(at)
			var key []byte
			began := cpu(b)
			for n := int64(0); b.Loop(); n++ {
				key = appendTime(append(key[:0], 2), at(n*104729%held))
				if o.Get(key) < 0 {
					b.Fatal(n)
				}
			}
			worked(b, began, 1)
		})
		b.Run("expire/"+name, func(b *testing.B) {
			var took int64
			for b.Loop() {
				o := fill(at)
				began := cpu(b)
				if o.Expire(held) != held {
					b.Fatal(o.Len())
				}
				took += cpu(b) - began
			}
			b.ReportMetric(float64(took)/float64(b.N)/held, "cpu-ns/row")
		})
	}
}

// BenchmarkBuffer is a side of a join with a million rows: a row inserted in order of time and the oldest dropped, and a
// probe of the ten rows of a key that are near in time, read.
func BenchmarkBuffer(b *testing.B) {
	for _, keys := range []int64{1, 1000, 100_000} {
		const batch = 1024
		buf := NewBuffer(OrderedLayout{Name: "b"})
		k, v, w := vec.New(sql.TBigint), vec.New(sql.TBigint), vec.New(sql.TString)
		time, rows := make([]int64, batch), make([]int32, batch)
		for i := range rows {
			rows[i] = int32(i)
			v.AppendI64(int64(i))
			w.AppendString(fmt.Sprint("some text ", i))
		}
		n := int64(0)
		var out []int32
		r := rand.New(rand.NewPCG(1, 1))
		insert := func(size int) {
			k.Reset()
			for i := range size {
				k.AppendI64(r.Int64N(keys))
				time[i] = n
				n++
			}
			out = buf.Insert([]*vec.Vec{k}, []*vec.Vec{k, v, w}, time, rows[:size], out[:0])
		}
		for n < held {
			insert(batch)
		}
		b.Run(fmt.Sprint("keys=", keys, "/insert and expire"), func(b *testing.B) {
			b.ReportAllocs()
			began := cpu(b)
			for b.Loop() {
				insert(batch)
				buf.Expire(n - held)
			}
			worked(b, began, batch)
			b.ReportMetric(float64(buf.Bytes())/float64(buf.Len()), "B/row")
		})
		b.Run(fmt.Sprint("keys=", keys, "/probe"), func(b *testing.B) {
			b.ReportAllocs()
			cols := []*vec.Vec{vec.New(sql.TBigint), vec.New(sql.TBigint), vec.New(sql.TString)}
			found, began := 0, cpu(b)
			for b.Loop() {
				k.Reset()
				k.AppendI64(r.Int64N(keys))
				at := n - r.Int64N(held-1)
				out = buf.Probe([]*vec.Vec{k}, 0, at, at+10*keys-1, out[:0])
				found += len(out)
				for _, c := range cols {
					c.Reset()
				}
				if err := buf.Read(out, cols); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(found)/float64(b.N), "rows")
		})
	}
}
