package fn

import (
	"strings"
	"testing"

	"github.com/ksqlgo/ksql/sql"
)

func value(t sql.Type) ArgType { return ArgType{Type: t} }

func values(ts ...sql.Type) []ArgType {
	var out []ArgType
	for _, t := range ts {
		out = append(out, value(t))
	}
	return out
}

func scalarOf(variadic int, returns sql.Type, args ...sql.Type) Variant {
	v := Variant{Returns: returns, Variadic: variadic, Scalar: func(Site) (Kernel, error) { return nil, nil }}
	for i, a := range args {
		v.Args = append(v.Args, Arg{Name: string(rune('a' + i)), Type: a})
	}
	return v
}

func variable(name string) sql.Type { return sql.Type{Kind: sql.Var, Name: name} }

func TestResolve(t *testing.T) {
	dec := sql.Type{Kind: sql.Decimal}
	var pick []Variant
	for _, k := range []sql.Type{sql.TInteger, sql.TBigint, sql.TDouble, sql.TString, sql.TDate, dec} {
		pick = append(pick, scalarOf(2, k, k, k))
	}
	lambda := func(result sql.Type, params ...sql.Type) sql.Type {
		l := sql.Type{Kind: sql.Lambda, Elem: &result}
		for _, p := range params {
			l.Fields = append(l.Fields, sql.Field{Type: p})
		}
		return l
	}
	T, S, R := variable("T"), variable("S"), variable("R")
	set := NewSet([]Func{
		{Name: "PICK", Declared: "pick", Variants: pick},
		{Name: "FIRST", Variants: []Variant{scalarOf(2, T, T, T)}},
		{Name: "MIDDLE", Variants: []Variant{scalarOf(2, sql.TBigint, sql.TBigint, sql.TString, sql.TInteger)}},
		{Name: "TRANSFORM", Declared: "transform", Variants: []Variant{scalarOf(0, sql.ArrayOf(R), sql.ArrayOf(T), lambda(R, T))}},
		{Name: "REDUCE", Declared: "reduce", Variants: []Variant{scalarOf(0, S, sql.ArrayOf(T), S, lambda(S, S, T))}},
		{Name: "SHIFT", Declared: "shift", Variants: []Variant{scalarOf(0, sql.TDate, sql.Type{Kind: sql.Interval}, sql.TInteger, sql.TDate)}},
	})
	double := func(ps []sql.Type) (sql.Type, error) { return sql.TBigint, nil }
	for _, c := range []struct {
		name string
		args []ArgType
		want string // the argument types and the result, or the start of the error
	}{
		{"pick", values(sql.TInteger, sql.TInteger), "INTEGER INTEGER -> INTEGER"},
		{"PICK", values(sql.TInteger), "INTEGER -> INTEGER"},
		{"PICK", values(sql.TInteger, sql.TBigint), "Function 'pick' cannot be resolved due to ambiguous method parameters (INTEGER, BIGINT)."},
		{"PICK", values(sql.TInteger, sql.TBigint, sql.DecimalOf(5, 1), sql.TDouble), "DOUBLE DOUBLE DOUBLE DOUBLE -> DOUBLE"},
		{"PICK", values(sql.TString, sql.TDate), "DATE DATE -> DATE"},
		{"PICK", values(sql.TDate, sql.TNull), "DATE DATE -> DATE"},
		{"PICK", values(sql.TNull, sql.TNull), "Function 'pick' cannot be resolved due to ambiguous method parameters (null, null)."},
		{"PICK", nil, "Function 'pick' does not accept parameters ().\nValid alternatives are:\nPICK(INT a, INT... b)\nPICK(BIGINT a, BIGINT... b)\n"},
		{"PICK", values(sql.TString, sql.TInteger), "Function 'pick' does not accept parameters (STRING, INTEGER)."},
		{"FIRST", values(sql.TNull, sql.TDate, sql.TNull), "DATE DATE DATE -> DATE"},
		{"FIRST", values(sql.TInteger, sql.TBigint), "Function 'FIRST' does not accept parameters (INTEGER, BIGINT)."},
		{"MIDDLE", values(sql.TBigint, sql.TString, sql.TString, sql.TInteger), "BIGINT STRING STRING INTEGER -> BIGINT"},
		{"MIDDLE", values(sql.TBigint, sql.TInteger), "BIGINT INTEGER -> BIGINT"},
		{"MIDDLE", values(sql.TBigint), "Function 'MIDDLE' does not accept parameters (BIGINT)."},
		{"TRANSFORM", append(values(sql.ArrayOf(sql.TInteger)), ArgType{Lambda: 1, Body: double}), "ARRAY<INTEGER> null -> ARRAY<BIGINT>"},
		{"TRANSFORM", append(values(sql.ArrayOf(sql.TInteger)), ArgType{Lambda: 2, Body: double}), "Function 'transform' does not accept parameters (ARRAY<INTEGER>, LAMBDA).\nValid alternatives are:\nTRANSFORM(ARRAY<T> a, LAMBDA (T) => R b)"},
		{"REDUCE", append(values(sql.ArrayOf(sql.TInteger), sql.TInteger), ArgType{Lambda: 2, Body: double}), "Function 'reduce' does not accept parameters (ARRAY<INTEGER>, INTEGER, LAMBDA (INTEGER, INTEGER) => BIGINT)."},
		{"REDUCE", append(values(sql.ArrayOf(sql.TInteger), sql.TBigint), ArgType{Lambda: 2, Body: double}), "ARRAY<INTEGER> BIGINT null -> BIGINT"},
		{"SHIFT", append([]ArgType{{Unit: true}}, values(sql.TInteger, sql.TString)...), "null INTEGER DATE -> DATE"},
		{"SHIFT", values(sql.TNull, sql.TInteger, sql.TDate), "INTERVAL UNIT INTEGER DATE -> DATE"},
		{"SHIFT", values(sql.TDate, sql.TInteger, sql.TDate), "Function 'shift' does not accept parameters (DATE, INTEGER, DATE).\nValid alternatives are:\nSHIFT(INTERVAL UNIT a, INT b, DATE c)"},
		{"nowhere", nil, "Can't find any functions with the name 'nowhere'"},
	} {
		r, err := set.Resolve(c.name, c.args)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			for _, a := range r.Args {
				got += a.String() + " "
			}
			got += "-> " + r.Returns.String()
		}
		if got != c.want && (err == nil || !strings.HasPrefix(got, c.want)) {
			t.Errorf("%s%v:\n got %s\nwant %s", c.name, argList(c.args, nil), got, c.want)
		}
	}
}
