package fn

import (
	"math"
	"strconv"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func collectFuncs() []Func {
	variant := func(undo bool, of func(Site) (Accumulator, error)) []Variant {
		return []Variant{{
			Args: signature("val1: the values, nulls included", tvar("T")), Returns: sql.ArrayOf(tvar("T")), Undo: undo,
			State: func(args []sql.Type) sql.Type { return sql.ArrayOf(args[0]) }, Agg: of,
		}}
	}
	return []Func{{
		Name: "COLLECT_LIST", Declared: "collect_list", Category: "AGGREGATE", Author: "Confluent",
		Doc:      "All values of a group in the order of their arrival, at most ksql.functions.collect_list.limit of them.",
		Variants: variant(true, newCollectList),
	}, {
		Name: "COLLECT_SET", Declared: "collect_set", Category: "AGGREGATE", Author: "Confluent",
		Doc:      "The different values of a group in the order of their first arrival, at most ksql.functions.collect_set.limit of them.",
		Variants: variant(false, newCollectSet),
	}}
}

// collectLimit reads a limit; a negative one, like none, is no limit.
func collectLimit(site Site, property string) int {
	n, err := strconv.Atoi(site.Config[property])
	if err != nil || n < 0 {
		return math.MaxInt
	}
	return n
}

func readCells(c *cells, out *vec.Vec) error {
	if err := c.read(out.Kids); err != nil {
		return err
	}
	out.EndList()
	return nil
}

func newCollectList(site Site) (Accumulator, error) {
	limit := collectLimit(site, "ksql.functions.collect_list.limit")
	var cell []byte
	return RowAgg[cells]{
		Add: func(s *cells, args []*vec.Vec, i int) error {
			if s.len() < limit {
				s.add(args, i)
			}
			return nil
		},
		Undo: func(s *cells, args []*vec.Vec, i int) error {
			cell = vec.AppendKey(cell[:0], args, i)
			if at := s.index(cell); at >= 0 {
				s.remove(at)
			}
			return nil
		},
		Merge: func(into, from *cells) error {
			for i := 0; i < from.len() && into.len() < limit; i++ {
				into.addCell(from.at(i))
			}
			return nil
		},
		Read:  readCells,
		Save:  (*cells).save,
		Load:  (*cells).load,
		Bytes: (*cells).bytes,
	}.New(), nil
}

// set is the state of COLLECT_SET. The index comes when the list gets long.
type set struct {
	cells
	index map[string]struct{}
}

const shortSet = 16

func (s *set) has(cell []byte) bool {
	if s.len() < shortSet {
		return s.cells.index(cell) >= 0
	}
	if len(s.index) == 0 {
		if s.index == nil {
			s.index = make(map[string]struct{}, 2*s.len())
		}
		for i := range s.len() {
			s.index[string(s.at(i))] = struct{}{}
		}
	}
	_, ok := s.index[string(cell)]
	return ok
}

// bytes counts the texts of the index, too: each has a copy of its cell.
func (s *set) bytes() int {
	n := s.cells.bytes()
	if len(s.index) > 0 {
		n += len(s.data) + 32*len(s.index)
	}
	return n
}

// add reports whether the cell is new.
func (s *set) add(cell []byte) bool {
	if s.has(cell) {
		return false
	}
	s.addCell(cell)
	if len(s.index) > 0 {
		s.index[string(cell)] = struct{}{}
	}
	return true
}

// reset empties the set and keeps its buffers.
func (s *set) reset() {
	s.data, s.ends = s.data[:0], s.ends[:0]
	clear(s.index)
}

func newCollectSet(site Site) (Accumulator, error) {
	limit := collectLimit(site, "ksql.functions.collect_set.limit")
	var cell []byte
	return RowAgg[set]{
		Add: func(s *set, args []*vec.Vec, i int) error {
			if s.len() < limit {
				cell = vec.AppendKey(cell[:0], args, i)
				s.add(cell)
			}
			return nil
		},
		Merge: func(into, from *set) error {
			for i := 0; i < from.len() && into.len() < limit; i++ {
				into.add(from.at(i))
			}
			return nil
		},
		Read: func(s *set, out *vec.Vec) error { return readCells(&s.cells, out) },
		Save: func(s *set, dst []byte) []byte { return s.save(dst) },
		Load: func(s *set, src []byte) ([]byte, error) {
			*s = set{}
			return s.load(src)
		},
		Bytes: (*set).bytes,
	}.New(), nil
}
