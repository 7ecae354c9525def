package local

import "slices"

// unsynced is the frames that may not be on disk, as they were written, so that they can be written again when a
// sync fails: the page cache lies then.
type unsynced struct {
	frames []kept
	bytes  int64
	limit  int64
	lost   int64 // highest seq that may not be on disk and is not here: there was no room

	chunks [][]byte // of small frames; the last one is filled
	base   int64    // number of the first chunk
	spare  [][]byte
}

// kept is one frame.
type kept struct {
	first, last int64 // its places in the order
	seg         *segment
	off, size   int64
	small       []byte // in a chunk
	chunk       int64
	big         *frame // or by itself
}

const (
	chunkBytes  = 64 << 10
	smallFrame  = 4 << 10 // so much is copied: to take the encoder's buffer away costs more
	spareChunks = 128
	keptBytes   = 128 // what keeping costs besides
)

// add keeps the frame that e has just written. It takes a big one away from e.
func (u *unsynced) add(k kept, e *encoder) {
	cost := k.size + keptBytes
	if u.bytes+cost > u.limit {
		// A gap makes all before it worthless.
		if n := len(u.frames); n > 0 {
			u.lost = u.frames[n-1].last
			u.release(u.lost, nil)
		}
		if cost > u.limit {
			u.lost = k.last
			clear(e.pieces) // they hold other people's arenas
			return
		}
	}
	u.bytes += cost
	if len(e.pieces) > 0 || len(e.buf) > smallFrame {
		k.big, e.frame = e.frame, nil
	} else {
		k.small, k.chunk = u.copy(e.buf)
	}
	u.frames = append(u.frames, k)
}

// copy puts b into a chunk.
func (u *unsynced) copy(b []byte) ([]byte, int64) {
	n := len(u.chunks) - 1
	if n < 0 || len(u.chunks[n])+len(b) > chunkBytes {
		var c []byte
		if s := len(u.spare) - 1; s >= 0 {
			c, u.spare = u.spare[s], u.spare[:s]
		} else {
			c = make([]byte, 0, chunkBytes)
		}
		u.chunks = append(u.chunks, c)
		n++
	}
	from := len(u.chunks[n])
	u.chunks[n] = append(u.chunks[n], b...)
	return u.chunks[n][from:], u.base + int64(n)
}

// release forgets what is on disk now; done gets the big frames.
func (u *unsynced) release(seq int64, done func(*frame)) {
	n := 0
	for ; n < len(u.frames) && u.frames[n].last <= seq; n++ {
		k := &u.frames[n]
		u.bytes -= k.size + keptBytes
		if k.big != nil {
			clear(k.big.pieces) // they hold other people's arenas
			if done != nil {
				done(k.big)
			}
		}
	}
	u.frames = slices.Delete(u.frames, 0, n)
	end := u.base + int64(len(u.chunks))
	for i := range u.frames {
		if u.frames[i].small != nil {
			end = u.frames[i].chunk
			break
		}
	}
	free := int(end - u.base)
	for _, c := range u.chunks[:free] {
		if len(u.spare) < spareChunks {
			u.spare = append(u.spare, c[:0])
		}
	}
	u.chunks = slices.Delete(u.chunks, 0, free)
	u.base = end
}
