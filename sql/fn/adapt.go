package fn

import (
	"errors"
	"strings"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

// The adapters make a Variant of a plain Go function. The Go types say the SQL types: bool, int32, int64,
// float64, string, []byte, vec.Date, vec.Time, vec.Timestamp, vec.Decimal (of any precision), []string
// (ARRAY<STRING>) and [][]byte (ARRAY<BYTES>). sig names the arguments: "name: what it is; name: what it is".
// Strings and []byte that a function gets are lent: it must not keep them. What it returns is copied.
// A null argument makes a null result, and the function does not see it, except where an adapter says so.
// A kernel keeps scratch space, so one goroutine at a time may use it.

// ErrNull is what a function returns to make its result null without a failure.
var ErrNull = errors.New("null")

// Fn1 is a variant of a function of one argument that cannot fail.
func Fn1[A, R any](sig string, f func(A) R) Variant {
	return Variant{Args: signature(sig, typeOf[A]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			x, ok := a.load(c.Args[0], c.N), r.live(c)
			y := r.open(out, c.N)
			for from := 0; from < len(y); from += checkEvery {
				c.Stop.Check()
				to := min(from+checkEvery, len(y))
				if ok == nil {
					for i := from; i < to; i++ {
						y[i] = f(x[i])
					}
					continue
				}
				for i := from; i < to; i++ {
					if ok[i] {
						y[i] = f(x[i])
					}
				}
			}
			r.close(out, ok)
		}, nil
	}}
}

// Fn2 is Fn1 with two arguments.
func Fn2[A, B, R any](sig string, f func(A, B) R) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			x, y, ok := a.load(c.Args[0], c.N), b.load(c.Args[1], c.N), r.live(c)
			z := r.open(out, c.N)
			for from := 0; from < len(z); from += checkEvery {
				c.Stop.Check()
				for i := from; i < min(from+checkEvery, len(z)); i++ {
					if ok == nil || ok[i] {
						z[i] = f(x[i], y[i])
					}
				}
			}
			r.close(out, ok)
		}, nil
	}}
}

// Fn3 is Fn1 with three arguments.
func Fn3[A, B, C, R any](sig string, f func(A, B, C) R) Variant {
	return Fn3E(sig, func(a A, b B, c C) (R, error) { return f(a, b, c), nil })
}

// Fn0 is a variant without arguments that gives the same for every row of a batch.
func Fn0[R any](f func(c *Call) R) Variant {
	return Variant{Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			y := r.open(out, c.N)
			x := f(c)
			for i := range y {
				y[i] = x
			}
			r.close(out, nil)
		}, nil
	}}
}

// Fn1E is Fn1 with a function that can fail (the row's result is null, and the failure is reported) or
// answer ErrNull.
func Fn1E[A, R any](sig string, f func(A) (R, error)) Variant {
	return Variant{Args: signature(sig, typeOf[A]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			x := a.load(c.Args[0], c.N)
			r.run(c, out, func(i int) (R, error) { return f(x[i]) })
		}, nil
	}}
}

// Fn2E is Fn1E with two arguments.
func Fn2E[A, B, R any](sig string, f func(A, B) (R, error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			x, y := a.load(c.Args[0], c.N), b.load(c.Args[1], c.N)
			r.run(c, out, func(i int) (R, error) { return f(x[i], y[i]) })
		}, nil
	}}
}

// Fn3E is Fn1E with three arguments.
func Fn3E[A, B, C, R any](sig string, f func(A, B, C) (R, error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B](), typeOf[C]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var d column[C]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			x, y, z := a.load(c.Args[0], c.N), b.load(c.Args[1], c.N), d.load(c.Args[2], c.N)
			r.run(c, out, func(i int) (R, error) { return f(x[i], y[i], z[i]) })
		}, nil
	}}
}

// Opt is a value that may be null: OK is false then.
type Opt[T any] struct {
	V  T
	OK bool
}

// Some is x as an Opt that is not null.
func Some[T any](x T) Opt[T] { return Opt[T]{x, true} }

