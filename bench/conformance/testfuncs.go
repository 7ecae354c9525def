package main

import (
	"errors"
	"math/big"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/sql/vec"
)

// testFunctions are the functions of ksqlDB's own test sources that cases call.
func testFunctions() []fn.Func {
	return append(testAggregates(),
		fn.Func{Name: "TEST_UDF", Variants: []fn.Variant{
			says("doStuffIntString", sql.TInteger, sql.TString),
			says("doStuffLongString", sql.TBigint, sql.TString),
			says("doStuffLongLongString", sql.TBigint, sql.TBigint, sql.TString),
			variadic(1, says("doStuffLongVarargs", sql.TBigint)),
			fn.FnAny("struct", []sql.Type{structA}, sql.TString, func(args []any) (any, error) {
				s, ok := args[0].(vec.StructValue)
				if !ok {
					return nil, errors.New("null struct")
				}
				return s[0], nil
			}),
			fn.FnAny("", nil, structA, func([]any) (any, error) { return vec.StructValue{"foo"}, nil }),
		}},
		fn.Func{Name: "BAD_UDF", Variants: []fn.Variant{
			fn.FnAny("arg", []sql.Type{sql.TInteger}, sql.TString, func([]any) (any, error) { return nil, errBoom }),
			fn.FnAny("arg", []sql.Type{sql.TBoolean}, sql.TInteger, func(args []any) (any, error) {
				if args[0] == true {
					return nil, errBoom
				}
				return int32(0), nil
			}),
			fn.PerSite(func(fn.Site) fn.Variant {
				calls := 0
				return fn.FnAny("arg", []sql.Type{sql.TString}, sql.TString, func(args []any) (any, error) {
					if calls++; calls%2 == 1 {
						return nil, nil
					}
					return args[0], nil
				})
			}),
		}},
		fn.Func{Name: "WHENCONDITION", Variants: []fn.Variant{expects(sql.TBoolean)}},
		fn.Func{Name: "WHENRESULT", Variants: []fn.Variant{expects(sql.TInteger)}},
		fn.Func{Name: "TOSTRUCT", Variants: []fn.Variant{
			fn.FnAny("value", []sql.Type{sql.TString}, structA, func(args []any) (any, error) { return vec.StructValue{args[0]}, nil }),
		}},
		fn.Func{Name: "BACKWARD_CONCAT", Variants: []fn.Variant{fn.Fn2("first; second", func(a, b string) string { return b + a })}},
		fn.Func{Name: "TEST_UDTF", Variants: testTableVariants()},
		fn.Func{Name: "THROWING_UDTF", Variants: []fn.Variant{rows(sql.TBoolean, func(args []any) ([]any, error) {
			if args[0] == true {
				return nil, errBoom
			}
			return []any{false}, nil
		}, sql.TBoolean)}},
	)
}

var (
	errBoom = errors.New("boom!")
	errNull = errors.New("null")
	structA = sql.StructOf(sql.Field{Name: "A", Type: sql.TString})
)

func arguments(types []sql.Type) []fn.Arg {
	out := make([]fn.Arg, len(types))
	for i, t := range types {
		out[i] = fn.Arg{Name: "arg" + string(rune('0'+i)), Type: t}
	}
	return out
}

// says is a function that gives its own name, nulls or not.
func says(text string, types ...sql.Type) fn.Variant {
	names := make([]string, len(types))
	for i := range names {
		names[i] = "arg"
	}
	return fn.FnAny(strings.Join(names, "; "), types, sql.TString, func([]any) (any, error) { return text, nil })
}

func variadic(position int, v fn.Variant) fn.Variant {
	v.Variadic = position
	return v
}

// expects is a function that proves that a branch of CASE is, or is not, computed.
func expects(t sql.Type) fn.Variant {
	return fn.FnAny("value; wanted", []sql.Type{t, sql.TBoolean}, t, func(args []any) (any, error) {
		if args[1] != true {
			return nil, errors.New("this branch must not be computed")
		}
		return args[0], nil
	})
}

// rows is a table function over boxed values.
func rows(returns sql.Type, f func(args []any) ([]any, error), types ...sql.Type) fn.Variant {
	return fn.Variant{Args: arguments(types), Returns: returns, Rows: func(fn.Site) (fn.RowsKernel, error) {
		return func(c *fn.Call, from []int32, out *vec.Vec) []int32 {
			args := make([]any, len(c.Args))
			for i := range c.N {
				for k := range args {
					args[k] = c.Args[k].Get(i)
				}
				list, err := f(args)
				if err != nil {
					c.Fail(i, err)
				}
				for _, x := range list {
					out.Append(x)
					from = append(from, int32(i))
				}
			}
			return from
		}, nil
	}}
}

func testTableVariants() []fn.Variant {
	scalars := []sql.Type{sql.TInteger, sql.TBigint, sql.TDouble, sql.TBoolean, sql.TString, sql.DecimalOf(30, 10), structA}
	var variants []fn.Variant
	for _, t := range scalars {
		variants = append(variants, rows(t, func(args []any) ([]any, error) {
			if args[0] == nil { // a primitive, or an item of a list that takes no null
				return nil, errNull
			}
			return args, nil
		}, t))
	}
	texts := func(of func(any) any) func(args []any) ([]any, error) {
		return func(args []any) ([]any, error) {
			out := make([]any, len(args))
			for i, a := range args {
				out[i] = javaText(of(a))
			}
			return out, nil
		}
	}
	var lists, maps []sql.Type
	for _, t := range scalars {
		lists, maps = append(lists, sql.ArrayOf(t)), append(maps, sql.MapOf(sql.TString, t))
	}
	return append(variants,
		rows(sql.TString, texts(func(v any) any { return v }), scalars...),
		rows(sql.TString, texts(func(v any) any { return v.([]any)[0] }), lists...),
		rows(sql.TString, texts(func(v any) any { return v.(*vec.MapValue).Values[0] }), maps...))
}

// javaText is the value's toString in Java.
func javaText(v any) string {
	switch v := v.(type) {
	case float64:
		return javaDouble(v)
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case int32:
		return big.NewInt(int64(v)).String()
	case int64:
		return big.NewInt(v).String()
	case vec.Decimal:
		digits := new(big.Int).Abs(v.Unscaled).String()
		if pad := v.Scale + 1 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		text := digits[:len(digits)-v.Scale] + "." + digits[len(digits)-v.Scale:]
		if v.Unscaled.Sign() < 0 {
			return "-" + text
		}
		return text
	case vec.StructValue:
		return "Struct{A=" + javaText(v[0]) + "}"
	}
	return "null"
}
