package javatime

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// moment is what a pattern writes: a date, a time of day, or both with a zone.
type moment struct {
	hasDate, hasTime bool
	days             int64
	year             int64
	month, day       int
	nano             int64          // of the day
	zone             *time.Location // nil: none
	sec              int64          // the instant, where there is a zone
}

const nanosPerDay = 86400e9

func dateMoment(days int64) moment {
	m := moment{hasDate: true, days: days}
	m.year, m.month, m.day = dateOf(days)
	return m
}

func timeMoment(nano int64) moment { return moment{hasTime: true, nano: nano} }

func zonedMoment(ms int64, zone *time.Location) moment {
	sec := FloorDiv(ms, 1000)
	local := sec + offsetAt(sec, zone)
	m := dateMoment(FloorDiv(local, 86400))
	m.hasTime, m.zone, m.sec = true, zone, sec
	m.nano = FloorMod(local, 86400)*1e9 + FloorMod(ms, 1000)*1e6
	return m
}

// AppendMillis writes a timestamp, in ms since epoch, as local time of zone.
func (p *Pattern) AppendMillis(dst []byte, ms int64, zone *time.Location) ([]byte, error) {
	m := zonedMoment(ms, zone)
	return m.append(dst, p.items)
}

// AppendDate writes a date, in days since epoch.
func (p *Pattern) AppendDate(dst []byte, days int64) ([]byte, error) {
	m := dateMoment(days)
	return m.append(dst, p.items)
}

// AppendTime writes a time of day, in nanoseconds.
func (p *Pattern) AppendTime(dst []byte, nano int64) ([]byte, error) {
	m := timeMoment(nano)
	return m.append(dst, p.items)
}

var (
	errNoZone   = errors.New("Unable to extract ZoneId from temporal")
	errNoOffset = errors.New("Unsupported field: OffsetSeconds")
)