// FnOpt1 is a variant of a function that sees nulls and may answer null. It can fail.
func FnOpt1[A, R any](sig string, f func(Opt[A]) (Opt[R], error)) Variant {
	return Variant{Args: signature(sig, typeOf[A]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			a.load(c.Args[0], c.N)
			r.runOpt(c, out, func(i int) (Opt[R], error) { return f(a.opt(i)) })
		}, nil
	}}
}

// FnOpt2 is FnOpt1 with two arguments.
func FnOpt2[A, B, R any](sig string, f func(Opt[A], Opt[B]) (Opt[R], error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			a.load(c.Args[0], c.N)
			b.load(c.Args[1], c.N)
			r.runOpt(c, out, func(i int) (Opt[R], error) { return f(a.opt(i), b.opt(i)) })
		}, nil
	}}
}

// FnOpt3 is FnOpt1 with three arguments.
func FnOpt3[A, B, C, R any](sig string, f func(Opt[A], Opt[B], Opt[C]) (Opt[R], error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B](), typeOf[C]()), Returns: typeOf[R](), Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var d column[C]
		var r result[R]
		return func(c *Call, out *vec.Vec) {
			a.load(c.Args[0], c.N)
			b.load(c.Args[1], c.N)
			d.load(c.Args[2], c.N)
			r.runOpt(c, out, func(i int) (Opt[R], error) { return f(a.opt(i), b.opt(i), d.opt(i)) })
		}, nil
	}}
}

// FnStr1 is a variant of a function that appends its STRING result to dst and returns dst.
func FnStr1[A any](sig string, f func(dst []byte, a A) []byte) Variant {
	return Variant{Args: signature(sig, typeOf[A]()), Returns: sql.TString, Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var ok []bool
		return func(c *Call, out *vec.Vec) {
			x := a.load(c.Args[0], c.N)
			ok = appendRows(c, out, ok, func(i int) ([]byte, error) { return f(out.Data, x[i]), nil })
		}, nil
	}}
}

// FnStr2E is FnStr1 with two arguments and a function that can fail: what it has appended then is dropped.
func FnStr2E[A, B any](sig string, f func(dst []byte, a A, b B) ([]byte, error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B]()), Returns: sql.TString, Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var ok []bool
		return func(c *Call, out *vec.Vec) {
			x, y := a.load(c.Args[0], c.N), b.load(c.Args[1], c.N)
			ok = appendRows(c, out, ok, func(i int) ([]byte, error) { return f(out.Data, x[i], y[i]) })
		}, nil
	}}
}

// FnStr3E is FnStr2E with three arguments.
func FnStr3E[A, B, C any](sig string, f func(dst []byte, a A, b B, c C) ([]byte, error)) Variant {
	return Variant{Args: signature(sig, typeOf[A](), typeOf[B](), typeOf[C]()), Returns: sql.TString, Scalar: func(Site) (Kernel, error) {
		var a column[A]
		var b column[B]
		var d column[C]
		var ok []bool
		return func(c *Call, out *vec.Vec) {
			x, y, z := a.load(c.Args[0], c.N), b.load(c.Args[1], c.N), d.load(c.Args[2], c.N)
			ok = appendRows(c, out, ok, func(i int) ([]byte, error) { return f(out.Data, x[i], y[i], z[i]) })
		}, nil
	}}
}

// appendRows lets f append the STRING of each row that has all its arguments. It returns ok for the next time.
func appendRows(c *Call, out *vec.Vec, buf []bool, f func(i int) ([]byte, error)) []bool {
	ok := live(c, buf)
	for i := range c.N {
		c.row(i)
		if ok != nil && !ok[i] {
			out.AppendNull()
			continue
		}
		end := len(out.Data)
		data, err := f(i)
		if err != nil {
			if err != ErrNull {
				c.Fail(i, err)
			}
			out.Data = out.Data[:end]
			out.AppendNull()
			continue
		}
		out.Data = data
		out.EndBytes()
	}
	if ok == nil {
		return buf
	}
	return ok
}

