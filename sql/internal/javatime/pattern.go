// Package javatime is Java's time as ksqlDB shows it: DateTimeFormatter's patterns, with their resolution of fields and
// the English names of zones, SimpleDateFormat's lenient reading, and the ids of zones. Left out: other languages and
// calendars, SimpleDateFormat's writing, and localized styles.
package javatime

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// Pattern is a compiled pattern of DateTimeFormatter's letters. It is immutable.
type Pattern struct {
	pattern string
	items   []item
	// english says that texts are read with English names; else the long names of months and days are
	// the short ones, as in ksqlDB's parser of timestamps. Texts are always written in English.
	english bool
}

// Compile reads a pattern; an error says what is wrong with it.
func Compile(pattern string) (*Pattern, error) {
	c := patternCompiler{pattern: pattern}
	items, err := c.compile()
	if err != nil {
		return nil, err
	}
	return &Pattern{pattern: pattern, items: items}, nil
}

// CompileEnglish is Compile for the functions that read English long names.
func CompileEnglish(pattern string) (*Pattern, error) {
	p, err := Compile(pattern)
	if err == nil {
		p.english = true
	}
	return p, err
}

// field is a part of a date or time; those below fieldNano are parts of a date.
type field uint8

const (
	fieldEra field = iota
	fieldYear
	fieldYearOfEra
	fieldMonth
	fieldQuarter
	fieldDayOfYear
	fieldDayOfMonth
	fieldWeekday
	fieldAlignedWeekday // (day of month - 1) mod 7 + 1
	fieldJulianDay      // modified Julian day
	fieldWeekYear
	fieldWeekOfYear
	fieldWeekOfMonth
	fieldLocalWeekday
	fieldNano
	fieldNanoOfDay
	fieldMilliOfDay
	fieldSecond
	fieldMinute
	fieldHalfDayHour      // 0-11
	fieldClockHalfDayHour // 1-12
	fieldHour
	fieldClockHour // 1-24
	fieldHalfDay   // 0 AM, 1 PM
	fieldDayPeriod
	fieldCount
)

var fieldNames = [fieldCount]string{"Era", "Year", "YearOfEra", "MonthOfYear", "QuarterOfYear", "DayOfYear", "DayOfMonth", "DayOfWeek",
	"AlignedDayOfWeekInMonth", "ModifiedJulianDay", "WeekBasedYear", "WeekOfWeekBasedYear", "WeekOfMonth", "LocalizedDayOfWeek", "NanoOfSecond",
	"NanoOfDay", "MilliOfDay", "SecondOfMinute", "MinuteOfHour", "HourOfAmPm", "ClockHourOfAmPm", "HourOfDay", "ClockHourOfDay", "AmPmOfDay", "DayPeriod"}

type itemKind uint8

const (
	itemText itemKind = iota // literal
	itemNumber
	itemReduced  // the last two digits of a year
	itemFraction // the first width digits of the nanos
	itemName
	itemOffset
	itemLocalOffset // GMT+2
	itemZoneID
	itemZoneName
	itemZoneGeneric
	itemOptional
	itemPad
)

type signStyle uint8

const (
	signNormal      signStyle = iota // minus only
	signExceeds                      // plus beyond the width
	signNotNegative                  // none
)

type item struct {
	kind     itemKind
	text     string // literal; text of a zero offset
	field    field
	min, max int // digits of a number; max is also the width of a fraction or of padding
	sign     signStyle
	// after is how many digits of following items of fixed width may be part of this number's run; -1: the
	// width of this one is fixed.
	after  int
	style  int // letters: 3 short, 4 long, 5 narrow
	offset int // index of the pattern: see offsetShapes
	items  []item
}

// mostDigits is the widest number.
const mostDigits = 19

type patternCompiler struct {
	pattern string
	items   []item
	active  int // index of the number whose run is open, or -1
	pad     int
	err     error
}

