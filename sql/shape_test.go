package sql

import (
	"fmt"
	"testing"
)

func TestShapes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"SELECT * FROM T WHERE K=5;", "SELECT * FROM T WHERE K=?; [5]"},
		{"SELECT * FROM T WHERE K = 'it''s' AND `a b` = 3000000000 LIMIT 3", "SELECT * FROM T WHERE K = ? AND `a b` = ? LIMIT 3 [it's 3000000000]"},
		{"SELECT 1, 'x' FROM T WHERE (K=5) OR (K=6);", "SELECT 1, 'x' FROM T WHERE (K=?) OR (K=?); [5 6]"},
		{"SELECT * FROM T WHERE K=5 + 1;", "SELECT * FROM T WHERE K=5 + 1; []"},
		{"SELECT * FROM T WHERE K=-5 AND K >= 6 AND K <> 7 AND K = 1.5 AND 8 = K AND ABS(K) = 9;", "SELECT * FROM T WHERE K=-5 AND K >= 6 AND K <> 7 AND K = 1.5 AND 8 = K AND ABS(K) = 9; []"},
		{"SELECT * FROM T WHERE K = 99999999999999999999;", "SELECT * FROM T WHERE K = 99999999999999999999; []"},
		{"SELECT STRUCT(A := 1) FROM T WHERE S = STRUCT(A := 1);", "SELECT STRUCT(A := 1) FROM T WHERE S = STRUCT(A := 1); []"},
		{"SELECT FILTER(L, X => 5) FROM T WHERE K='=5';", "SELECT FILTER(L, X => 5) FROM T WHERE K=?; [=5]"},
		{"SELECT * FROM T -- K=5\nWHERE K=6;", "SELECT * FROM T -- K=5\nWHERE K=6; []"},
		{"SELECT * FROM T WHERE K=? AND V=1;", "SELECT * FROM T WHERE K=? AND V=1; []"},
		{"SELECT * FROM T WHERE K='${k}' AND V=1;", "SELECT * FROM T WHERE K=? AND V=?; [${k} 1]"},
		{"SELECT * FROM ${t} WHERE V=1;", "SELECT * FROM ${t} WHERE V=1; []"},
		{"SELECT * FROM T WHERE K='open", "SELECT * FROM T WHERE K='open []"},
		{"SELECT * FROM T WHERE K=", "SELECT * FROM T WHERE K= []"},
		{"", " []"},
	} {
		for end := range c.text { // wherever it is cut off
			ShapeOf(c.text[:end])
		}
		s := ShapeOf(c.text)
		if got := s.Text + " " + fmt.Sprint(s.Values); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}
