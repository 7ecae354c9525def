package javatime

import (
	_ "embed"
	"strings"
	"sync"
	"time"
)

// zoneText is what a zone is called: in winter, in summer, and whatever the season.
type zoneText struct {
	zone                       string // the tz name that these texts stand for when they are read
	std, day, generic          string // short
	longStd, longDay, longName string
}

// zoneNames are the English names that Java 17 gives to the zones behind them, a family a line. The first zone
// is the one that Java means when it reads such a name.
//
//go:embed zonenames.tsv
var zoneNames string

// zoneFamilies is zoneNames, line by line, and by tz name.
var zoneFamilies = sync.OnceValues(func() (families []*zoneText, of map[string]*zoneText) {
	of = map[string]*zoneText{}
	for line := range strings.Lines(zoneNames) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		zones := strings.Fields(f[6])
		t := &zoneText{zones[0], f[0], f[1], f[2], f[3], f[4], f[5]}
		families = append(families, t)
		for _, zone := range zones {
			of[zone] = t
		}
	}
	return families, of
})

// zoneName is the name of a zone at an instant; a bare offset and a zone without a name have their id.
func zoneName(sec int64, loc *time.Location, long, generic bool) string {
	id := loc.String()
	_, families := zoneFamilies()
	z := families[id]
	if z == nil {
		return id
	}
	day := summer(sec, loc)
	switch {
	case generic && long:
		return z.longName
	case generic:
		return z.generic
	case long && day:
		return z.longDay
	case long:
		return z.longStd
	case day:
		return z.day
	}
	return z.std
}

// winterRules are the zones whose rules have a winter time in place of a summer time, with the second since which
// they do. Java turns such rules around.
var winterRules = map[string]int64{
	"Europe/Dublin": -37242000, "Eire": -37242000, // 1968-10-27
	"Africa/Casablanca": 1540692000, "Africa/El_Aaiun": 1540692000, // 2018-10-28
	"Africa/Windhoek": 637970400, // 1990-03-21
}

// summer reports whether Java counts an instant as daylight saving.
func summer(sec int64, loc *time.Location) bool {
	since, turned := winterRules[loc.String()]
	return time.Unix(sec, 0).In(loc).IsDST() != (turned && sec >= since)
}

// zoneTexts are the names that come first where names are read: those that several families share.
var zoneTexts = []zoneText{
	{"America/Los_Angeles", "PST", "PDT", "PT", "Pacific Standard Time", "Pacific Daylight Time", "Pacific Time"},
	{"America/Denver", "MST", "MDT", "MT", "Mountain Standard Time", "Mountain Daylight Time", "Mountain Time"},
	{"America/Chicago", "CST", "CDT", "CT", "Central Standard Time", "Central Daylight Time", "Central Time"},
	{"America/New_York", "EST", "EDT", "ET", "Eastern Standard Time", "Eastern Daylight Time", "Eastern Time"},
	{"America/Halifax", "AST", "ADT", "AT", "Atlantic Standard Time", "Atlantic Daylight Time", "Atlantic Time"},
	{"America/Anchorage", "AKST", "AKDT", "AKT", "Alaska Standard Time", "Alaska Daylight Time", "Alaska Time"},
	{"Pacific/Honolulu", "HST", "HDT", "HST", "Hawaii-Aleutian Standard Time", "Hawaii-Aleutian Daylight Time", "Hawaii-Aleutian Time"},
	{"Europe/London", "", "BST", "", "", "British Summer Time", ""},
	{"Europe/Paris", "CET", "CEST", "CET", "Central European Standard Time", "Central European Summer Time", "Central European Time"},
	{"Europe/Athens", "EET", "EEST", "EET", "Eastern European Standard Time", "Eastern European Summer Time", "Eastern European Time"},
	{"Europe/Lisbon", "WET", "WEST", "WET", "Western European Standard Time", "Western European Summer Time", "Western European Time"},
	{"Europe/Moscow", "MSK", "MSD", "MSK", "Moscow Standard Time", "Moscow Summer Time", "Moscow Time"},
	{"Asia/Kolkata", "IST", "", "IT", "India Standard Time", "", "India Standard Time"},
	{"Asia/Tokyo", "JST", "JDT", "JST", "Japan Standard Time", "Japan Daylight Time", "Japan Time"},
	{"Asia/Seoul", "KST", "KDT", "KST", "Korean Standard Time", "Korean Daylight Time", "Korean Time"},
	{"Australia/Sydney", "AEST", "AEDT", "AET", "Australian Eastern Standard Time", "Australian Eastern Daylight Time", "Eastern Australia Time"},
	{"Pacific/Auckland", "NZST", "NZDT", "NZT", "New Zealand Standard Time", "New Zealand Daylight Time", "New Zealand Time"},
	{"Africa/Lagos", "WAT", "WAST", "WAT", "West Africa Standard Time", "West Africa Summer Time", "Western African Time"},
	{"Africa/Nairobi", "EAT", "EAST", "EAT", "East Africa Time", "Eastern African Summer Time", "Eastern Africa Time"},
	{"GMT", "GMT", "", "GMT", "Greenwich Mean Time", "", "Greenwich Mean Time"},
	{"UTC", "UTC", "", "UTC", "Coordinated Universal Time", "", "Coordinated Universal Time"},
}

// readable is a name of a zone, and the tz name that it stands for.
type readable struct{ name, zone string }

// readableZones are all names by their first letter, the short ones and the long ones.
var readableZones = sync.OnceValue(func() (names [2][128][]readable) {
	add := func(style int, zone string, texts ...string) {
		for _, name := range texts {
			if name != "" {
				at := &names[style][name[0]|0x20]
				*at = append(*at, readable{name, zone})
			}
		}
	}
	families, _ := zoneFamilies()
	for i := range zoneTexts {
		z := &zoneTexts[i]
		add(0, z.zone, z.std, z.day, z.generic)
		add(1, z.zone, z.longStd, z.longDay, z.longName)
	}
	for _, z := range families {
		add(0, z.zone, z.std, z.day, z.generic)
		add(1, z.zone, z.longStd, z.longDay, z.longName)
	}
	return names
})

// readZoneName finds the longest zone name at the start of s.
func readZoneName(s string, long bool) (loc *time.Location, n int) {
	style := 0
	if long {
		style = 1
	}
	if s == "" || s[0] >= 0x80 {
		return nil, 0
	}
	zone := ""
	for _, r := range readableZones()[style][s[0]|0x20] {
		if len(r.name) > n && hasPrefixFold(s, r.name) {
			zone, n = r.zone, len(r.name)
		}
	}
	if n == 0 {
		return nil, 0
	}
	loc, err := Zone(zone)
	if err != nil {
		return nil, 0
	}
	return loc, n
}
