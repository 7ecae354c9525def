package main

import (
	"context"
	"strings"
	"testing"
)

// TestScriptWindowBounds: an asserted row may name the bounds of its window.
func TestScriptWindowBounds(t *testing.T) {
	run := func(assertion string) error {
		c := &Case{}
		for _, s := range [][2]string{
			{"statement", "CREATE STREAM s (id INT KEY, v INT) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');"},
			{"statement", "CREATE TABLE t AS SELECT id, COUNT(*) AS n FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;"},
			{"insert_values", "INSERT INTO s (rowtime, id, v) VALUES (12000, 1, 1);"},
			{"assert_values", assertion},
		} {
			c.Steps = append(c.Steps, Step{Op: s[0], SQL: s[1]})
		}
		return settings{batch: 1}.runScript(context.Background(), c)
	}
	if err := run("ASSERT VALUES t (id, windowstart, windowend, n) VALUES (1, 10000, 20000, 1);"); err != nil {
		t.Error(err)
	}
	err := run("ASSERT VALUES t (id, windowstart, n) VALUES (1, 0, 1);")
	if err == nil || !strings.Contains(err.Error(), "Expected record does not match actual. WINDOWSTART") {
		t.Errorf("a wrong window: %v", err)
	}
}
