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
	fault error
}

// node is the content of one file.
type node struct {
	data []byte
	safe int    // so much of data is on disk
	old  []byte // on disk instead: data was cut since
}

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
			copies[n] = &node{data: slices.Clone(n.data), safe: n.safe, old: n.old}
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
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = err
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
	if n := f.names[name]; n != nil {
		return &forgetfulFile{f, n}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func (f *Forgetful) Create(name string) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != nil {
		return nil, f.fault
	}
	n := &node{}
	f.names[name] = n
	return &forgetfulFile{f, n}, nil
}

func (f *Forgetful) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.names[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(f.names, from)
	f.names[to] = n
	return f.fault
}

func (f *Forgetful) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.names[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(f.names, name)
	return nil
}

func (f *Forgetful) RemoveAll(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for full := range f.names {
		if full == name || strings.HasPrefix(full, name+string(filepath.Separator)) {
			delete(f.names, full)
		}
	}
	return nil
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
	if f.fault != nil {
		return f.fault
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
	return nil
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
	fs *Forgetful
	n  *node
}

func (f *forgetfulFile) ReadAt(b []byte, off int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if off < 0 || off > int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Write of a broken file system writes half: a program must not count on all or nothing.
func (f *forgetfulFile) Write(b []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.fault != nil {
		f.n.data = append(f.n.data, b[:len(b)/2]...)
		return len(b) / 2, f.fs.fault
	}
	f.n.data = append(f.n.data, b...)
	return len(b), nil
}

func (f *forgetfulFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.n.data)), nil
}

func (f *forgetfulFile) Truncate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if size < 0 || size > int64(len(f.n.data)) {
		return fmt.Errorf("truncate to %d of %d", size, len(f.n.data))
	}
	if int(size) < f.n.safe {
		f.n.old, f.n.safe = slices.Clone(f.n.data[:f.n.safe]), int(size)
	}
	f.n.data = f.n.data[:size:size]
	return f.fs.fault
}

func (f *forgetfulFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.fs.fault != nil {
		return f.fs.fault
	}
	f.n.safe, f.n.old = len(f.n.data), nil
	return nil
}

func (f *forgetfulFile) Close() error { return nil }
