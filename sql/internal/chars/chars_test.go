package chars

import "testing"

// TestLoneHalves holds that half of a character goes through text and back.
func TestLoneHalves(t *testing.T) {
	for _, r := range []rune{'a', 'é', '€', 0xd83d, 0xde00, 0x1f600} {
		s := string(AppendRune(nil, r)) + "x"
		if got, n := Next(s); got != r || n != len(s)-1 {
			t.Errorf("%U is read as %U of %d bytes", r, got, n)
		}
	}
	if s := OfUnits([]uint16{'a', 0xd83d, 0xde00, 0xd83d}); s != "a\U0001f600\xed\xa0\xbd" {
		t.Errorf("units make %q", s)
	}
	if r := Join(0xd83d, 0xde00); r != 0x1f600 || !High(0xd83d) || High(0xde00) || !Low(0xde00) || Low(0xd83d) {
		t.Errorf("joined: %U", r)
	}
}

// TestAppendUTF8 holds that a malformed piece becomes one U+FFFD, as Java decodes it.
func TestAppendUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"aé€\U0001f600": "aé€\U0001f600", "\xff": "\ufffd", "\xe2\x82": "\ufffd", "\xe2\x82x": "\ufffdx", "\xc0\xaf": "\ufffd\ufffd",
		"\xf0\x9f\x98": "\ufffd", "\xed\xa0\xbd": "\ufffd\ufffd\ufffd", "\xf4\x90\x80\x80": "\ufffd\ufffd\ufffd\ufffd",
	} {
		if got := string(AppendUTF8(nil, []byte(in))); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for c := range 128 {
		b := byte(c)
		digit, lower, upper := b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z'
		if Digit(b) != digit || Letter(b) != (lower || upper) || LetterOrDigit(b) != (digit || lower || upper) {
			t.Errorf("%q is misplaced", b)
		}
		if u := Upper(b); lower && u != b-32 || !lower && u != b {
			t.Errorf("%q in upper case is %q", b, u)
		}
	}
	if Hex('f') != 15 || Hex('A') != 10 || Hex('0') != 0 || Hex('g') != -1 {
		t.Error("hexadecimal digits")
	}
	if !ASCII("abc") || ASCII("é") {
		t.Error("ASCII")
	}
}
