package exec

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// ranked is one row of a scan with what it is ordered by.
type ranked struct {
	key   []byte
	start int64
	row   int32
}

// rankOf is row i of b, whose keys are these bytes.
func rankOf(b *op.Batch, keys [][]byte, i int, row int32) ranked {
	x := ranked{key: keys[i], row: row}
	if b.Start != nil {
		x.start = b.Start[i]
	}
	return x
}

// rankLast is what the last row of b is ordered by.
func (u *Pull) rankLast(v *view, b *op.Batch) (*ranked, error) {
	i := b.N - 1
	one := &op.Batch{N: 1, Cols: make([]*vec.Vec, len(u.p.Columns))}
	for n, c := range u.p.Columns {
		if c.Role == sql.KeyRole && n < len(b.Cols) {
			one.Cols[n] = vec.New(c.Type)
			one.Cols[n].AppendFrom(b.Cols[n], i)
		}
	}
	if b.Start != nil {
		one.Start = b.Start[i : i+1]
	}
	keys, err := v.keyBytes(one, u.p.Columns)
	if err != nil {
		return nil, err
	}
	x := rankOf(one, keys, 0, 0)
	x.key = slices.Clone(x.key)
	return &x, nil
}

func byRank(a, b ranked) int {
	if c := bytes.Compare(a.key, b.key); c != 0 {
		return c
	}
	return cmp.Compare(a.start, b.start)
}

// rankStep is how many rows are put in order between two looks at the context.
const rankStep = 4096

// inOrder sorts the rows of a scan, as long as ctx has not ended: a million take a second.
func inOrder(ctx context.Context, list []ranked) ([]ranked, error) {
	for part := range slices.Chunk(list, rankStep) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		slices.SortStableFunc(part, byRank)
	}
	var next []ranked
	for width := rankStep; width < len(list); width *= 2 {
		next = slices.Grow(next[:0], len(list))
		for pair := range slices.Chunk(list, 2*width) {
			mid := min(width, len(pair))
			var err error
			if next, err = merge(ctx, next, pair[:mid], pair[mid:]); err != nil {
				return nil, err
			}
		}
		list, next = next, list
	}
	return list, nil
}

// merge appends the rows of a and b to dst, in order.
func merge(ctx context.Context, dst, a, b []ranked) ([]ranked, error) {
	for n := 1; len(a) > 0 && len(b) > 0; n++ {
		if n%rankStep == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if byRank(b[0], a[0]) < 0 {
			dst, b = append(dst, b[0]), b[1:]
		} else {
			dst, a = append(dst, a[0]), a[1:]
		}
	}
	return append(append(dst, a...), b...), nil
}
