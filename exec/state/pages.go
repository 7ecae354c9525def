package state

// pages hold byte strings that come and go about in the order in which they came: a page is given back when nothing in
// it is left. What a few survivors keep is moved away now and then: see sparse.
type pages struct {
	list  [][]byte
	used  []int   // bytes of each that are in use
	free  []int32 // numbers of pages that were given back
	now   int32   // the one that is filled
	total int     // bytes of all pages
	inUse int
}

// pageBytes is the size of a page; what is longer has a page of its own.
const pageBytes = 64 << 10

// place is where a string stands.
type place struct{ page, off int32 }

// put makes room for n bytes, and lends it.
func (p *pages) put(n int) (place, []byte) {
	if n > pageBytes {
		at := place{p.open(n), 0}
		return at, p.take(at.page, n)
	}
	if len(p.list) == 0 || cap(p.list[p.now])-len(p.list[p.now]) < n {
		p.now = p.open(pageBytes)
	}
	at := place{p.now, int32(len(p.list[p.now]))}
	return at, p.take(at.page, n)
}

func (p *pages) take(page int32, n int) []byte {
	b := p.list[page]
	p.list[page] = b[:len(b)+n]
	p.used[page] += n
	p.inUse += n
	return p.list[page][len(b):]
}

// open makes an empty page of n bytes.
func (p *pages) open(n int) (page int32) {
	p.total += n
	if k := len(p.free); k > 0 {
		page = p.free[k-1]
		p.free = p.free[:k-1]
		p.list[page] = make([]byte, 0, n)
		return page
	}
	p.list, p.used = append(p.list, make([]byte, 0, n)), append(p.used, 0)
	return int32(len(p.list) - 1)
}

// at is the n bytes at a place.
func (p *pages) at(a place, n int) []byte { return p.list[a.page][a.off : int(a.off)+n] }

// drop forgets the n bytes at a place.
func (p *pages) drop(a place, n int) {
	p.inUse -= n
	if p.used[a.page] -= n; p.used[a.page] > 0 {
		return
	}
	if a.page == p.now {
		p.list[a.page] = p.list[a.page][:0]
		return
	}
	p.total -= cap(p.list[a.page])
	p.list[a.page] = nil
	p.free = append(p.free, a.page)
}

// sparse reports whether what is in use should be moved into new pages: most of what the pages take is not.
func (p *pages) sparse() bool { return p.total > 16*pageBytes && p.inUse*2 < p.total }

// bytes is the memory that the pages take.
func (p *pages) bytes() int64 {
	return int64(p.total) + 24*int64(cap(p.list)) + 8*int64(cap(p.used)) + 4*int64(cap(p.free))
}
