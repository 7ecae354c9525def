package local

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/ksqlgo/ksql/store"
)

// Forgetful is a file system in memory that forgets what was not synced: bytes without File.Sync, names
// without SyncDir. Crash and Kill give what is left. It is for crash tests; folders never get lost.
type Forgetful struct {
	mu    sync.Mutex
	names map[string]*node // as programs see them
	disk  map[string]*node // as they are on disk
	locks map[string]bool
	fault func(op Op, name string) (err error, done bool)
}

// node is the content of one file.
type node struct {
	data []byte
	safe int      // so much of data is on disk
	old  []byte   // on disk instead: data was cut since
	lost [][2]int // not on disk, and no sync brings it there: one has failed
}

// Op is a call of a file system that can fail.
type Op string

// The calls that Fail is asked about.
const (
	WriteOp   Op = "write"
	SyncOp    Op = "sync"
	RenameOp  Op = "rename"
	CreateOp  Op = "create"
	RemoveOp  Op = "remove" // RemoveAll, too
	SyncDirOp Op = "syncdir"
	CutOp     Op = "cut"
	OpenOp    Op = "open"
	ReadOp    Op = "read"
	CloseOp   Op = "close"
)

// NewForgetful is an empty file system.
func NewForgetful() *Forgetful {
	return &Forgetful{names: map[string]*node{}, disk: map[string]*node{}, locks: map[string]bool{}}
}

// Crash is the file system after a power cut: of what was not synced r decides what is left, the more
// so in pieces of 512 bytes. The old file system can still be used, but nobody sees it.
func (f *Forgetful) Crash(r *rand.Rand) *Forgetful {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := NewForgetful()
	view := map[string]map[string]*node{} // of a folder: the names on disk, or those programs saw
	made := map[*node]*node{}
	for _, name := range sorted(f.names, f.disk) {
		dir := filepath.Dir(name)
		if view[dir] == nil {
			view[dir] = f.disk
			if r.IntN(2) == 0 {
				view[dir] = f.names
			}
		}
		n := view[dir][name]
		if n == nil {
			continue
		}
		if made[n] == nil {
			data := n.left(r)
			made[n] = &node{data: data, safe: len(data)}
		}
		out.names[name], out.disk[name] = made[n], made[n]
	}
	return out
}

// Kill is the file system after the end of the process: nothing is lost.
func (f *Forgetful) Kill() *Forgetful {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := NewForgetful()
	copies := map[*node]*node{}
	copied := func(n *node) *node {
		if copies[n] == nil {
			copies[n] = &node{data: slices.Clone(n.data), safe: n.safe, old: n.old, lost: slices.Clone(n.lost)}
		}
		return copies[n]
	}
	for name, n := range f.names {
		out.names[name] = copied(n)
	}
	for name, n := range f.disk {
		out.disk[name] = copied(n)
	}
	return out
}

// Break lets every later write and sync fail with err; nil mends it.
func (f *Forgetful) Break(err error) {
	if err == nil {
		f.Fail(nil)
		return
	}
	f.Fail(func(op Op, _ string) (error, bool) {
		switch op {
		case WriteOp, SyncOp, CreateOp, SyncDirOp:
			return err, false
		case RenameOp, CutOp:
			return err, true
		}
		return nil, false
	})
}

