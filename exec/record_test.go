package exec

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// TestReadRecord: a record is read if it is of a known format, whole, and follows the one before it.
func TestReadRecord(t *testing.T) {
	for _, c := range []struct {
		value, prev string
		is          error
		text        string
	}{
		{`{"version":2,"effect":{}}`, "", nil, ""},
		{`{"version":1,"prev":"abc","effect":{}}`, "abc", nil, ""},
		{`{"version":2,"effect":{}`, "", store.ErrCorrupt, "no record"},
		{`{}`, "", ErrFormat, "format 1"},
		{`{"version":3,"prev":"x"}`, "", ErrFormat, "format 3 by a newer build; this one reads format 2"},
		{`{"version":2,"effect":{}}`, "abc", store.ErrCorrupt, "does not follow"},
		{`{"version":2,"prev":"abd","effect":{}}`, "abc", store.ErrCorrupt, "does not follow"},
		{`{"version":2,"prev":"abc"}`, "abc", store.ErrCorrupt, "no effect"},
	} {
		r, err := readRecord([]byte(c.value), c.prev)
		if !errors.Is(err, c.is) || (err == nil) != (c.is == nil) || (r == nil) != (err != nil) || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s after %q: %v, %v", c.value, c.prev, r, err)
		}
	}
	if a, b := hash([]byte("a")), hash([]byte("b")); a == b || len(a) != 24 {
		t.Errorf("hashes %s and %s", a, b)
	}
}

// twoStages is a query that reads a and b, sends rows through a repartition topic of three partitions, and counts them
// for the topic o.
func twoStages() *queryRecord {
	return &queryRecord{
		ID: "Q", Text: "shown", Kind: plan.PersistentAs, Writes: "O", Props: map[string]string{"p": "1"},
		Reads: []*plan.Source{{Name: "A"}, {Name: "B"}}, Into: &plan.Source{Name: "O", Topic: "o", Schema: sql.Schema{{Field: sql.Field{Name: "K"}}}},
		From: map[string][]int64{"a": {4, 5}, "b": {6}},
		Shape: shape{Stages: []stageShape{
			{Name: "one", In: "b", Tasks: 1, Reads: []topicShape{{"a", 2}}, Out: "rep", Parts: 3, Tables: []tableShape{{Name: "x", Topic: "x-log"}, {Name: "y"}}},
			{Name: "two", In: "rep", Tasks: 3, Out: "o", Parts: 4, Writes: []topicShape{{"more", 5}}, Tables: []tableShape{{Name: "z", Topic: "z-log"}}},
			{Name: "three", In: "more", Tasks: 5},
		}},
	}
}

