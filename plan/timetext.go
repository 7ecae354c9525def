package plan

import (
	"fmt"
	"strings"
	"time"
)

const timestampHelp = "\nRequired format is: \"yyyy-MM-dd'T'HH:mm:ss.SSS\", with an optional numeric 'timezone' or 'Z'. Partials are also supported, for example \"2020-05-26\""

// ParseTimestamp reads ksqlDB's text of a TIMESTAMP as ms since epoch: a date of which month and day may be
// missing, or a full date, a T and any beginning of HH:mm:ss.SSS, then perhaps Z or a zone offset.
func ParseTimestamp(text string) (int64, error) {
	date, clock, timed := strings.Cut(text, "T")
	zone := ""
	if timed {
		if i := strings.IndexByte(clock, '+'); i >= 0 {
			clock, zone = clock[:i], clock[i:]
		} else if i := strings.IndexByte(clock, '-'); i >= 0 {
			clock, zone = clock[:i], clock[i:]
		}
		clock = strings.Map(func(r rune) rune {
			if r|0x20 >= 'a' && r|0x20 <= 'z' {
				return -1
			}
			return r
		}, clock)
	} else {
		switch strings.Count(strings.TrimRight(date, "-"), "-") {
		case 0:
			date += "-01-01"
		case 1:
			date += "-01"
		}
	}
	const whole = "00:00:00.000"
	if len(clock) < len(whole) {
		clock += whole[len(clock):]
	}
	errAt := func(why string) error {
		return fmt.Errorf("Failed to parse timestamp '%s': Text '%s' could not be parsed%s%s", text, date+"T"+clock, why, timestampHelp)
	}
	days, ok := civil(date)
	if !ok {
		return 0, errAt(" at index 0")
	}
	tod, ok := clockText(clock)
	if !ok {
		return 0, errAt(" at index 11")
	}
	off, ok := zoneOffset(zone)
	if !ok {
		return 0, errAt(": Invalid ID for offset-based ZoneId: " + zone)
	}
	return days*86400000 + tod - off, nil
}

// ParseDate reads yyyy, yyyy-MM or yyyy-MM-dd as days since epoch.
func ParseDate(text string) (int32, error) {
	date := text
	switch strings.Count(date, "-") {
	case 0:
		date += "-01-01"
	case 1:
		date += "-01"
	}
	days, ok := civil(date)
	if !ok {
		return 0, fmt.Errorf("Failed to parse date '%s': Text '%s' could not be parsed at index 0%s", text, text,
			"\nRequired format is: \"yyyy-MM-dd\". Partials are also supported, for example \"2020-05\"")
	}
	return int32(days), nil
}

// ParseTime reads HH:mm[:ss[.fraction]] as ms of day.
func ParseTime(text string) (int32, error) {
	if ms, ok := localTime(text); ok {
		return ms, nil
	}
	return 0, fmt.Errorf("Failed to parse time '%s': Text '%s' could not be parsed at index 0\nRequired format is: \"HH:mm:ss.SSS\"", text, text)
}

func localTime(s string) (int32, bool) {
	h, ok1 := digits(s, 0, 2)
	m, ok2 := digits(s, 3, 5)
	if !ok1 || !ok2 || s[2] != ':' || h > 23 || m > 59 {
		return 0, false
	}
	ms := int32(h*3600000 + m*60000)
	if len(s) == 5 {
		return ms, true
	}
	sec, ok := digits(s, 6, 8)
	if !ok || s[5] != ':' || sec > 59 {
		return 0, false
	}
	ms += int32(sec * 1000)
	if len(s) == 8 {
		return ms, true
	}
	if s[8] != '.' || len(s) > 18 {
		return 0, false
	}
	frac := s[9:]
	if _, ok := digits(s, 9, len(s)); !ok && frac != "" {
		return 0, false
	}
	n, _ := digits(frac+"000", 0, 3)
	return ms + int32(n), true
}

// clockText reads exactly HH:mm:ss.SSS. 24:00:00.000 is the end of the day, as in Java.
func clockText(s string) (int64, bool) {
	h, ok1 := digits(s, 0, 2)
	m, ok2 := digits(s, 3, 5)
	sec, ok3 := digits(s, 6, 8)
	ms, ok4 := digits(s, 9, 12)
	if !ok1 || !ok2 || !ok3 || !ok4 || len(s) != 12 || s[2] != ':' || s[5] != ':' || s[8] != '.' || h > 24 || h == 24 && m+sec+ms > 0 || m > 59 || sec > 59 {
		return 0, false
	}
	return int64(h*3600000 + m*60000 + sec*1000 + ms), true
}

// civil reads yyyy-MM-dd as days since epoch. A day beyond the end of its month is its last one, as in Java.
func civil(s string) (int64, bool) {
	y, ok1 := digits(s, 0, 4)
	m, ok2 := digits(s, 5, 7)
	d, ok3 := digits(s, 8, 10)
	if !ok1 || !ok2 || !ok3 || len(s) != 10 || s[4] != '-' || s[7] != '-' || y < 1 || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	last := time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(y, time.Month(m), min(d, last), 0, 0, 0, 0, time.UTC).Unix() / 86400, true
}

// zoneOffset reads "", ±h, ±hh, ±hhmm, ±hh:mm, with seconds too, as ms.
func zoneOffset(s string) (int64, bool) {
	if strings.TrimSpace(s) == "" {
		return 0, true
	}
	sign := int64(1)
	if s[0] == '-' {
		sign = -1
	}
	t := s[1:]
	if len(t) == 1 {
		t = "0" + t
	}
	if len(t) >= 5 && t[2] == ':' {
		if len(t) == 8 && t[5] == ':' {
			t = t[:5] + t[6:]
		}
		t = t[:2] + t[3:]
	}
	if len(t) != 2 && len(t) != 4 && len(t) != 6 {
		return 0, false
	}
	h, ok := digits(t, 0, 2)
	m, sec := 0, 0
	if len(t) >= 4 && ok {
		m, ok = digits(t, 2, 4)
	}
	if len(t) == 6 && ok {
		sec, ok = digits(t, 4, 6)
	}
	if !ok || h > 18 || m > 59 || sec > 59 || h == 18 && m+sec > 0 {
		return 0, false
	}
	return sign * int64(h*3600+m*60+sec) * 1000, true
}

// digits reads s[lo:hi], at most nine digits that must all be there, as a number.
func digits(s string, lo, hi int) (n int, ok bool) {
	if hi > len(s) || lo >= hi {
		return 0, false
	}
	for _, c := range []byte(s[lo:hi]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