// FnRow is the general adapter: f computes row i, appends exactly one value to out when it succeeds, and
// nothing when it returns an error (ErrNull: the result is just null). It sees null arguments.
func FnRow(sig string, types []sql.Type, returns sql.Type, f func(c *Call, i int, out *vec.Vec) error) Variant {
	return Variant{Args: signature(sig, types...), Returns: returns, Scalar: func(Site) (Kernel, error) {
		return func(c *Call, out *vec.Vec) {
			for i := range c.N {
				c.row(i)
				if err := f(c, i, out); err != nil {
					if err != ErrNull {
						c.Fail(i, err)
					}
					out.AppendNull()
				}
			}
		}, nil
	}}
}

// FnAny is the boxed adapter, for rare functions of composite values: args are the forms of vec.Vec.Get,
// nil for null. The result is of such a form, too.
func FnAny(sig string, types []sql.Type, returns sql.Type, f func(args []any) (any, error)) Variant {
	return Variant{Args: signature(sig, types...), Returns: returns, Scalar: func(s Site) (Kernel, error) {
		args := make([]any, len(s.Args))
		return func(c *Call, out *vec.Vec) {
			for i := range c.N {
				c.row(i)
				for k, a := range c.Args {
					args[k] = nil
					if a != nil {
						args[k] = a.Get(i)
					}
				}
				r, err := f(args)
				if err != nil {
					if err != ErrNull {
						c.Fail(i, err)
					}
					r = nil
				}
				out.Append(r)
			}
		}, nil
	}}
}

// PerSite is a variant whose function has state of its own at each call site, such as a compiled pattern.
func PerSite(of func(Site) Variant) Variant {
	v := of(Site{})
	v.Scalar = func(s Site) (Kernel, error) { return of(s).Scalar(s) }
	return v
}

// Raising makes null a failure in the arguments at these 1-based positions: they are primitives in ksqlDB.
func Raising(v Variant, positions ...int) Variant {
	of := v.Scalar
	v.Scalar = func(s Site) (Kernel, error) {
		k, err := of(s)
		if err != nil {
			return nil, err
		}
		return func(c *Call, out *vec.Vec) {
			nulls := 0
			for _, p := range positions {
				nulls += c.Args[p-1].Nulls
			}
			if nulls == 0 {
				k(c, out)
				return
			}
			failed := false
			for i := range c.N {
				for _, p := range positions {
					if c.Args[p-1].IsNull(i) {
						c.Fail(i, errors.New("argument "+v.Args[p-1].Name+" must not be null"))
						failed = true
						break
					}
				}
			}
			if failed {
				// The row is reported already; a second failure of the same row says nothing new.
				args, fail, d := c.Args, c.Fail, *c
				d.Fail = func(row int, err error) {
					for _, p := range positions {
						if args[p-1].IsNull(row) {
							return
						}
					}
					fail(row, err)
				}
				c = &d
			}
			k(c, out)
		}, nil
	}
	return v
}

// Cached is f with its last results kept: for patterns and the like, which are mostly the same in every row.
// The error of f is remembered as well.
func Cached[V any](f func(string) (V, error)) func(string) (V, error) {
	type entry struct {
		key string // our own copy
		v   V
		err error
	}
	const most = 256
	var last *entry
	known := map[string]*entry{}
	return func(key string) (V, error) {
		if last != nil && key == last.key {
			return last.v, last.err
		}
		e := known[key]
		if e == nil {
			if len(known) >= most {
				clear(known)
			}
			e = &entry{key: strings.Clone(key)}
			e.v, e.err = f(e.key)
			known[e.key] = e
		}
		last = e
		return e.v, e.err
	}
}

// signature reads "name: words; name: words" for arguments of these types.
func signature(sig string, types ...sql.Type) []Arg {
	if sig == "" {
		return nil
	}
	parts := strings.Split(sig, ";")
	args := make([]Arg, len(parts))
	for i, p := range parts {
		name, doc, _ := strings.Cut(p, ":")
		args[i] = Arg{Name: strings.TrimSpace(name), Doc: strings.TrimSpace(doc), Type: types[i]}
	}
	return args
}
