package javatime

import "fmt"

// resolved is what the fields add up to, as java.time's smart style combines them.
type resolved struct {
	hasDate, hasTime bool
	days, nano       int64
}

func outOfRange(f field, v int64) error {
	return fmt.Errorf("Invalid value for %s: %d", fieldNames[f], v)
}

// limits are the legal values of fields. Those of quarters and weeks, which have none here, only count where
// there is a date.
var limits = [fieldCount][2]int64{fieldEra: {0, 1}, fieldYear: {-999999999, 999999999}, fieldYearOfEra: {1, 1000000000}, fieldMonth: {1, 12},
	fieldDayOfYear: {1, 366}, fieldDayOfMonth: {1, 31}, fieldWeekday: {1, 7}, fieldAlignedWeekday: {1, 7},
	fieldJulianDay: {-365243219162, 365241780471}, fieldWeekYear: {-999999999, 999999999},
	fieldLocalWeekday: {1, 7}, fieldNano: {0, 999999999}, fieldNanoOfDay: {0, nanosPerDay - 1}, fieldMilliOfDay: {0, 86399999},
	fieldSecond: {0, 59}, fieldMinute: {0, 59}, fieldHalfDayHour: {0, 11}, fieldClockHalfDayHour: {0, 12}, fieldHour: {0, 24},
	fieldClockHour: {0, 24}, fieldHalfDay: {0, 1}}

func (d *parsed) resolve() (r resolved, err error) {
	for f := range fieldCount {
		if d.is(f) && limits[f][1] > 0 && (d.v[f] < limits[f][0] || d.v[f] > limits[f][1]) {
			return r, outOfRange(f, d.v[f])
		}
	}
	if err := d.resolveYear(); err != nil {
		return r, err
	}
	if d.is(fieldLocalWeekday) {
		if err := d.conflict(fieldWeekday, (d.v[fieldLocalWeekday]+5)%7+1); err != nil {
			return r, err
		}
	}
	if err := d.resolveDate(&r); err != nil {
		return r, err
	}
	late, err := d.resolveTime(&r)
	if err != nil {
		return r, err
	}
	if r.hasDate {
		m := dateMoment(r.days)
		for f := fieldEra; f < fieldNano; f++ {
			if !d.is(f) || f == fieldYearOfEra || f == fieldLocalWeekday || f == fieldDayOfMonth && d.is(fieldMonth) && d.is(fieldYear) && !d.is(fieldJulianDay) {
				continue
			}
			if v, err := m.get(f); err == nil && v != d.v[f] {
				return r, fmt.Errorf("Conflict found: Field %s %d differs from %s %d derived from the date", fieldNames[f], v, fieldNames[f], d.v[f])
			}
		}
		if late {
			r.days++
		}
	}
	return r, nil
}

// resolveYear turns the year of an era into a year. Without an era it is one of ours.
func (d *parsed) resolveYear() error {
	if !d.is(fieldYearOfEra) {
		return nil
	}
	y := d.v[fieldYearOfEra]
	if d.is(fieldEra) && d.v[fieldEra] == 0 || !d.is(fieldEra) && d.is(fieldYear) && d.v[fieldYear] < 1 {
		y = 1 - y
	}
	if !d.set(fieldYear, y) {
		return fmt.Errorf("Conflict found: Year %d differs from Year %d", d.v[fieldYear], y)
	}
	return nil
}

func (d *parsed) resolveDate(r *resolved) error {
	y := d.v[fieldYear]
	switch {
	case d.is(fieldJulianDay):
		r.days = d.v[fieldJulianDay] - 40587
	case d.is(fieldYear) && d.is(fieldMonth) && d.is(fieldDayOfMonth):
		m := int(d.v[fieldMonth])
		r.days = daysOf(y, m, min(int(d.v[fieldDayOfMonth]), monthLength(y, m)))
	case d.is(fieldYear) && d.is(fieldDayOfYear):
		if d.v[fieldDayOfYear] == 366 && !leapYear(y) {
			return fmt.Errorf("Invalid date 'DayOfYear 366' as '%d' is not a leap year", y)
		}
		r.days = daysOf(y, 1, 1) + d.v[fieldDayOfYear] - 1
	case d.is(fieldWeekYear) && d.is(fieldWeekOfYear) && d.is(fieldWeekday):
		first := daysOf(d.v[fieldWeekYear], 1, 1)
		r.days = first - weekdayOf(first)%7 + (d.v[fieldWeekOfYear]-1)*7 + d.v[fieldWeekday]%7
	case d.is(fieldYear) && d.is(fieldMonth) && d.is(fieldWeekOfMonth) && d.is(fieldWeekday):
		first := daysOf(y, int(d.v[fieldMonth]), 1)
		r.days = first - weekdayOf(first)%7 + (d.v[fieldWeekOfMonth]-1)*7 + d.v[fieldWeekday]%7
	default:
		return nil
	}
	r.hasDate = true
	return nil
}

