package javatime

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// SimpleDate is PARSE_DATE's engine: the letters of SimpleDateFormat, read leniently. Values may overflow,
// a number takes all its digits, text behind the match does not count, and dates before 1582-10-15 are Julian.
type SimpleDate []dateItem

type dateItem struct {
	literal string
	letter  byte // 0: literal
	width   int
}

func (it dateItem) number() bool {
	return it.letter != 0 && strings.IndexByte("EGaXZz", it.letter) < 0 && (it.letter != 'M' || it.width < 3)
}

// CompileSimpleDate reads a pattern; an error says what is wrong with it.
func CompileSimpleDate(p string) (SimpleDate, error) {
	var out SimpleDate
	for i := 0; i < len(p); {
		if chars.Letter(p[i]) {
			n := run(p, i)
			if strings.IndexByte("DEFGHKMSWadhkmsuwyYXZz", p[i]) < 0 {
				return nil, fmt.Errorf("Format '%c' not supported", p[i])
			}
			if p[i] == 'X' && n > 3 {
				return nil, errors.New("invalid number of X")
			}
			out = append(out, dateItem{letter: p[i], width: n})
			i += n
			continue
		}
		var b strings.Builder
		quoted := false
		for i < len(p) && (quoted || !chars.Letter(p[i])) {
			if p[i] == '\'' {
				if i++; i == len(p) || p[i] != '\'' {
					quoted = !quoted
					continue
				}
			}
			b.WriteByte(p[i])
			i++
		}
		if quoted {
			return nil, errors.New("Unterminated quote")
		}
		out = append(out, dateItem{literal: b.String()})
	}
	return out, nil
}

// The fields of the calendar.
const (
	calEra = iota
	calYear
	calMonth // from 0
	calDay
	calDayOfYear
	calWeekday // 1 Sunday to 7 Saturday
	calWeekdayInMonth
	calWeekOfYear
	calWeekOfMonth
	calHalfDay
	calHalfDayHour
	calHour
	calMinute
	calSecond
	calMilli
	calFields
)

// calendar is Java's lenient GregorianCalendar: when holds the order in which fields were set.
type calendar struct {
	v, when [calFields]int
	step    int
	offset  int64 // seconds
	named   bool  // offset is that of a zone's name, which an offset in digits does not change
}

func (c *calendar) set(f, v int) {
	c.step++
	c.v[f], c.when[f] = v, c.step
}

var errDateText = errors.New("text does not fit the pattern")

// ParseMillis reads s; now, in ms, chooses the century of years of two digits. The result is ms since epoch.
func (p SimpleDate) ParseMillis(s string, now int64) (int64, error) {
	year, _, _ := dateOf(FloorDiv(now, 86400000))
	var c calendar
	at := 0
	for k, it := range p {
		rest := s[at:]
		switch {
		case it.letter == 0:
			if !strings.HasPrefix(rest, it.literal) {
				return 0, errDateText
			}
			at += len(it.literal)
		case it.number():
			digits := rest
			if k+1 < len(p) && p[k+1].number() {
				digits = rest[:min(it.width, len(rest))]
			} else {
				digits = strings.TrimLeft(rest, " \t\n\v\f\r\x1c\x1d\x1e\x1f")
				at += len(rest) - len(digits)
			}
			n, v := 0, 0
			for ; n < len(digits) && chars.Digit(digits[n]); n++ {
				if v = v*10 + int(digits[n]-'0'); v > 1<<31-1 {
					return 0, errDateText
				}
			}
			if n == 0 {
				return 0, errDateText
			}
			at += n
			c.setNumber(it, v, int(year))
		default:
			n := c.setText(it, rest)
			if n == 0 {
				return 0, errDateText
			}
			at += n
		}
	}
	return c.millis(), nil
}

func (c *calendar) setNumber(it dateItem, v, thisYear int) {
	switch it.letter {
	case 'y', 'Y':
		if it.width <= 2 && v < 100 {
			start := thisYear - 80
			century := start / 100 * 100
			if v < start-century {
				century += 100
			}
			v += century
		}
		c.set(calYear, v)
	case 'M':
		c.set(calMonth, v-1)
	case 'd':
		c.set(calDay, v)
	case 'D':
		c.set(calDayOfYear, v)
	case 'u':
		if v == 7 {
			v = 0
		}
		c.set(calWeekday, v+1)
	case 'F':
		c.set(calWeekdayInMonth, v)
	case 'w':
		c.set(calWeekOfYear, v)
	case 'W':
		c.set(calWeekOfMonth, v)
	case 'H':
		c.set(calHour, v)
	case 'k':
		if v == 24 {
			v = 0
		}
		c.set(calHour, v)
	case 'K':
		c.set(calHalfDayHour, v)
	case 'h':
		if v == 12 {
			v = 0
		}
		c.set(calHalfDayHour, v)
	case 'm':
		c.set(calMinute, v)
	case 's':
		c.set(calSecond, v)
	case 'S':
		c.set(calMilli, v)
	}
}

