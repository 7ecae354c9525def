package fn

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/uri"
)

const catURL = "URL"

var urlFuncs = []Func{
	urlPart("URL_EXTRACT_PROTOCOL", "url_extract_protocol", "Gives the scheme of a URL.", func(u *uri.URI) (string, error) { return orNull(u.Scheme) }),
	urlPart("URL_EXTRACT_HOST", "url_extract_host", "Gives the host of a URL, where it names a server.", func(u *uri.URI) (string, error) { return orNull(u.Host) }),
	urlPart("URL_EXTRACT_PORT", "url_extract_port", "Gives the port of a URL.", func(u *uri.URI) (int32, error) {
		if u.Port < 0 {
			return 0, ErrNull
		}
		return u.Port, nil
	}),
	urlPart("URL_EXTRACT_PATH", "url_extract_path", "Gives the path of a URL, decoded.", func(u *uri.URI) (string, error) {
		if u.Opaque {
			return "", ErrNull
		}
		return uri.Decode(u.Path), nil
	}),
	urlPart("URL_EXTRACT_QUERY", "url_extract_query", "Gives the query of a URL, decoded.", func(u *uri.URI) (string, error) { return decodedOrNull(u.Query) }),
	urlPart("URL_EXTRACT_FRAGMENT", "url_extract_fragment", "Gives the fragment of a URL, decoded.", func(u *uri.URI) (string, error) { return decodedOrNull(u.Fragment) }),
	{Name: "URL_EXTRACT_PARAMETER", Declared: "url_extract_parameter", Category: catURL, Author: confluent,
		Doc: "Gives the value of a parameter in the query of a URL.", Variants: []Variant{
			Fn2E("input: the URL; paramToFind: the parameter's name", urlParameter)}},
	{Name: "URL_ENCODE_PARAM", Declared: "url_encode_param", Category: catURL, Author: confluent,
		Doc: "Encodes a text to stand in a URL as a parameter.", Variants: []Variant{Fn1E("input: the text", urlEncode)}},
	{Name: "URL_DECODE_PARAM", Declared: "url_decode_param", Category: catURL, Author: confluent,
		Doc: "Decodes a parameter of a URL.", Variants: []Variant{Fn1E("input: the encoded text", urlDecode)}},
}

func urlPart[R any](name, declared, doc string, part func(*uri.URI) (R, error)) Func {
	return Func{Name: name, Declared: declared, Category: catURL, Author: confluent, Doc: doc, Variants: []Variant{
		Fn1E("input: the URL", func(s string) (R, error) {
			u, err := uri.Parse(s)
			if err != nil {
				var none R
				return none, err
			}
			return part(&u)
		})}}
}

func orNull(s uri.Part) (string, error) {
	if !s.OK {
		return "", ErrNull
	}
	return s.Text, nil
}

func decodedOrNull(s uri.Part) (string, error) {
	if !s.OK {
		return "", ErrNull
	}
	return uri.Decode(s.Text), nil
}

func urlParameter(s, name string) (string, error) {
	u, err := uri.Parse(s)
	if err != nil {
		return "", err
	}
	if !u.Query.OK {
		return "", ErrNull
	}
	for _, p := range strings.Split(uri.Decode(u.Query.Text), "&") {
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
		if s[i] == '%' && !uri.Escape(s, i) {
			return "", errors.New("URLDecoder: illegal hex characters in escape (%) pattern in " + s)
		}
	}
	return uri.Decode(strings.ReplaceAll(s, "+", " ")), nil
}
