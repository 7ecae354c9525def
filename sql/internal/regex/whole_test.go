package regex

import (
	"strings"
	"testing"
)

// TestCompileMatch wants the whole text to match, whatever alternative comes first.
func TestCompileMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"FOO", []string{"FOO"}, []string{"FOO2", "XFOO", "foo", ""}},
		{"bar.*", []string{"bar", "bar1"}, []string{"foobar", "ba"}},
		{"a|ab", []string{"a", "ab"}, []string{"abc", "b"}},
		{"a*?", []string{"", "aaa"}, []string{"ab"}},
		{"(?i)heat_[^_]+", []string{"HEAT_1"}, []string{"HEAT_1_2", "HEAT_"}},
		{"(a+)\\1", []string{"aa", "aaaa"}, []string{"aaa"}},
		{"(?x) a # comment", []string{"a"}, []string{"a "}},
		{"", []string{""}, []string{"a"}},
	} {
		match, err := CompileMatch(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		for i, list := range [][]string{c.yes, c.no} {
			for _, text := range list {
				if ok, err := match(text); err != nil || ok != (i == 0) {
					t.Errorf("%q matches %q: %v, %v", c.pattern, text, ok, err)
				}
			}
		}
	}
	for _, bad := range []string{"[", "(", ")", "*", ")(", "a{2,1}"} {
		if _, err := CompileMatch(bad); err == nil {
			t.Errorf("%s is no expression", bad)
		}
	}
	match, err := CompileMatch("(a*)*(a*)*(a*)*b")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := match(strings.Repeat("a", 5000)); ok || err == nil {
		t.Errorf("got %v, %v", ok, err)
	}
}
