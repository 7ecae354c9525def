package local

import (
	"context"
	"time"
)

// Options say how a local log works. The zero value is good.
type Options struct {
	FS             FS               // where a directory log keeps its files; nil: the disk
	Clock          func() time.Time // nil: time.Now; retention compares row times with it
	Context        context.Context  // bounds Open, nothing after it; nil: nothing does
	PartitionBytes int64            // oldest rows of a topic that is neither compacted nor internal go above this size; 0: never
	CompactBytes   int64            // a compacted partition is not thinned out below this size; 0: 16 MiB
	SegmentBytes   int64            // size of one journal file; 0: 64 MiB
	JournalBytes   int64            // above it the oldest journal files are retired; 0: 1 GiB
	CacheBytes     int64            // young rows of a directory log kept in memory; 0: 256 MiB
	UnsyncedBytes  int64            // what may not be on disk is kept up to this size, to be written again if a sync fails; 0: 64 MiB
	SyncEvery      time.Duration    // a written journal reaches the disk after this time even if nobody waits; 0: 100 ms
}

func (o Options) filled() Options {
	or := func(v *int64, n int64) {
		if *v == 0 {
			*v = n
		}
	}
	or(&o.CompactBytes, 16<<20)
	or(&o.SegmentBytes, 64<<20)
	or(&o.JournalBytes, 1<<30)
	or(&o.CacheBytes, 256<<20)
	or(&o.UnsyncedBytes, 64<<20)
	if o.SyncEvery == 0 {
		o.SyncEvery = 100 * time.Millisecond
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Context == nil {
		o.Context = context.Background()
	}
	if o.FS == nil {
		o.FS = Disk()
	}
	return o
}
