//go:build !unix || solaris || illumos || aix

package local

import (
	"errors"
	"io"
	"os"

	"github.com/ksqlgo/ksql/store"
)

// lockFile makes name and removes it when closed. Without flock a process that was killed leaves it
// behind: then it has to be removed by hand.
func lockFile(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return nil, store.ErrLocked
	}
	if err != nil {
		return nil, err
	}
	return held{f}, nil
}

type held struct{ *os.File }

func (h held) Close() error {
	return errors.Join(h.File.Close(), os.Remove(h.Name()))
}
