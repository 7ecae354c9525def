package op

// Piece is some rows of a batch, to be lent on by themselves.
type Piece struct {
	gather
	rows []int32
}

// Of is rows lo to hi of b, good until the next call.
func (p *Piece) Of(b *Batch, lo, hi int) *Batch {
	if lo == 0 && hi == b.N {
		return b
	}
	p.rows = p.rows[:0]
	for i := lo; i < hi; i++ {
		p.rows = append(p.rows, int32(i))
	}
	return p.take(b, p.rows, nil)
}

// Share lends the rows of a step to each of its readers, in order. Where these meet again, each row goes the whole way
// before the next: what comes out does not depend on how many rows came at once.
func Share(readers []Emit, meet bool) Emit {
	var one Piece
	each := func(b *Batch) error {
		for _, r := range readers {
			if err := r(b); err != nil {
				return err
			}
		}
		return nil
	}
	if !meet {
		return each
	}
	return func(b *Batch) error {
		for lo, hi := 0, 0; lo < b.N; lo = hi {
			if hi = lo + 1; b.Op(lo) == Before {
				hi++
			}
			if err := each(one.Of(b, lo, hi)); err != nil {
				return err
			}
		}
		return nil
	}
}
