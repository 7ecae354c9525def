package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/ksqlgo/ksql/store"
)

// cold is the old end of a directory log: rows of retired journal files, by topic and partition, in
// files topics/<id>/<partition>/<first offset>-<version>, frames like the journal's. The manifest COLD
// names the files and how much of each counts; what it does not name does not exist.
//
// Its fields belong to who holds log.retires (at open: nobody else is there).
type cold struct {
	l       *log
	retired int64 // number of the newest retired journal file
	version int64
	parts   map[tid]*coldPart

	failed   bool     // the last try to retire
	made     []string // files of this try
	doubtful []string // files of a try whose manifest may be on disk
	litter   []string // what nobody needs and could not be removed yet
}

type coldPart struct {
	files []*segment
	low   int64
	thin  int64 // bytes after the last compaction
}

const coldName = "COLD"

type coldManifest struct {
	Retired, Version int64
	Parts            []coldEntry
}

type coldEntry struct {
	ID        int64
	Partition int32
	Low, Thin int64
	Files     []coldFile
}

type coldFile struct {
	Name string
	Size int64
}

func (c *cold) dir(at tid) string {
	return c.l.j.path("topics", strconv.FormatInt(at.id, 10), strconv.Itoa(int(at.partition)))
}

// open reads the manifest.
func (c *cold) open() error {
	c.parts = map[tid]*coldPart{}
	name := c.l.j.path(coldName)
	text, err := readFile(c.l.j.fs, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var m coldManifest
	body, ok := unseal(text)
	if !ok || json.Unmarshal(body, &m) != nil {
		return fmt.Errorf("%s: %w", name, store.ErrCorrupt)
	}
	c.retired, c.version = m.Retired, m.Version
	for _, e := range m.Parts {
		p := &coldPart{low: e.Low, thin: e.Thin}
		at := tid{e.ID, e.Partition}
		for _, f := range e.Files {
			p.files = append(p.files, &segment{fs: c.l.j.fs, health: &c.l.health, name: filepath.Join(c.dir(at), f.Name), size: f.Size})
		}
		c.parts[at] = p
	}
	return nil
}

// index puts the cold runs in front of the journal's, after recovery, and removes files that do not count.
func (c *cold) index() error {
	l := c.l
	for at, cp := range c.parts {
		t := l.byID[at.id]
		if t == nil || int(at.partition) >= len(t.parts) {
			if l.j.damage == nil { // else the topic may be made behind the damage
				delete(c.parts, at)
			}
			continue
		}
		p := t.parts[at.partition]
		t.cold = true
		var runs []run
		for _, s := range cp.files {
			if err := l.opt.Context.Err(); err != nil {
				return err
			}
			more, err := c.runs(s, at)
			runs = append(runs, more...)
			if err != nil {
				if !errors.Is(err, store.ErrCorrupt) {
					return err
				}
				if l.j.damage == nil {
					l.j.damage = err
				}
				p.cut(len(p.runs)) // nobody reads over a hole
				break
			}
		}
		p.runs = append(runs, p.runs...)
		for i := range runs {
			p.bytes += runs[i].bytes
		}
		p.next = max(p.next, cp.low)
		low := max(p.low, cp.low)
		p.low = -1
		p.trim(low)
	}
	if l.j.damage != nil {
		return nil
	}
	if err := l.j.tidy(); err != nil {
		return err
	}
	return c.sweep()
}

// runs reads the heads of a cold file.
func (c *cold) runs(s *segment, at tid) ([]run, error) {
	f, err := s.fs.Open(s.name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%s is missing: %w", s.name, store.ErrCorrupt)
		}
		return nil, err
	}
	out, err := c.scan(f, s, at)
	return out, errors.Join(err, f.Close())
}

