package chars

// Letter, Digit and LetterOrDigit look at one byte of ASCII.
func Letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// Digit is a test of one byte; see Letter.
func Digit(c byte) bool { return c >= '0' && c <= '9' }

// LetterOrDigit is a test of one byte; see Letter.
func LetterOrDigit(c byte) bool { return Letter(c) || Digit(c) }

// Hex is the value of a hexadecimal digit, -1 of anything else.
func Hex(c uint16) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Upper is c in upper case, if it is a letter of ASCII.
func Upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}
