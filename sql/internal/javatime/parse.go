package javatime

import (
	"errors"
	"fmt"
	"time"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// parsed is the fields that a text gave.
type parsed struct {
	has    uint32
	v      [fieldCount]int64
	zone   *time.Location
	offset int64 // seconds
	// hasOffset says that offset is known.
	hasOffset bool
}

func (d *parsed) is(f field) bool { return d.has&(1<<f) != 0 }

// set gives a field its value; false where the text says two things about it.
func (d *parsed) set(f field, v int64) bool {
	if d.is(f) {
		return d.v[f] == v
	}
	d.has |= 1 << f
	d.v[f] = v
	return true
}

// read matches the whole of text.
func (p *Pattern) read(text string) (d parsed, err error) {
	at := p.match(&d, p.items, text, 0)
	if at < 0 {
		return d, fmt.Errorf("Text '%s' could not be parsed at index %d", text, ^at)
	}
	if at < len(text) {
		return d, fmt.Errorf("Text '%s' could not be parsed, unparsed text found at index %d", text, at)
	}
	return d, nil
}

// match reads items from s[at:] and returns where they end, or ^index of the failure.
func (p *Pattern) match(d *parsed, items []item, s string, at int) int {
	for i := range items {
		if at = p.matchItem(d, &items[i], s, at); at < 0 {
			return at
		}
	}
	return at
}

func (p *Pattern) matchItem(d *parsed, it *item, s string, at int) int {
	switch it.kind {
	case itemText:
		if hasPrefixFold(s[at:], it.text) {
			return at + len(it.text)
		}
		return ^at
	case itemOptional:
		before := *d
		end := p.match(d, it.items, s, at)
		if end < 0 {
			*d = before
			return at
		}
		return end
	case itemPad:
		end := at + it.max
		if end > len(s) {
			return ^at
		}
		from := at
		for from < end && s[from] == ' ' {
			from++
		}
		if got := p.match(d, it.items, s[:end], from); got != end {
			return ^(at + it.max)
		}
		return end
	case itemNumber, itemReduced:
		return matchNumber(d, it, s, at)
	case itemFraction:
		end := at + it.max
		if end > len(s) {
			return ^at
		}
		v, unit := int64(0), int64(1e9)
		for i := at; i < end; i++ {
			if !chars.Digit(s[i]) {
				return ^at
			}
			v = v*10 + int64(s[i]-'0')
			unit /= 10
		}
		if !d.set(fieldNano, v*unit) {
			return ^at
		}
		return end
	case itemName:
		names, first := p.namesToRead(it.field, it.style)
		if it.field == fieldDayPeriod {
			return ^at // ksqlDB reads it, but no time comes of it alone
		}
		if names == nil {
			return matchNumber(d, &item{kind: itemNumber, field: it.field, min: 1, max: mostDigits}, s, at)
		}
		best, n := 0, -1
		for k, name := range names {
			if len(name) >= n && hasPrefixFold(s[at:], name) {
				best, n = k, len(name)
			}
		}
		if n < 0 || !d.set(it.field, first+int64(best)) {
			return ^at
		}
		return at + n
	case itemOffset:
		return d.matchOffset(offsetShapes[it.offset], it.text, s, at)
	case itemLocalOffset:
		return d.matchLocalOffset(it.style == 4, s, at)
	case itemZoneID:
		return d.matchZone(s, at, false, 0)
	case itemZoneName, itemZoneGeneric:
		return d.matchZone(s, at, true, it.style)
	}
	return ^at
}

// matchNumber follows java.time's number parser. The digits of a run are divided from its end: fixed widths
// keep theirs, the open one takes the rest.
func matchNumber(d *parsed, it *item, s string, at int) int {
	if at == len(s) {
		return ^at
	}
	from, neg, plus := at, false, false
	switch s[at] {
	case '+':
		if it.sign != signExceeds {
			return ^at
		}
		plus = true
		at++
	case '-':
		if it.sign == signNotNegative {
			return ^at
		}
		neg = true
		at++
	}
	if at+it.min > len(s) {
		return ^from
	}
	end := at
	for most := it.max + max(it.after, 0); end < len(s) && end-at < most && chars.Digit(s[end]); end++ {
	}
	if end-at < it.min {
		return ^from
	}
	if it.after > 0 {
		end = at + max(it.min, end-at-it.after)
	}
	if end-at > 18 {
		return ^from // java.time knows no field that large
	}
	v := int64(0)
	for i := at; i < end; i++ {
		v = v*10 + int64(s[i]-'0')
	}
	if neg {
		if v == 0 {
			return ^from
		}
		v = -v
	} else if it.sign == signExceeds && plus != (end-at > it.min) {
		return ^from
	}
	if it.kind == itemReduced {
		v += 2000
	}
	if !d.set(it.field, v) {
		return ^from
	}
	return end
}

func twoDigits(s string, at int) (int64, bool) {
	if at+2 > len(s) || !chars.Digit(s[at]) || !chars.Digit(s[at+1]) {
		return 0, false
	}
	return int64(s[at]-'0')*10 + int64(s[at+1]-'0'), true
}

func (d *parsed) matchOffset(shape offsetShape, zero, s string, at int) int {
	if at < len(s) && hasPrefixFold(s[at:], zero) {
		return d.setOffset(0, at, at+len(zero))
	}
	if at == len(s) || s[at] != '+' && s[at] != '-' {
		return ^at
	}
	secs, ok := twoDigits(s, at+1)
	if !ok {
		return ^at
	}
	secs *= 3600
	end := at + 3
	for k, need := range [...]bool{shape.minutes, false} {
		if k == 1 && !shape.seconds {
			break
		}
		from := end
		if shape.colon {
			if from < len(s) && s[from] == ':' {
				from++
			} else {
				from = len(s)
			}
		}
		v, ok := twoDigits(s, from)
		if !ok || v > 59 {
			if need {
				return ^at
			}
			break
		}
		unit := int64(60)
		if k == 1 {
			unit = 1
		}
		secs += v * unit
		end = from + 2
	}
	if s[at] == '-' {
		secs = -secs
	}
	return d.setOffset(secs, at, end)
}

func (d *parsed) setOffset(secs int64, at, end int) int {
	if secs < -mostOffset || secs > mostOffset || d.hasOffset && d.offset != secs {
		return ^at
	}
	d.offset, d.hasOffset = secs, true
	return end
}

func (d *parsed) matchLocalOffset(long bool, s string, at int) int {
	if !hasPrefixFold(s[at:], "GMT") {
		return ^at
	}
	end := at + 3
	if end == len(s) || s[end] != '+' && s[end] != '-' {
		return d.setOffset(0, at, end)
	}
	neg := s[end] == '-'
	end++
	h, ok := twoDigits(s, end)
	switch {
	case ok:
		end += 2
	case !long && end < len(s) && chars.Digit(s[end]):
		h = int64(s[end] - '0')
		end++
	default:
		return ^at
	}
	secs := h * 3600
	for unit := int64(60); unit >= 1; unit /= 60 {
		v, ok := int64(0), false
		if end < len(s) && s[end] == ':' {
			v, ok = twoDigits(s, end+1)
		}
		if !ok {
			if long && unit == 60 {
				return ^at
			}
			break
		}
		secs += v * unit
		end += 3
	}
	if neg {
		secs = -secs
	}
	return d.setOffset(secs, at, end)
}

// matchZone reads a zone id, or a name where names says so.
func (d *parsed) matchZone(s string, at int, names bool, style int) int {
	rest := s[at:]
	set := func(loc *time.Location, n int) int {
		d.zone = loc
		return at + n
	}
	if rest == "" {
		return ^at
	}
	if rest[0] == '+' || rest[0] == '-' {
		if secs, n := zoneOffset(rest); n > 0 {
			return set(time.FixedZone(offsetID(secs), secs), n)
		}
		return ^at
	}
	loc, n := readZoneID(rest)
	if names {
		if l, k := readZoneName(rest, style == 4); k > n {
			loc, n = l, k
		}
	}
	for _, prefix := range [...]string{"UTC", "GMT", "UT"} {
		if n > len(prefix) || !hasPrefixFold(rest, prefix) {
			continue
		}
		k := len(prefix)
		if k < len(rest) && (rest[k] == '+' || rest[k] == '-') {
			if secs, m := zoneOffset(rest[k:]); m > 0 && secs != 0 {
				return set(time.FixedZone(prefix+offsetID(secs), secs), k+m)
			} else if m > 0 {
				return set(time.FixedZone(prefix, 0), k+m)
			}
		}
		return set(time.FixedZone(prefix, 0), k)
	}
	if n == 0 {
		if rest[0]|0x20 == 'z' {
			return set(time.FixedZone("Z", 0), 1)
		}
		return ^at
	}
	return set(loc, n)
}

// zoneOffset reads +hh:mm[:ss] or Z at the start of s.
func zoneOffset(s string) (secs, n int) {
	var d parsed
	if n = d.matchOffset(offsetShapes[4], "Z", s, 0); n < 0 {
		return 0, 0
	}
	return int(d.offset), n
}

var errLeapDay = errors.New("Leap day cannot be parsed without supplying the year field")

// ParseMillis lays the fields over 1970-01-01T00:00 in the zone, the larger units first, as ksqlDB does.
func (p *Pattern) ParseMillis(text string, zone *time.Location) (int64, error) {
	d, err := p.read(text)
	if err != nil {
		return 0, err
	}
	r, err := d.resolve()
	if err != nil {
		return 0, fmt.Errorf("Text '%s' could not be parsed: %w", text, err)
	}
	days := r.days
	if !r.hasDate {
		if days, err = d.partialDate(); err != nil {
			return 0, fmt.Errorf("Text '%s' could not be parsed: %w", text, err)
		}
	}
	nano := r.nano
	if !r.hasTime {
		nano = d.partialTime()
	}
	local := days*86400 + FloorDiv(nano, 1e9)
	var sec int64
	switch {
	case d.zone != nil:
		sec = instantOf(local, d.zone)
		if d.hasOffset && offsetAt(local-d.offset, d.zone) == d.offset {
			sec = local - d.offset // of the two that clocks going back leave
		}
	case d.hasOffset:
		sec = local - d.offset
	default:
		sec = instantOf(local, zone)
	}
	return sec*1000 + nano%1e9/1e6, nil
}

// ParseDate reads a text that must give a whole date, in days.
func (p *Pattern) ParseDate(text string) (int64, error) {
	d, err := p.read(text)
	if err != nil {
		return 0, err
	}
	r, err := d.resolve()
	if err == nil && !r.hasDate {
		err = errors.New("Unable to obtain LocalDate from TemporalAccessor")
	}
	if err != nil {
		return 0, fmt.Errorf("Text '%s' could not be parsed: %w", text, err)
	}
	return r.days, nil
}

// ParseTime reads a text that must give a whole time of day and nothing of a date, in nanoseconds.
func (p *Pattern) ParseTime(text string) (int64, error) {
	d, err := p.read(text)
	if err != nil {
		return 0, err
	}
	if d.has&(1<<fieldNano-1) != 0 {
		return 0, errors.New("Time format contains date field.")
	}
	r, err := d.resolve()
	if err == nil && !r.hasTime {
		err = errors.New("Unable to obtain LocalTime from TemporalAccessor")
	}
	if err != nil {
		return 0, fmt.Errorf("Text '%s' could not be parsed: %w", text, err)
	}
	return r.nano, nil
}
