package fn

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/internal/javatime"
	"github.com/ksqlgo/ksql/sql/vec"
)

const (
	catDate    = "DATE / TIME"
	msPerDay   = 86400000
	patternArg = "; formatPattern: the pattern of java.time"
	zoneArg    = "; timeZone: the zone of the text"
)

// serverZone is the zone of the deprecated functions: ksqlDB takes the server's, ours is always UTC.
var serverZone = time.UTC

var dateFuncs = []Func{
	dated("UNIX_TIMESTAMP", "unix_timestamp", "Gives the current time, or a timestamp, in milliseconds since 1970.",
		Fn0(func(c *Call) int64 { return c.Now() }),
		Fn1("timestamp: the timestamp", func(t vec.Timestamp) int64 { return int64(t) })),
	dated("UNIX_DATE", "unix_date", "Gives the current date, or a date, in days since 1970.",
		Fn0(func(c *Call) int32 { return int32(javatime.FloorDiv(c.Now(), msPerDay)) }),
		Fn1("date: the date", func(d vec.Date) int32 { return int32(d) })),
	dated("FROM_UNIXTIME", "from_unixtime", "Turns milliseconds since 1970 into a timestamp.",
		Fn1("epochMilli: the milliseconds", func(ms int64) vec.Timestamp { return vec.Timestamp(ms) })),
	dated("FROM_DAYS", "from_days", "Turns days since 1970 into a date.",
		Raising(Fn1("days: the days", func(d int32) vec.Date { return vec.Date(d) }), 1)),
	dated("TIMESTAMPADD", "timestampadd", "Adds a span to a timestamp.", span("timestamp: the timestamp", 1, addTimestamp)),
	dated("TIMESTAMPSUB", "timestampsub", "Takes a span from a timestamp.", span("timestamp: the timestamp", -1, addTimestamp)),
	dated("DATEADD", "dateadd", "Adds a span to a date.", span("date: the date", 1, addDate)),
	dated("DATESUB", "datesub", "Takes a span from a date.", span("date: the date", -1, addDate)),
	dated("TIMEADD", "timeadd", "Adds a span to a time of day, which wraps at midnight.", span("time: the time", 1, addTime)),
	dated("TIMESUB", "timesub", "Takes a span from a time of day, which wraps at midnight.", span("time: the time", -1, addTime)),
	dated("CONVERT_TZ", "convert_tz", "Moves a timestamp from the local time of one zone to that of another.",
		PerSite(func(Site) Variant {
			zone := Cached(javatime.Zone)
			return Fn3E("timestamp: the timestamp; fromTimeZone: its zone; toTimeZone: the other zone",
				func(t vec.Timestamp, from, to string) (vec.Timestamp, error) {
					a, err := zone(from)
					if err != nil {
						return 0, err
					}
					b, err := zone(to)
					if err != nil {
						return 0, err
					}
					return t + vec.Timestamp((javatime.LegacyOffset(int64(t), b)-javatime.LegacyOffset(int64(t), a))*1000), nil
				})
		})),
	dated("FORMAT_TIMESTAMP", "format_timestamp", "Writes a timestamp by a pattern.",
		formatting("timestamp: the timestamp"+patternArg, writeTimestamp[vec.Timestamp], javatime.Greenwich),
		formattingZoned("timestamp: the timestamp"+patternArg+zoneArg, writeTimestamp[vec.Timestamp])),
	dated("TIMESTAMPTOSTRING", "timestamptostring", "Writes milliseconds since 1970 by a pattern. Deprecated: use FORMAT_TIMESTAMP.",
		Raising(formatting("epochMilli: the milliseconds"+patternArg, writeTimestamp[int64], serverZone), 1),
		Raising(formattingZoned("epochMilli: the milliseconds"+patternArg+zoneArg, writeTimestamp[int64]), 1)),
	dated("FORMAT_DATE", "format_date", "Writes a date by a pattern.", formatting("date: the date"+patternArg, writeDate[vec.Date], time.UTC)),
	dated("DATETOSTRING", "datetostring", "Writes days since 1970 by a pattern. Deprecated: use FORMAT_DATE.",
		Raising(formatting("epochDays: the days"+patternArg, writeDate[int32], time.UTC), 1)),
	dated("FORMAT_TIME", "format_time", "Writes a time of day by a pattern.", formatting("time: the time"+patternArg,
		func(p *javatime.Pattern, dst []byte, t vec.Time, _ *time.Location) ([]byte, error) {
			return p.AppendTime(dst, int64(t)*1e6)
		}, time.UTC)),
	dated("PARSE_TIMESTAMP", "parse_timestamp", "Reads a timestamp by a pattern.",
		parsing[vec.Timestamp]("formattedTimestamp: the text"+patternArg, time.UTC),
		parsingZoned[vec.Timestamp]("formattedTimestamp: the text"+patternArg+zoneArg)),
	dated("STRINGTOTIMESTAMP", "stringtotimestamp", "Reads a timestamp by a pattern, as milliseconds since 1970. Deprecated: use PARSE_TIMESTAMP.",
		notNull(parsing[int64]("formattedTimestamp: the text"+patternArg, serverZone)),
		notNull(parsingZoned[int64]("formattedTimestamp: the text"+patternArg+zoneArg))),
	dated("PARSE_DATE", "parse_date", "Reads a date by a pattern; fields may overflow into the next.", parseDate()),
	dated("STRINGTODATE", "stringtodate", "Reads a date by a pattern, as days since 1970. Deprecated: use PARSE_DATE.",
		notNull(PerSite(func(Site) Variant {
			compiled := Cached(javatime.CompileEnglish)
			return Fn2E("formattedDate: the text"+patternArg, func(s, pattern string) (int32, error) {
				p, err := compiled(pattern)
				if err != nil {
					return 0, unreadable("date", s, pattern, err)
				}
				days, err := p.ParseDate(s)
				if err != nil {
					return 0, unreadable("date", s, pattern, err)
				}
				return int32(days), nil
			})
		}))),
	dated("PARSE_TIME", "parse_time", "Reads a time of day by a pattern.",
		PerSite(func(Site) Variant {
			compiled := Cached(javatime.CompileEnglish)
			return Fn2E("formattedTime: the text"+patternArg, func(s, pattern string) (vec.Time, error) {
				p, err := compiled(pattern)
				if err != nil {
					return 0, unreadable("time", s, pattern, err)
				}
				nano, err := p.ParseTime(s)
				if err != nil {
					return 0, unreadable("time", s, pattern, err)
				}
				return vec.Time(nano / 1e6), nil
			})
		})),
}

