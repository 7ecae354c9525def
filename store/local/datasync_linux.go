package local

import (
	"os"
	"syscall"
)

// datasync brings bytes and size to disk, and leaves the times.
func datasync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err != syscall.EINTR {
			return err
		}
	}
}
