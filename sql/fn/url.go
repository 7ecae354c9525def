package fn

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/internal/chars"
)

const catURL = "URL"

var urlFuncs = []Func{
	urlPart("URL_EXTRACT_PROTOCOL", "url_extract_protocol", "Gives the scheme of a URL.", func(u *uri) (string, error) { return orNull(u.scheme) }),
	urlPart("URL_EXTRACT_HOST", "url_extract_host", "Gives the host of a URL, where it names a server.", func(u *uri) (string, error) { return orNull(u.host) }),
	urlPart("URL_EXTRACT_PORT", "url_extract_port", "Gives the port of a URL.", func(u *uri) (int32, error) {
		if u.port < 0 {
			return 0, ErrNull
		}
		return u.port, nil
	}),
	urlPart("URL_EXTRACT_PATH", "url_extract_path", "Gives the path of a URL, decoded.", func(u *uri) (string, error) {
		if u.opaque {
			return "", ErrNull
		}
		return percentDecoded(u.path), nil
	}),
	urlPart("URL_EXTRACT_QUERY", "url_extract_query", "Gives the query of a URL, decoded.", func(u *uri) (string, error) { return decodedOrNull(u.query) }),
	urlPart("URL_EXTRACT_FRAGMENT", "url_extract_fragment", "Gives the fragment of a URL, decoded.", func(u *uri) (string, error) { return decodedOrNull(u.fragment) }),
	{Name: "URL_EXTRACT_PARAMETER", Declared: "url_extract_parameter", Category: catURL, Author: confluent,
		Doc: "Gives the value of a parameter in the query of a URL.", Variants: []Variant{
			Fn2E("input: the URL; paramToFind: the parameter's name", urlParameter)}},
	{Name: "URL_ENCODE_PARAM", Declared: "url_encode_param", Category: catURL, Author: confluent,
		Doc: "Encodes a text to stand in a URL as a parameter.", Variants: []Variant{Fn1E("input: the text", urlEncode)}},
	{Name: "URL_DECODE_PARAM", Declared: "url_decode_param", Category: catURL, Author: confluent,
		Doc: "Decodes a parameter of a URL.", Variants: []Variant{Fn1E("input: the encoded text", urlDecode)}},
}

func urlPart[R any](name, declared, doc string, part func(*uri) (R, error)) Func {
	return Func{Name: name, Declared: declared, Category: catURL, Author: confluent, Doc: doc, Variants: []Variant{
		Fn1E("input: the URL", func(s string) (R, error) {
			u, err := parseURI(s)
			if err != nil {
				var none R
				return none, err
			}
			return part(&u)
		})}}
}

func orNull(s Opt[string]) (string, error) {
	if !s.OK {
		return "", ErrNull
	}
	return s.V, nil
}

func decodedOrNull(s Opt[string]) (string, error) {
	if !s.OK {
		return "", ErrNull
	}
	return percentDecoded(s.V), nil
}

func urlParameter(s, name string) (string, error) {
	u, err := parseURI(s)
	if err != nil {
		return "", err
	}
	if !u.query.OK {
		return "", ErrNull
	}
	for _, p := range strings.Split(percentDecoded(u.query.V), "&") {
		if k, v, _ := strings.Cut(p, "="); k == name {
			return v, nil
		}
	}
	return "", ErrNull
}

func urlEncode(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("the text has half of a surrogate pair")
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case chars.LetterOrDigit(c) || strings.IndexByte("-_.*", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String(), nil
}

func urlDecode(s string) (string, error) {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && !escapeAt(s, i) {
			return "", errors.New("URLDecoder: illegal hex characters in escape (%) pattern in " + s)
		}
	}
	return percentDecoded(strings.ReplaceAll(s, "+", " ")), nil
}

// escapeAt reports whether %XX stands at s[i].
func escapeAt(s string, i int) bool {
	return i+2 < len(s) && s[i] == '%' && chars.Hex(uint16(s[i+1])) >= 0 && chars.Hex(uint16(s[i+2])) >= 0
}

// percentDecoded undoes the escapes of s, each run of them as UTF-8.
func percentDecoded(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var out, run []byte
	for i := 0; i < len(s); {
		run = run[:0]
		for ; escapeAt(s, i); i += 3 {
			run = append(run, byte(chars.Hex(uint16(s[i+1]))<<4|chars.Hex(uint16(s[i+2]))))
		}
		out = chars.AppendUTF8(out, run)
		if i < len(s) {
			out = append(out, s[i])
			i++
		}
	}
	return string(out)
}

var errNoNumber = errors.New("malformed port number")

func portNumber(s string) (int32, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, errNoNumber
	}
	return int32(n), nil
}
