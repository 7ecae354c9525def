package format

import (
	"encoding/binary"
	"errors"
)

// AppendWindow ends the key bytes in dst with its window (ms): the start, or for a session the end and the start.
func AppendWindow(dst []byte, session bool, start, end int64) []byte {
	if session {
		dst = binary.BigEndian.AppendUint64(dst, uint64(end))
	}
	return binary.BigEndian.AppendUint64(dst, uint64(start))
}

var errWindow = errors.New("key is too short to hold a window")

// SplitWindow takes the window (ms) off a key, which it shares. size is the window's size where the key does not
// hold the end; an end beyond the largest time is that.
func SplitWindow(key []byte, session bool, size int64) (inner []byte, start, end int64, err error) {
	n := len(key) - 8
	if session {
		n -= 8
	}
	if n < 0 {
		return nil, 0, 0, errWindow
	}
	start = int64(binary.BigEndian.Uint64(key[len(key)-8:]))
	if session {
		return key[:n:n], start, int64(binary.BigEndian.Uint64(key[n:])), nil
	}
	end = start + size
	if size > 0 && end < start {
		end = 1<<63 - 1
	}
	return key[:n:n], start, end, nil
}
