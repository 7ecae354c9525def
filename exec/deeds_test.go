package exec

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store"
)

// TestDeedsWanted: of the topics that are still to be made those stay that a source stands over or a living query
// needs; a query that is being started asks for its own. Deletes stand in the way of a source over that topic.
func TestDeedsWanted(t *testing.T) {
	cat, env := plan.NewCatalog(), &plan.Env{Functions: fn.Builtins(), Props: map[string]string{}}
	list, err := sql.Parse(`CREATE STREAM s (k INT KEY, v INT) WITH (KAFKA_TOPIC='base', VALUE_FORMAT='JSON', PARTITIONS=1);
		CREATE TABLE t AS SELECT v, COUNT(*) AS n FROM s GROUP BY v;`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		cmd, err := plan.Check(cat, env, p.Statement, p.Text)
		if err != nil {
			t.Fatal(err)
		}
		cat = cmd.Catalog
	}
	query := ""
	for q := range cat.Queries() {
		query = q.ID
	}
	record := &queryRecord{ID: query, Shape: shape{Stages: []stageShape{{Name: "one", In: "base", Out: "between", Parts: 1}, {Name: "sink", In: "between", Out: "T"}}}}
	live := func(id string) *queryRecord {
		if id != query {
			t.Errorf("asked for query %s", id)
		}
		return record
	}
	names := func(d deeds) (out []string) {
		for _, x := range d.Create {
			out = append(out, x.Name)
		}
		return out
	}
	all := deeds{Create: []madeTopic{{"base", store.TopicConfig{}}, {"between", store.TopicConfig{}}, {"T", store.TopicConfig{}}, {"nobody", store.TopicConfig{}}},
		Delete: []goneTopic{{Name: "T"}}, Forget: []string{"x"}}
	for _, c := range []struct {
		effect *plan.Effect
		live   func(string) *queryRecord
		want   []string
	}{
		{&plan.Effect{}, live, []string{"base", "between", "T"}},
		{&plan.Effect{Start: &plan.Query{ID: "other"}}, live, []string{"base", "between", "T"}},
		{&plan.Effect{Start: &plan.Query{ID: query}}, live, []string{"base", "T"}},
		{&plan.Effect{}, func(string) *queryRecord { return nil }, []string{"base", "T"}},
	} {
		got := all.wanted(cat, c.effect, c.live)
		if !slices.Equal(names(got), c.want) || len(got.Delete) != 1 || len(got.Forget) != 1 || len(all.Create) != 4 || all.Create[3].Name != "nobody" {
			t.Errorf("%+v: %v", c.effect, names(got))
		}
	}
	if err := all.blocks(cat); err == nil {
		t.Error("a topic that is to be deleted is used again")
	}
	if err := (deeds{Delete: []goneTopic{{Name: "between"}}}).blocks(cat); err != nil {
		t.Error(err)
	}
}

// unwilling is a log that fails for what is called bad, has nothing called gone, and has what is called there.
type unwilling struct {
	store.Log
	done []string
}

var errUnwilling = errors.New("not now")

func (u *unwilling) answer(what, name string) error {
	switch name {
	case "bad":
		return errUnwilling
	case "gone":
		return store.ErrNoTopic
	case "there":
		return store.ErrExists
	}
	u.done = append(u.done, what+" "+name)
	return nil
}

func (u *unwilling) Create(_ context.Context, name string, _ store.TopicConfig) error {
	return u.answer("create", name)
}
func (u *unwilling) Delete(_ context.Context, name, id string) error {
	return u.answer("delete "+id, name)
}
func (u *unwilling) Forget(_ context.Context, id string) error { return u.answer("forget", id) }

// TestDeedsLeft: every deed is tried whatever became of the others; what failed is left to be done, with the reason. A
// topic that is there already is made, one that is gone is deleted.
func TestDeedsLeft(t *testing.T) {
	log := &unwilling{}
	e := &Engine{log: log}
	made := func(names ...string) (out []madeTopic) {
		for _, n := range names {
			out = append(out, madeTopic{Name: n})
		}
		return out
	}
	d := deeds{Create: made("bad", "there", "a"), Forget: []string{"bad", "s"}, Delete: []goneTopic{{"bad", "1"}, {"gone", "2"}, {"b", "3"}}}
	left, err := e.do(context.Background(), d)
	if !errors.Is(err, errUnwilling) || strings.Count(err.Error(), "not now") != 3 {
		t.Error(err)
	}
	if want := (deeds{Create: made("bad"), Forget: []string{"bad"}, Delete: []goneTopic{{"bad", "1"}}}); !reflect.DeepEqual(left, want) {
		t.Errorf("left %+v", left)
	}
	if want := []string{"create a", "forget s", "delete 3 b"}; !slices.Equal(log.done, want) {
		t.Errorf("done %q", log.done)
	}
	if left.empty() || !reflect.DeepEqual(left.unseen(), deeds{Forget: []string{"bad"}}) {
		t.Errorf("unseen %+v", left.unseen())
	}
	left, err = e.do(context.Background(), deeds{Create: made("a"), Forget: []string{"s"}, Delete: []goneTopic{{"gone", "2"}}})
	if err != nil || !left.empty() {
		t.Error(left, err)
	}
}
