// Package uri is java.net.URI as far as URL_EXTRACT_... show it: which texts are URIs and how they fall into parts,
// after RFC 2396. Left out: building, resolving and comparing URIs, and user info and authority as parts.
package uri

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

// URI is a URI in its parts, which are still encoded.
type URI struct {
	Scheme, Host, Query, Fragment Part
	Path                          string
	Opaque                        bool  // scheme:something that is no path
	Port                          int32 // -1: none
}

// Part is a part that may be missing.
type Part struct {
	Text string
	OK   bool
}

func given(text string) Part { return Part{text, true} }

const (
	unreservedMarks = "-_.!~*'()"
	pathMarks       = unreservedMarks + ":@&=+$,;/"
	uriMarks        = unreservedMarks + ";/?:@&=+$,[]"
	userMarks       = unreservedMarks + ";:&=+$,"
	registryMarks   = unreservedMarks + "$,;:@&=+"
	serverMarks     = userMarks + ".:@[]"
)

// legal is the length of the start of s that is letters, digits, marks, escapes, and characters beyond ASCII
// other than blanks and controls.
func legal(s, marks string) int {
	i := 0
	for i < len(s) {
		c := s[i]
		switch {
		case c >= utf8.RuneSelf:
			r, n := chars.Next(s[i:])
			if unicode.IsControl(r) || unicode.In(r, unicode.Z) {
				return i
			}
			i += n
		case chars.LetterOrDigit(c) || strings.IndexByte(marks, c) >= 0:
			i++
		case Escape(s, i):
			i += 3
		default:
			return i
		}
	}
	return i
}

func checkLegal(s, marks, part string) error {
	if i := legal(s, marks); i < len(s) {
		return fmt.Errorf("illegal character in %s at index %d: %s", part, i, s)
	}
	return nil
}

// Parse divides s.
func Parse(s string) (u URI, err error) {
	u.Port = -1
	rest := s
	if i := strings.IndexByte(rest, '#'); i >= 0 {
		u.Fragment = given(rest[i+1:])
		rest = rest[:i]
		if err := checkLegal(u.Fragment.Text, uriMarks, "fragment"); err != nil {
			return u, err
		}
	}
	if i := strings.IndexAny(rest, "/?:"); i >= 0 && rest[i] == ':' {
		scheme := rest[:i]
		for k := range len(scheme) {
			if c := scheme[k]; !chars.Letter(c) && (k == 0 || !chars.Digit(c) && strings.IndexByte("+-.", c) < 0) {
				return u, fmt.Errorf("illegal character in scheme name at index %d: %s", k, s)
			}
		}
		if scheme == "" {
			return u, fmt.Errorf("expected scheme name at index 0: %s", s)
		}
		u.Scheme = given(scheme)
		rest = rest[i+1:]
		if !strings.HasPrefix(rest, "/") {
			if rest == "" {
				return u, fmt.Errorf("expected scheme-specific part: %s", s)
			}
			u.Opaque = true
			return u, checkLegal(rest, uriMarks, "opaque part")
		}
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		u.Query = given(rest[i+1:])
		rest = rest[:i]
		if err := checkLegal(u.Query.Text, uriMarks, "query"); err != nil {
			return u, err
		}
	}
	if strings.HasPrefix(rest, "//") {
		authority := rest[2:]
		rest = ""
		if i := strings.IndexByte(authority, '/'); i >= 0 {
			authority, rest = authority[:i], authority[i:]
		}
		if authority == "" && rest == "" && !u.Query.OK && !u.Fragment.OK {
			return u, fmt.Errorf("expected authority: %s", s)
		}
		if err := u.parseAuthority(authority); err != nil {
			return u, err
		}
	}
	u.Path = rest
	return u, checkLegal(rest, pathMarks, "path")
}

// parseAuthority reads a server where the authority is one; any other legal authority has no host.
func (u *URI) parseAuthority(s string) error {
	if s == "" {
		return nil
	}
	registry := checkLegal(s, registryMarks, "authority")
	marks := serverMarks
	if strings.IndexByte(s, ']') > 0 {
		marks += "%" // a scope of an IPv6 address
	}
	if legal(s, marks) < len(s) {
		return registry
	}
	host, port, err := parseServer(s)
	if err != nil {
		if registry != nil {
			return err
		}
		return nil
	}
	u.Host, u.Port = given(host), port
	return nil
}

func parseServer(s string) (host string, port int32, err error) {
	port = -1
	if i := strings.IndexByte(s, '@'); i >= 0 {
		if err := checkLegal(s[:i], userMarks, "user info"); err != nil {
			return "", 0, err
		}
		s = s[i+1:]
	}
	n := 0
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, fmt.Errorf("expected closing bracket for IPv6 address: %s", s)
		}
		if a, err := netip.ParseAddr(s[1:end]); err != nil || !a.Is6() {
			return "", 0, fmt.Errorf("malformed IPv6 address: %s", s)
		}
		n = end + 1
	} else if n = ipv4Length(s); n == 0 {
		if n, err = hostLength(s); err != nil {
			return "", 0, err
		}
	}
	host, s = s[:n], s[n:]
	if strings.HasPrefix(s, ":") {
		if s = s[1:]; s != "" {
			if !chars.Digit(s[0]) {
				return "", 0, errNoNumber
			}
			if port, err = portNumber(s); err != nil {
				return "", 0, err
			}
		}
		s = ""
	}
	if s != "" {
		return "", 0, fmt.Errorf("expected port number: %s", s)
	}
	return host, port, nil
}

// ipv4Length is the length of the IPv4 address that is the whole host of s, or 0.
func ipv4Length(s string) int {
	host, _, _ := strings.Cut(s, ":")
	parts := strings.Split(host, ".")
	if len(parts) != 4 {
		return 0
	}
	for _, p := range parts {
		v := 0
		for i := range len(p) {
			if !chars.Digit(p[i]) {
				return 0
			}
			if v = v*10 + int(p[i]-'0'); v > 255 {
				return 0
			}
		}
		if p == "" {
			return 0
		}
	}
	return len(host)
}

// hostLength is the length of the host name at the start of s: labels of letters, digits and inner dashes,
// the last of several beginning with a letter.
func hostLength(s string) (int, error) {
	host, _, _ := strings.Cut(s, ":")
	name := strings.TrimSuffix(host, ".")
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || !chars.LetterOrDigit(l[0]) || !chars.LetterOrDigit(l[len(l)-1]) {
			return 0, fmt.Errorf("illegal character in hostname: %s", s)
		}
		for i := range len(l) {
			if !chars.LetterOrDigit(l[i]) && l[i] != '-' {
				return 0, fmt.Errorf("illegal character in hostname: %s", s)
			}
		}
	}
	if len(labels) > 1 && !chars.Letter(labels[len(labels)-1][0]) {
		return 0, fmt.Errorf("illegal character in hostname: %s", s)
	}
	return len(host), nil
}

var errNoNumber = errors.New("malformed port number")

func portNumber(s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, errNoNumber
	}
	return int32(n), nil
}
