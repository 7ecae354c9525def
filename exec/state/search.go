package state

import "bytes"

// scan is a search at work.
type scan struct {
	lo, hi []byte // nil hi: open
	back   bool
	most   int
	out    []int32
}

// Ascend appends the rows with keys from lo on and below hi (nil: open), in order, at most so many.
func (o *Ordered) Ascend(lo, hi []byte, most int, out []int32) []int32 {
	return o.look(scan{lo: lo, hi: hi, most: most, out: out})
}

// Descend is Ascend from the other end.
func (o *Ordered) Descend(lo, hi []byte, most int, out []int32) []int32 {
	return o.look(scan{lo: lo, hi: hi, back: true, most: most, out: out})
}

// look does a search.
func (o *Ordered) look(s scan) []int32 {
	if s.most <= 0 {
		return s.out
	}
	o.scan = s
	switch {
	case !s.back:
		o.probe = s.lo
		o.byKey.Ascend(keyOf(s.lo, -1), o.each)
	case s.hi == nil:
		o.byKey.Reverse(o.each)
	default:
		o.probe = s.hi
		o.byKey.Descend(keyOf(s.hi, -1), o.each)
	}
	out := o.scan.out
	o.scan, o.probe = scan{}, nil
	return out
}

// found takes the next row of the search; false: it is over.
func (o *Ordered) found(x keyed) bool {
	s := &o.scan
	if s.back {
		key := o.Key(x.row)
		if s.hi != nil && bytes.Equal(key, s.hi) {
			return true
		}
		if bytes.Compare(key, s.lo) < 0 {
			return false
		}
	} else if s.hi != nil && bytes.Compare(o.Key(x.row), s.hi) >= 0 {
		return false
	}
	s.out = append(s.out, x.row)
	s.most--
	return s.most > 0
}

// Prefix appends the rows whose keys begin with these bytes, in order, at most so many.
func (o *Ordered) Prefix(prefix []byte, most int, out []int32) []int32 {
	return o.Ascend(prefix, behind(prefix), most, out)
}

// behind is the first key behind all that begin with prefix; nil: there is none.
func behind(prefix []byte) []byte {
	for i := len(prefix); i > 0; i-- {
		if prefix[i-1] < 0xff {
			out := bytes.Clone(prefix[:i])
			out[i-1]++
			return out
		}
	}
	return nil
}

// Older appends the rows with times below t, the oldest first, at most so many. The table must have been laid out with
// Expires, as for Expire.
func (o *Ordered) Older(t int64, most int, out []int32) []int32 {
	if most <= 0 {
		return out
	}
	o.byTime.Scan(func(x timed) bool {
		if x.time >= t {
			return false
		}
		out = append(out, x.row)
		most--
		return most > 0
	})
	return out
}
