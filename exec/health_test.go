package exec

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tidwall/buntdb"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
	"github.com/ksqlgo/ksql/store/local"
	"github.com/ksqlgo/ksql/store/meta"
)

// TestHealthStatuses: a view of the statuses that cannot be written makes no statement fail, but the engine ill.
func TestHealthStatuses(t *testing.T) {
	ctx := context.Background()
	log, err := local.Memory(local.Options{})
	if err != nil {
		t.Fatal(err)
	}
	view, err := meta.Open(meta.Memory)
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open(ctx, Options{Log: log, Functions: fn.Builtins(), Meta: view})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(e.Close(), log.Close()); err != nil {
			t.Error(err)
		}
	}()
	create := func(text string) {
		t.Helper()
		list, err := sql.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Change(ctx, list[0], nil); err != nil {
			t.Fatal(err)
		}
	}
	create(`CREATE TYPE a AS INT;`)
	if h := e.Health(); !h.Healthy() {
		t.Fatalf("%+v", h)
	}
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
	create(`CREATE TYPE b AS INT;`)
	create(`CREATE TYPE c AS INT;`)
	h := e.Health()
	if h.Healthy() || !slices.Equal(h.Ill(), []Part{PartStatuses}) || !errors.Is(h.Statuses.Err, buntdb.ErrDatabaseClosed) || h.Statuses.Failures != 2 {
		t.Errorf("%+v", h)
	}
}

// TestIll: each trouble is a part's, and an engine with any of them, or that is closed, is not healthy.
func TestIll(t *testing.T) {
	bad := Condition{Err: errors.New("bad")}
	for _, c := range []struct {
		want Part
		h    Health
	}{
		{PartLog, Health{Log: troubles("write")}},
		{PartLog, Health{Commits: []UnitHealth{{Condition: bad}}}},
		{PartRetiring, Health{Log: troubles("retire")}},
		{PartCheckpoints, Health{Log: troubles("checkpoint")}},
		{PartCheckpoints, Health{Checkpoints: []UnitHealth{{Condition: bad}}}},
		{PartQueries, Health{Queries: []QueryHealth{{State: "RUNNING"}, {State: "ERROR", Err: bad.Err}, {State: "RUNNING"}}}},
		{PartQueries, Health{Restarts: []UnitHealth{{Condition: bad}}}},
		{PartStatements, Health{Statements: bad}},
		{PartStatuses, Health{Statuses: bad}},
		{PartProcessingLog, Health{ProcessingLog: bad}},
	} {
		want, h := c.want, c.h
		if got := h.Ill(); !slices.Equal(got, []Part{want}) || h.Healthy() {
			t.Errorf("%s: %v", want, got)
		}
	}
	if h := (Health{Closed: true}); h.Healthy() {
		t.Error("a closed engine is healthy")
	}
	if h := (Health{Queries: []QueryHealth{{State: "PAUSED"}}}); !h.Healthy() {
		t.Error("a paused query makes ill")
	}
}

func troubles(what string) []store.Trouble {
	return []store.Trouble{{What: what, Err: errors.New("bad")}}
}
