package plan

import (
	"strings"
	"testing"
)

const hour, minute, second = 3600000, 60000, 1000

// TestTimestampText: month, day and the end of the clock may be missing; a zone moves the time; what is no time says
// where.
func TestTimestampText(t *testing.T) {
	const day = 24 * hour
	for text, want := range map[string]int64{
		"1970": 0, "1971": 365 * day, "1970-02": 31 * day, "1970-01-02": day,
		"1970-01-01T": 0, "1970-01-01T0": 0, "1970-01-01T1": 10 * hour, "1970-01-01T23": 23 * hour, "1970-01-01T23:5": 23*hour + 50*minute,
		"1970-01-01T23:59": 23*hour + 59*minute, "1970-01-01T00:00:59": 59 * second,
		"1970-01-01T00:00:00.999": 999, "1970-01-01T00:00:00.9": 900, "1970-01-01T24:00": day,
		"1970-01-01T00:00Z": 0, "1970-01-01Tz": 0,
		"1970-01-02T00+1": day - hour, "1970-01-02T00-1": day + hour, "1970-01-02T00+0130": day - 90*minute,
		"1970-01-02T00-01:30": day + 90*minute, "1970-01-02T00-013015": day + 90*minute + 15*second,
		"1970-01-02T00-01:30:15": day + 90*minute + 15*second, "1970-01-02T00+18": 6 * hour, "1970-01-02T00+18:00:00": 6 * hour,
		"1970-01-02T00+17:59:59": 6*hour + second, "1970-01-02T00+00:00": day,
		"1969-12-31T23:59:59.999": -1, "1972-02-31": 2*365*day + 59*day, "1970-02-31": 58 * day, "1970-12-31": 364 * day,
	} {
		if got, err := ParseTimestamp(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"":        "Text '-01-01T00:00:00.000' could not be parsed at index 0",
		"1970-13": "Text '1970-13-01T00:00:00.000' could not be parsed at index 0",
		"1970-":   "Text '1970--01-01T00:00:00.000' could not be parsed at index 0", "1970-02-": "Text '1970-02--01T00:00:00.000' could",
		"1970-1": "at index 0", "1970-01-00": "at index 0", "1970-01-32": "at index 0", "1970-00": "at index 0", "0000": "at index 0",
		"1970-01-011": "at index 0", "197a": "at index 0", "1970/01-01": "at index 0", "1970-01/01": "at index 0", "1970T00": "at index 0",
		"1970-01-01T24:00:00.001": "Text '1970-01-01T24:00:00.001' could not be parsed at index 11",
		"1970-01-01T24:00:01":     "at index 11", "1970-01-01T24:01": "at index 11", "1970-01-01T25": "at index 11",
		"1970-01-01T00:60": "at index 11", "1970-01-01T00:00:60": "at index 11", "1970-01-01T00.00": "at index 11",
		"1970-01-01T00:00.00": "at index 11", "1970-01-01T00:00:00:000": "at index 11", "1970-01-01T00:00:00.0000": "at index 11",
		"1970-01-01T00+19":    "Text '1970-01-01T00:00:00.000' could not be parsed: Invalid ID for offset-based ZoneId: +19",
		"1970-01-01T00+18:01": "ZoneId: +18:01", "1970-01-01T00+18:00:01": "ZoneId: +18:00:01", "1970-01-01T00-18:01": "ZoneId: -18:01",
		"1970-01-01T00+01:60": "ZoneId: +01:60", "1970-01-01T00+01:00:60": "ZoneId: +01:00:60", "1970-01-01T00+": "ZoneId: +",
		"1970-01-01T00+1:00": "ZoneId: +1:00", "1970-01-01T00+010": "ZoneId: +010", "1970-01-01T00+01:0": "ZoneId: +01:0",
		"1970-01-01T00+01000": "ZoneId: +01000", "1970-01-01T00+01:00:0": "ZoneId: +01:00:0", "1970-01-01T00+0a": "ZoneId: +0a",
		"1970-01-01T00+01:0a": "ZoneId: +01:0a", "1970-01-01T00+01:00:0a": "ZoneId: +01:00:0a", "1970-01-01T00+01-00": "ZoneId: +01-00",
		"1970-01-01T00+01:00-00": "ZoneId: +01:00-00", "1970-01-01T00+01000000": "ZoneId: +01000000", "1970-01-01T00++1": "ZoneId: ++1",
		"1970-01-01T00+0100:00": "ZoneId: +0100:00",
	} {
		got, err := ParseTimestamp(text)
		if err == nil || !strings.HasPrefix(err.Error(), "Failed to parse timestamp '"+text+"': Text '") || !strings.Contains(err.Error(), want) || !strings.HasSuffix(err.Error(), timestampHelp) {
			t.Errorf("%s: %d, %v, want %s", text, got, err, want)
		}
	}
}

func TestDateText(t *testing.T) {
	for text, want := range map[string]int32{
		"1970": 0, "1970-02": 31, "1970-02-03": 33, "1969-12-31": -1, "1972-02-30": 2*365 + 59, "0001": -719162,
	} {
		if got, err := ParseDate(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "1970-", "1970-02-", "1970-1", "1970-13", "1970-00", "1970-01-32", "1970-01-00", "0000", "1970-01-01-", "1970-01-01T", "1970_01_01", "1970-01_01", "19700101"} {
		got, err := ParseDate(text)
		if err == nil || !strings.HasPrefix(err.Error(), "Failed to parse date '"+text+"': ") {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}

// TestTimeText: seconds and their fraction may be missing; what is below a ms is cut off.
func TestTimeText(t *testing.T) {
	for text, want := range map[string]int32{
		"00:00": 0, "23:59": 23*hour + 59*minute, "01:02:03": hour + 2*minute + 3*second, "23:59:59": 24*hour - second,
		"00:00:00.": 0, "00:00:00.5": 500, "00:00:00.05": 50, "00:00:00.125": 125, "00:00:00.0009": 0, "00:00:00.123456789": 123,
	} {
		if got, err := ParseTime(text); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "00", "00:", "00:0", "24:00", "00:60", "00:00:60", "0000", "00-00", "aa:00", "00:aa", "00:00:", "00:00:0", "00:00:aa",
		"00:00-00", "00:00:00,5", "00:00:00:5", "00:00:00.a", "00:00:00.1234567890", "00:00:001"} {
		got, err := ParseTime(text)
		if err == nil || !strings.HasPrefix(err.Error(), "Failed to parse time '"+text+"': ") {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}