func (c *patternCompiler) compile() ([]item, error) {
	c.active = -1
	type level struct {
		items  []item
		active int
	}
	var open []level
	close := func() {
		l := open[len(open)-1]
		open = open[:len(open)-1]
		inner := c.items
		c.items, c.active = l.items, l.active
		if len(inner) > 0 {
			c.add(item{kind: itemOptional, items: inner})
		}
	}
	p := c.pattern
	for i := 0; i < len(p); {
		ch := p[i]
		switch {
		case chars.Letter(ch):
			n := run(p, i)
			i += n
			if ch == 'p' {
				if i == len(p) || !chars.Letter(p[i]) {
					return nil, errors.New("Pad letter 'p' must be followed by valid pad pattern: " + p)
				}
				c.pad, c.active = n, -1
				ch, n = p[i], run(p, i)
				i += n
			}
			if err := c.letters(ch, n); err != nil {
				return nil, err
			}
			if c.err != nil {
				return nil, c.err
			}
		case ch == '\'':
			var b strings.Builder
			end := -1
			for k := i + 1; k < len(p); k++ {
				if p[k] != '\'' {
					b.WriteByte(p[k])
				} else if k+1 < len(p) && p[k+1] == '\'' {
					b.WriteByte('\'')
					k++
				} else {
					end = k
					break
				}
			}
			if end < 0 {
				return nil, errors.New("Pattern ends with an incomplete string literal: " + p)
			}
			if end == i+1 {
				b.WriteByte('\'')
			}
			c.add(item{kind: itemText, text: b.String()})
			i = end + 1
		case ch == '[':
			open = append(open, level{c.items, c.active})
			c.items, c.active = nil, -1
			i++
		case ch == ']':
			if len(open) == 0 {
				return nil, errors.New("Pattern invalid as it contains ] without previous [")
			}
			close()
			i++
		case ch == '{' || ch == '}' || ch == '#':
			return nil, fmt.Errorf("Pattern includes reserved character: '%c'", ch)
		default:
			_, n := chars.Next(p[i:])
			c.add(item{kind: itemText, text: p[i : i+n]})
			i += n
		}
	}
	for len(open) > 0 {
		close()
	}
	return c.items, nil
}

// run is the number of equal letters at p[i].
func run(p string, i int) int {
	n := 1
	for i+n < len(p) && p[i+n] == p[i] {
		n++
	}
	return n
}

func (c *patternCompiler) add(it item) int {
	c.active = -1
	if c.pad > 0 {
		it = item{kind: itemPad, max: c.pad, items: []item{it}}
		c.pad = 0
	}
	c.items = append(c.items, it)
	return len(c.items) - 1
}

// number adds a number: numbers of fixed width right behind another share its run of digits.
func (c *patternCompiler) number(it item) {
	if c.active < 0 {
		c.active = c.add(it)
		return
	}
	at := c.active
	base := &c.items[at]
	if base.kind == itemPad {
		c.err = errors.New("a padded number cannot share its digits with the one behind it: " + c.pattern)
		return
	}
	if it.min == it.max && it.sign == signNotNegative {
		base.after += it.max
		it.after = -1
		c.add(it)
		c.active = at
		return
	}
	base.after = -1
	c.active = c.add(it)
}

func (c *patternCompiler) value(f field, min, max int, s signStyle) {
	c.number(item{kind: itemNumber, field: f, min: min, max: max, sign: s})
}

// plain is a number of any width for one letter, of n digits for more.
func (c *patternCompiler) plain(f field, n int) {
	if n == 1 {
		c.value(f, 1, mostDigits, signNormal)
	} else {
		c.value(f, n, n, signNotNegative)
	}
}

func (c *patternCompiler) year(f field, n int) {
	switch {
	case n == 2:
		c.number(item{kind: itemReduced, field: f, min: 2, max: 2, sign: signNotNegative})
	case n < 4:
		c.value(f, n, mostDigits, signNormal)
	default:
		c.value(f, n, mostDigits, signExceeds)
	}
}

func (c *patternCompiler) name(f field, style int) {
	c.add(item{kind: itemName, field: f, style: style})
}

var letterFields = map[byte]field{'G': fieldEra, 'u': fieldYear, 'y': fieldYearOfEra, 'M': fieldMonth, 'L': fieldMonth, 'Q': fieldQuarter,
	'q': fieldQuarter, 'D': fieldDayOfYear, 'd': fieldDayOfMonth, 'E': fieldWeekday, 'c': fieldLocalWeekday, 'e': fieldLocalWeekday,
	'F': fieldAlignedWeekday, 'g': fieldJulianDay, 'Y': fieldWeekYear, 'w': fieldWeekOfYear, 'W': fieldWeekOfMonth, 'a': fieldHalfDay,
	'B': fieldDayPeriod, 'h': fieldClockHalfDayHour, 'K': fieldHalfDayHour, 'H': fieldHour, 'k': fieldClockHour, 'm': fieldMinute,
	's': fieldSecond, 'S': fieldNano, 'n': fieldNano, 'A': fieldMilliOfDay, 'N': fieldNanoOfDay}