func (c *cold) scan(f File, s *segment, at tid) (out []run, err error) {
	for off := int64(0); off < s.size; {
		damaged := fmt.Errorf("%s at %d: %w", s.name, off, store.ErrCorrupt)
		fixed := make([]byte, headerBytes)
		if n, err := f.ReadAt(fixed, off); n < headerBytes {
			return out, broken(damaged, err)
		}
		h, ok := parseHeader(fixed, s.size-off, c.l.j.salt)
		if !ok {
			return out, damaged
		}
		b := make([]byte, headerBytes+int64(h.head))
		if n, err := f.ReadAt(b, off); n < len(b) {
			return out, broken(damaged, err)
		}
		if headCRC(c.l.j.salt, b) != h.crc {
			return out, damaged
		}
		hd, err := parseHead(b[headerBytes:])
		if err != nil {
			return out, damaged
		}
		body, in := place{s, off + int64(len(b))}, int64(0)
		for i := range hd.runs {
			r := &hd.runs[i]
			if r.at != at || in+r.size() > h.body {
				return out, damaged
			}
			out = append(out, r.runAt(body, h.seq, in))
			in += r.size()
		}
		off += int64(len(b)) + h.body
	}
	if n, err := f.ReadAt(make([]byte, 1), s.size-1); n == 0 {
		return out, broken(fmt.Errorf("%s is shorter than %d bytes: %w", s.name, s.size, store.ErrCorrupt), err)
	}
	return out, nil
}

// broken is damage, if a read that gave too little met nothing but the end of the file.
func broken(damage, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return damage
	}
	return err
}

// sweep removes what a crash left behind: folders of deleted topics, files the manifest does not name.
func (c *cold) sweep() error {
	files := c.l.j.fs
	ids, err := files.List(c.l.j.path("topics"))
	if err != nil {
		return err
	}
	for _, id := range ids {
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || c.l.byID[n] == nil {
			if err := files.RemoveAll(c.l.j.path("topics", id)); err != nil {
				return err
			}
			continue
		}
		partitions, err := files.List(c.l.j.path("topics", id))
		if err != nil {
			return err
		}
		for _, partition := range partitions {
			m, err := strconv.ParseInt(partition, 10, 32)
			if err != nil || partition != strconv.FormatInt(m, 10) {
				if err := files.RemoveAll(c.l.j.path("topics", id, partition)); err != nil {
					return err
				}
				continue
			}
			at := tid{n, int32(m)}
			names, err := files.List(c.dir(at))
			if err != nil {
				return err
			}
			for _, name := range names {
				full := filepath.Join(c.dir(at), name)
				if p := c.parts[at]; p == nil || !slices.ContainsFunc(p.files, func(s *segment) bool { return s.name == full }) {
					if err := files.Remove(full); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// drop removes the files of a deleted topic, now or later.
func (c *cold) drop(t *topic) {
	c.l.retires.Lock()
	defer c.l.retires.Unlock()
	found := false
	for i := range t.parts {
		at := tid{t.id, int32(i)}
		if p := c.parts[at]; p != nil {
			found = true
			for _, s := range p.files {
				c.l.health.passed(store.Closing, s.name, s.end())
			}
			delete(c.parts, at)
		}
	}
	if !found {
		return
	}
	c.litter = append(c.litter, c.l.j.path("topics", t.text))
	if !c.clean() {
		token(c.l.j.retire)
	}
}

// publish writes the manifest: from then on these files count, and journal files up to retired do not. An error may
// leave it in doubt whether they do.
func (c *cold) publish(retired int64, parts map[tid]*coldPart) (doubt bool, err error) {
	m := coldManifest{Retired: retired, Version: c.version}
	for at, p := range parts {
		e := coldEntry{ID: at.id, Partition: at.partition, Low: p.low, Thin: p.thin}
		for _, s := range p.files {
			e.Files = append(e.Files, coldFile{filepath.Base(s.name), s.size})
		}
		m.Parts = append(m.Parts, e)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return false, err
	}
	return writeFile(c.l.j.fs, c.l.j.path(coldName), seal(append(text, '\n')))
}
