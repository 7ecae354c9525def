package local

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ksqlgo/ksql/store"
)

const formatName = "FORMAT"

// identify reads the file that names the format and the log, and makes it first. The log's random salt
// goes into all checksums: rows that hold a journal's bytes are never taken for frames.
func (j *journal) identify() error {
	name := j.path(formatName)
	text, err := readFile(j.fs, name)
	if err == nil {
		body, ok := unseal(text)
		var id uint32
		if _, e := fmt.Sscanf(string(body), "ksql log 1 %x\n", &id); !ok || e != nil {
			return fmt.Errorf("%s: %w", name, store.ErrCorrupt)
		}
		j.salt = id
		return nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if names, err := j.fs.List(j.path("journal")); err != nil || len(names) > 0 {
		return errors.Join(err, fmt.Errorf("%s is missing beside a journal: %w", name, store.ErrCorrupt))
	}
	if err := j.fs.SyncDir(filepath.Dir(filepath.Clean(j.dir))); err != nil {
		return err
	}
	var id [4]byte
	rand.Read(id[:])
	j.salt = binary.LittleEndian.Uint32(id[:])
	_, err = writeFile(j.fs, name, seal(fmt.Appendf(nil, "ksql log 1 %08x\n", j.salt)))
	return err
}

// seal adds a line with the checksum of text; unseal takes it off.
func seal(text []byte) []byte {
	return fmt.Appendf(text, "crc32c %08x\n", crc32.Checksum(text, castagnoli))
}

func unseal(text []byte) ([]byte, bool) {
	const tail = len("crc32c 00000000\n")
	if len(text) < tail {
		return nil, false
	}
	body := text[:len(text)-tail]
	return body, bytes.Equal(seal(slices.Clone(body)), text)
}

func readFile(fs FS, name string) ([]byte, error) {
	f, err := fs.Open(name)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	b := make([]byte, size)
	if err == nil {
		var n int
		if n, err = f.ReadAt(b, 0); n == len(b) {
			err = nil
		}
	}
	return b, errors.Join(err, f.Close())
}

// writeFile makes a whole file that survives a power cut, or leaves the old one. After an error it may be in doubt
// which of the two it is.
func writeFile(fs FS, name string, data []byte) (doubt bool, err error) {
	f, err := fs.Create(name + ".tmp")
	if err != nil {
		return false, err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return false, err
	}
	if err := fs.Rename(name+".tmp", name); err != nil {
		return true, err
	}
	if err := fs.SyncDir(filepath.Dir(name)); err != nil {
		return true, err
	}
	return false, nil
}
