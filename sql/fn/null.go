package fn

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func nullFuncs() []Func {
	T := tvar("T")
	two := func(sig string, f func(c *Call, i int, out *vec.Vec) error) []Variant {
		return []Variant{FnRow(sig, []sql.Type{T, T}, T, f)}
	}
	coalesce := FnRow("first: a value; others: more values of its type", []sql.Type{T, T}, T, func(c *Call, i int, out *vec.Vec) error {
		for _, a := range c.Args {
			if !a.IsNull(i) {
				out.AppendFrom(a, i)
				return nil
			}
		}
		return ErrNull
	})
	coalesce.Variadic = 2
	return []Func{{
		Name: "COALESCE", Category: "CONDITIONAL", Author: confluent,
		Doc: "Gives the first of its arguments that is not null.", Variants: []Variant{coalesce},
	}, {
		Name: "IFNULL", Category: "CONDITIONAL", Author: confluent,
		Doc: "Gives the first argument, or the second where the first is null.",
		Variants: two("expression: a value; altValue: what to give where it is null", func(c *Call, i int, out *vec.Vec) error {
			a := c.Args[0]
			if a.IsNull(i) {
				a = c.Args[1]
			}
			out.AppendFrom(a, i)
			return nil
		}),
	}, {
		Name: "NULLIF", Category: "CONDITIONAL", Author: confluent,
		Doc: "Gives null where both arguments are equal, else the first.",
		Variants: two("expr1: a value; expr2: what to compare it with", func(c *Call, i int, out *vec.Vec) error {
			if vec.Equal(c.Args[0], i, c.Args[1], i) {
				return ErrNull
			}
			out.AppendFrom(c.Args[0], i)
			return nil
		}),
	}, {
		Name: "AS_VALUE", Category: "OTHER", Author: confluent,
		Doc: "Gives its argument unchanged: in a SELECT list it copies a key column into the value.",
		Variants: []Variant{{
			Args: signature("keyColumn: the column", T), Returns: T,
			Scalar: func(Site) (Kernel, error) {
				return func(c *Call, out *vec.Vec) { out.AppendRange(c.Args[0], 0, c.N) }, nil
			},
		}},
	}}
}
