// Package fn is every function that SQL text can call.
//
// A program adds its own with ksql.WithFunctions. The adapters make a Variant of a plain Go function, whose Go types
// say the SQL types: Fn1 and its like of one that sees no nulls, FnOpt1 of one that does, with an E of one that can
// fail, Agg and RowAgg of an aggregate:
//
//	fn.Func{Name: "DOZENS", Variants: []fn.Variant{fn.Fn1("n: pieces", func(n int32) int32 { return n / 12 })}}
//
// A Variant made by hand has a Kernel, which works on whole columns.
//
// Go types and SQL types: bool BOOLEAN, int32 INTEGER, int64 BIGINT, float64 DOUBLE, vec.Decimal DECIMAL of any
// precision, string STRING, []byte BYTES, vec.Date DATE, vec.Time TIME, vec.Timestamp TIMESTAMP, []string and
// [][]byte ARRAYs of these. Strings and []byte that a function gets are lent; what it returns is copied.
package fn

import (
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// Func is one name: its words for DESCRIBE FUNCTION and its variants.
type Func struct {
	Name     string // upper case
	Declared string // the letter case that ksqlDB's error messages use; empty: Name
	Category string
	Author   string
	Doc      string
	Variants []Variant
}

// Variant is one signature. Exactly one of Scalar, Rows and Agg is set.
type Variant struct {
	Doc      string
	Args     []Arg
	Variadic int // 1-based position in Args of the argument that may stand any number of times; 0: none
	Returns  sql.Type
	Infer    func(args []sql.Type) (sql.Type, error) // instead of Returns, where the type depends on the arguments' parameters
	Literal  []int                                   // 1-based positions that must be constants

	// Each makes the work for one call site, before any row comes: it sees types, scales and literal arguments.
	Scalar func(Site) (Kernel, error)
	Rows   func(Site) (RowsKernel, error)
	Agg    func(Site) (Accumulator, error)

	Undo  bool                           // of an aggregate: Fold accepts negative signs
	State func(args []sql.Type) sql.Type // of an aggregate: the type of its state, which the value format must be able to hold
}

// Arg is one parameter. Type may be Var, Any, Lambda or Interval, or contain them.
type Arg struct {
	Name, Doc string
	Type      sql.Type
}

// Site is what is known of a call before any row comes.
type Site struct {
	Args    []sql.Type // as the kernel will get them, after implicit casts; the extra ones of a variadic included
	Returns sql.Type
	Lits    []any             // the Go value (vec.Vec.Get's forms; an interval unit is its text) where an argument is a literal, else nil
	Config  map[string]string // session properties, for ksql.functions.<name>.*
	Stop    *Stop             // of the work that the kernel is for, as in Call
	Max     int               // bytes that the results of a batch may take; 0: vec.MaxBytes
}

// Call is one batch of arguments, lent to the kernel.
type Call struct {
	N       int           // rows
	Args    []*vec.Vec    // one a value argument, each of N rows; nil for interval units and lambdas
	Lambdas []Lambda      // in order of their appearance
	Now     func() int64  // ms since epoch, the engine's clock
	Rand    func() uint64 // the engine's randomness
	Stop    *Stop         // to be looked at in long loops
	// Fail says that a row cannot be computed; its result is then ignored (the caller makes it null or false,
	// and logs err), but the kernel still has to append something for it.
	Fail func(row int, err error)
}

// Lambda runs the body of a lambda over flattened items: parent[i] is the row that item i came from, args
// are the lambda's parameters. The result is lent until the next call.
type Lambda func(parent []int32, args []*vec.Vec, fail func(item int, err error)) *vec.Vec

// Kernel computes a column: it appends exactly c.N rows to out, which is empty and of the site's type.
type Kernel func(c *Call, out *vec.Vec)

// RowsKernel is a table function: it appends any number of rows to out and the row each came from to from,
// in order, and returns from.
type RowsKernel func(c *Call, from []int32, out *vec.Vec) []int32

// Accumulator is one aggregate over many groups, which are numbered from 0. One goroutine uses it.
type Accumulator interface {
	// Grow makes sure that groups 0 to n-1 exist; new ones are empty.
	Grow(n int)
	// Clear makes group g empty again.
	Clear(g int32)
	// Fold takes row i into group groups[i] (sign[i] < 0: out of it; nil: all in), in order, and appends the
	// group's result to out after each row where show says so (nil: every row). An error ends the query.
	Fold(groups []int32, sign []int8, show []bool, args []*vec.Vec, out *vec.Vec) error
	// Merge adds group from to group into: session windows that grow together, earlier into later.
	Merge(into, from int32) error
	// Read appends the result of each group.
	Read(groups []int32, out *vec.Vec) error
	// Save appends the state of g to dst; Load reads it back and returns what follows it.
	Save(g int32, dst []byte) []byte
	Load(g int32, src []byte) ([]byte, error)
	// Bytes is the memory that all groups hold, about. It is asked for after every batch.
	Bytes() int64
}

// Set is the functions that a statement can see. It is immutable; names are looked up without case.
type Set struct{ byName map[string]*Func }

// NewSet is a set of these functions; a later one replaces an earlier one of the same name.
func NewSet(groups ...[]Func) *Set {
	s := &Set{byName: map[string]*Func{}}
	for _, g := range groups {
		for i := range g {
			s.byName[g[i].Name] = &g[i]
		}
	}
	return s
}
