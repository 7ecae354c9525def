package state

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// AppendRows appends the rows of cols that rows names to dst, each as AppendRow has it, and its span to at.
// A nil column is null.
func AppendRows(dst []byte, at []store.Span, cols []*vec.Vec, rows []int32) ([]byte, []store.Span) {
	width := 0
	for _, c := range cols {
		w := fixed(c)
		if w == 0 {
			return appendRows(dst, at, cols, rows)
		}
		width += w
	}
	if len(rows) == 0 {
		return dst, at
	}
	off := len(dst)
	dst = slices.Grow(dst, width*len(rows))[:off+width*len(rows)]
	for i := range rows {
		at = append(at, store.Span{Off: int32(off + i*width), Len: int32(width)})
	}
	for _, c := range cols {
		putColumn(dst[off:], width, c, rows)
		off += fixed(c)
	}
	return dst, at
}

func appendRows(dst []byte, at []store.Span, cols []*vec.Vec, rows []int32) ([]byte, []store.Span) {
	for _, i := range rows {
		off := len(dst)
		for _, c := range cols {
			if c == nil {
				dst = append(dst, 0)
			} else {
				dst = AppendValue(dst, c, int(i))
			}
		}
		at = append(at, store.Span{Off: int32(off), Len: int32(len(dst) - off)})
	}
	return dst, at
}

// fixed is the bytes of each value of c, with the one that says that it is there; 0 where they differ.
func fixed(c *vec.Vec) int {
	if c == nil {
		return 1
	}
	if c.Nulls > 0 {
		return 0
	}
	return size(c.Type)
}

// size is the bytes of a value of type t that is there, with the one that says so; 0 where they differ.
func size(t sql.Type) int {
	switch t.Kind {
	case sql.Boolean:
		return 2
	case sql.Integer, sql.Date, sql.Time:
		return 5
	case sql.Bigint, sql.Timestamp, sql.Double:
		return 9
	case sql.Decimal:
		if !vec.Wide(t) {
			return 17
		}
	}
	return 0
}

// putColumn writes a column of fixed width, a value every stride bytes.
func putColumn(dst []byte, stride int, c *vec.Vec, rows []int32) {
	at := 0
	if c == nil {
		for range rows {
			dst[at] = 0
			at += stride
		}
		return
	}
	switch c.Type.Kind {
	case sql.Boolean:
		for _, i := range rows {
			b := dst[at : at+2]
			b[0], b[1] = 1, 0
			if c.Bool[i] {
				b[1] = 1
			}
			at += stride
		}
	case sql.Integer, sql.Date, sql.Time:
		for _, i := range rows {
			b := dst[at : at+5]
			b[0] = 1
			binary.BigEndian.PutUint32(b[1:], uint32(c.I32[i]))
			at += stride
		}
	case sql.Bigint, sql.Timestamp:
		for _, i := range rows {
			b := dst[at : at+9]
			b[0] = 1
			binary.BigEndian.PutUint64(b[1:], uint64(c.I64[i]))
			at += stride
		}
	case sql.Double:
		for _, i := range rows {
			b := dst[at : at+9]
			b[0] = 1
			binary.BigEndian.PutUint64(b[1:], math.Float64bits(c.F64[i]))
			at += stride
		}
	case sql.Decimal:
		for _, i := range rows {
			b := dst[at : at+17]
			b[0] = 1
			binary.BigEndian.PutUint64(b[1:], uint64(c.Dec[i].Hi))
			binary.BigEndian.PutUint64(b[9:], c.Dec[i].Lo)
			at += stride
		}
	}
}

// ReadRows appends the rows at these spans of arena, as AppendRows wrote them, to cols. On an error it gives the
// number of the bad row, and the columns may have different lengths.
func ReadRows(arena []byte, at []store.Span, cols []*vec.Vec) (bad int, err error) {
	if alike(arena, at, cols) {
		off := 0
		for _, c := range cols {
			if arena[int(at[0].Off)+off] == 0 {
				for range at {
					c.AppendNull()
				}
				off++
				continue
			}
			readColumn(arena, at, off+1, c)
			off += size(c.Type)
		}
		return 0, nil
	}
	for i, s := range at {
		rest, err := ReadRow(s.Of(arena), cols)
		if err == nil && len(rest) > 0 {
			err = errLong
		}
		if err != nil {
			return i, err
		}
	}
	return 0, nil
}

// alike reports whether all rows are there and have the nulls of the first, and else values of fixed width.
func alike(arena []byte, at []store.Span, cols []*vec.Vec) bool {
	if len(at) == 0 || at[0].Len < 0 {
		return false
	}
	first := at[0].Of(arena)
	off := 0
	for _, c := range cols {
		if off >= len(first) {
			return false
		}
		w, there := 1, first[off]
		if there != 0 {
			if w = size(c.Type); w == 0 || c.Nulls > 0 {
				return false
			}
		}
		for _, s := range at {
			if int(s.Len) != len(first) || arena[int(s.Off)+off] != there {
				return false
			}
		}
		off += w
	}
	return off == len(first)
}

// readColumn appends the values that stand off bytes into each row.
func readColumn(arena []byte, at []store.Span, off int, c *vec.Vec) {
	n := c.N
	c.SetLen(n + len(at))
	switch c.Type.Kind {
	case sql.Boolean:
		out := c.Bool[n:]
		for i, s := range at {
			out[i] = arena[int(s.Off)+off] != 0
		}
	case sql.Integer, sql.Date, sql.Time:
		out := c.I32[n:]
		for i, s := range at {
			out[i] = int32(binary.BigEndian.Uint32(arena[int(s.Off)+off:]))
		}
	case sql.Bigint, sql.Timestamp:
		out := c.I64[n:]
		for i, s := range at {
			out[i] = int64(binary.BigEndian.Uint64(arena[int(s.Off)+off:]))
		}
	case sql.Double:
		out := c.F64[n:]
		for i, s := range at {
			out[i] = math.Float64frombits(binary.BigEndian.Uint64(arena[int(s.Off)+off:]))
		}
	case sql.Decimal:
		out := c.Dec[n:]
		for i, s := range at {
			b := arena[int(s.Off)+off:]
			out[i] = vec.Num{Hi: int64(binary.BigEndian.Uint64(b)), Lo: binary.BigEndian.Uint64(b[8:])}
		}
	}
}