func dated(name, declared, doc string, v ...Variant) Func {
	return Func{Name: name, Declared: declared, Category: catDate, Author: confluent, Doc: doc, Variants: v}
}

// unitMillis is the length of an interval unit.
func unitMillis(unit string) (int64, error) {
	switch strings.TrimSuffix(strings.ToUpper(unit), "S") {
	case "DAY":
		return msPerDay, nil
	case "HOUR":
		return 3600000, nil
	case "MINUTE":
		return 60000, nil
	case "SECOND":
		return 1000, nil
	case "MILLISECOND":
		return 1, nil
	}
	return 0, errors.New("unknown interval unit " + unit)
}

func addTimestamp(t vec.Timestamp, ms int64) vec.Timestamp { return t + vec.Timestamp(ms) }

// addDate cuts what is less than a day toward 1970, as ksqlDB does.
func addDate(d vec.Date, ms int64) vec.Date { return vec.Date((int64(d)*msPerDay + ms) / msPerDay) }

func addTime(t vec.Time, ms int64) vec.Time {
	return vec.Time(javatime.FloorMod(int64(t)+ms, msPerDay))
}

// span is a function of an interval unit, a count and a value.
func span[T any](sig string, sign int64, add func(T, int64) T) Variant {
	t := typeOf[T]()
	return Variant{Args: signature("unit: the unit; interval: how many; "+sig, sql.Type{Kind: sql.Interval}, sql.TInteger, t), Returns: t,
		Scalar: func(s Site) (Kernel, error) {
			name, ok := s.Lits[0].(string)
			if !ok { // NULL
				return nulls, nil
			}
			unit, err := unitMillis(name)
			if err != nil {
				return nil, err
			}
			unit *= sign
			var n column[int32]
			var v column[T]
			var r result[T]
			return func(c *Call, out *vec.Vec) {
				x, y, ok := n.load(c.Args[1], c.N), v.load(c.Args[2], c.N), r.live(c)
				z := r.open(out, c.N)
				for i := range z {
					if ok == nil || ok[i] {
						z[i] = add(y[i], int64(x[i])*unit)
					}
				}
				r.close(out, ok)
			}, nil
		}}
}

