package local

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/store"
)

// unit is unit s/0 of session q at a log, which writes a changelog.
type unit struct {
	*testing.T
	l store.Log
	w store.Work
	// What Restore gave.
	state []string
	rows  []string
}

func newUnit(t *testing.T, l store.Log) *unit {
	t.Helper()
	for _, name := range []string{"in", "change"} {
		if err := l.Create(ctx, name, store.TopicConfig{}); err != nil && !errors.Is(err, store.ErrExists) {
			t.Fatal(err)
		}
	}
	u := &unit{T: t, l: l}
	if err := u.restore(); err != nil {
		t.Fatal(err)
	}
	return u
}

// restore begins again, as after a restart.
func (u *unit) restore() error {
	u.w = must(must(u.l.Session(ctx, "q", worldStages))(u.T).Open(ctx, store.Unit{Stage: "s"}))(u.T)
	cp, rd, err := u.w.Restore(ctx)
	if u.state, u.rows = nil, nil; err != nil {
		return err
	}
	if cp != nil {
		for c, err := range cp.Chunks("t") {
			if err != nil {
				return err
			}
			u.state = append(u.state, string(c))
		}
	}
	for runs, err := range store.Runs(ctx, rd, 10) {
		if err != nil {
			return err
		}
		for _, r := range runs {
			for i := range r.Len() {
				u.rows = append(u.rows, string(r.Value[i].Of(r.Bytes)))
			}
		}
	}
	return rd.Close()
}

func (u *unit) commit(values ...string) {
	u.Helper()
	if err := u.w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("change", values...)}}); err != nil {
		u.Fatal(err)
	}
}

func (u *unit) checkpoint(chunks ...string) {
	u.Helper()
	if err := u.w.Checkpoint(ctx, func(w store.Writer) error {
		err := w.Table("t", 1)
		for _, c := range chunks {
			err = errors.Join(err, w.Chunk([]byte(c)))
		}
		return err
	}); err != nil {
		u.Fatal(err)
	}
}

func (u *unit) wants(state, rows string) {
	u.Helper()
	if err := u.restore(); err != nil || fmt.Sprint(u.state) != state || fmt.Sprint(u.rows) != rows {
		u.Errorf("state %v and %v, %v, want %s and %s", u.state, u.rows, err, state, rows)
	}
}

const unitFolder = "/d/checkpoints/q/s/0"

