package main

import (
	"context"
	"testing"
)

// TestQueries checks every query against its recomputation, on one partition and on several.
func TestQueries(t *testing.T) {
	for _, q := range queries {
		for _, partitions := range []int{1, 3} {
			s := setup{rows: 2000, partitions: partitions, batch: 256, log: "memory", seed: 7, check: true, runs: 1}
			r, err := s.one(context.Background(), q.name)
			if err != nil {
				t.Errorf("%s on %d partitions: %v", q.name, partitions, err)
			} else if len(r) != 1 || r[0].Rate <= 0 || r[0].Rows != 2000 {
				t.Errorf("%s: %+v", q.name, r)
			}
		}
	}
}

// TestWrongResultsAreNoticed runs queries that do not do what they should.
func TestWrongResultsAreNoticed(t *testing.T) {
	for name, wrong := range map[string]string{
		"q0":    `CREATE STREAM q0 AS SELECT auction, bidder, price + 1 AS price, dateTime, extra FROM bid EMIT CHANGES;`,
		"q2":    `CREATE STREAM q2 AS SELECT auction, price FROM bid WHERE auction % 124 = 0 EMIT CHANGES;`,
		"count": `CREATE TABLE counts AS SELECT auction, COUNT(*) + 1 AS num FROM bid GROUP BY auction EMIT CHANGES;`,
		"sum":   `CREATE TABLE sums AS SELECT auction, MAX(price) AS total FROM bid GROUP BY auction EMIT CHANGES;`,
	} {
		for _, partitions := range []int{1, 3} {
			q := *find(name)
			q.sql = wrong
			s := setup{rows: 5000, partitions: partitions, batch: 256, log: "memory", seed: 7, check: true, runs: 1}
			if _, err := s.throughput(context.Background(), &q); err == nil && !(q.ordered && partitions > 1) {
				t.Errorf("%s on %d partitions: a wrong result is not noticed", name, partitions)
			}
		}
	}
}

func TestRecovery(t *testing.T) {
	s := setup{rows: 5000, partitions: 1, batch: 256, log: "dir", seed: 7, runs: 1}
	for _, name := range []string{"pull", "latency", "recovery"} {
		if _, err := s.one(context.Background(), name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.one(context.Background(), "q99"); err == nil {
		t.Error("an unknown query must be refused")
	}
	if r, err := s.one(context.Background(), "q3"); err != nil || r != nil {
		t.Errorf("q3 gave %v, %v", r, err)
	}
}
