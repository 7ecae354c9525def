package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/store"
)

// A checkpoint is two files in checkpoints/<session>/<stage>/<partition>: CHUNKS-<n>, and when that is
// on disk MANIFEST-<n>, which names every chunk with its checksum and the offsets of the changelogs
// from which later changes follow. The newest manifest and the one before are kept.
const (
	manifestName = "MANIFEST-"
	chunksName   = "CHUNKS-"
)

// manifest is the content of MANIFEST-<n>: JSON, and a line with its checksum.
type manifest struct {
	Number     int64
	Session    string
	Unit       store.Unit
	Changelogs []changelogAt
	Tables     []tableChunks
}

type changelogAt struct {
	Topic     string
	ID        int64
	Partition int32
	Offset    int64
}

type tableChunks struct {
	Name   string
	Print  uint64
	Chunks []chunkAt
}

type chunkAt struct {
	At, Length int64
	CRC        uint32
}

// unitDir is where the unit's checkpoints are.
func (w *work) unitDir() string {
	return w.l.j.path("checkpoints", fileName(w.s.id), fileName(w.u.Stage), strconv.Itoa(int(w.u.Partition)))
}

// fileName is a name for any text that no other text has, and that is safe on every file system.
func fileName(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	if b.Len() == 0 {
		return "%"
	}
	if name := b.String(); b.Len() > 200 {
		return fmt.Sprintf("%s%%%08x%08x", name[:180], crc32.ChecksumIEEE([]byte(text)), crc32.Checksum([]byte(text), castagnoli))
	}
	return b.String()
}

// Checkpoint writes a new checkpoint, waits until every change that may be in it is in the journal on
// disk, publishes it, and trims the changelog below the checkpoint before. In memory it does nothing.
func (w *work) Checkpoint(ctx context.Context, write func(store.Writer) error) error {
	l := w.l
	if l.j == nil {
		return ctx.Err()
	}
	err := w.checkpoint(ctx, write)
	if ctx.Err() == nil && !errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrClosed) {
		l.health.outcome(store.Checkpointing, w.name(), err)
	}
	return err
}

// name tells the unit to people.
func (w *work) name() string { return fmt.Sprintf("%s/%s/%d", w.s.id, w.u.Stage, w.u.Partition) }

func (w *work) checkpoint(ctx context.Context, write func(store.Writer) error) error {
	l := w.l
	l.mu.RLock()
	err := w.mine()
	if err == nil && !w.restored {
		err = fmt.Errorf("unit %s/%d: Checkpoint before Restore", w.u.Stage, w.u.Partition)
	}
	m := &manifest{Session: w.s.id, Unit: w.u}
	for _, name := range w.stage.Change {
		if t := l.topics[name]; t != nil && int(w.u.Partition) < len(t.parts) {
			m.Changelogs = append(m.Changelogs, changelogAt{name, t.id, w.u.Partition, t.parts[w.u.Partition].next})
		}
	}
	l.mu.RUnlock()
	if err == nil {
		err = l.j.ailing()
	}
	if err != nil {
		return err
	}
	fs, dir := l.j.fs, w.unitDir()
	if m.Number, err = w.number(); err != nil {
		return err
	}
	chunks := filepath.Join(dir, chunksName+strconv.FormatInt(m.Number, 10))
	if err := w.chunks(chunks, m, write); err != nil {
		return errors.Join(err, l.j.remove(chunks))
	}
	l.mu.RLock()
	last := l.seq - 1
	l.mu.RUnlock()
	err = l.j.wait(ctx, last)
	if err == nil {
		l.mu.RLock()
		err = w.mine()
		l.mu.RUnlock()
	}
	var text []byte
	if err == nil {
		text, err = json.MarshalIndent(m, "", " ")
	}
	if err != nil {
		return errors.Join(err, l.j.remove(chunks))
	}
	if doubt, err := writeFile(fs, filepath.Join(dir, manifestName+strconv.FormatInt(m.Number, 10)), seal(append(text, '\n'))); err != nil {
		if !doubt {
			err = errors.Join(err, l.j.remove(chunks))
		}
		return err // else the next checkpoint removes it
	}
	before := w.last
	w.last = m
	w.trim(before)
	// The checkpoint is good whether older ones go or stay.
	l.health.outcome(store.Removing, "older checkpoints of "+w.name(), w.tidy(before, m))
	return nil
}

