package vec

import (
	"encoding/binary"
	"math/bits"

	"github.com/ksqlgo/ksql/sql"
)

// Odd constants without pattern (wyhash's).
const (
	seed0 = 0xa0761d6478bd642f
	seed1 = 0xe7037ed1a0b428db
	seed2 = 0x8ebc6af09c88c6e3
	nulls = 0x589965cc75374cc3
)

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Hash gives each of the n rows of cols a hash: equal rows (in the sense of Equal) have equal hashes, in every
// batch and every process. out is reused.
func Hash(cols []*Vec, n int, out []uint64) []uint64 {
	out = resize(out[:0], n)
	for i := range out {
		out[i] = seed0
	}
	for _, v := range cols {
		v.hashInto(out)
	}
	return out
}

// hashInto mixes each row of v into out.
func (v *Vec) hashInto(out []uint64) {
	if v.Nulls > 0 {
		for i := range out {
			out[i] = v.hashRow(i, out[i])
		}
		return
	}
	switch v.Type.Kind {
	case sql.Integer, sql.Date, sql.Time:
		xs := v.I32[:len(out)]
		for i := range out {
			out[i] = mix(out[i]^uint64(xs[i]), seed1)
		}
	case sql.Bigint, sql.Timestamp:
		xs := v.I64[:len(out)]
		for i := range out {
			out[i] = mix(out[i]^uint64(xs[i]), seed1)
		}
	case sql.String, sql.Bytes:
		offs := v.Offs[:len(out)+1]
		for i := range out {
			out[i] = HashBytes(v.Data[offs[i]:offs[i+1]], out[i])
		}
	default:
		for i := range out {
			out[i] = v.hashRow(i, out[i])
		}
	}
}

// hashRow mixes row i into h.
func (v *Vec) hashRow(i int, h uint64) uint64 {
	if v.IsNull(i) {
		return mix(h^nulls, seed2)
	}
	switch v.Type.Kind {
	case sql.Boolean:
		x := uint64(1)
		if v.Bool[i] {
			x = 2
		}
		return mix(h^x, seed1)
	case sql.Integer, sql.Date, sql.Time:
		return mix(h^uint64(v.I32[i]), seed1)
	case sql.Bigint, sql.Timestamp:
		return mix(h^uint64(v.I64[i]), seed1)
	case sql.Double:
		return mix(h^doubleBits(v.F64[i]), seed1)
	case sql.Decimal:
		if Wide(v.Type) {
			x := v.Big[i]
			for _, w := range x.Bits() {
				h = mix(h^uint64(w), seed1)
			}
			return mix(h^uint64(x.Sign()), seed2)
		}
		return mix(mix(h^v.Dec[i].Lo, seed1)^uint64(v.Dec[i].Hi), seed2)
	case sql.String, sql.Bytes:
		return HashBytes(v.Bytes(i), h)
	case sql.Array:
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			h = v.Kids[0].hashRow(int(k), h)
		}
		return mix(h^uint64(v.Offs[i+1]-v.Offs[i]), seed2)
	case sql.Map:
		sum := uint64(v.Offs[i+1] - v.Offs[i]) // entries have no order
		for k := v.Offs[i]; k < v.Offs[i+1]; k++ {
			sum += v.Kids[1].hashRow(int(k), v.Kids[0].hashRow(int(k), seed0))
		}
		return mix(h^sum, seed2)
	case sql.Struct:
		for _, k := range v.Kids {
			h = k.hashRow(i, h)
		}
		return mix(h^seed0, seed2)
	}
	return h
}

// HashBytes mixes b into h.
func HashBytes(b []byte, h uint64) uint64 {
	n := uint64(len(b))
	for len(b) > 16 {
		h = mix(binary.LittleEndian.Uint64(b)^seed1, binary.LittleEndian.Uint64(b[8:])^h)
		b = b[16:]
	}
	var x, y uint64
	switch {
	case len(b) >= 8:
		x, y = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	case len(b) >= 4:
		x, y = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))
	case len(b) > 0:
		x = uint64(b[0])<<16 | uint64(b[len(b)>>1])<<8 | uint64(b[len(b)-1])
	}
	return mix(seed1^n, mix(x^seed1, y^h))
}
