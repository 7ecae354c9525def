package state

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
)

// Print says what the state of a step rests on, in canonical text: state of another print is not read.
type Print struct {
	Step  string   `json:"step"`            // its inputs, keys and window
	Cells []string `json:"cells,omitempty"` // one for each cell; of remembered rows one for each column
	Open  bool     `json:"open,omitempty"`  // more cells may follow: columns that earlier rows do not have are null
}

// printVersion is the first byte of a print's bytes.
const printVersion = 1

// Reads says why state of print old is none of p's; nil: it is.
func (p Print) Reads(old Print) error {
	if p.Step != old.Step || p.Open != old.Open {
		return fmt.Errorf("it is of %s, not of %s", old.Step, p.Step)
	}
	for i, c := range old.Cells {
		if i >= len(p.Cells) {
			return fmt.Errorf("it holds %s, which is not wanted", c)
		}
		if c != p.Cells[i] {
			return fmt.Errorf("it holds %s where %s is wanted", c, p.Cells[i])
		}
	}
	if !p.Open && len(p.Cells) > len(old.Cells) {
		return fmt.Errorf("it lacks %s", p.Cells[len(old.Cells)])
	}
	return nil
}

// Sum is a short form of the part that can never differ.
func (p Print) Sum() uint64 {
	h := fnv.New64a()
	h.Write([]byte{printVersion})
	h.Write([]byte(p.Step))
	return h.Sum64()
}

// append adds the bytes that readPrint reads.
func (p Print) append(dst []byte) []byte {
	dst = append(dst, printVersion)
	if p.Open {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	dst = appendBytes(dst, []byte(p.Step))
	dst = binary.AppendUvarint(dst, uint64(len(p.Cells)))
	for _, c := range p.Cells {
		dst = appendBytes(dst, []byte(c))
	}
	return dst
}

func readPrint(src []byte) (p Print, err error) {
	if len(src) < 2 {
		return p, errShort
	}
	if src[0] != printVersion {
		return p, fmt.Errorf("a print of version %d: it was written by a newer build", src[0])
	}
	p.Open = src[1] != 0
	b, src, err := readBytes(src[2:])
	if err != nil {
		return p, err
	}
	p.Step = string(b)
	n, w := binary.Uvarint(src)
	if w <= 0 || n > uint64(len(src)-w) {
		return p, errShort
	}
	for src = src[w:]; n > 0; n-- {
		if b, src, err = readBytes(src); err != nil {
			return p, err
		}
		p.Cells = append(p.Cells, string(b))
	}
	if len(src) > 0 {
		return p, errLong
	}
	return p, nil
}
