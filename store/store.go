// Package store is what survives: topics of records, commits, checkpoints, as interfaces.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
	"time"
)

// TP is one partition of one topic.
type TP struct {
	Topic     string
	Partition int32
}

// Span is a piece of an arena; Len < 0 means null.
type Span struct{ Off, Len int32 }

// Of is the bytes of s in arena, nil for null.
func (s Span) Of(arena []byte) []byte {
	if s.Len < 0 {
		return nil
	}
	return arena[s.Off : s.Off+s.Len : s.Off+s.Len]
}

// Records is a run of records of one partition: an arena with offsets, not a slice of structs.
// Once appended its bytes and slices are never written again: who holds it may keep it, the garbage
// collector ends it.
type Records struct {
	TP      TP
	Seq     int64   // place of the run in the log's one order; 0 where the log has none (Kafka)
	First   int64   // offset of row 0
	Time    []int64 // ms since epoch, one a row
	Bytes   []byte
	Key     []Span
	Value   []Span
	Mark    []byte   // one a row, ours to interpret (an op); nil: all 0. Kafka: a record header
	Headers []Header // nil when no row has one; ordered by Row
	Offsets []int64  // offset of each row of a run that compaction thinned out; nil: First, First+1, ...
}

// MarkBefore is the Mark of a row that is read together with the row after it: the old half of a
// changed row. A Reader never gives one without the other.
const MarkBefore byte = 2

// Len is the number of rows.
func (r *Records) Len() int { return len(r.Time) }

// Offset is the offset of row i in its partition.
func (r *Records) Offset(i int) int64 {
	if r.Offsets != nil {
		return r.Offsets[i]
	}
	return r.First + int64(i)
}

// Slice is rows lo to hi of r, sharing its bytes.
func (r *Records) Slice(lo, hi int) Records {
	out := *r
	if lo == 0 && hi == len(r.Time) {
		return out
	}
	out.First = r.Offset(lo)
	out.Time, out.Key, out.Value = r.Time[lo:hi:hi], r.Key[lo:hi:hi], r.Value[lo:hi:hi]
	if r.Mark != nil {
		out.Mark = r.Mark[lo:hi:hi]
	}
	if r.Offsets != nil {
		out.Offsets = r.Offsets[lo:hi:hi]
	}
	if r.Headers != nil {
		from := sort.Search(len(r.Headers), func(i int) bool { return int(r.Headers[i].Row) >= lo })
		to := sort.Search(len(r.Headers), func(i int) bool { return int(r.Headers[i].Row) >= hi })
		out.Headers = append([]Header(nil), r.Headers[from:to]...)
		for i := range out.Headers {
			out.Headers[i].Row -= int32(lo)
		}
	}
	return out
}

// Add appends one row; a nil key or value is null. It is for producers of few rows: a codec fills the
// slices itself.
func (r *Records) Add(ms int64, key, value []byte, headers ...Header) {
	span := func(b []byte) Span {
		if b == nil {
			return Span{0, -1}
		}
		s := Span{int32(len(r.Bytes)), int32(len(b))}
		r.Bytes = append(r.Bytes, b...)
		return s
	}
	for _, h := range headers {
		h.Row = int32(len(r.Time))
		r.Headers = append(r.Headers, h)
	}
	r.Key, r.Value, r.Time = append(r.Key, span(key)), append(r.Value, span(value)), append(r.Time, ms)
	if r.Mark != nil {
		r.Mark = append(r.Mark, 0)
	}
}

// Header is one header of row Row. Value nil is null.
type Header struct {
	Row   int32
	Key   string
	Value []byte
}

// What a Log can answer besides ordinary errors.
var (
	ErrAborted  = errors.New("store: commit rolled back, go on from the last one")
	ErrLost     = errors.New("store: the unit belongs to another process now")
	ErrMoved    = errors.New("store: another writer was first, claim again")
	ErrCorrupt  = errors.New("store: damaged before its synced end")
	ErrClosed   = errors.New("store: log is closed")
	ErrNoTopic  = errors.New("store: no such topic")
	ErrExists   = errors.New("store: topic exists")
	ErrReadOnly = errors.New("store: log is read-only")
	ErrLocked   = errors.New("store: directory is in use by another engine")
)

// Gap is the error of a Reader that was to give rows which are not kept any more: From is the offset it was at, To
// that of the oldest row kept. Offsets that compaction thinned out are no gap. It is told once: the Reader goes on
// at To, so whoever may miss rows polls again (Kafka: auto.offset.reset), and who must not miss any ends here.
type Gap struct {
	TP       TP
	From, To int64
}

// Error names the topic, the partition and the offsets.
func (g *Gap) Error() string {
	return fmt.Sprintf("topic %s/%d: rows from offset %d on are asked for, but those below %d are no longer kept", g.TP.Topic, g.TP.Partition, g.From, g.To)
}

