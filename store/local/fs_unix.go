//go:build unix && !solaris && !illumos && !aix

package local

import (
	"errors"
	"io"
	"os"
	"syscall"

	"github.com/ksqlgo/ksql/store"
)

// lockFile holds name until it is closed, or the process ends.
func lockFile(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = store.ErrLocked
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