// nulls is the kernel of a call whose result is null whatever the row.
func nulls(c *Call, out *vec.Vec) {
	for range c.N {
		out.AppendNull()
	}
}

func writeTimestamp[T int64 | vec.Timestamp](p *javatime.Pattern, dst []byte, t T, zone *time.Location) ([]byte, error) {
	return p.AppendMillis(dst, int64(t), zone)
}

func writeDate[T int32 | vec.Date](p *javatime.Pattern, dst []byte, d T, _ *time.Location) ([]byte, error) {
	return p.AppendDate(dst, int64(d))
}

type writer[T any] func(p *javatime.Pattern, dst []byte, x T, zone *time.Location) ([]byte, error)

func formatting[T any](sig string, write writer[T], zone *time.Location) Variant {
	return PerSite(func(Site) Variant {
		f := formatter(write)
		return FnStr2E(sig, func(dst []byte, x T, pattern string) ([]byte, error) { return f(dst, x, pattern, zone) })
	})
}

func formattingZoned[T any](sig string, write writer[T]) Variant {
	return PerSite(func(Site) Variant {
		f, zone := formatter(write), Cached(javatime.Zone)
		return FnStr3E(sig, func(dst []byte, x T, pattern, id string) ([]byte, error) {
			loc, err := zone(id)
			if err != nil {
				return nil, fmt.Errorf("Failed to format %v with formatter '%s': %w", x, pattern, err)
			}
			return f(dst, x, pattern, loc)
		})
	})
}

func formatter[T any](write writer[T]) func(dst []byte, x T, pattern string, zone *time.Location) ([]byte, error) {
	compiled := Cached(javatime.Compile)
	return func(dst []byte, x T, pattern string, zone *time.Location) ([]byte, error) {
		p, err := compiled(pattern)
		if err == nil {
			dst, err = write(p, dst, x, zone)
		}
		if err != nil {
			return nil, fmt.Errorf("Failed to format %v with formatter '%s': %w", x, pattern, err)
		}
		return dst, nil
	}
}

func unreadable(what, text, pattern string, err error) error {
	return fmt.Errorf("Failed to parse %s '%s' with formatter '%s': %w", what, text, pattern, err)
}

func parsing[T int64 | vec.Timestamp](sig string, zone *time.Location) Variant {
	return PerSite(func(Site) Variant {
		compiled := Cached(javatime.Compile)
		return Fn2E(sig, func(s, pattern string) (T, error) {
			p, err := compiled(pattern)
			var ms int64
			if err == nil {
				ms, err = p.ParseMillis(s, zone)
			}
			if err != nil {
				return 0, unreadable("timestamp", s, pattern, err)
			}
			return T(ms), nil
		})
	})
}

func parsingZoned[T int64 | vec.Timestamp](sig string) Variant {
	return PerSite(func(Site) Variant {
		compiled, zone := Cached(javatime.Compile), Cached(javatime.Zone)
		return Fn3E(sig, func(s, pattern, id string) (T, error) {
			p, err := compiled(pattern)
			var loc *time.Location
			if err == nil {
				loc, err = zone(id)
			}
			var ms int64
			if err == nil {
				ms, err = p.ParseMillis(s, loc)
			}
			if err != nil {
				return 0, unreadable("timestamp", s, pattern, err)
			}
			return T(ms), nil
		})
	})
}

// notNull makes null a failure in every argument.
func notNull(v Variant) Variant {
	all := make([]int, len(v.Args))
	for i := range all {
		all[i] = i + 1
	}
	return Raising(v, all...)
}

func parseDate() Variant {
	sig := "formattedDate: the text; formatPattern: the pattern of SimpleDateFormat"
	return PerSite(func(Site) Variant {
		compiled := Cached(javatime.CompileSimpleDate)
		return FnRow(sig, []sql.Type{sql.TString, sql.TString}, sql.TDate, func(c *Call, i int, out *vec.Vec) error {
			if c.Args[0].IsNull(i) || c.Args[1].IsNull(i) {
				return ErrNull
			}
			s, pattern := c.Args[0].Str(i), c.Args[1].Str(i)
			p, err := compiled(pattern)
			var ms int64
			if err == nil {
				ms, err = p.ParseMillis(s, c.Now())
			}
			if err == nil && ms%msPerDay != 0 {
				err = errors.New("Date format contains time field.")
			}
			if err != nil {
				return unreadable("date", s, pattern, err)
			}
			out.AppendI32(int32(ms / msPerDay))
			return nil
		})
	})
}
