package exec

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// NoTopic says that PRINT names a topic that does not exist.
type NoTopic struct {
	Name  string
	Alike []string // topics whose names differ by letter case only
}

// Error is ksqlDB's message.
func (e *NoTopic) Error() string {
	msg := "Could not find topic '" + e.Name + "', or the KSQL user does not have permissions to list the topic. Topic names are case-sensitive."
	for i, t := range e.Alike {
		if i == 0 {
			msg += "\nDid you mean:"
		}
		msg += "\n\tprint " + t + ";"
	}
	return msg
}

// Is makes it the log's error, too.
func (e *NoTopic) Is(err error) bool { return err == store.ErrNoTopic }

// Unwrap makes it an error of the statement.
func (e *NoTopic) Unwrap() error { return &plan.Error{Msg: e.Error(), Bare: true} }

// Print starts PRINT: the records of a topic as lines of text, in the formats that fit all that was seen; formats:
// lines before them name these. Nothing works or waits for it but Next.
func (e *Engine) Print(ctx context.Context, s *sql.Print, text string, formats bool, props map[string]string) (*Rows, error) {
	if err := e.alive(); err != nil {
		return nil, err
	}
	info, err := e.log.Topic(ctx, s.Topic)
	if errors.Is(err, store.ErrNoTopic) {
		return nil, e.noTopic(ctx, s.Topic)
	}
	if err != nil {
		return nil, err
	}
	tps := make([]store.TP, info.Partitions)
	from := make(map[store.TP]int64, len(tps))
	for n := range tps {
		tps[n] = store.TP{Topic: s.Topic, Partition: int32(n)}
		from[tps[n]] = -1
	}
	if !s.FromBeginning && e.Env(ctx, props, nil).Prop("auto.offset.reset") != "earliest" {
		if from, err = e.log.Ends(ctx, tps); err != nil {
			return nil, err
		}
	}
	p := &printing{e: e, formats: formats, every: max(s.Interval, 1), left: -1, poll: 1, closed: make(chan struct{})}
	if s.HasLimit {
		p.left = s.Limit
	}
	if p.in, err = e.log.Reader(ctx, from, nil); err != nil {
		return nil, err
	}
	return &Rows{Schema: sql.Schema{{Field: sql.Field{Name: "LINE", Type: sql.TString}}}, Text: text, Push: true, source: p}, nil
}

func (e *Engine) noTopic(ctx context.Context, name string) error {
	topics, err := e.log.Topics(ctx)
	if err != nil {
		return err
	}
	none := &NoTopic{Name: name}
	for _, t := range slices.Sorted(maps.Keys(topics)) {
		if strings.EqualFold(t, name) {
			none.Alike = append(none.Alike, t)
		}
	}
	return none
}

// printing is one PRINT at work. It reads when it is asked, so that a reader who does not come costs nothing.
type printing struct {
	e          *Engine
	in         store.Reader
	formats    bool
	every      int
	seen, left int
	poll       int // records to ask for: as many as fill a page
	key, value guess
	told       [2]string
	closed     chan struct{}
	once       sync.Once
	mu         sync.Mutex
	ready      []store.Records // judged, not yet printed
	at         int             // the row of the first of them that is next
	page       *Page           // printed, not yet given
}

// printPage is about how many bytes of lines stand in a page.
const printPage = 32 << 10

// next is the next lines; nil at the end, with the reason.
func (p *printing) next(ctx context.Context) (*Page, End, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		select {
		case <-p.closed:
			return nil, Stopped, nil
		case <-p.e.Done():
			return nil, Stopped, nil
		case <-ctx.Done():
			return nil, Going, ctx.Err()
		default:
		}
		page, err := p.take()
		switch {
		case err != nil:
			return nil, Stopped, err
		case page != nil:
			return page, Going, nil
		case p.left == 0:
			return nil, Limited, nil
		}
		select {
		case <-p.closed:
		case <-p.e.Done():
		case <-ctx.Done():
		case <-p.in.Ready():
		}
	}
}

// more reports whether next would not wait.
func (p *printing) more() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	page, err := p.take()
	p.page = page
	return page != nil || err != nil || p.left == 0
}

// take is the lines of the records that are there; nil: there are none, or all were passed over.
func (p *printing) take() (*Page, error) {
	if page := p.page; page != nil {
		p.page = nil
		return page, nil
	}
	if len(p.ready) == 0 && p.left != 0 {
		runs, err := p.in.Poll(p.poll)
		if err != nil {
			return nil, err
		}
		p.see(runs)
	}
	lines := vec.New(sql.TString)
	if p.formats && len(p.ready) > 0 {
		for i, g := range []*guess{&p.key, &p.value} {
			if s := g.names(); s != p.told[i] {
				p.told[i] = s
				lines.AppendString([2]string{"Key format: ", "Value format: "}[i] + s)
			}
		}
	}
	for size := 0; len(p.ready) > 0 && p.left != 0 && size < printPage; {
		r := &p.ready[0]
		if p.at == r.Len() {
			p.ready, p.at = p.ready[1:], 0
			continue
		}
		if p.seen++; (p.seen-1)%p.every == 0 {
			s := p.line(r, p.at)
			size += len(s)
			lines.AppendString(s)
			p.left-- // without a limit it stays below zero
		}
		p.at++
	}
	if lines.N == 0 {
		return nil, nil
	}
	return &Page{N: lines.N, Cols: []*vec.Vec{lines}}, nil
}

// see judges records, all before the first is printed, and bounds how many are asked for by their size.
func (p *printing) see(runs []store.Records) {
	n, size := 0, 0
	for i := range runs {
		r := &runs[i]
		for k := range r.Len() {
			key, value := r.Key[k].Of(r.Bytes), r.Value[k].Of(r.Bytes)
			p.key.see(key, true)
			p.value.see(value, false)
			size += len(key) + len(value)
			n++
		}
	}
	if n > 0 {
		p.poll = min(max(1, printPage*n/max(size, 1)), 2*p.poll, 1024)
	}
	p.ready, p.at = append(p.ready[:0], runs...), 0
}

// line is the text of record i of a run.
func (p *printing) line(r *store.Records, i int) string {
	at := "N/A"
	if ms := r.Time[i]; ms >= 0 {
		at = time.UnixMilli(ms).UTC().Format("2006/01/02 15:04:05.000") + " Z"
	}
	return fmt.Sprintf("rowtime: %s, key: %s, value: %s, partition: %d",
		at, p.key.text(r.Key[i].Of(r.Bytes)), p.value.text(r.Value[i].Of(r.Bytes)), r.TP.Partition)
}

// close ends a next that waits, and frees the reader.
func (p *printing) close() (err error) {
	p.once.Do(func() {
		close(p.closed)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ready, p.page = nil, nil
		err = p.in.Close()
	})
	return err
}