// TestCheckpointFiles: which files a unit has, what stands in them, and which are believed.
func TestCheckpointFiles(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs}))(t).(*log)
	defer l.Close()
	u := newUnit(t, l)
	files := func(want string) {
		t.Helper()
		if names, _ := fs.List(unitFolder); fmt.Sprint(names) != want {
			t.Errorf("%v, want %s", names, want)
		}
	}
	u.wants("[]", "[]")
	u.commit("0")
	u.checkpoint("first", "", "more")
	files("[CHUNKS-1 MANIFEST-1]")
	u.commit("1")
	u.wants("[first  more]", "[1]")
	u.checkpoint()
	files("[CHUNKS-1 CHUNKS-2 MANIFEST-1 MANIFEST-2]")
	u.wants("[]", "[]")
	u.commit("2")
	fs.names[unitFolder+"/MANIFEST-7.tmp"] = &node{} // of a crash: its number is not used again, and it goes
	fs.names[unitFolder+"/x"] = &node{}
	u.checkpoint("third")
	files("[CHUNKS-2 CHUNKS-8 MANIFEST-2 MANIFEST-8]")
	u.commit("3")
	u.wants("[third]", "[3]")

	// A manifest counts under its own number only.
	fs.names[unitFolder+"/MANIFEST-9"] = fs.names[unitFolder+"/MANIFEST-2"]
	fs.names[unitFolder+"/MANIFEST-08"] = fs.names[unitFolder+"/MANIFEST-2"]
	u.wants("[third]", "[3]")
	delete(fs.names, unitFolder+"/MANIFEST-9")
	delete(fs.names, unitFolder+"/MANIFEST-08")

	// A checkpoint that fails leaves nothing, is told of, and the next one is good.
	for name, write := range map[string]func(store.Writer) error{
		"its own error":    func(store.Writer) error { return errFault },
		"no table":         func(w store.Writer) error { return w.Chunk([]byte("x")) },
		"one table twice":  func(w store.Writer) error { return errors.Join(w.Table("t", 1), w.Table("u", 1), w.Table("t", 1)) },
		"after some chunk": func(w store.Writer) error { return errors.Join(w.Table("t", 1), w.Chunk([]byte("x")), errFault) },
	} {
		if err := u.w.Checkpoint(ctx, write); err == nil {
			t.Errorf("%s: it was made", name)
		}
		files("[CHUNKS-2 CHUNKS-8 MANIFEST-2 MANIFEST-8]")
		if h := l.Health(); len(h) != 1 || h[0].What != store.Checkpointing || h[0].Of != "q/s/0" {
			t.Errorf("%s: %v", name, h)
		}
	}
	u.checkpoint("fourth")
	if h := l.Health(); len(h) > 0 {
		t.Error(h)
	}
	u.wants("[fourth]", "[]")

	// Without the right to the unit there is none, and nothing is ill.
	lost := u.w
	u.wants("[fourth]", "[]")
	if err := lost.Checkpoint(ctx, func(store.Writer) error { return nil }); !errors.Is(err, store.ErrLost) || len(l.Health()) > 0 {
		t.Error(err, l.Health())
	}
	early := must(must(l.Session(ctx, "q", worldStages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
	if err := early.Checkpoint(ctx, func(store.Writer) error { return nil }); err == nil {
		t.Error("a checkpoint before Restore")
	}
	l.health.works(store.Checkpointing, "q/s/0")
	stopped, stop := context.WithCancel(ctx)
	u.wants("[fourth]", "[]")
	if err := u.w.Checkpoint(stopped, func(store.Writer) error { stop(); return errFault }); !errors.Is(err, errFault) || len(l.Health()) > 0 {
		t.Error(err, l.Health())
	}

	// A changelog of the same name that was made again has nothing to do with it.
	if err := l.Delete(ctx, "change", must(l.Topic(ctx, "change"))(t).ID); err != nil {
		t.Fatal(err)
	}
	if err := l.Create(ctx, "change", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	u.wants("[]", "[]")
	u.commit("other")
	u.wants("[]", "[other]")
	if err := l.Forget(ctx, "q"); err != nil {
		t.Fatal(err)
	}
	files("[]")
}

// TestTables: a checkpoint has the tables that were written, each with its print and chunks, and no other.
func TestTables(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs}))(t)
	defer l.Close()
	u := newUnit(t, l)
	if err := u.w.Checkpoint(ctx, func(w store.Writer) error {
		return errors.Join(w.Table("a", 7), w.Chunk([]byte("a1")), w.Chunk([]byte("a2")), w.Table("none", 8), w.Table("b", 9), w.Chunk([]byte("b1")))
	}); err != nil {
		t.Fatal(err)
	}
	w := must(must(l.Session(ctx, "q", worldStages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
	cp, rd, err := w.Restore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer rd.Close()
	for name, want := range map[string]string{"a": "7 a1 a2", "none": "8", "b": "9 b1", "other": "0"} {
		got := fmt.Sprint(cp.Print(name))
		for c, err := range cp.Chunks(name) {
			if err != nil {
				t.Error(err)
			}
			got += " " + string(c)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for c, err := range cp.Chunks("a") { // who has enough may stop
		if string(c) != "a1" || err != nil {
			t.Error(string(c), err)
		}
		break
	}
	data := fs.names[unitFolder+"/CHUNKS-1"]
	data.data[3]++
	n := 0
	for c, err := range cp.Chunks("a") {
		if n++; n == 1 && (string(c) != "a1" || err != nil) || n == 2 && !errors.Is(err, store.ErrCorrupt) {
			t.Error(string(c), err)
		}
	}
	data.data = data.data[:1]
	for c, err := range cp.Chunks("a") {
		if n++; !errors.Is(err, store.ErrCorrupt) {
			t.Error(string(c), err)
		}
	}
	delete(fs.names, unitFolder+"/CHUNKS-1")
	for _, err := range cp.Chunks("a") {
		if n++; err == nil {
			t.Error("read from a file that is gone")
		}
	}
	if n != 4 {
		t.Errorf("%d times", n)
	}
}

// TestNarrowChangelog: a unit whose changelog is narrower than its input, or is not there, has a checkpoint all the same.
func TestNarrowChangelog(t *testing.T) {
	fs := NewForgetful()
	l := must(Open("/d", Options{FS: fs}))(t)
	for name, n := range map[string]int32{"in": 2, "change": 1} {
		if err := l.Create(ctx, name, store.TopicConfig{Partitions: n}); err != nil {
			t.Fatal(err)
		}
	}
	stages := []store.Stage{{Name: "s", In: []string{"in"}, Change: []string{"change", "none"}}}
	open := func(p int32) (store.Work, string) {
		t.Helper()
		w := must(must(l.Session(ctx, "q", stages))(t).Open(ctx, store.Unit{Stage: "s", Partition: p}))(t)
		cp, rd, err := w.Restore(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer rd.Close()
		out := ""
		if cp != nil {
			for c, err := range cp.Chunks("t") {
				out += fmt.Sprint(string(c), err)
			}
		}
		for {
			runs, err := rd.Poll(9)
			if err != nil {
				return w, out + err.Error()
			}
			for i := range runs {
				out += fmt.Sprint(" ", runs[i].Len(), " ")
			}
		}
	}
	for p, want := range []string{" 1 EOF", "EOF"} {
		w, got := open(int32(p))
		if got != "EOF" {
			t.Errorf("partition %d: %s", p, got)
		}
		if p == 0 {
			if err := w.Commit(ctx, store.Commit{Appends: []*store.Records{rowsOf("change", "a")}}); err != nil {
				t.Fatal(err)
			}
		}
		if _, got = open(int32(p)); got != want {
			t.Errorf("partition %d: %s, want %s", p, got, want)
		}
		w, _ = open(int32(p))
		for range 2 {
			if err := w.Checkpoint(ctx, func(cw store.Writer) error {
				return errors.Join(cw.Table("t", 1), cw.Chunk(fmt.Append(nil, "state ", p, " ")))
			}); err != nil {
				t.Fatal(err)
			}
		}
		if _, got := open(int32(p)); got != fmt.Sprint("state ", p, " <nil>EOF") {
			t.Errorf("partition %d: %s", p, got)
		}
	}
	// A changelog that comes later is read from its beginning, as long as that is there.
	if err := l.Create(ctx, "none", store.TopicConfig{}); err != nil {
		t.Fatal(err)
	}
	must(l.Append(ctx, rowsOf("none", "a", "b")))(t)
	if _, got := open(0); got != "state 0 <nil> 2 EOF" {
		t.Error(got)
	}
	must(l.Append(ctx, rowsOf("none", "c")))(t)
	if err := l.Trim(ctx, map[store.TP]int64{{Topic: "none"}: 2}); err != nil {
		t.Fatal(err)
	}
	w := must(must(l.Session(ctx, "q", stages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
	if _, _, err := w.Restore(ctx); !errors.Is(err, store.ErrCorrupt) || !strings.Contains(err.Error(), "MANIFEST-2") {
		t.Error(err)
	}
	if err := l.Forget(ctx, "q"); err != nil { // without any checkpoint it is as bad
		t.Fatal(err)
	}
	w = must(must(l.Session(ctx, "q", stages))(t).Open(ctx, store.Unit{Stage: "s"}))(t)
	if _, _, err := w.Restore(ctx); !errors.Is(err, store.ErrCorrupt) {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
