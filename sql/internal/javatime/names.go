package javatime

import (
	"strings"
	"time"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

var (
	monthNames   = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdayNames = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// nameOf is the English text of a field's value; style is 3 short, 4 long, 5 narrow.
func nameOf(f field, value int64, style int) string {
	pick := func(names ...string) string {
		if value < 0 || int(value) >= len(names) {
			return ""
		}
		return names[value]
	}
	switch f {
	case fieldMonth:
		value--
		return styled(pick(monthNames...), style)
	case fieldWeekday:
		value--
		return styled(pick(weekdayNames...), style)
	case fieldQuarter:
		value--
		switch style {
		case 3:
			return pick("Q1", "Q2", "Q3", "Q4")
		case 4:
			return pick("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")
		}
		return pick("1", "2", "3", "4")
	case fieldEra:
		switch style {
		case 3:
			return pick("BC", "AD")
		case 4:
			return pick("Before Christ", "Anno Domini")
		}
		return pick("B", "A")
	case fieldHalfDay:
		return pick("AM", "PM")
	}
	return ""
}

func styled(name string, style int) string {
	switch {
	case name == "":
	case style == 3:
		return name[:3]
	case style == 5:
		return name[:1]
	}
	return name
}

// dayPeriod is the English name of a part of the day.
func dayPeriod(nanoOfDay int64) string {
	const hour = 3600e9
	switch {
	case nanoOfDay < 60e9:
		return "midnight"
	case nanoOfDay >= 12*hour && nanoOfDay < 12*hour+60e9:
		return "noon"
	case nanoOfDay < 6*hour || nanoOfDay >= 21*hour:
		return "at night"
	case nanoOfDay < 12*hour:
		return "in the morning"
	case nanoOfDay < 18*hour:
		return "in the afternoon"
	}
	return "in the evening"
}

// namesToRead are the texts that stand for values of a field, the longest first where one begins another;
// nil: the field is read as a number.
func (p *Pattern) namesToRead(f field, style int) (names []string, first int64) {
	if !p.english && style == 4 && (f == fieldMonth || f == fieldWeekday || f == fieldQuarter) {
		style = 3
	}
	lo, hi := int64(1), int64(12)
	switch f {
	case fieldWeekday:
		hi = 7
	case fieldQuarter:
		hi = 4
	case fieldEra, fieldHalfDay:
		lo, hi = 0, 1
	}
	if style == 5 && (f == fieldMonth || f == fieldQuarter) {
		return nil, 0
	}
	for v := lo; v <= hi; v++ {
		names = append(names, nameOf(f, v, style))
	}
	return names, lo
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// readZoneID finds the longest tz name at the start of s, in any letter case.
func readZoneID(s string) (loc *time.Location, n int) {
	for n < len(s) && (chars.LetterOrDigit(s[n]) || strings.IndexByte("/_+-", s[n]) >= 0) {
		n++
	}
	for ; n >= 3; n-- {
		id := s[:n]
		if i := strings.IndexAny(id, "+-"); i == 2 || i == 3 {
			continue // UTC+2: a prefix with an offset, not a name
		}
		for _, spelled := range [...]string{id, titled(id), strings.ToUpper(id)} {
			if loc, err := Zone(spelled); err == nil && !offsetZone(loc) {
				return loc, n
			}
		}
	}
	return nil, 0
}

// titled writes a tz name as most are spelled: America/New_York, Etc/GMT.
func titled(id string) string {
	b := []byte(strings.ToLower(id))
	for i := range b {
		if i == 0 || !chars.Letter(b[i-1]) {
			b[i] = chars.Upper(b[i])
		}
	}
	return string(b)
}