// conflict gives a field a value that others make; an error where the text says another.
func (d *parsed) conflict(f field, v int64) error {
	if !d.set(f, v) {
		return fmt.Errorf("Conflict found: %s %d differs from %s %d", fieldNames[f], d.v[f], fieldNames[f], v)
	}
	return nil
}

// resolveTime also says whether the time was 24:00, the end of the day.
func (d *parsed) resolveTime(r *resolved) (late bool, err error) {
	if d.is(fieldClockHour) {
		if err := d.conflict(fieldHour, d.v[fieldClockHour]%24); err != nil {
			return false, err
		}
	}
	if d.is(fieldClockHalfDayHour) {
		if err := d.conflict(fieldHalfDayHour, d.v[fieldClockHalfDayHour]%12); err != nil {
			return false, err
		}
	}
	if d.is(fieldHalfDay) && d.is(fieldHalfDayHour) {
		if err := d.conflict(fieldHour, d.v[fieldHalfDay]*12+d.v[fieldHalfDayHour]); err != nil {
			return false, err
		}
	}
	ofDay := int64(-1)
	if d.is(fieldMilliOfDay) {
		ofDay = d.v[fieldMilliOfDay]*1e6 + d.v[fieldNano]%1e6
	}
	if d.is(fieldNanoOfDay) {
		if ofDay >= 0 && ofDay/1e6 != d.v[fieldNanoOfDay]/1e6 {
			return false, outOfRange(fieldNanoOfDay, d.v[fieldNanoOfDay])
		}
		ofDay = d.v[fieldNanoOfDay]
	}
	if ofDay >= 0 {
		m := timeMoment(ofDay)
		for _, f := range [...]field{fieldHour, fieldMinute, fieldSecond, fieldNano} {
			v, _ := m.get(f)
			if err := d.conflict(f, v); err != nil {
				return false, err
			}
		}
		r.nano, r.hasTime = ofDay, true
		return false, d.checkHalfDay()
	}
	if !d.is(fieldHour) {
		return false, nil
	}
	if d.v[fieldHour] == 24 {
		if d.v[fieldMinute] != 0 || d.v[fieldSecond] != 0 || d.v[fieldNano] != 0 {
			return false, outOfRange(fieldHour, 24)
		}
		d.v[fieldHour] = 0
		late = true
	}
	if err := d.checkHalfDay(); err != nil {
		return false, err
	}
	if !d.is(fieldMinute) && (d.is(fieldSecond) || d.is(fieldNano)) || !d.is(fieldSecond) && d.is(fieldNano) {
		return false, nil
	}
	r.nano, r.hasTime = d.partialTime(), true
	return late, nil
}

// checkHalfDay compares AM or PM with the hour.
func (d *parsed) checkHalfDay() error {
	if d.is(fieldHalfDay) && d.v[fieldHour]/12 != d.v[fieldHalfDay] || d.is(fieldHalfDayHour) && d.v[fieldHour]%12 != d.v[fieldHalfDayHour] {
		return fmt.Errorf("Conflict found: hour %d does not fit %s", d.v[fieldHour], nameOf(fieldHalfDay, d.v[fieldHalfDay], 3))
	}
	return nil
}

// partialTime is the time of day that the fields give where the rest is zero.
func (d *parsed) partialTime() int64 {
	h := int64(0)
	switch {
	case d.is(fieldHour):
		h = d.v[fieldHour]
	case d.is(fieldHalfDayHour):
		h = d.v[fieldHalfDayHour]
	case d.is(fieldHalfDay):
		h = 12 * d.v[fieldHalfDay]
		if !d.is(fieldMinute) && !d.is(fieldSecond) && !d.is(fieldNano) {
			h += 6 // the middle of the half day
		}
	}
	return ((h*60+d.v[fieldMinute])*60+d.v[fieldSecond])*1e9 + d.v[fieldNano]
}

// partialDate lays single fields over 1970-01-01, one by one.
func (d *parsed) partialDate() (int64, error) {
	y, m, day := int64(1970), 1, 1
	if d.is(fieldYear) {
		y = d.v[fieldYear]
	}
	if d.is(fieldMonth) {
		m = int(d.v[fieldMonth])
	}
	if d.is(fieldDayOfYear) {
		if d.v[fieldDayOfYear] == 366 {
			return 0, errLeapDay
		}
		_, m, day = dateOf(daysOf(y, 1, 1) + d.v[fieldDayOfYear] - 1)
	}
	if d.is(fieldDayOfMonth) {
		day = int(d.v[fieldDayOfMonth])
		if day > monthLength(y, m) {
			return 0, fmt.Errorf("Invalid date '%s %d'", monthNames[m-1], day)
		}
	}
	days := daysOf(y, m, day)
	if d.is(fieldAlignedWeekday) {
		_, _, day := dateOf(days)
		days += d.v[fieldAlignedWeekday] - (int64(day-1)%7 + 1)
	}
	if d.is(fieldWeekday) {
		days += d.v[fieldWeekday] - weekdayOf(days)
	}
	return days, nil
}
