package op

// Share lends the rows of a step to each of its readers, in order. Where these meet again, each row goes the whole way
// before the next: what comes out does not depend on how many rows came at once.
func Share(readers []Emit, meet bool) Emit {
	var one gather
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
	var rows []int32
	return func(b *Batch) error {
		for i := 0; i < b.N; i++ {
			if rows = append(rows[:0], int32(i)); b.Op(i) == Before {
				i++
				rows = append(rows, int32(i))
			}
			if err := each(one.take(b, rows, nil)); err != nil {
				return err
			}
		}
		return nil
	}
}
