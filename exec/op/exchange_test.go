package op

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// TestExchange sends random changes over a topic of three partitions and takes them in pieces: each row comes out once,
// at the partition of its key, with its op, time and window; rows of a key keep their order; an update stays one
// where both of its rows go to one partition, else it is a delete and an insert; and each row knows its record.
func TestExchange(t *testing.T) {
	const partitions = 3
	col := func(name string, typ sql.Type, r sql.Role) sql.Column {
		return sql.Column{Field: sql.Field{Name: name, Type: typ}, Role: r}
	}
	schema := sql.Schema{col("K", sql.TString, sql.KeyRole), col("V", sql.TInteger, sql.ValueRole)}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		windowed, changes := seed%2 == 0, seed%3 > 0
		step := &plan.Exchange{Head: plan.Head{Name: "GroupBy", Schema: schema, Shape: sql.TableKind}, Key: plan.Format{Name: "KAFKA"}}
		if windowed {
			step.Window = &plan.Window{Kind: sql.Session}
		}
		send, err := NewSend(step, "x", partitions)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{} // by key
		note := func(key string, o Op, v any, ms int64) {
			want[key] = append(want[key], fmt.Sprint(o, v, ms))
		}
		var sent []*store.Records
		number := int32(0)
		for range 1 + r.IntN(4) {
			k, v := vec.New(sql.TString), vec.New(sql.TInteger)
			b := &Batch{Cols: []*vec.Vec{k, v}}
			var keys []string
			add := func(o Op, key string) {
				keys = append(keys, key)
				if key == "" {
					k.AppendNull()
				} else {
					k.AppendString(key)
				}
				b.NoKey = append(b.NoKey, key == "")
				if number%5 == 0 {
					v.AppendNull()
				} else {
					v.AppendI32(number)
				}
				b.Time = append(b.Time, int64(number)*10)
				b.Start, b.End = append(b.Start, int64(number)), append(b.End, int64(number)+7)
				b.Ops = append(b.Ops, o)
				b.N++
				number++
			}
			key := func() string { return []string{"", "a", "b", "c", "d", "e"}[r.IntN(6)] }
			for range r.IntN(8) {
				switch n := r.IntN(4); {
				case !changes || n < 2:
					add(Insert, key())
				case n == 2:
					add(Delete, key())
				default:
					add(Before, key())
					add(After, key())
				}
			}
			where := func(key string) int32 {
				if key == "" {
					return 1
				}
				return store.Partition([]byte(key), partitions)
			}
			for i, o := range b.Ops {
				if o == Before && where(keys[i]) != where(keys[i+1]) {
					o = Delete
				}
				if o == After && where(keys[i]) != where(keys[i-1]) {
					o = Insert
				}
				note(keys[i], o, text(v, i), b.Time[i])
			}
			if !changes {
				b.Ops = nil
			}
			if !windowed {
				b.Start, b.End = nil, nil
			}
			if err := send.Process(&Context{Partition: 1}, b, nil); err != nil {
				t.Fatal(err)
			}
			if r.IntN(2) == 0 {
				sent = send.Take(sent)
			}
		}
		if sent = send.Take(sent); len(send.Take(nil)) > 0 || send.Bytes() != 0 {
			t.Error("what was taken is still there")
		}
		got := map[string][]string{}
		for p := range int32(partitions) {
			var runs []store.Records
			for _, s := range sent {
				if s.TP.Partition == p {
					runs = append(runs, *s)
				}
			}
			receive := NewReceive(step)
			for len(runs) > 0 {
				n := 1 + r.IntN(len(runs))
				part := slices.Clone(runs[:n])
				runs = runs[n:]
				rows := 0
				err := receive.Run(&Context{Partition: p}, part, func(b *Batch) error {
					for i := range b.N {
						key := ""
						if !b.Cols[0].IsNull(i) {
							key = strings.Clone(b.Cols[0].Str(i)) // it is lent
						}
						if (key == "") != b.keyless(i) {
							t.Errorf("seed %d: key %q, without one: %v", seed, key, b.keyless(i))
						}
						rec, row := b.From.At(b.Cause(i))
						if string(rec.Key[row].Of(rec.Bytes)) != key || rec.Time[row] != b.Time[i] || rec.TP.Partition != p {
							t.Errorf("seed %d: row %d of key %q comes from record %d of %v", seed, i, key, row, rec.TP)
						}
						if windowed && (b.Start[i] != b.Time[i]/10 || b.End[i] != b.Start[i]+7) || !windowed && b.Start != nil {
							t.Errorf("seed %d: window %v %v of time %d", seed, b.Start, b.End, b.Time[i])
						}
						if o := b.Op(i); o == Before && (i+1 == b.N || b.Op(i+1) != After) {
							t.Errorf("seed %d: half an update", seed)
						}
						got[key] = append(got[key], fmt.Sprint(b.Op(i), text(b.Cols[1], i), b.Time[i]))
						rows++
					}
					return nil
				})
				for _, s := range part {
					rows -= s.Len()
				}
				if err != nil || rows != 0 {
					t.Fatal(err, rows)
				}
			}
		}
		for key := range want {
			if !slices.Equal(got[key], want[key]) {
				t.Errorf("seed %d, key %q\ngot  %v\nwant %v", seed, key, got[key], want[key])
			}
		}
	}
}

func (b *Batch) keyless(i int) bool { return b.NoKey != nil && b.NoKey[i] }
