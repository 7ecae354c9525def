package exec

import (
	"slices"

	"github.com/ksqlgo/ksql/store"
)

// batchBytes bounds a batch of long rows.
const batchBytes = 16 << 20

// split cuts runs behind so many rows, or about so many bytes if they are long. The halves of a changed row stay together.
func split(runs []store.Records, rows, bytes int) (head, rest []store.Records) {
	n, size := 0, 0
	for i := range runs {
		n, size = n+runs[i].Len(), size+len(runs[i].Bytes)
	}
	if n <= rows && size < bytes {
		return runs, nil
	}
	size = 0
	for i := range runs {
		r := &runs[i]
		for row := range r.Time {
			if size += int(r.Key[row].Len + r.Value[row].Len); size < bytes && rows > 1 {
				rows--
				continue
			}
			n := row + 1
			if r.Mark != nil && r.Mark[row] == store.MarkBefore {
				n++
			}
			if n == r.Len() {
				return runs[:i+1], runs[i+1:]
			}
			head = append(slices.Clone(runs[:i]), r.Slice(0, n))
			return head, append([]store.Records{r.Slice(n, r.Len())}, runs[i+1:]...)
		}
	}
	return runs, nil
}
