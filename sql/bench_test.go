package sql

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"csas", "CREATE STREAM enriched WITH (kafka_topic='enriched', value_format='JSON') AS SELECT o.id AS order_id, UCASE(c.name) AS name, " +
			"o.address->city, o.items[1], CAST(o.amount * 1.2 AS DOUBLE) AS gross FROM orders o LEFT JOIN customers c ON o.customer_id = c.id " +
			"WHERE o.amount > 10 AND c.name LIKE 'A%' EMIT CHANGES;"},
		{"insert", "INSERT INTO orders (id, customer_id, amount, address, items) VALUES (1, 'c1', 12.50, STRUCT(city := 'X'), ARRAY['a', 'b']);"},
		{"10000 ANDs", "SELECT * FROM t WHERE a" + strings.Repeat(" AND a", 10000) + ";"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(c.text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
