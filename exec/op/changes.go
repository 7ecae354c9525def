package op

import (
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// changes turns the results of an aggregation into Before and After: the old row of a group is the one
// shown last in this batch, else the one from before it.
type changes struct {
	prev []int32 // of each shown row: shown row before it, or -1-n: row n of old, or fresh
	last map[int32]int32
	read []int32
	old  []*vec.Vec
	gather
}

const fresh = int32(-1 << 30)

// begin notes, before the fold, what each group's result was. Groups from number was on are new; isNew
// (may be nil) says so of a row where numbers are given again.
func (c *changes) begin(accs []fn.Accumulator, gids []int32, show []bool, was int32, isNew []bool, outs []*vec.Vec) error {
	if c.last == nil {
		c.last = map[int32]int32{}
		for _, o := range outs {
			c.old = append(c.old, vec.New(o.Type))
		}
	}
	clear(c.last)
	c.prev, c.read = c.prev[:0], c.read[:0]
	reset(c.old)
	seen := int32(0)
	for i, g := range gids {
		p, ok := c.last[g]
		if !ok {
			p = fresh
			if g < was && (isNew == nil || !isNew[i]) {
				p = -1 - int32(len(c.read))
				c.read = append(c.read, g)
			}
		}
		if show != nil && !show[i] {
			c.last[g] = p
			continue
		}
		c.prev = append(c.prev, p)
		c.last[g] = seen
		seen++
	}
	for k, acc := range accs {
		if err := acc.Read(c.read, c.old[k]); err != nil {
			return err
		}
	}
	return nil
}

// spread is b, whose last columns are the results, with a Before in front of each row that replaces one.
func (c *changes) spread(b *Batch, keys int) *Batch {
	rows := make([]int32, 0, 2*b.N)
	ops := make([]Op, 0, 2*b.N)
	for i := 0; i < b.N; i++ {
		if c.prev[i] == fresh {
			rows, ops = append(rows, int32(i)), append(ops, Insert)
			continue
		}
		rows, ops = append(rows, int32(i), int32(i)), append(ops, Before, After)
	}
	out := c.take(b, rows, nil)
	out.Ops = ops
	first := len(b.Cols) - len(c.old)
	for k := range c.old {
		col := c.cols[first+k]
		col.Reset()
		for j, r := range rows {
			switch p := c.prev[r]; {
			case ops[j] != Before:
				col.AppendFrom(b.Cols[first+k], int(r))
			case p >= 0:
				col.AppendFrom(b.Cols[first+k], int(p))
			default:
				col.AppendFrom(c.old[k], int(-1-p))
			}
		}
	}
	return out
}
