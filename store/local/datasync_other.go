//go:build !linux

package local

import "os"

func datasync(f *os.File) error { return f.Sync() }
