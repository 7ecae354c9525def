package httpapi

import (
	"slices"
	"strconv"
	"strings"
)

// want is one entry of an Accept header.
type want struct {
	typ, sub string
	weight   int
}

// accepted is the entries of Accept headers, the most wanted first. It weighs them as ksqlDB's server does: q in
// hundredths counts most, then how much is named, so that a q of 0.98 with a full name beats */* with 1.
func accepted(headers []string) []want {
	var out []want
	for _, h := range headers {
		for _, entry := range strings.Split(h, ",") {
			parts := strings.Split(entry, ";")
			name := strings.TrimSpace(parts[0])
			if name == "" {
				continue
			}
			w := want{typ: "*", sub: strings.ToLower(name)}
			if t, s, ok := strings.Cut(w.sub, "/"); ok {
				w.typ, w.sub = t, s
			}
			q, params := float32(1), 0
			for _, p := range parts[1:] {
				k, v, _ := strings.Cut(strings.TrimSpace(p), "=")
				if !strings.EqualFold(strings.TrimSpace(k), "q") {
					params = 1
					continue
				}
				if f, err := strconv.ParseFloat(strings.TrimSpace(v), 32); err == nil {
					q = float32(f)
				}
			}
			q = float32(int(min(max(q, 0), 1)*100)) / 100
			w.weight = int(q*1000) + params
			if w.typ != "*" {
				w.weight += 10
			}
			if w.sub != "*" {
				w.weight += 20
			}
			out = append(out, w)
		}
	}
	slices.SortStableFunc(out, func(a, b want) int { return b.weight - a.weight })
	return out
}

// choose is the first of the produced types that fits the most wanted entry. Without an Accept header everything
// fits and nothing is chosen.
func choose(wants []want, produces []string) (string, bool) {
	if len(wants) == 0 {
		return "", true
	}
	for _, w := range wants {
		for _, p := range produces {
			t, s, _ := strings.Cut(p, "/")
			if (w.typ == "*" || w.typ == t) && (w.sub == "*" || w.sub == s) {
				return p, true
			}
		}
	}
	return "", false
}
