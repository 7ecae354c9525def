package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql/sql"
)

// drop is DROP STREAM or TABLE.
func (k *checker) drop(s *sql.DropSource) (*Command, error) {
	src, ok := k.Sources[s.Name]
	if !ok {
		if s.IfExists {
			return done(k.Catalog, "Source `"+s.Name+"` does not exist."), nil
		}
		return nil, errorf("%s %s does not exist.%s", title(s.Kind), s.Name, k.caseHint(s.Name, &s.Kind))
	}
	if src.Kind != s.Kind {
		return nil, errorf("Incompatible data source type is %s, but statement was DROP %s", strings.ToLower(src.Kind.String()), strings.ToLower(s.Kind.String()))
	}
	if s.DeleteTopic && src.ReadOnly {
		return nil, errorf("Cannot delete topic for read-only source: %s", s.Name)
	}
	if err := k.checkUnused(src); err != nil {
		return nil, err
	}
	cmd := done(k.Clone(), "Source `"+s.Name+"` (topic: "+src.Topic+") was dropped.")
	delete(cmd.Catalog.Sources, s.Name)
	for _, id := range []string{src.Query, src.State} {
		if cmd.Catalog.Queries[id] != nil {
			delete(cmd.Catalog.Queries, id)
			cmd.Stop = append(cmd.Stop, id)
		}
	}
	if s.DeleteTopic {
		var others []string
		for _, other := range cmd.Catalog.Sources {
			if other.Topic == src.Topic {
				others = append(others, other.Name)
			}
		}
		if len(others) > 0 {
			slices.Sort(others)
			return nil, errorf("Refusing to delete topic. Found other data sources (%s) using topic %s", strings.Join(others, ", "), src.Topic)
		}
		cmd.DeleteTopic = src.Topic
	}
	return cmd, nil
}

// checkUnused refuses to drop what other sources and queries need.
func (k *checker) checkUnused(src *Source) error {
	var derived, readers, writers []string
	for _, other := range k.Sources {
		if slices.Contains(other.From, src.Name) {
			derived = append(derived, other.Name)
		}
	}
	if len(derived) > 0 {
		slices.Sort(derived)
		return errorf("Cannot drop %s.\nThe following streams and/or tables read from this source: [%s].\nYou need to drop them before dropping %s.", src.Name, strings.Join(derived, ", "), src.Name)
	}
	for _, id := range slices.Sorted(maps.Keys(k.Queries)) {
		query := k.Queries[id]
		if id == src.Query || query.Kind == PersistentSource {
			continue
		}
		if slices.Contains(query.Reads, src.Name) {
			readers = append(readers, id)
		}
		if query.Writes == src.Name {
			writers = append(writers, id)
		}
	}
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
	cmd := done(k.Clone(), "Query terminated.")
	cmd.Stop = ids
	for _, id := range ids {
		query := cmd.Catalog.Queries[id]
		delete(cmd.Catalog.Queries, id)
		if query == nil {
			continue
		}
		if src := cmd.Catalog.Sources[query.Writes]; src != nil && src.State == id {
			still := *src
			still.State = ""
			cmd.Catalog.Sources[src.Name] = &still
		}
	}
	return cmd, nil
}

// pause is PAUSE, or RESUME when on is false.
func (k *checker) pause(id string, all, on bool) (*Command, error) {
	verb, message := "resume", "Query resumed."
	if on {
		verb, message = "pause", "Query paused."
	}
	ids, err := k.queryIDs(id, all, verb)
	if err != nil {
		return nil, err
	}
	cmd := done(k.Clone(), message)
	for _, id := range ids {
		if old := cmd.Catalog.Queries[id]; old != nil {
			held := *old
			held.Paused = on
			cmd.Catalog.Queries[id] = &held
		}
	}
	if on {
		cmd.Pause = ids
	} else {
		cmd.Resume = ids
	}
	return cmd, nil
}

// queryIDs are the queries that a statement names, without letter case. Transient queries are not in the
// catalog; the engine knows whether they run.
func (k *checker) queryIDs(id string, all bool, verb string) ([]string, error) {
	var out []string
	if all {
		for _, id := range slices.Sorted(maps.Keys(k.Queries)) {
			if k.Queries[id].Kind != PersistentSource {
				out = append(out, id)
			}
		}
		return out, nil
	}
	for have, query := range k.Queries {
		if !strings.EqualFold(have, id) {
			continue
		}
		if query.Kind == PersistentSource {
			return nil, errorf("Cannot %s query '%s' because it is linked to a source table.", verb, have)
		}
		return []string{have}, nil
	}
	if verb == "terminate" && strings.Contains(strings.ToLower(id), "transient_") {
		return []string{id}, nil
	}
	return nil, errorf("Unknown queryId: %s", id)
}
