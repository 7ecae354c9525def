package exec

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
	"github.com/ksqlgo/ksql/store"
)

// TestLeave: the deeds of another are waited for until they are seen to be done, a newer record says so, the time is
// over, or nobody wants to wait any longer.
func TestLeave(t *testing.T) {
	ctx := context.Background()
	e, log := inMemory(ctx, t)
	for _, name := range []string{"here", "old"} {
		if err := log.Create(ctx, name, store.TopicConfig{Partitions: 1}); err != nil {
			t.Fatal(err)
		}
	}
	old, err := log.Topic(ctx, "old")
	if err != nil {
		t.Fatal(err)
	}
	made := func(names ...string) (d deeds) {
		for _, n := range names {
			d.Create = append(d.Create, madeTopic{Name: n})
		}
		return d
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	now, past := time.Now(), time.Now().Add(-2*deedsTime)
	for _, c := range []struct {
		what string
		ctx  context.Context
		d    deeds
		read time.Time
		done bool
		err  error
	}{
		{"nothing to do", ctx, deeds{}, past, true, nil},
		{"made", ctx, made("here"), past, true, nil},
		{"one is missing", ctx, made("here", "none"), past, false, nil},
		{"deleted", ctx, deeds{Delete: []goneTopic{{"none", "1"}}}, past, true, nil},
		{"made again", ctx, deeds{Delete: []goneTopic{{"old", old.ID + "x"}}}, past, true, nil},
		{"there still", ctx, deeds{Delete: []goneTopic{{"none", "1"}, {"old", old.ID}}}, past, false, nil},
		{"no time", ended, made("none"), now, false, context.Canceled},
	} {
		done, err := e.leave(c.ctx, c.d, fold{read: c.read, next: 1000})
		if done != c.done || !errors.Is(err, c.err) || c.err == nil && err != nil {
			t.Errorf("%s: %t, %v", c.what, done, err)
		}
	}
	time.AfterFunc(3*time.Millisecond, func() {
		if err := log.Create(ctx, "late", store.TopicConfig{Partitions: 1}); err != nil {
			t.Error(err)
		}
	})
	if done, err := e.leave(ctx, made("late"), fold{read: now, next: 1000}); !done || err != nil {
		t.Error("made while it waits", done, err)
	}
	list, err := sql.Parse(`CREATE TYPE a AS INT;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Change(ctx, list[0], nil); err != nil {
		t.Fatal(err)
	}
	for next, want := range map[int64]bool{0: true, 1: false, 2: false} {
		if newer, err := e.newer(ctx, next); newer != want || err != nil {
			t.Errorf("a record at %d or later: %t, %v", next, newer, err)
		}
	}
	if done, err := e.leave(ctx, made("none"), fold{read: past}); done || !errors.Is(err, store.ErrMoved) {
		t.Error("there is a newer record", done, err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if done, err := e.leave(ctx, made("none"), fold{read: time.Now(), next: 1000}); done || !errors.Is(err, ErrClosed) {
		t.Error("closed", done, err)
	}
	if err := e.Close(); err != nil {
		t.Error("a second time", err)
	}
}

// topicsOf is a log with these topics, of so many partitions.
type topicsOf struct {
	store.Log
	parts map[string]int32
}

func (l topicsOf) Topic(_ context.Context, name string) (store.TopicInfo, error) {
	if name == "bad" {
		return store.TopicInfo{}, errUnwilling
	}
	n, ok := l.parts[name]
	if !ok {
		return store.TopicInfo{}, store.ErrNoTopic
	}
	return store.TopicInfo{ID: "id of " + name, Partitions: n}, nil
}

func (topicsOf) Validate(_ context.Context, name string, _ store.TopicConfig) error {
	if name == "never" {
		return errUnwilling
	}
	return nil
}

func (l topicsOf) Ends(_ context.Context, tps []store.TP) (map[store.TP]int64, error) {
	out := map[store.TP]int64{}
	for _, tp := range tps {
		if _, err := l.Topic(context.Background(), tp.Topic); err != nil {
			return nil, err
		}
		out[tp] = int64(10 + tp.Partition)
	}
	return out, nil
}

// TestTopicsOfStatement: a statement makes what its query lacks, takes over what the query before it had, and is refused
// where a topic is another's or of another size.
func TestTopicsOfStatement(t *testing.T) {
	e := &Engine{log: topicsOf{parts: map[string]int32{"had": 2, "wide": 3, "alien": 2}}}
	query := func(topics ...string) *queryRecord {
		r := &queryRecord{ID: "Q"}
		for _, n := range topics {
			r.Shape.Stages = append(r.Shape.Stages, stageShape{In: "s", Tasks: 1, Out: n, Parts: 2})
		}
		return r
	}
	ctx := context.Background()
	for _, c := range []struct {
		now, old *queryRecord
		want     string // topics that are made
		err      string
	}{
		{query("new", "too"), nil, "new too", ""},
		{query("had", "new"), query("had"), "new", ""},
		{query("had"), nil, "", "topic had is there already, but no query has it: delete it first"},
		{query("alien"), query("had"), "", "topic alien is there already, but no query has it: delete it first"},
		{query("wide"), query("wide"), "", "topic wide has 3 partitions, the query needs 2"},
		{query("new", "bad"), query("bad"), "new", "not now"},
		{query("never"), nil, "", "not now"},
	} {
		rec := &record{Query: c.now}
		err := e.ownTopics(ctx, rec, c.old)
		var made []string
		for _, x := range rec.Deeds.Create {
			made = append(made, x.Name)
		}
		if strings.Join(made, " ") != c.want || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%v after %v: made %v, %v", c.now.topics(), c.old, made, err)
		}
	}
	rec := &record{}
	if err := e.toDelete(ctx, rec, []string{"none", "had", "wide"}); err != nil || !slices.Equal(rec.Deeds.Delete, []goneTopic{{"had", "id of had"}, {"wide", "id of wide"}}) {
		t.Error(rec.Deeds.Delete, err)
	}
	if err := e.toDelete(ctx, rec, []string{"bad"}); !errors.Is(err, errUnwilling) {
		t.Error(err)
	}
	rec = &record{}
	specs := []plan.TopicSpec{{Name: "had", Partitions: 9}, {Name: "new", Partitions: 4}, {Name: "most", Partitions: mostPartitions}}
	if err := e.toMake(ctx, rec, specs, ""); err != nil || len(rec.Deeds.Create) != 2 || rec.Deeds.Create[0].Name != "new" || rec.Deeds.Create[0].Config.Partitions != 4 {
		t.Error(rec.Deeds.Create, err)
	}
	var refused *plan.Error
	if err := e.toMake(ctx, rec, []plan.TopicSpec{{Name: "more", Partitions: mostPartitions + 1}}, "text"); !errors.As(err, &refused) || refused.Text != "text" {
		t.Error(err)
	}
	for _, name := range []string{"bad", "never"} {
		if err := e.toMake(ctx, rec, []plan.TopicSpec{{Name: name}}, ""); !errors.Is(err, errUnwilling) {
			t.Error(name, err)
		}
	}
	for name, want := range map[string]int32{"new": 4, "had": 2, "none": 0} {
		if n, err := e.width(ctx, rec, name); n != want || (err == nil) != (want > 0) {
			t.Error(name, n, err)
		}
	}
	for name, want := range map[string][]int64{"had": {10, 11}, "none": {0, 0}} {
		ends := make([]int64, 2)
		if err := e.endOf(ctx, name, ends); err != nil || !slices.Equal(ends, want) {
			t.Error(name, ends, err)
		}
	}
	if err := e.endOf(ctx, "bad", make([]int64, 1)); !errors.Is(err, errUnwilling) {
		t.Error(err)
	}
}

// TestSucceed: a query that replaces another goes on at its place and positions, and deletes the topics that it does not
// need any more.
func TestSucceed(t *testing.T) {
	e := &Engine{log: topicsOf{parts: map[string]int32{"had": 2, "gone": 2}}}
	query := func(topics ...string) *queryRecord {
		r := &queryRecord{Session: "new", Version: 1, From: map[string][]int64{"a": {7, 7}, "b": {7}, "c": {7}}}
		for _, n := range topics {
			r.Shape.Stages = append(r.Shape.Stages, stageShape{Out: n})
		}
		return r
	}
	old := query("had", "gone", "missing")
	old.Session, old.Version, old.From = "old", 4, map[string][]int64{"a": {1, 2}, "b": {1, 2}, "d": {1}}
	rec := &record{Query: query("had", "fresh")}
	if err := e.succeed(context.Background(), rec, &built{}, old); err != nil {
		t.Fatal(err)
	}
	r := rec.Query
	if r.Session != "old" || r.Version != 5 || !slices.Equal(r.From["a"], []int64{1, 2}) || !slices.Equal(r.From["b"], []int64{7}) || !slices.Equal(r.From["c"], []int64{7}) || len(r.From) != 3 {
		t.Errorf("%+v", r)
	}
	if !slices.Equal(rec.Deeds.Delete, []goneTopic{{"gone", "id of gone"}}) {
		t.Error(rec.Deeds.Delete)
	}
	rec = &record{Query: query("had")}
	if err := e.succeed(context.Background(), rec, &built{}, nil); err != nil || rec.Query.Session != "new" || rec.Query.Version != 1 {
		t.Error(err, rec.Query)
	}
}

// failing is a reader that cannot be read.
type failing struct{ plainReader }

func (failing) Poll(int) ([]store.Records, error) { return nil, io.ErrUnexpectedEOF }

// TestPrintFails: a PRINT whose topic cannot be read ends with the reason.
func TestPrintFails(t *testing.T) {
	e := &Engine{}
	e.ctx, e.end = context.WithCancel(context.Background())
	p := &printing{e: e, in: failing{}, every: 1, left: -1, poll: 1, closed: make(chan struct{})}
	if !p.more() {
		t.Error("the reason is there without waiting")
	}
	if page, end, err := p.next(context.Background()); page != nil || end != Stopped || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(page, end, err)
	}
	p.page = &Page{N: 1, Cols: []*vec.Vec{vec.New(sql.TString)}} // what was printed before is given
	if page, end, err := p.next(context.Background()); page == nil || end != Going || err != nil {
		t.Error(page, end, err)
	}
	for range 2 {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}
	if page, end, err := p.next(context.Background()); page != nil || end != Stopped || err != nil {
		t.Error(page, end, err)
	}
}