// setText reads a name or a zone at the start of s and returns its length, 0 where there is none.
func (c *calendar) setText(it dateItem, s string) int {
	longest := func(f int, names []string, value func(i int) int) int {
		n, best := 0, 0
		for i, name := range names {
			for _, style := range [...]string{name, name[:min(3, len(name))]} {
				if len(style) > n && hasPrefixFold(s, style) {
					n, best = len(style), i
				}
			}
		}
		if n > 0 {
			c.set(f, value(best))
		}
		return n
	}
	switch it.letter {
	case 'M':
		return longest(calMonth, monthNames, func(i int) int { return i })
	case 'E':
		return longest(calWeekday, weekdayNames, func(i int) int { return (i+1)%7 + 1 })
	case 'a':
		return longest(calHalfDay, []string{"AM", "PM", "A", "P"}, func(i int) int { return i % 2 })
	case 'G':
		for i, name := range [...]string{"Before Christ", "Anno Domini", "BC", "AD", "B", "A"} {
			if hasPrefixFold(s, name) {
				c.set(calEra, i%2)
				return len(name)
			}
		}
		return 0
	case 'X', 'Z':
		if it.letter == 'Z' && it.width != 2 {
			break
		}
		width := it.width
		if it.letter == 'Z' {
			width = 3
		}
		if strings.HasPrefix(s, "Z") {
			if !c.named {
				c.offset = 0
			}
			return 1
		}
		n := [...]int{3, 5, 6}[width-1]
		if len(s) < n || s[0] != '+' && s[0] != '-' || (len(s) > 3 && s[3] == ':') != (n == 6) && n > 3 {
			return 0
		}
		return c.setOffset(s[:n], n)
	}
	if len(s) >= 5 && (s[0] == '+' || s[0] == '-') {
		return c.setOffset(s[:5], 5)
	}
	if hasPrefixFold(s, "GMT") && len(s) > 3 && (s[3] == '+' || s[3] == '-') {
		if i := strings.IndexByte(s, ':'); (i == 5 || i == 6) && len(s) >= i+3 {
			h := s[4:i]
			if len(h) == 1 {
				h = "0" + h
			}
			if n := c.setOffset(s[3:4]+h+s[i+1:i+3], i+3); n > 0 {
				return n
			}
		}
	}
	return c.setZoneName(s)
}

func (c *calendar) setOffset(id string, n int) int {
	for i := 1; i < len(id); i++ {
		if !chars.Digit(id[i]) && !(i == 3 && id[i] == ':' && len(id) == 6) {
			return 0
		}
	}
	h := int64(id[1]-'0')*10 + int64(id[2]-'0')
	m := int64(0)
	if tail := strings.TrimPrefix(id[3:], ":"); tail != "" {
		m = int64(tail[0]-'0')*10 + int64(tail[1]-'0')
	}
	if h > 23 || m > 59 {
		return 0
	}
	if c.named {
		return n
	}
	c.offset = h*3600 + m*60
	if id[0] == '-' {
		c.offset = -c.offset
	}
	return n
}

// setZoneName takes the offset that a name says, whatever the date: PST is eight hours, PDT seven.
func (c *calendar) setZoneName(s string) int {
	n := 0
	for _, z := range zoneTexts {
		for k, name := range [...]string{z.std, z.longStd, z.generic, z.longName, z.day, z.longDay} {
			if len(name) <= n || !hasPrefixFold(s, name) {
				continue
			}
			loc, err := Zone(z.zone)
			if err != nil {
				continue
			}
			n = len(name)
			if z.zone == "GMT" || z.zone == "UTC" {
				continue
			}
			c.named = true
			_, january := time.Date(2020, 1, 1, 0, 0, 0, 0, loc).Zone()
			_, july := time.Date(2020, 7, 1, 0, 0, 0, 0, loc).Zone()
			c.offset = int64(min(january, july))
			if k >= 4 {
				c.offset += 3600
			}
		}
	}
	return n
}