// Fail asks fault at each call whether it fails; nil: none does. If done what was asked is done in spite of the
// error, else a write writes half: a program must not count on all or nothing. What a failed sync should have
// brought to disk is not brought there by later ones: the page cache takes it for clean. fault runs under the file
// system's lock.
func (f *Forgetful) Fail(fault func(op Op, name string) (err error, done bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// fails asks whether a call fails. The caller holds mu.
func (f *Forgetful) fails(op Op, name string) (err error, done bool) {
	if f.fault == nil {
		return nil, true
	}
	if err, done = f.fault(op, name); err == nil {
		return nil, true
	}
	return fmt.Errorf("%s %s: %w", op, name, err), done
}

func sorted(maps ...map[string]*node) []string {
	var out []string
	for _, m := range maps {
		for name := range m {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// left is what a power cut leaves of a file.
func (n *node) left(r *rand.Rand) []byte {
	if n.old != nil && r.IntN(2) == 0 {
		return slices.Clone(n.old)
	}
	out := slices.Clone(n.data)
	for _, l := range n.lost {
		for at := l[0]; at < l[1]; at += 512 {
			if r.IntN(2) == 0 {
				clear(out[at:min(at+512, l[1])])
			}
		}
	}
	lost := len(out) - n.safe
	switch r.IntN(4) {
	case 0:
		return out[:n.safe]
	case 1:
		return out[:n.safe+r.IntN(lost+1)]
	case 2: // the size got there, some of the sectors did not
		for at := n.safe; at < len(out); at += 512 {
			if r.IntN(3) == 0 {
				clear(out[at:min(at+512, len(out))])
			}
		}
	}
	return out
}

func (f *Forgetful) Open(name string) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err, _ := f.fails(OpenOp, name); err != nil {
		return nil, err
	}
	if n := f.names[name]; n != nil {
		return &forgetfulFile{f, n, name}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (f *Forgetful) Create(name string) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err, done := f.fails(CreateOp, name)
	n := &node{}
	if done {
		f.names[name] = n
	}
	if err != nil {
		return nil, err
	}
	return &forgetfulFile{f, n, name}, nil
}

func (f *Forgetful) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.names[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	err, done := f.fails(RenameOp, to)
	if done {
		delete(f.names, from)
		f.names[to] = n
	}
	return err
}

func (f *Forgetful) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	err, done := f.fails(RemoveOp, name)
	if done {
		delete(f.names, name)
	}
	return err
}

func (f *Forgetful) RemoveAll(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err, done := f.fails(RemoveOp, name)
	if !done {
		return err
	}
	for full := range f.names {
		if full == name || strings.HasPrefix(full, name+string(filepath.Separator)) {
			delete(f.names, full)
		}
	}
	return err
}

// MkdirAll does nothing: a folder is where a file is.
func (f *Forgetful) MkdirAll(string) error { return nil }

func (f *Forgetful) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for full := range f.names {
		if rest, ok := strings.CutPrefix(full, dir+string(filepath.Separator)); ok {
			base, _, _ := strings.Cut(rest, string(filepath.Separator))
			out = append(out, base)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (f *Forgetful) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	err, done := f.fails(SyncDirOp, dir)
	if !done {
		return err
	}
	for _, name := range sorted(f.names, f.disk) {
		if filepath.Dir(name) != filepath.Clean(dir) {
			continue
		}
		if n := f.names[name]; n != nil {
			f.disk[name] = n
		} else {
			delete(f.disk, name)
		}
	}
	return err
}

func (f *Forgetful) Lock(name string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks[name] {
		return nil, store.ErrLocked
	}
	f.locks[name] = true
	return unlock(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.locks, name)
	}), nil
}

type unlock func()

func (u unlock) Close() error {
	u()
	return nil
}

type forgetfulFile struct {
	fs   *Forgetful
	n    *node
	name string
}

func (f *forgetfulFile) ReadAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if err, _ := f.fs.fails(ReadOp, f.name); err != nil {
		return 0, err
	}
	if off < 0 || off > int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *forgetfulFile) Write(b []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	n := len(b)
	err, done := f.fs.fails(WriteOp, f.name)
	if !done {
		n /= 2
	}
	f.n.data = append(f.n.data, b[:n]...)
	return n, err
}

func (f *forgetfulFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *forgetfulFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	n := f.n
	if size < 0 || size > int64(len(n.data)) {
		return fmt.Errorf("truncate to %d of %d", size, len(n.data))
	}
	err, done := f.fs.fails(CutOp, f.name)
	if !done {
		return err
	}
	if int(size) < n.safe {
		n.old, n.safe = slices.Clone(n.data[:n.safe]), int(size)
	}
	n.data = n.data[:size:size]
	for i := range n.lost {
		n.lost[i][0], n.lost[i][1] = min(n.lost[i][0], int(size)), min(n.lost[i][1], int(size))
	}
	return err
}

func (f *forgetfulFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	n := f.n
	err, done := f.fs.fails(SyncOp, f.name)
	if !done && n.safe < len(n.data) {
		n.lost = append(n.lost, [2]int{n.safe, len(n.data)})
	}
	if err == nil || done {
		n.safe, n.old = len(n.data), nil
	}
	return err
}

func (f *forgetfulFile) Close() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	err, _ := f.fs.fails(CloseOp, f.name)
	return err
}
