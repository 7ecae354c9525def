package javatime

import (
	"testing"
	"time"
)

// TestZoneNames holds the names of zones to those of OpenJDK 17, in January, in July, and of no season.
func TestZoneNames(t *testing.T) {
	const january, july = 1579046400000, 1594771200000 // 2020
	for _, x := range []struct{ zone, winter, summer, generic, long string }{
		{"America/Los_Angeles", "PST", "PDT", "PT", "Pacific Daylight Time"},
		{"America/Sao_Paulo", "BRT", "BRT", "BRT", "Brasilia Standard Time"},
		{"America/Argentina/Buenos_Aires", "ART", "ART", "ART", "Argentina Standard Time"},
		{"America/Punta_Arenas", "GMT-03:00", "GMT-03:00", "GMT-03:00", "Punta Arenas Standard Time"},
		{"Asia/Shanghai", "CST", "CST", "CT", "China Standard Time"},
		{"Asia/Dubai", "GST", "GST", "GT", "Gulf Standard Time"},
		{"Asia/Colombo", "IST", "IST", "IT", "India Standard Time"},
		{"Asia/Jerusalem", "IST", "IDT", "IT", "Israel Daylight Time"},
		{"Asia/Singapore", "SGT", "SGT", "SGT", "Singapore Standard Time"},
		{"Australia/Sydney", "AEDT", "AEST", "AET", "Australian Eastern Standard Time"},
		{"Europe/Istanbul", "TRT", "TRT", "TRT", "Turkey Time"},
		{"Europe/Moscow", "MSK", "MSK", "MT", "Moscow Standard Time"},
		{"Etc/GMT+10", "GMT-10:00", "GMT-10:00", "GMT-10:00", "GMT-10:00"},
		// tz data has winter times for these, Java has summer times.
		{"Europe/Dublin", "GMT", "IST", "IT", "Irish Standard Time"},
		{"Africa/Casablanca", "WEST", "WEST", "WET", "Western European Summer Time"},
		{"Africa/Windhoek", "WAT", "WAT", "CAT", "Western African Time"},
		{"UTC", "UTC", "UTC", "UTC", "Coordinated Universal Time"},
		{"+02:00", "+02:00", "+02:00", "+02:00", "+02:00"},
	} {
		zone, err := Zone(x.zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range []struct {
			pattern string
			ms      int64
			want    string
		}{{"zzz", january, x.winter}, {"zzz", july, x.summer}, {"v", july, x.generic}, {"zzzz", july, x.long}} {
			p, err := Compile(w.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := format(p, w.ms, zone); err != nil || got != w.want {
				t.Errorf("%s of %s at %d: %q, %v, want %q", w.pattern, x.zone, w.ms, got, err, w.want)
			}
		}
	}
}

// TestReadZoneNames holds what names mean to what they mean to OpenJDK 17.
func TestReadZoneNames(t *testing.T) {
	const noon = 1579089600000 // 2020-01-15T12:00Z
	for name, hours := range map[string]float64{
		"PST": -8, "pdt": -8, "CST": -6, "CEST": 1, "BRT": -3, "ART": -3, "AMT": -4, "GST": 4, "SGT": 8, "JST": 9, "ACT": 10.5, "WAT": 1,
		"EAST": 3, "NPT": 5.75, "ChST": 10, "VET": -4, "SAST": 2, "Brasilia Time": -3, "Singapore Time": 8, "Israel Standard Time": 2,
	} {
		pattern := "yyyy-MM-dd HH:mm zzz"
		if len(name) > 4 {
			pattern += "z"
		}
		p, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.ParseMillis("2020-01-15 12:00 "+name, time.UTC)
		if want := noon - int64(hours*3600e3); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", name, got, err, want)
		}
	}
}
