package local

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// FS is what a directory log needs of a file system. Names are full paths with the separator of the
// system. Missing files give errors that are fs.ErrNotExist.
type FS interface {
	Open(name string) (File, error)   // for reading and for writing at the end
	Create(name string) (File, error) // the same, empty
	Rename(from, to string) error
	Remove(name string) error
	RemoveAll(name string) error
	MkdirAll(name string) error
	List(dir string) ([]string, error) // base names in order; none if dir is missing
	SyncDir(dir string) error          // makes the names in dir survive a power cut
	Lock(name string) (io.Closer, error)
}

// File is one open file. Write appends at its end.
type File interface {
	io.ReaderAt
	io.Writer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error // of the bytes and the size
	Close() error
}

// Disk is the file system of the machine.
func Disk() FS { return disk{} }

type disk struct{}

type diskFile struct{ *os.File }

func (disk) Open(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (disk) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	return diskFile{f}, nil
}

func (f diskFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f diskFile) Sync() error { return datasync(f.File) }

func (disk) Rename(from, to string) error { return os.Rename(from, to) }
func (disk) Remove(name string) error     { return os.Remove(name) }
func (disk) RemoveAll(name string) error  { return os.RemoveAll(name) }
func (disk) MkdirAll(name string) error   { return os.MkdirAll(name, 0o755) }

func (disk) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (disk) SyncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (disk) Lock(name string) (io.Closer, error) { return lockFile(name) }
