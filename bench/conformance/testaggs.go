package main

import (
	"strconv"
	"unicode/utf16"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// testAggregates are the aggregate functions of ksqlDB's test sources.
func testAggregates() []fn.Func {
	b, i, s := sql.TBigint, sql.TInteger, sql.TString
	pair := sql.StructOf(sql.Field{Name: "A", Type: i}, sql.Field{Name: "B", Type: i})
	v := func(name string) sql.Type { return sql.Type{Kind: sql.Var, Name: name} }
	strings := []sql.Type{b, s, s, s}
	return []fn.Func{
		{Name: "TEST_UDAF", Variants: []fn.Variant{
			undoing(adding(b, nil, b)),
			undoing(adding(b, nil, i)),
			{Args: arguments([]sql.Type{sql.TDouble}), Returns: sql.TDouble, State: always(sql.TDouble), Agg: boxed(sql.TDouble, func(fn.Site) any { return 0.0 },
				func(state any, args []any, sign int64) any {
					f, _ := args[0].(float64)
					return state.(float64) + float64(sign)*f
				})},
			adding(b, []int{2}, s, s),
			{Args: arguments([]sql.Type{pair}), Returns: pair, State: always(pair), Agg: boxed(pair, func(fn.Site) any { return vec.StructValue{int32(0), int32(0)} },
				func(state any, args []any, sign int64) any {
					sum := append(vec.StructValue{}, state.(vec.StructValue)...)
					if x, ok := args[0].(vec.StructValue); ok {
						for k := range sum {
							if n, ok := x[k].(int32); ok {
								sum[k] = sum[k].(int32) + n
							}
						}
					}
					return sum
				})},
		}},
		{Name: "MULTI_ARG", Variants: []fn.Variant{variadic(4, adding(b, []int{3, 4}, b, s, i, s))}},
		{Name: "FOUR_ARG", Variants: []fn.Variant{variadic(6, adding(b, []int{5, 6}, append(strings, i, s)...))}},
		{Name: "FIVE_ARG", Variants: []fn.Variant{variadic(7, adding(b, []int{6, 7}, append(strings, i, i, s)...))}},
		{Name: "VAR_ARG", Variants: []fn.Variant{variadic(2, adding(b, nil, b, s))}},
		{Name: "MID_VAR_ARG", Variants: []fn.Variant{variadic(2, adding(b, []int{3, 4}, b, s, i, i))}},
		{Name: "GENERIC_VAR_ARG", Variants: []fn.Variant{variadic(3, gathering(sql.ArrayOf(v("A")), v("A"), v("B"), v("C")))}},
		{Name: "OBJ_COL_ARG", Variants: []fn.Variant{variadic(2, gathering(sql.ArrayOf(i), i, sql.Type{Kind: sql.Any}))}},
	}
}

func always(t sql.Type) func([]sql.Type) sql.Type { return func([]sql.Type) sql.Type { return t } }

func undoing(v fn.Variant) fn.Variant {
	v.Undo = true
	return v
}

// adding is an aggregate that adds numbers, and of texts their lengths. Those at the literal positions are
// its start.
func adding(returns sql.Type, literal []int, types ...sql.Type) fn.Variant {
	start := func(s fn.Site) any {
		if len(literal) == 0 {
			n, _ := strconv.ParseInt(s.Config["ksql.functions.test_udaf.init"], 10, 64)
			return n
		}
		var n int64
		for _, l := range s.Lits[len(s.Lits)-constants(types, literal, len(s.Lits)):] {
			n += amount(l)
		}
		return n
	}
	return fn.Variant{Args: arguments(types), Returns: returns, Literal: literal, State: always(returns),
		Agg: boxed(returns, start, func(state any, args []any, sign int64) any {
			n := state.(int64)
			for _, a := range args {
				n += sign * amount(a)
			}
			return n
		})}
}

// constants is how many of n arguments are constants, at the end: one a literal position, and as many more as
// a last STRING one is repeated.
func constants(types []sql.Type, literal []int, n int) int {
	if types[len(types)-1].Kind == sql.String && len(types) > 2 {
		return n - literal[0] + 1
	}
	return len(literal)
}

func amount(v any) int64 {
	switch v := v.(type) {
	case int32:
		return int64(v)
	case int64:
		return v
	case string:
		return int64(len(utf16.Encode([]rune(v))))
	}
	return 0
}

// gathering is an aggregate that lists its first argument in the rows where no argument is null.
func gathering(returns sql.Type, types ...sql.Type) fn.Variant {
	return fn.Variant{Args: arguments(types), Returns: returns, State: func(args []sql.Type) sql.Type { return sql.ArrayOf(args[0]) },
		Agg: func(s fn.Site) (fn.Accumulator, error) {
			return boxed(s.Returns, func(fn.Site) any { return []any{} }, func(state any, args []any, _ int64) any {
				for _, a := range args {
					if a == nil {
						return state
					}
				}
				return append(append([]any{}, state.([]any)...), args[0])
			})(s)
		}}
}

// accumulator is an aggregate over boxed values; its result is its state.
type accumulator struct {
	t      sql.Type
	start  func() any
	add    func(state any, args []any, sign int64) any
	groups []any
}

func boxed(t sql.Type, start func(fn.Site) any, add func(state any, args []any, sign int64) any) func(fn.Site) (fn.Accumulator, error) {
	return func(s fn.Site) (fn.Accumulator, error) {
		return &accumulator{t: t, start: func() any { return start(s) }, add: add}, nil
	}
}

func (a *accumulator) Grow(n int) {
	for len(a.groups) < n {
		a.groups = append(a.groups, a.start())
	}
}

// Bytes is a guess: the values are boxed, and small.
func (a *accumulator) Bytes() int64 { return 64 * int64(cap(a.groups)) }

func (a *accumulator) Clear(g int32) { a.groups[g] = a.start() }

func (a *accumulator) Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error {
	values := make([]any, len(args))
	for i, g := range groups {
		for k := range args {
			values[k] = args[k].Get(i)
		}
		by := int64(1)
		if sign != nil && sign[i] < 0 {
			by = -1
		}
		a.groups[g] = a.add(a.groups[g], values, by)
		if show == nil || show[i] {
			out.Append(a.groups[g])
		}
	}
	return nil
}

func (a *accumulator) Merge(into, from int32) error {
	switch x := a.groups[from].(type) {
	case int64:
		a.groups[into] = a.groups[into].(int64) + x
	case float64:
		a.groups[into] = a.groups[into].(float64) + x
	case []any:
		a.groups[into] = append(append([]any{}, a.groups[into].([]any)...), x...)
	case vec.StructValue:
		a.groups[into] = a.add(a.groups[into], []any{x}, 1)
	}
	return nil
}

func (a *accumulator) Read(groups []int32, out *vec.Vec) error {
	for _, g := range groups {
		out.Append(a.groups[g])
	}
	return nil
}

func (a *accumulator) Save(g int32, dst []byte) []byte {
	v := vec.New(a.t)
	v.Append(a.groups[g])
	return vec.AppendKey(dst, []*vec.Vec{v}, 0)
}

func (a *accumulator) Load(g int32, src []byte) ([]byte, error) {
	v := vec.New(a.t)
	rest, err := vec.DecodeKey(src, []*vec.Vec{v})
	if err != nil {
		return nil, err
	}
	if g < 0 || int(g) >= len(a.groups) {
		return nil, errBoom
	}
	a.groups[g] = v.Get(0)
	return rest, nil
}