// number is one above all numbers met in the unit's folder, which it makes.
func (w *work) number() (int64, error) {
	fs, dir := w.l.j.fs, w.unitDir()
	names, err := fs.List(dir)
	if err != nil {
		return 0, err
	}
	if len(names) == 0 {
		if err := fs.MkdirAll(dir); err != nil {
			return 0, err
		}
		for d := dir; d != w.l.j.dir && len(d) > len(w.l.j.dir); {
			d = filepath.Dir(d)
			if err := fs.SyncDir(d); err != nil {
				return 0, err
			}
		}
	}
	top := int64(0)
	for _, name := range names {
		top = max(top, numberOf(name))
	}
	return top + 1, nil
}

func numberOf(name string) int64 {
	digits := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, manifestName), chunksName), ".tmp")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0 // not one of ours
	}
	return n
}

// chunks lets write fill the file of chunks and brings it to disk.
func (w *work) chunks(name string, m *manifest, write func(store.Writer) error) error {
	f, err := w.l.j.fs.Create(name)
	if err != nil {
		return err
	}
	err = write(&chunkWriter{f: f, m: m})
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// tidy removes all but the two checkpoints.
func (w *work) tidy(before, now *manifest) error {
	fs, dir := w.l.j.fs, w.unitDir()
	names, err := fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if n := numberOf(name); n != now.Number && (before == nil || n != before.Number) {
			err = errors.Join(err, w.l.j.remove(filepath.Join(dir, name)))
		}
	}
	return err
}

// trim gives up the changelog that the older checkpoint has.
func (w *work) trim(before *manifest) {
	if before == nil {
		return
	}
	l := w.l
	l.write.Lock()
	defer l.write.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range before.Changelogs {
		if t := l.byID[c.ID]; t != nil && int(c.Partition) < len(t.parts) {
			t.parts[c.Partition].trim(c.Offset)
		}
	}
}

type chunkWriter struct {
	f  File
	m  *manifest
	at int64
}

func (c *chunkWriter) Table(table string, print uint64) error {
	for _, t := range c.m.Tables {
		if t.Name == table {
			return fmt.Errorf("checkpoint: table %s twice", table)
		}
	}
	c.m.Tables = append(c.m.Tables, tableChunks{Name: table, Print: print})
	return nil
}

func (c *chunkWriter) Chunk(data []byte) error {
	if len(c.m.Tables) == 0 {
		return errors.New("checkpoint: a chunk before its table")
	}
	if _, err := c.f.Write(data); err != nil {
		return err
	}
	t := &c.m.Tables[len(c.m.Tables)-1]
	t.Chunks = append(t.Chunks, chunkAt{c.at, int64(len(data)), crc32.Checksum(data, castagnoli)})
	c.at += int64(len(data))
	return nil
}

// load finds the newest checkpoint that is whole and whose changelog is still there, and where its
// changelog goes on. No checkpoint and a changelog from its beginning is good too; else it says which
// file is bad: it never answers with less state than there was.
func (w *work) load() (store.Checkpoint, map[tid]int64, error) {
	l, dir := w.l, w.unitDir()
	names, err := l.j.fs.List(dir)
	if err != nil {
		return nil, nil, err
	}
	var numbers []int64
	for _, name := range names {
		if n := numberOf(name); n > 0 && name == manifestName+strconv.FormatInt(n, 10) {
			numbers = append(numbers, n)
		}
	}
	slices.SortFunc(numbers, func(a, b int64) int { return int(b - a) })
	lows, ids := w.lows()
	var bad error
	for _, n := range numbers {
		cp, err := w.whole(n)
		if err != nil {
			bad = errors.Join(bad, err)
			continue
		}
		from := map[tid]int64{}
		fits := true
		for _, c := range cp.m.Changelogs {
			at := tid{c.ID, c.Partition}
			from[at] = c.Offset
			if low, ok := lows[at]; ids[c.Topic] != 0 && ids[c.Topic] != c.ID {
				fits = false // of an earlier topic of that name
			} else if ok && low > c.Offset {
				fits = false
				bad = errors.Join(bad, fmt.Errorf("topic %s/%d begins at %d, %s needs %d: %w", c.Topic, c.Partition, low, manifestName+strconv.FormatInt(n, 10), c.Offset, store.ErrCorrupt))
			}
		}
		for at, low := range lows {
			if _, ok := from[at]; !ok && low > 0 && fits {
				fits = false
				bad = errors.Join(bad, fmt.Errorf("changelog %d/%d begins at %d, %s does not have it: %w", at.id, at.partition, low, manifestName+strconv.FormatInt(n, 10), store.ErrCorrupt))
			}
		}
		if fits {
			w.last = cp.m
			return cp, from, nil
		}
	}
	for at, low := range lows {
		if low > 0 {
			if bad == nil {
				bad = fmt.Errorf("%s: no checkpoint, and changelog %d/%d begins at %d: %w", dir, at.id, at.partition, low, store.ErrCorrupt)
			}
			return nil, nil, bad
		}
	}
	return nil, nil, nil
}

