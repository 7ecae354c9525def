package exec

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/exec/state"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// kept is a keeper of one table.
type kept struct{ tab state.Kept }

func (kept) Process(_ *op.Context, b *op.Batch, emit op.Emit) error { return emit(b) }
func (k kept) Tables() []state.Kept                                 { return []state.Kept{k.tab} }
func (kept) Restored() error                                        { return nil }

// checkpoint is one whose print is known before its first chunk is read.
type checkpoint struct {
	print  uint64
	chunks [][]byte
}

func (c checkpoint) Print(string) uint64 { return c.print }
func (c checkpoint) Chunks(string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, b := range c.chunks {
			if !yield(b, nil) {
				return
			}
		}
	}
}

type restored struct {
	store.Work
	cp checkpoint
}

func (r restored) Restore(context.Context) (store.Checkpoint, store.Reader, error) {
	return r.cp, nil, nil
}

func (restored) Position(map[store.TP]int64) {}

type durable struct{ store.Log }

func (durable) Durable() bool { return true }

// TestForeignCheckpoint: state that another form of the query made is refused by its fingerprint, and by the print in
// its chunks where the fingerprint says nothing; of any kind of table.
func TestForeignCheckpoint(t *testing.T) {
	for kind, table := range map[string]func(step string) state.Kept{
		"table": func(step string) state.Kept {
			return state.NewTable(state.Layout{Name: "Aggregate", Print: state.Print{Step: step}, Keys: []sql.Type{sql.TBigint}, Step: []int64{0}})
		},
		"ordered": func(step string) state.Kept {
			return state.NewOrdered(state.OrderedLayout{Name: "Aggregate", Print: state.Print{Step: step}})
		},
		"buffer": func(step string) state.Kept {
			return state.NewBuffer(state.OrderedLayout{Name: "Aggregate", Print: state.Print{Step: step}})
		},
	} {
		mine, foreign := table("mine"), table("foreign")
		_, chunk := foreign.Chunk(0, 8, nil)
		_, own := mine.Chunk(0, 8, nil)
		for name, c := range map[string]struct {
			cp checkpoint
			ok bool
		}{
			"own":                 {checkpoint{mine.Print().Sum(), [][]byte{own}}, true},
			"foreign":             {checkpoint{foreign.Print().Sum(), nil}, false},
			"foreign in a chunk":  {checkpoint{mine.Print().Sum(), [][]byte{chunk}}, false},
			"foreign, not marked": {checkpoint{0, [][]byte{chunk}}, false},
		} {
			task := &task{q: &Query{e: &Engine{log: durable{}}, plan: &plan.Query{ID: "q"}}, line: &line{keepers: []op.Keeper{kept{table("mine")}}}, work: restored{cp: c.cp}}
			err := task.restore(context.Background(), true)
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "Aggregate") {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
}
