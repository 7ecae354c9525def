package plan

import (
	"iter"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// drop is DROP STREAM or TABLE.
func (k *checker) drop(s *sql.DropSource) (*Command, error) {
	src := k.Source(s.Name)
	if src == nil {
		if s.IfExists {
			return k.nothing("Source `" + s.Name + "` does not exist."), nil
		}
		return nil, errorf("%s %s does not exist.%s", title(s.Kind), s.Name, k.caseHint(s.Name, &s.Kind))
	}
	if src.Kind != s.Kind {
		return nil, errorf("Incompatible data source type is %s, but statement was DROP %s", strings.ToLower(src.Kind.String()), strings.ToLower(s.Kind.String()))
	}
	if s.DeleteTopic && src.ReadOnly {
		return nil, errorf("Cannot delete topic for read-only source: %s", s.Name)
	}
	if s.DeleteTopic && k.env.readOnly(src.Topic) {
		return nil, errorf("Cannot delete the read-only topic: %s", src.Topic)
	}
	if err := k.checkUnused(src); err != nil {
		return nil, err
	}
	e := Effect{Drop: []string{s.Name}}
	for _, id := range []string{src.Query, src.State} {
		if k.Query(id) != nil && !slices.Contains(e.Stop, id) {
			e.Stop = append(e.Stop, id)
		}
	}
	if s.DeleteTopic {
		var others []string
		for other := range k.Over(src.Topic) {
			if other.Name != src.Name {
				others = append(others, other.Name)
			}
		}
		if len(others) > 0 {
			return nil, errorf("Refusing to delete topic. Found other data sources (%s) using topic %s", strings.Join(others, ", "), src.Topic)
		}
		e.DeleteTopics = []string{src.Topic}
	}
	return k.done(e, "Source `"+s.Name+"` (topic: "+src.Topic+") was dropped."), nil
}

// checkUnused refuses to drop what other sources and queries need.
func (k *checker) checkUnused(src *Source) error {
	var derived []string
	for other := range k.From(src.Name) {
		derived = append(derived, other.Name)
	}
	if len(derived) > 0 {
		return errorf("Cannot drop %s.\nThe following streams and/or tables read from this source: [%s].\nYou need to drop them before dropping %s.", src.Name, strings.Join(derived, ", "), src.Name)
	}
	others := func(list iter.Seq[*Query]) (ids []string) {
		for query := range list {
			if query.ID != src.Query && query.Kind != PersistentSource {
				ids = append(ids, query.ID)
			}
		}
		return ids
	}
	readers, writers := others(k.Readers(src.Name)), others(k.Writers(src.Name))
	if len(readers)+len(writers) > 0 {
		return errorf("Cannot drop %s.\nThe following queries read from this source: [%s].\nThe following queries write into this source: [%s].\nYou need to terminate them before dropping %s.",
			src.Name, strings.Join(readers, ", "), strings.Join(writers, ", "), src.Name)
	}
	return nil
}

// terminate is TERMINATE: the query ends and its state goes; what it wrote stays.
func (k *checker) terminate(s *sql.Terminate) (*Command, error) {
	ids, err := k.queryIDs(s.ID, s.All, "terminate")
	if err != nil {
		return nil, err
	}
	e := Effect{Stop: ids}
	for _, id := range ids {
		if query := k.Query(id); query != nil { // else it is transient
			if src := k.Source(query.Writes); src != nil && src.State == id {
				still := *src
				still.State = ""
				e.Put = append(e.Put, &still)
			}
		}
	}
	return k.done(e, "Query terminated."), nil
}

// pause is PAUSE, or RESUME when on is false.
func (k *checker) pause(id string, all, on bool) (*Command, error) {
	verb := "resume"
	if on {
		verb = "pause"
	}
	ids, err := k.queryIDs(id, all, verb)
	if err != nil {
		return nil, err
	}
	if on {
		return k.done(Effect{Pause: ids}, "Query paused."), nil
	}
	return k.done(Effect{Resume: ids}, "Query resumed."), nil
}

// queryIDs are the queries that a statement names, without letter case. Transient queries are not in the
// catalog; the engine knows whether they run.
func (k *checker) queryIDs(id string, all bool, verb string) ([]string, error) {
	var out []string
	if all {
		for query := range k.Queries() {
			if query.Kind != PersistentSource {
				out = append(out, query.ID)
			}
		}
		return out, nil
	}
	if query := k.FindQuery(id); query != nil {
		if query.Kind == PersistentSource {
			return nil, errorf("Cannot %s query '%s' because it is linked to a source table.", verb, query.ID)
		}
		return []string{query.ID}, nil
	}
	if verb == "terminate" && strings.Contains(strings.ToLower(id), "transient_") {
		return []string{id}, nil
	}
	return nil, errorf("Unknown queryId: %s", id)
}
