package vec

import (
	"github.com/ksqlgo/ksql/sql/internal/chars"
	"github.com/ksqlgo/ksql/sql/internal/double"
)

// Text is kept as UTF-8. A lone half of a surrogate pair, which cutting a Java string can leave, stands as the
// three bytes that UTF-8 would give it if it were a character (WTF-8).

// UTF16Len is the number of UTF-16 units of s: what ksqlDB calls its length.
func UTF16Len(s string) int { return chars.Len(s) }

// CompareUTF16 orders strings by UTF-16 unit, as Java does: characters beyond U+FFFF stand before U+E000.
func CompareUTF16(a, b string) int { return chars.Compare(a, b) }

// Units adds the UTF-16 units of s to dst.
func Units(dst []uint16, s string) []uint16 { return chars.Units(dst, s) }

// AppendUnits adds the text of UTF-16 units to dst.
func AppendUnits(dst []byte, u []uint16) []byte { return chars.AppendUnits(dst, u) }

// WellFormed is s with each lone surrogate as '?', as Java encodes it in UTF-8.
func WellFormed(s string) string { return chars.WellFormed(s) }

// AppendDouble adds f to dst as Java's Double.toString writes it, with the shortest digits that read back as f:
// 1.0, 0.001, 1.0E10, 4.9E-324, NaN, Infinity. Integers between 2^54 and 2^63 keep the digits that Java 17 shows,
// sometimes one more than needed: ksqlDB runs on it.
func AppendDouble(dst []byte, f float64) []byte { return double.Append(dst, f) }

// ParseDouble reads Java's Double.parseDouble syntax: blanks around, sign, decimal or hexadecimal digits, NaN and
// Infinity in that case, a suffix d or f. Too great a number is an infinity, as in Java.
func ParseDouble(s string) (f float64, ok bool) { return double.Parse(s) }