// Log is a set of partitioned topics: in memory, in files, or in Kafka. All methods may be called from
// any goroutine.
type Log interface {
	// Topics is all topics: for lists of them only, Topic finds one.
	Topics(context.Context) (map[string]TopicInfo, error)
	// Topic is one topic, or ErrNoTopic. It costs the same beside many topics as beside none.
	Topic(ctx context.Context, name string) (TopicInfo, error)
	// Create makes a topic; no partitions stands for one.
	Create(ctx context.Context, topic string, c TopicConfig) error
	// Validate answers as Create would, and makes nothing.
	Validate(ctx context.Context, topic string, c TopicConfig) error
	// Delete deletes the topic of this name and id: ErrNoTopic if the name is another topic's by now. It cannot be
	// lost any more when something later is known to be durable.
	Delete(ctx context.Context, topic, id string) error
	// Append orders r, fills First and Seq, and makes it readable. It does not wait for the disk: Wait does.
	Append(ctx context.Context, r ...*Records) (seq int64, err error)
	// Wait returns when everything up to seq survives a power cut.
	Wait(ctx context.Context, seq int64) error
	// Trim says that nobody needs rows below these offsets (repartition rows consumed, changelog in a checkpoint).
	Trim(ctx context.Context, below map[TP]int64) error
	// Ends is the next offset of each partition.
	Ends(ctx context.Context, tps []TP) (map[TP]int64, error)
	// Reader reads from these offsets on, -1 stands for the oldest row kept, and up to but without those of to. A
	// partition that is not in to has no end; to nil: none has.
	Reader(ctx context.Context, from, to map[TP]int64) (Reader, error)
	// Claim makes the caller the writer of a topic of one partition until another claims it.
	Claim(ctx context.Context, topic string) (Claim, error)
	// Session is one query's place at the log: id names it across restarts.
	Session(ctx context.Context, id string, stages []Stage) (Session, error)
	// Forget deletes the positions and checkpoints of session id: its query is gone for good.
	Forget(ctx context.Context, id string) error
	// Durable reports whether anything survives this process. Without it nobody needs a changelog.
	Durable() bool
	// Shared reports whether other processes may be at the log at the same time.
	Shared() bool
	Close() error
}

// TopicInfo is what the log knows of a topic.
type TopicInfo struct {
	ID         string // opaque; a topic deleted and made again is another topic
	Partitions int32
	Config     TopicConfig
}

// TopicConfig is how a topic is made.
type TopicConfig struct {
	Partitions int32
	Compact    bool          // keep the latest row of each key
	Retention  time.Duration // 0: for ever
	Internal   bool          // a changelog or repartition topic
}

// Claim is the right to write a topic of one partition after its End: what the claimer has read up to there is all
// there is when its record is appended. A log answers ErrMoved when another has appended since; it may do so as soon
// as another has claimed (Kafka: the newer producer fences the older one), so whoever gets it claims again, after a
// pause of random length.
type Claim interface {
	// End is the offset after the last record.
	End() int64
	// Append writes r, which is durable on return: End is after it then. ErrMoved: nothing was written. Any other
	// error leaves open whether r is there: only reading the topic tells.
	Append(ctx context.Context, r *Records) error
	// Release gives the claim up.
	Release()
}

// Reader gives runs in the log's order; where the log has none, each partition in its own, and the Reader is a Holder.
// One goroutine uses it, Ready and Close excepted.
type Reader interface {
	// Poll gives the next ready runs in order, together at most max rows, nil if there is nothing yet, and io.EOF
	// once every partition is past its end. It never waits. The slice is good until the next Poll, the runs for
	// ever. A *Gap tells of rows that should have been given and are gone.
	Poll(max int) ([]Records, error)
	// Position puts the next offset of each partition into at: all rows below it were given, or there are none (a
	// commit's marker, an aborted row, a row that compaction took). It may be beyond the last row given.
	Position(at map[TP]int64)
	// Ready has a token when Poll may have something.
	Ready() <-chan struct{}
	Close() error
}

// Holder is a Reader, and a Work, of a log that has no order over its topics: who merges what comes need not take all
// of one partition to see the first row of another.
type Holder interface {
	Reader
	// Hold leaves a partition out of what Poll gives from now on, or lets it in again. Its position stays.
	Hold(tp TP, on bool)
}

// Stage names the topics that its tasks read together, and those that keep its state.
type Stage struct {
	Name       string
	In, Change []string
	From       map[TP]int64 // where to begin a partition without a committed position: 0 is the oldest row kept, -1 (or absent) the end
}

// Unit is one stage on one partition.
type Unit struct {
	Stage     string
	Partition int32
}

// Session is one query's place at the log. The log says which units run here.
type Session interface {
	// Units waits for a change and returns the whole set. In memory and files: all of them, once. ErrLost: all of them
	// belong to another session of this id now, or it was forgotten.
	Units(ctx context.Context) ([]Unit, error)
	Open(ctx context.Context, u Unit) (Work, error)
	Close() error
}

// Work is the input, which has no end, the state and the commit of one unit. One goroutine uses it.
type Work interface {
	Reader
	// Restore gives the newest whole checkpoint (nil: none) and the changelog after it, which ends where it does at
	// this moment; then the position to read from is set. It is called once, first.
	Restore(ctx context.Context) (Checkpoint, Reader, error)
	// Commit appends all of c as one: after a crash all of it is there, or nothing. nil, ErrAborted, ErrLost,
	// or fatal.
	Commit(ctx context.Context, c Commit) error
	// Checkpoint lets w write a new checkpoint that holds at least every change committed before the call;
	// when it returns nil the checkpoint is durable and older changelog may be trimmed. Any goroutine may
	// call it while another uses the rest, but only one at a time.
	Checkpoint(ctx context.Context, w func(Writer) error) error
}

// Commit is all or nothing. Appends hold outputs, repartition rows and changelog rows alike; Positions is
// the next offset to read of each input.
type Commit struct {
	Appends   []*Records
	Positions map[TP]int64
}

// Checkpoint is the state of a unit's tables, each as of one offset of its changelog: the changelog from
// there on holds every later change (it may repeat earlier ones, which is harmless).
type Checkpoint interface {
	Print(table string) uint64 // fingerprint of the table's step
	Chunks(table string) iter.Seq2[[]byte, error]
}

// Writer takes the chunks of a checkpoint, table by table.
type Writer interface {
	Table(table string, print uint64) error
	Chunk(data []byte) error
}
