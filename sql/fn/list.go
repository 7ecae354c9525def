package fn

import (
	"maps"
	"slices"
	"strings"
)

// Builtins is the set of ksqlDB's own functions.
func Builtins() *Set {
	return NewSet(
		stringFuncs, maskFuncs, bytesFuncs, encodeFuncs, regexFuncs, urlFuncs, mathFuncs, dateFuncs, randomFuncs, compareFuncs,
		arrayFuncs(), mapFuncs(), lambdaFuncs(), nullFuncs(), jsonFuncs(), tableFuncs(),
		[]Func{countFunc(), avgFunc(), correlationFunc(), histogramFunc(), attrFunc(), distinctFunc()},
		sumFuncs(), minMaxFuncs(), stddevFuncs(), topkFuncs(), collectFuncs(), offsetFuncs(),
	)
}

// Lookup finds a function by its name in any letter case.
func (s *Set) Lookup(name string) (*Func, bool) {
	f, ok := s.byName[strings.ToUpper(name)]
	return f, ok
}

// All is every function, by name.
func (s *Set) All() []*Func {
	return slices.SortedFunc(maps.Values(s.byName), func(a, b *Func) int { return strings.Compare(a.Name, b.Name) })
}

// With is s and these functions; one with the name of another takes its place.
func (s *Set) With(extra ...Func) *Set {
	t := &Set{byName: maps.Clone(s.byName)}
	if t.byName == nil {
		t.byName = map[string]*Func{}
	}
	for i := range extra {
		f := extra[i]
		f.Name = strings.ToUpper(f.Name)
		t.byName[f.Name] = &f
	}
	return t
}