func (c *calendar) isSet(f int) bool { return c.when[f] > 0 }

func (c *calendar) or(f, v int) int {
	if c.isSet(f) {
		return c.v[f]
	}
	return v
}

// both is when the later of two fields was set; 0 unless both were.
func (c *calendar) both(f, g int) int {
	if !c.isSet(f) || !c.isSet(g) {
		return 0
	}
	return max(c.when[f], c.when[g])
}

func (c *calendar) millis() int64 {
	ms := int64(c.v[calMinute])*60000 + int64(c.v[calSecond])*1000 + int64(c.v[calMilli])
	half := c.both(calHalfDayHour, calHalfDay)
	if !c.isSet(calHour) && half == 0 {
		half = max(c.when[calHalfDayHour], c.when[calHalfDay])
	}
	if half > c.when[calHour] {
		ms += int64(c.v[calHalfDayHour]+12*c.v[calHalfDay]) * 3600000
	} else {
		ms += int64(c.v[calHour]) * 3600000
	}
	year := int64(c.or(calYear, 1970))
	if c.isSet(calEra) && c.v[calEra] == 0 {
		year = 1 - year
	}
	const cutover = -141427 // 1582-10-15
	var days int64
	gregorian := c.days(year, func(y int64, m int) int64 { return daysOf(y, m, 1) })
	julian := c.days(year, julianDays)
	switch {
	case year > 1582 && gregorian >= cutover, year == 1582 && gregorian >= cutover:
		days = gregorian
	default:
		days = julian
	}
	return days*86400000 + ms - c.offset*1000
}

// days combines the date's fields: those that were set last count.
func (c *calendar) days(year int64, first func(y int64, m int) int64) int64 {
	day, ofYear := c.when[calDay], c.when[calDayOfYear]
	weekOfMonth, inMonth, weekOfYear := c.both(calWeekOfMonth, calWeekday), c.both(calWeekdayInMonth, calWeekday), c.both(calWeekOfYear, calWeekday)
	best := max(day, ofYear, weekOfMonth, inMonth, weekOfYear)
	if best == 0 {
		weekOfMonth, weekOfYear = c.when[calWeekOfMonth], c.when[calWeekOfYear]
		inMonth = max(c.when[calWeekdayInMonth], c.when[calWeekday])
		best = max(weekOfMonth, inMonth, weekOfYear)
	}
	ofMonth := best == day || best == weekOfMonth && c.when[calWeekOfMonth] >= c.when[calWeekOfYear] ||
		best == inMonth && c.when[calWeekdayInMonth] >= c.when[calWeekOfYear]
	if best != 0 && !ofMonth {
		start := first(year, 1)
		if best == ofYear {
			return start + int64(c.v[calDayOfYear]) - 1
		}
		return weekStart(start, c.or(calWeekday, 1)) + 7*int64(c.v[calWeekOfYear]-1)
	}
	month := int64(c.v[calMonth])
	year += FloorDiv(month, 12)
	start := first(year, int(FloorMod(month, 12))+1)
	switch {
	case best == 0 || best == day:
		return start + int64(c.or(calDay, 1)) - 1
	case best == weekOfMonth && (best != inMonth || c.when[calWeekOfMonth] >= c.when[calWeekdayInMonth]):
		return weekStart(start, c.or(calWeekday, 1)) + 7*int64(c.v[calWeekOfMonth]-1)
	}
	return onOrBefore(start+7*int64(c.or(calWeekdayInMonth, 1))-1, c.or(calWeekday, 1))
}

// onOrBefore is the last such weekday (1 Sunday) up to a day.
func onOrBefore(days int64, weekday int) int64 {
	return days - FloorMod(weekdayOf(days)%7+1-int64(weekday), 7)
}

// weekStart is that weekday in the week of a day; weeks begin on Sunday.
func weekStart(days int64, weekday int) int64 {
	return onOrBefore(days, 1) + FloorMod(int64(weekday)-1, 7)
}

// julianDays is the day number of the first of a month in the Julian calendar.
func julianDays(y int64, m int) int64 {
	a := int64(14-m) / 12
	yy, mm := y+4800-a, int64(m)+12*a-3
	return 1 + (153*mm+2)/5 + 365*yy + FloorDiv(yy, 4) - 32083 - 2440588
}
