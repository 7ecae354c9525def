package local

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/ksqlgo/ksql/store"
)

// topic is one life of a topic's name.
type topic struct {
	id     int64
	text   string // of the id
	name   string
	config store.TopicConfig
	parts  []*part
	gone   bool
	cold   bool // it has cold files
}

func newTopic(d topicDef) *topic {
	t := &topic{id: d.id, text: strconv.FormatInt(d.id, 10), name: d.name, config: d.config, parts: make([]*part, d.config.Partitions)}
	for i := range t.parts {
		t.parts[i] = &part{topic: t, tp: store.TP{Topic: d.name, Partition: int32(i)}}
	}
	return t
}

func (t *topic) info() store.TopicInfo {
	return store.TopicInfo{ID: t.text, Partitions: int32(len(t.parts)), Config: t.config}
}

// drop ends the topic; its readers learn it at their next Poll.
func (t *topic) drop() {
	t.gone = true
	for _, p := range t.parts {
		p.runs, p.low = nil, p.next
		p.wake()
	}
}

// part is one partition: its runs in order.
type part struct {
	topic   *topic
	tp      store.TP
	runs    []run
	low     int64 // rows below are gone
	next    int64 // offset of the next row
	readers []*reader

	bytes      int64 // of runs
	thin       int64 // bytes after the last compaction in memory
	compacting bool
}

// run is one run of rows and where it is: in memory, in a file, or both.
type run struct {
	rec        *store.Records // nil: only in the file
	seq        int64
	first, end int64 // offsets it stands for; compaction may have left fewer rows
	bytes      int64
	youngest   int64 // largest row time
	rows       int32
	at         where
}

const unknownTime = math.MinInt64

// sizeOf is what a run costs in memory.
func sizeOf(r *store.Records) int64 { return int64(len(r.Bytes) + 24*len(r.Time) + 256) }

// upcoming is the offset that the next run of p gets when these runs come before it.
func (p *part) upcoming(runs []*store.Records, parts []*part) int64 {
	at := p.next
	for i, q := range parts {
		if q == p {
			at += int64(len(runs[i].Time))
		}
	}
	return at
}

func (p *part) push(r run) {
	p.runs = append(p.runs, r)
	p.next = r.end
	p.bytes += r.bytes
}

func sortRuns(runs []run) {
	slices.SortFunc(runs, func(a, b run) int { return cmp.Compare(a.seq, b.seq) })
}

func (p *part) wake() {
	for _, r := range p.readers {
		r.token()
	}
}

// find is the first run that has a row at or after offset.
func (p *part) find(offset int64) int {
	return sort.Search(len(p.runs), func(i int) bool { return p.runs[i].end > offset })
}

// trim drops every run that lies wholly below offset.
func (p *part) trim(offset int64) {
	if offset <= p.low {
		return
	}
	p.low = offset
	p.cut(p.find(offset))
}

// cut drops the first n runs.
func (p *part) cut(n int) {
	for i := range p.runs[:n] {
		p.bytes -= p.runs[i].bytes
		p.runs[i].rec = nil
	}
	if p.runs = p.runs[n:]; len(p.runs) == 0 {
		p.runs = nil
	}
}

// activeBytes of a partition are never expired, as Kafka never expires the segment it writes to: rows
// with old times stay readable until newer ones have pushed them out.
const activeBytes = 1 << 20

// expire drops old runs by retention and size. It looks at the oldest runs only.
func (p *part) expire(l *log) {
	c := &p.topic.config
	bySize := l.opt.PartitionBytes > 0 && !c.Compact && !c.Internal
	if (c.Retention <= 0 && !bySize) || p.bytes <= activeBytes {
		return
	}
	oldest := int64(math.MinInt64)
	if c.Retention > 0 {
		oldest = l.opt.Clock().Add(-c.Retention).UnixMilli()
	}
	n, left := 0, p.bytes
	for ; n < len(p.runs)-1; n++ {
		r := &p.runs[n]
		tooMany := bySize && left > l.opt.PartitionBytes
		if !tooMany && (left-r.bytes < activeBytes || r.newest() >= oldest) {
			break
		}
		left -= r.bytes
	}
	if n > 0 {
		p.trim(p.runs[n].first)
	}
}

// newest is the largest row time, found when it is first asked for.
func (r *run) newest() int64 {
	if r.youngest == unknownTime && r.rec != nil {
		r.youngest = youngest(r.rec.Time)
	}
	return r.youngest
}

func youngest(times []int64) int64 {
	t := int64(unknownTime)
	for _, ms := range times {
		t = max(t, ms)
	}
	return t
}