func (m *moment) append(dst []byte, items []item) ([]byte, error) {
	var err error
	for i := range items {
		if dst, err = m.appendItem(dst, &items[i]); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (m *moment) appendItem(dst []byte, it *item) ([]byte, error) {
	switch it.kind {
	case itemText:
		return append(dst, it.text...), nil
	case itemOptional:
		n := len(dst)
		out, err := m.append(dst, it.items)
		if err != nil {
			return out[:n], nil // a section with a field that the value lacks is left out
		}
		return out, nil
	case itemPad:
		n := len(dst)
		out, err := m.append(dst, it.items)
		if err != nil {
			return out, err
		}
		width := runeCount(out[n:])
		if width > it.max {
			return out, fmt.Errorf("Cannot print as output of %d characters exceeds pad width of %d", width, it.max)
		}
		text := string(out[n:])
		out = out[:n]
		for range it.max - width {
			out = append(out, ' ')
		}
		return append(out, text...), nil
	case itemNumber:
		v, err := m.get(it.field)
		if err != nil {
			return dst, err
		}
		return appendNumber(dst, v, it)
	case itemReduced:
		v, err := m.get(it.field)
		if err != nil {
			return dst, err
		}
		if v < 0 {
			v = -v
		}
		return appendPadded(dst, v%100, 2), nil
	case itemFraction:
		v, err := m.get(fieldNano)
		if err != nil {
			return dst, err
		}
		var digits [9]byte
		for i := 8; i >= 0; i-- {
			digits[i] = byte('0' + v%10)
			v /= 10
		}
		return append(dst, digits[:it.max]...), nil
	case itemName:
		if it.field == fieldDayPeriod {
			if !m.hasTime {
				return dst, unsupported(fieldHour)
			}
			return append(dst, dayPeriod(m.nano)...), nil
		}
		v, err := m.get(it.field)
		if err != nil {
			return dst, err
		}
		return append(dst, nameOf(it.field, v, it.style)...), nil
	}
	if m.zone == nil {
		if it.kind == itemOffset || it.kind == itemLocalOffset {
			return dst, errNoOffset
		}
		return dst, errNoZone
	}
	switch it.kind {
	case itemOffset:
		return appendOffset(dst, offsetAt(m.sec, m.zone), offsetShapes[it.offset], it.text), nil
	case itemLocalOffset:
		return appendLocalOffset(dst, offsetAt(m.sec, m.zone), it.style == 4), nil
	case itemZoneID:
		return append(dst, m.zone.String()...), nil
	}
	return append(dst, zoneName(m.sec, m.zone, it.style == 4, it.kind == itemZoneGeneric)...), nil
}

func runeCount(b []byte) int {
	n := 0
	for _, c := range b {
		if c&0xc0 != 0x80 {
			n++
		}
	}
	return n
}

func appendNumber(dst []byte, v int64, it *item) ([]byte, error) {
	neg := v < 0
	if neg {
		v = -v
	}
	width := len(strconv.AppendInt(make([]byte, 0, 20), v, 10))
	if width > it.max {
		return dst, fmt.Errorf("Field %s cannot be printed as the value %d exceeds the maximum print width of %d", fieldNames[it.field], v, it.max)
	}
	switch {
	case neg && it.sign == signNotNegative:
		return dst, fmt.Errorf("Field %s cannot be printed as the value -%d cannot be negative according to the SignStyle", fieldNames[it.field], v)
	case neg:
		dst = append(dst, '-')
	case it.sign == signExceeds && width > it.min:
		dst = append(dst, '+')
	}
	return appendPadded(dst, v, it.min), nil
}

func appendPadded(dst []byte, v int64, width int) []byte {
	if v < 10 && width <= 1 {
		return append(dst, byte('0'+v))
	}
	if v < 100 && width == 2 {
		return append(dst, byte('0'+v/10), byte('0'+v%10))
	}
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], v, 10)
	for n := len(digits); n < width; n++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func appendOffset(dst []byte, secs int64, shape offsetShape, zero string) []byte {
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	h, m, s := secs/3600, secs/60%60, secs%60
	if h == 0 && m == 0 && (s == 0 || !shape.seconds) {
		return append(dst, zero...)
	}
	dst = appendPadded(append(dst, sign), h, 2)
	part := func(v int64) {
		if shape.colon {
			dst = append(dst, ':')
		}
		dst = appendPadded(dst, v, 2)
	}
	if shape.minutes || m > 0 {
		part(m)
	}
	if shape.seconds && s > 0 {
		part(s)
	}
	return dst
}

func appendLocalOffset(dst []byte, secs int64, long bool) []byte {
	dst = append(dst, "GMT"...)
	if secs == 0 {
		return dst
	}
	sign := byte('+')
	if secs < 0 {
		sign, secs = '-', -secs
	}
	h, m, s := secs/3600, secs/60%60, secs%60
	dst = append(dst, sign)
	if long {
		dst = appendPadded(dst, h, 2)
	} else {
		dst = appendPadded(dst, h, 1)
	}
	if long || m != 0 || s != 0 {
		dst = appendPadded(append(dst, ':'), m, 2)
	}
	if s != 0 {
		dst = appendPadded(append(dst, ':'), s, 2)
	}
	return dst
}

func unsupported(f field) error { return errors.New("Unsupported field: " + fieldNames[f]) }

// get is the value of a field.
func (m *moment) get(f field) (int64, error) {
	if f < fieldNano && !m.hasDate || f >= fieldNano && !m.hasTime {
		return 0, unsupported(f)
	}
	const hour, minute, second = 3600e9, 60e9, 1e9
	h := m.nano / hour
	switch f {
	case fieldEra:
		if m.year < 1 {
			return 0, nil
		}
		return 1, nil
	case fieldYear:
		return m.year, nil
	case fieldYearOfEra:
		if m.year < 1 {
			return 1 - m.year, nil
		}
		return m.year, nil
	case fieldMonth:
		return int64(m.month), nil
	case fieldQuarter:
		return int64(m.month-1)/3 + 1, nil
	case fieldDayOfYear:
		return m.days - daysOf(m.year, 1, 1) + 1, nil
	case fieldDayOfMonth:
		return int64(m.day), nil
	case fieldWeekday:
		return weekdayOf(m.days), nil
	case fieldAlignedWeekday:
		return int64(m.day-1)%7 + 1, nil
	case fieldJulianDay:
		return m.days + 40587, nil
	case fieldWeekYear, fieldWeekOfYear:
		year, week := m.week()
		if f == fieldWeekYear {
			return year, nil
		}
		return week, nil
	case fieldWeekOfMonth:
		return m.weekIn(int64(m.day)), nil
	case fieldLocalWeekday:
		return weekdayOf(m.days)%7 + 1, nil
	case fieldNano:
		return m.nano % second, nil
	case fieldNanoOfDay:
		return m.nano, nil
	case fieldMilliOfDay:
		return m.nano / 1e6, nil
	case fieldSecond:
		return m.nano / second % 60, nil
	case fieldMinute:
		return m.nano / minute % 60, nil
	case fieldHalfDayHour:
		return h % 12, nil
	case fieldClockHalfDayHour:
		return (h+11)%12 + 1, nil
	case fieldHour:
		return h, nil
	case fieldClockHour:
		return (h+23)%24 + 1, nil
	case fieldHalfDay:
		return h / 12, nil
	}
	return 0, unsupported(f)
}

// weekIn is the week that the date lies in, of the month or year that it is the day'th of. Weeks begin on
// Sunday, and the first one counts however short it is.
func (m *moment) weekIn(day int64) int64 {
	return (day-1+weekdayOf(m.days-day+1)%7)/7 + 1
}

// week is the week-based year and the week in it.
func (m *moment) week() (year, week int64) {
	if next := daysOf(m.year+1, 1, 1); m.days >= next-weekdayOf(next)%7 {
		return m.year + 1, 1
	}
	return m.year, m.weekIn(m.days - daysOf(m.year, 1, 1) + 1)
}
