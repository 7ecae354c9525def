package javatime

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// mostOffset is the greatest distance from UTC, in seconds.
const mostOffset = 18 * 3600

// Greenwich is the zone of FORMAT_TIMESTAMP where none is given.
var Greenwich = time.FixedZone("GMT", 0)

// Zone is java.time's ZoneId.of: a tz name in its exact letters, Z, an offset, or UTC, GMT or UT with an
// offset behind it.
func Zone(id string) (*time.Location, error) {
	bad := errors.New("Unknown time-zone ID: " + id)
	switch id {
	case "Z", "UTC", "GMT", "UT":
		return time.FixedZone(id, 0), nil
	case "", "Local", "EST", "MST", "HST", "Factory", "posixrules":
		return nil, bad
	}
	for _, prefix := range []string{"", "UTC", "GMT", "UT"} {
		rest, ok := strings.CutPrefix(id, prefix)
		if !ok || rest == "" || rest[0] != '+' && rest[0] != '-' {
			continue
		}
		secs, ok := offsetSeconds(rest)
		if !ok {
			return nil, fmt.Errorf("Invalid ID for offset-based ZoneId: %s", id)
		}
		if prefix == "" {
			return time.FixedZone(offsetID(secs), secs), nil
		}
		if secs == 0 {
			return time.FixedZone(prefix, 0), nil
		}
		return time.FixedZone(prefix+offsetID(secs), secs), nil
	}
	if !chars.Letter(id[0]) || strings.HasPrefix(id, "posix/") || strings.HasPrefix(id, "right/") {
		return nil, bad
	}
	for i := range len(id) {
		if !chars.LetterOrDigit(id[i]) && strings.IndexByte("~/._+-", id[i]) < 0 {
			return nil, bad
		}
	}
	loc, err := time.LoadLocation(id)
	if err != nil {
		return nil, bad
	}
	return loc, nil
}

// offsetSeconds reads +h, +hh, +hh:mm, +hhmm, +hh:mm:ss and +hhmmss.
func offsetSeconds(s string) (int, bool) {
	t := s[1:]
	switch {
	case len(t) == 1:
		t = "0" + t
	case len(t) == 5 && t[2] == ':':
		t = t[:2] + t[3:]
	case len(t) == 8 && t[2] == ':' && t[5] == ':':
		t = t[:2] + t[3:5] + t[6:]
	}
	if len(t) != 2 && len(t) != 4 && len(t) != 6 {
		return 0, false
	}
	secs := 0
	for i, unit := 0, 3600; i < len(t); i, unit = i+2, unit/60 {
		if !chars.Digit(t[i]) || !chars.Digit(t[i+1]) {
			return 0, false
		}
		n := int(t[i]-'0')*10 + int(t[i+1]-'0')
		if i > 0 && n > 59 {
			return 0, false
		}
		secs += n * unit
	}
	if secs > mostOffset {
		return 0, false
	}
	if s[0] == '-' {
		secs = -secs
	}
	return secs, true
}

// offsetID is the id of an offset: Z, +02:00, +01:30:15.
func offsetID(secs int) string {
	if secs == 0 {
		return "Z"
	}
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	s := fmt.Sprintf("%c%02d:%02d", sign, secs/3600, secs/60%60)
	if secs%60 != 0 {
		s += fmt.Sprintf(":%02d", secs%60)
	}
	return s
}

// offsetZone reports whether loc is a bare offset, not a region.
func offsetZone(loc *time.Location) bool {
	id := loc.String()
	return id == "Z" || id[0] == '+' || id[0] == '-'
}

func offsetAt(sec int64, loc *time.Location) int64 {
	if loc == time.UTC || loc == Greenwich {
		return 0
	}
	_, off := time.Unix(sec, 0).In(loc).Zone()
	return int64(off)
}

// instantOf is the instant, in seconds, of a local time: the earlier one where clocks go back, and as much
// later as clocks leap where they go forward.
func instantOf(local int64, loc *time.Location) int64 {
	if loc == time.UTC {
		return local
	}
	const day = 86400
	before, after := offsetAt(local-day, loc), offsetAt(local+day, loc)
	if before != after && offsetAt(local-before, loc) != before && offsetAt(local-after, loc) == after {
		return local - after
	}
	return local - before
}

// daysOf is the day number, from 1970-01-01, of a date in the proleptic Gregorian calendar.
func daysOf(year int64, month, day int) int64 {
	y := year
	if month <= 2 {
		y--
	}
	era := FloorDiv(y, 400)
	yoe := y - era*400
	doy := int64((153*((month+9)%12)+2)/5 + day - 1)
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// dateOf is the inverse of daysOf.
func dateOf(days int64) (year int64, month, day int) {
	z := days + 719468
	era := FloorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := int((5*doy + 2) / 153)
	day = int(doy) - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func leapYear(y int64) bool { return y%4 == 0 && (y%100 != 0 || y%400 == 0) }

func monthLength(y int64, m int) int {
	switch m {
	case 2:
		if leapYear(y) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// weekdayOf is 1 for Monday to 7 for Sunday.
func weekdayOf(days int64) int64 { return FloorMod(days+3, 7) + 1 }

// FloorDiv is a / b rounded down.
func FloorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// FloorMod is what FloorDiv leaves: never negative.
func FloorMod(a, b int64) int64 { return a - FloorDiv(a, b)*b }

// LegacyOffset is the offset, in seconds, that java.util.TimeZone has at ms: it knows neither UTC+h nor seconds.
func LegacyOffset(ms int64, loc *time.Location) int64 {
	id := loc.String()
	if strings.HasPrefix(id, "UT") && strings.ContainsAny(id, "+-") || offsetZone(loc) && len(id) > len("+hh:mm") {
		return 0
	}
	return offsetAt(FloorDiv(ms, 1000), loc)
}