// lows is where the changelogs of the unit begin, and their ids.
func (w *work) lows() (map[tid]int64, map[string]int64) {
	l := w.l
	l.mu.RLock()
	defer l.mu.RUnlock()
	lows, ids := map[tid]int64{}, map[string]int64{}
	for _, name := range w.stage.Change {
		if t := l.topics[name]; t != nil && int(w.u.Partition) < len(t.parts) {
			lows[tid{t.id, w.u.Partition}], ids[name] = t.parts[w.u.Partition].low, t.id
		}
	}
	return lows, ids
}

// saved is a checkpoint on disk.
type saved struct {
	fs     FS
	health *health
	file   string
	m      *manifest
}

// whole reads manifest n and verifies every chunk.
func (w *work) whole(n int64) (*saved, error) {
	fs, dir, digits := w.l.j.fs, w.unitDir(), strconv.FormatInt(n, 10)
	name := filepath.Join(dir, manifestName+digits)
	text, err := readFile(fs, name)
	if err != nil {
		return nil, err
	}
	body, ok := unseal(text)
	m := &manifest{}
	if !ok || json.Unmarshal(body, m) != nil || m.Number != n || m.Session != w.s.id || m.Unit != w.u {
		return nil, fmt.Errorf("%s: %w", name, store.ErrCorrupt)
	}
	cp := &saved{fs: fs, health: &w.l.health, file: filepath.Join(dir, chunksName+digits), m: m}
	for _, t := range m.Tables {
		for _, err := range cp.Chunks(t.Name) {
			if err != nil {
				return nil, err
			}
		}
	}
	return cp, nil
}

func (c *saved) table(name string) *tableChunks {
	for i := range c.m.Tables {
		if c.m.Tables[i].Name == name {
			return &c.m.Tables[i]
		}
	}
	return nil
}

// Print is the fingerprint of table's step; 0 if the checkpoint does not have it.
func (c *saved) Print(table string) uint64 {
	if t := c.table(table); t != nil {
		return t.Print
	}
	return 0
}

// Chunks reads table's chunks in order, each checked. A chunk belongs to the caller.
func (c *saved) Chunks(table string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		t := c.table(table)
		if t == nil || len(t.Chunks) == 0 {
			return
		}
		f, err := c.fs.Open(c.file)
		if err != nil {
			yield(nil, err)
			return
		}
		more, err := c.each(f, t, yield)
		c.health.passed(store.Closing, c.file, f.Close())
		if err != nil && more {
			yield(nil, err)
		}
	}
}

// each reads the chunks of t in f. It says whether yield wants more.
func (c *saved) each(f File, t *tableChunks, yield func([]byte, error) bool) (more bool, err error) {
	size, err := f.Size()
	if err != nil {
		return true, err
	}
	for _, ch := range t.Chunks {
		damaged := fmt.Errorf("%s at %d: %w", c.file, ch.At, store.ErrCorrupt)
		if ch.At < 0 || ch.Length < 0 || ch.At+ch.Length > size {
			return true, damaged
		}
		data := make([]byte, ch.Length)
		if n, err := f.ReadAt(data, ch.At); n < len(data) {
			return true, fmt.Errorf("%s at %d: %w", c.file, ch.At, err)
		}
		if crc32.Checksum(data, castagnoli) != ch.CRC {
			return true, damaged
		}
		if !yield(data, nil) {
			return false, nil
		}
	}
	return true, nil
}

// dropCheckpoints removes every checkpoint of session id.
func (l *log) dropCheckpoints(id string) error {
	if err := l.j.fs.RemoveAll(l.j.path("checkpoints", fileName(id))); err != nil {
		return err
	}
	return l.j.fs.SyncDir(l.j.path("checkpoints"))
}
