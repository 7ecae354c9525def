package exec

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store/meta"
)

// keptStatuses is the statuses of an engine over a view that is closed at the end of the test.
func keptStatuses(t *testing.T) *Engine {
	t.Helper()
	db, err := meta.Open(meta.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &Engine{statuses: statuses{db}}
}

// TestRecordStatus: a status names the query that its statement started, and says why it could not be carried out.
func TestRecordStatus(t *testing.T) {
	for _, c := range []struct {
		query  *queryRecord
		failed error
		want   Status
	}{
		{nil, nil, Status{ID: "i", Status: "SUCCESS", Message: "m", Seq: 7}},
		{&queryRecord{ID: "Q", Kind: plan.PersistentAs}, nil, Status{ID: "i", Status: "SUCCESS", Message: "m", Seq: 7, QueryID: "Q"}},
		{&queryRecord{ID: "Q", Kind: plan.PersistentInsert}, nil, Status{ID: "i", Status: "SUCCESS", Message: "m", Seq: 7, QueryID: "Q"}},
		{&queryRecord{ID: "Q", Kind: plan.PersistentSource}, nil, Status{ID: "i", Status: "SUCCESS", Message: "m", Seq: 7}}, // ksqlDB shows no query of a source table
		{nil, errors.New("bad"), Status{ID: "i", Status: "ERROR", Message: "bad", Seq: 7, failed: errors.New("bad")}},
	} {
		if got := (&record{ID: "i", Message: "m", Query: c.query}).status(7, c.failed); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v", got)
		}
	}
}

// TestStatusesCatchUp: a view holds what it held as far as it belongs to the log that is read back, and what came later.
// Of another log, or where its place cannot be read, it is made anew.
func TestStatusesCatchUp(t *testing.T) {
	status := func(id, text string, seq int64) Status {
		return Status{ID: id, Status: "SUCCESS", Message: text, Seq: seq}
	}
	for _, c := range []struct {
		what   string
		before func(v statuses) error
		want   string
	}{
		{"none", func(statuses) error { return nil }, "a:new b:new c:new"},
		{"of this log", func(v statuses) error { return v.put(seen{1, "h1"}, status("a", "kept", 0), status("b", "kept", 1)) }, "a:kept b:kept c:new"},
		{"of all of it", func(v statuses) error { return v.put(seen{2, "h2"}, status("a", "kept", 0), status("c", "kept", 2)) }, "a:kept c:kept"},
		{"of another log", func(v statuses) error { return v.put(seen{1, "hx"}, status("a", "kept", 0), status("x", "kept", 1)) }, "a:new b:new c:new"},
		{"of a longer log", func(v statuses) error { return v.put(seen{9, "h9"}, status("x", "kept", 1)) }, "a:new b:new c:new"},
		{"damaged", func(v statuses) error {
			return errors.Join(v.put(seen{0, "h0"}, status("x", "kept", 1)), v.db.PutAll(meta.Entry{Bucket: viewBucket, Key: viewKey, Value: []byte(`{"Offset":0,"Hash":"h0"`)}))
		}, "a:new b:new c:new"},
	} {
		e := keptStatuses(t)
		if err := c.before(e.statuses); err != nil {
			t.Fatal(err)
		}
		for range 2 { // and once more with what was kept then
			up, err := e.statuses.catchUp()
			if err != nil {
				t.Fatal(err)
			}
			up.add(status("a", "old", 0), "h0")
			up.add(status("a", "new", 0), "h0") // the newer one of an id
			up.add(status("b", "new", 1), "h1")
			up.add(status("c", "new", 2), "h2")
			if err := up.end(); err != nil {
				t.Fatal(err)
			}
			list, err := e.Statuses()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range list {
				got = append(got, s.ID+":"+s.Message)
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("%s: %s, want %s", c.what, text, c.want)
			}
		}
		if s, ok, err := e.Status("c"); err != nil || !ok || s.ID != "c" || s.Seq != 2 {
			t.Errorf("%+v %t %v", s, ok, err)
		}
		if s, ok, err := e.Status("nothing"); ok || err != nil {
			t.Errorf("%+v %t %v", s, ok, err)
		}
	}
	// Of an empty log nothing is written, but what another left goes.
	e := keptStatuses(t)
	if err := e.statuses.put(seen{1, "h"}, status("x", "kept", 1)); err != nil {
		t.Fatal(err)
	}
	up, err := e.statuses.catchUp()
	if err == nil {
		err = up.end()
	}
	if list, bad := e.Statuses(); err != nil || bad != nil || len(list) > 0 {
		t.Error(list, err, bad)
	}
}

// TestStatusDamaged: a status that cannot be read is an error, not another status.
func TestStatusDamaged(t *testing.T) {
	e := keptStatuses(t)
	if err := e.statuses.put(seen{1, "h"}, Status{ID: "b"}); err != nil {
		t.Fatal(err)
	}
	if err := e.statuses.db.PutAll(meta.Entry{Bucket: statusBucket, Key: "a", Value: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Status("a"); err == nil {
		t.Error("read")
	}
	if list, err := e.Statuses(); err == nil {
		t.Errorf("%+v", list)
	}
}
