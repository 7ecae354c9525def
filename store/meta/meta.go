// Package meta is what the engine knows about itself, kept in BuntDB: the catalog view, command
// statuses, properties and variables, hints. All of it can be made again from the log: a file that is
// damaged or deleted costs time, never truth.
package meta

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strings"

	"github.com/tidwall/buntdb"
)

// DB is an ordered set of values under bucket and key. All methods may be called from any goroutine.
type DB struct{ b *buntdb.DB }

// Memory is the path of a DB that lives as long as the process.
const Memory = ":memory:"

// Open opens the file at path and makes it if it is missing. A file that BuntDB cannot read is moved to
// path.bad, and an empty one is begun.
func Open(path string) (*DB, error) {
	b, err := buntdb.Open(path)
	if err != nil && path != Memory && !os.IsPermission(err) {
		if info, e := os.Stat(path); e != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("meta: %w", err)
		}
		if e := os.Rename(path, path+".bad"); e != nil {
			return nil, fmt.Errorf("meta: %w", errors.Join(err, e))
		}
		b, err = buntdb.Open(path)
	}
	if err != nil {
		return nil, fmt.Errorf("meta: %w", err)
	}
	// The system writes when it likes: what is lost is made again.
	if err := b.SetConfig(buntdb.Config{
		SyncPolicy: buntdb.Never, AutoShrinkPercentage: 100, AutoShrinkMinSize: 1 << 20,
	}); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return &DB{b}, nil
}

// Durable lets every later write wait for the disk, or no longer.
func (d *DB) Durable(on bool) error {
	var c buntdb.Config
	if err := d.b.ReadConfig(&c); err != nil {
		return err
	}
	c.SyncPolicy = buntdb.Never
	if on {
		c.SyncPolicy = buntdb.Always
	}
	return d.b.SetConfig(c)
}

// Entry is one value to put. A nil Value deletes the key.
type Entry struct {
	Bucket, Key string
	Value       []byte
}

// Put keeps value, which may be empty, under bucket and key.
func (d *DB) Put(bucket, key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return d.PutAll(Entry{bucket, key, value})
}

// PutAll puts and deletes in one transaction: readers of this process see all of it or nothing. After a
// crash part of it may be there, as after every write of this package.
func (d *DB) PutAll(entries ...Entry) error {
	return d.b.Update(func(tx *buntdb.Tx) error {
		for _, e := range entries {
			name, err := full(e.Bucket, e.Key)
			if err != nil {
				return err
			}
			if e.Value == nil {
				if _, err = tx.Delete(name); errors.Is(err, buntdb.ErrNotFound) {
					err = nil
				}
			} else {
				_, _, err = tx.Set(name, wrap(name, e.Value), nil)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Delete forgets a key, which need not be there.
func (d *DB) Delete(bucket, key string) error { return d.PutAll(Entry{Bucket: bucket, Key: key}) }

// Get is the value under bucket and key. A damaged value is not there.
func (d *DB) Get(bucket, key string) (value []byte, ok bool, err error) {
	name, err := full(bucket, key)
	if err != nil {
		return nil, false, err
	}
	err = d.b.View(func(tx *buntdb.Tx) error {
		text, err := tx.Get(name)
		if errors.Is(err, buntdb.ErrNotFound) {
			return nil
		}
		value, ok = unwrap(name, text)
		return err
	})
	return value, ok, err
}

// Each calls f with the keys of bucket in order until it answers false. Damaged values are left out. f
// must not write to the DB.
func (d *DB) Each(bucket string, f func(key string, value []byte) bool) error {
	prefix, err := full(bucket, "")
	if err != nil {
		return err
	}
	return d.b.View(func(tx *buntdb.Tx) error {
		return tx.AscendGreaterOrEqual("", prefix, func(name, text string) bool {
			key, ok := strings.CutPrefix(name, prefix)
			if !ok {
				return false
			}
			value, ok := unwrap(name, text)
			return !ok || f(key, value)
		})
	})
}

// Close ends the DB. BuntDB's goroutine, which looks for that once a second, ends within the second.
func (d *DB) Close() error { return d.b.Close() }

// full is the name of a key in BuntDB: the bucket ends with a byte that no bucket has.
func full(bucket, key string) (string, error) {
	if bucket == "" || strings.IndexByte(bucket, 0) >= 0 {
		return "", fmt.Errorf("meta: bucket %q", bucket)
	}
	return bucket + "\x00" + key, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// wrap puts the checksum of name and value in front of value: a value found under a wrong name is bad too.
func wrap(name string, value []byte) string {
	b := make([]byte, 4, 4+len(value))
	binary.LittleEndian.PutUint32(b, sum(name, value))
	return string(append(b, value...))
}

func unwrap(name, text string) ([]byte, bool) {
	if len(text) < 4 {
		return nil, false
	}
	b := []byte(text)
	return b[4:], binary.LittleEndian.Uint32(b) == sum(name, b[4:])
}

func sum(name string, value []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(name), castagnoli), castagnoli, value)
}