// TestOwnTopics: a query has its repartition topics, and the changelogs of its tables, as wide as the stage.
func TestOwnTopics(t *testing.T) {
	r := twoStages()
	want := []madeTopic{
		{"rep", store.TopicConfig{Partitions: 3, Internal: true}},
		{"x-log", store.TopicConfig{Partitions: 2, Internal: true, Compact: true}},
		{"more", store.TopicConfig{Partitions: 5, Internal: true}},
		{"z-log", store.TopicConfig{Partitions: 3, Internal: true, Compact: true}},
	}
	if got := r.own(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := strings.Join(r.topics(), " "); got != "rep x-log more z-log" {
		t.Error(got)
	}
	r.Into = nil // it answers from its state only
	if got := strings.Join(r.topics(), " "); got != "rep x-log o more z-log" {
		t.Error(got)
	}
	if got := (&plan.Query{ID: "Q", Kind: plan.PersistentAs, Text: "shown", Writes: "O", Props: r.Props, Reads: []string{"A", "B"}, Earliest: map[string]bool{}}); !reflect.DeepEqual(r.bare(), got) {
		t.Errorf("%+v", r.bare())
	}
	if got := twoStages().bare(); !reflect.DeepEqual(got.Schema, twoStages().Into.Schema) {
		t.Errorf("%+v", got)
	}
}

// TestPlaces: the log is told what each stage reads, from where, and where its state is kept.
func TestPlaces(t *testing.T) {
	r := twoStages()
	tp := func(topic string, n int32) store.TP { return store.TP{Topic: topic, Partition: n} }
	want := []store.Stage{
		{Name: "one", In: []string{"b", "a"}, Change: []string{"x-log"}, From: map[store.TP]int64{tp("b", 0): 6, tp("a", 0): 4, tp("a", 1): 5}},
		{Name: "two", In: []string{"rep"}, Change: []string{"z-log"}, From: map[store.TP]int64{tp("rep", 0): 0, tp("rep", 1): 0, tp("rep", 2): 0}},
		{Name: "three", In: []string{"more"}, From: map[store.TP]int64{tp("more", 0): 0, tp("more", 1): 0, tp("more", 2): 0, tp("more", 3): 0, tp("more", 4): 0}},
	}
	places := r.places(r.Shape.Stages)
	if !reflect.DeepEqual(places, want) {
		t.Errorf("%+v", places)
	}
	for _, c := range []struct {
		stage string
		at    map[store.TP]int64
		want  bool
	}{
		{"one", nil, false},
		{"one", map[store.TP]int64{tp("b", 0): 6, tp("a", 1): 5}, false},
		{"one", map[store.TP]int64{tp("b", 0): 6, tp("a", 1): 6}, true},
		{"two", map[store.TP]int64{tp("rep", 1): 0}, false},
		{"two", map[store.TP]int64{tp("rep", 1): 1}, true},
		{"four", map[store.TP]int64{tp("rep", 1): 1}, false},
		{"end", map[store.TP]int64{tp("e", 0): 0}, false}, // -1: from its end on
		{"end", map[store.TP]int64{tp("e", 0): 1}, true},
	} {
		at := &task{unit: store.Unit{Stage: c.stage}, pos: c.at}
		if got := at.after(append(places, store.Stage{Name: "end", From: map[store.TP]int64{tp("e", 0): -1}})); got != c.want {
			t.Errorf("stage %s at %v: %t", c.stage, c.at, got)
		}
	}
}

// TestStageShape: a record names the first topics apart from the others, and gives all of them again.
func TestStageShape(t *testing.T) {
	a, b, c := topicShape{"a", 1}, topicShape{"b", 4}, topicShape{"c", 2}
	for _, x := range []struct{ reads, out []topicShape }{
		{[]topicShape{a}, nil},
		{[]topicShape{a}, []topicShape{b}},
		{[]topicShape{a, b, c}, []topicShape{c, a, b}},
	} {
		s := &stage{reads: x.reads, out: x.out}
		s.Name = "n"
		got := s.shape()
		if got.Name != "n" || !reflect.DeepEqual(got.reads(), x.reads) || !reflect.DeepEqual(got.writes(), x.out) {
			t.Errorf("%+v: %+v", x, got)
		}
		if len(x.reads) == 1 && got.Reads != nil || len(x.out) == 1 && got.Writes != nil {
			t.Errorf("%+v: %+v", x, got) // as records have always been
		}
		if want := map[int]int32{1: 1, 3: 4}[len(x.reads)]; got.width() != want {
			t.Errorf("%+v: %d tasks", x, got.width())
		}
		for n, want := range []int{len(x.reads), map[int]int{1: 0, 3: 2}[len(x.reads)], map[int]int{1: 0, 3: 1}[len(x.reads)], map[int]int{1: 0, 3: 1}[len(x.reads)], 0} {
			if in := s.inputs(int32(n)); len(in) != want || want > 0 && in[0].Partition != int32(n) {
				t.Errorf("task %d of %+v reads %v", n, x, in)
			}
		}
	}
	s := &stage{in: []topicShape{a, b}}
	s.In = []plan.Step{&plan.Scan{}, &plan.Exchange{}}
	for topic, want := range map[string]bool{"a": false, "b": true, "c": false} {
		if s.internal(topic) != want {
			t.Errorf("topic %s is internal: %t", topic, !want)
		}
	}
}
