package fn

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func distinctFunc() Func {
	return Func{
		Name: "COUNT_DISTINCT", Category: "AGGREGATE", Author: "Confluent",
		Doc: "About how many different values a group has: exact while they are few, else within about 2 percent.",
		Variants: []Variant{{
			Args: signature("val1: the values (nulls are left out)", tvar("T")), Returns: sql.TBigint,
			State: stateIs(sql.ArrayOf(sql.TInteger)), Agg: newDistinct,
		}},
	}
}

const (
	sketchBits = 14 // 2^14 registers: a standard error of 0.8 percent
	fewHashes  = 64 // so many values are kept by their hash instead

	maxRegister = 49 // the sum of 2^14 registers then fits 64 bits
)

// sketch is a HyperLogLog. A group with few values keeps their hashes instead: most groups stay small.
type sketch struct {
	few       []uint64
	registers []byte // nil while few is enough
	sum       uint64 // of 2^-register over all, times 2^maxRegister: exact, so that a result costs no walk
	zeros     int    // registers that are 0
}

func (s *sketch) add(h uint64) {
	if s.registers == nil {
		at, found := slices.BinarySearch(s.few, h)
		if found {
			return
		}
		if len(s.few) < fewHashes {
			s.few = slices.Insert(s.few, at, h)
			return
		}
		s.spill()
	}
	s.raise(int(h>>(64-sketchBits)), byte(min(maxRegister, bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))+1)))
}

// raise sets register i to r unless it is higher.
func (s *sketch) raise(i int, r byte) {
	old := s.registers[i]
	if r <= old {
		return
	}
	if old == 0 {
		s.zeros--
	}
	s.sum -= 1<<(maxRegister-old) - 1<<(maxRegister-r)
	s.registers[i] = r
}

// spill moves the hashes to registers.
func (s *sketch) spill() {
	if s.registers != nil {
		return
	}
	s.registers = make([]byte, 1<<sketchBits)
	s.zeros, s.sum = 1<<sketchBits, 1<<(sketchBits+maxRegister)
	few := s.few
	s.few = nil
	for _, h := range few {
		s.add(h)
	}
}

func (s *sketch) merge(from *sketch) {
	for _, h := range from.few {
		s.add(h)
	}
	if from.registers != nil {
		s.spill()
		for i, r := range from.registers {
			s.raise(i, r)
		}
	}
}

func (s *sketch) count() int64 {
	if s.registers == nil {
		return int64(len(s.few))
	}
	const m = 1 << sketchBits
	e := 0.7213 / (1 + 1.079/m) * m * m / math.Ldexp(float64(s.sum), -maxRegister)
	if e <= 2.5*m && s.zeros > 0 {
		e = m * math.Log(m/float64(s.zeros))
	}
	return int64(math.Round(e))
}

func newDistinct(Site) (Accumulator, error) {
	var cell []byte
	return RowAgg[sketch]{
		Add: func(s *sketch, args []*vec.Vec, i int) error {
			if !args[0].IsNull(i) {
				cell = vec.AppendKey(cell[:0], args, i)
				s.add(finish(vec.HashBytes(cell, 0)))
			}
			return nil
		},
		Merge: func(into, from *sketch) error {
			into.merge(from)
			return nil
		},
		Read: func(s *sketch, out *vec.Vec) error {
			out.AppendI64(s.count())
			return nil
		},
		Save: func(s *sketch, dst []byte) []byte {
			dst = binary.AppendUvarint(dst, uint64(len(s.few)))
			for _, h := range s.few {
				dst = binary.LittleEndian.AppendUint64(dst, h)
			}
			return appendCell(dst, s.registers)
		},
		Load: func(s *sketch, src []byte) ([]byte, error) {
			*s = sketch{}
			n, src, err := readCount(src)
			for ; err == nil && n > 0; n-- {
				var h int64
				if h, src, err = readInt(src); err == nil {
					s.few = append(s.few, uint64(h))
				}
			}
			if err != nil {
				return nil, err
			}
			b, rest, err := readCell(src)
			if len(b) == 1<<sketchBits {
				s.spill()
				for i, r := range b {
					s.raise(i, min(r, maxRegister))
				}
			} else if len(b) > 0 {
				return nil, errState
			}
			return rest, err
		},
		Bytes: func(s *sketch) int { return 8*cap(s.few) + cap(s.registers) },
	}.New(), nil
}

// finish spreads the entropy of a hash over all its bits, as a sketch needs.
func finish(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