func (c *patternCompiler) letters(ch byte, n int) error {
	tooMany := fmt.Errorf("Too many pattern letters: %c", ch)
	most := func(k int) error {
		if n > k {
			return tooMany
		}
		return nil
	}
	f := letterFields[ch]
	switch ch {
	case 'u', 'y', 'Y':
		if n > mostDigits {
			return tooMany
		}
		c.year(f, n)
	case 'M', 'L', 'Q', 'q', 'E', 'e', 'c':
		switch {
		case n > 5:
			return tooMany
		case ch == 'c' && n == 2:
			return errors.New("Invalid pattern \"cc\"")
		case n >= 3 || ch == 'E':
			if ch == 'e' || ch == 'c' {
				f = fieldWeekday
			}
			c.name(f, max(n, 3))
		case ch == 'e' || ch == 'c':
			c.value(f, n, n, signNotNegative)
		default:
			c.plain(f, n)
		}
	case 'a':
		c.name(f, 3)
		return most(1)
	case 'B':
		if n != 1 && n != 4 && n != 5 {
			return fmt.Errorf("Wrong number of pattern letters: %c", ch)
		}
		c.name(f, max(n, 3))
	case 'G':
		c.name(f, max(n, 3))
		return most(5)
	case 'S':
		c.number(item{kind: itemFraction, field: f, min: n, max: n, sign: signNotNegative})
		return most(9)
	case 'F':
		c.plain(f, n)
		return most(1)
	case 'W':
		c.value(f, n, n, signNotNegative)
		return most(1)
	case 'w':
		c.value(f, n, 2, signNotNegative)
		return most(2)
	case 'd', 'h', 'H', 'k', 'K', 'm', 's':
		c.plain(f, n)
		return most(2)
	case 'D':
		if n == 1 {
			c.plain(f, n)
		} else {
			c.value(f, n, 3, signNotNegative)
		}
		return most(3)
	case 'g':
		c.value(f, n, mostDigits, signNormal)
		return most(mostDigits)
	case 'A', 'n', 'N':
		c.value(f, n, mostDigits, signNotNegative)
		return most(mostDigits)
	case 'V':
		if n != 2 {
			return fmt.Errorf("Pattern letter count must be 2: %c", ch)
		}
		c.add(item{kind: itemZoneID})
	case 'z':
		c.add(item{kind: itemZoneName, style: max(n, 3)})
		return most(4)
	case 'v':
		if n != 1 && n != 4 {
			return fmt.Errorf("Wrong number of pattern letters: %c", ch)
		}
		c.add(item{kind: itemZoneGeneric, style: max(n, 3)})
	case 'O':
		if n != 1 && n != 4 {
			return errors.New("Pattern letter count must be 1 or 4: O")
		}
		c.add(item{kind: itemLocalOffset, style: max(n, 3)})
	case 'X':
		c.add(item{kind: itemOffset, offset: offsetShapeOf(n), text: "Z"})
		return most(5)
	case 'x':
		zero := "+00:00"
		if n == 1 {
			zero = "+00"
		} else if n%2 == 0 {
			zero = "+0000"
		}
		c.add(item{kind: itemOffset, offset: offsetShapeOf(n), text: zero})
		return most(5)
	case 'Z':
		switch {
		case n < 4:
			c.add(item{kind: itemOffset, offset: offsetShapeOf(2), text: "+0000"})
		case n == 4:
			c.add(item{kind: itemLocalOffset, style: 4})
		case n == 5:
			c.add(item{kind: itemOffset, offset: offsetShapeOf(5), text: "Z"})
		default:
			return tooMany
		}
	default:
		return fmt.Errorf("Unknown pattern letter: %c", ch)
	}
	return nil
}

// offsetShape says how an offset is written: are minutes required, are seconds possible, is there a colon?
type offsetShape struct{ minutes, seconds, colon bool }

// offsetShapes are those of X, XX, XXX, XXXX and XXXXX.
var offsetShapes = [...]offsetShape{{}, {minutes: true}, {minutes: true, colon: true}, {minutes: true, seconds: true}, {true, true, true}}

func offsetShapeOf(letters int) int { return min(letters, len(offsetShapes)) - 1 }
