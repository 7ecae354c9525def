package exec_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWideStatement: a statement of very many columns holds no other up for long, and ends with its context.
func TestWideStatement(t *testing.T) {
	const n = 20_000
	h := heavyHost(t)
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("c%d", i)
	}
	cols := strings.Join(list, ", ")
	h.exec(`CREATE STREAM w (k INT KEY, ` + strings.Join(list, " INT, ") + ` INT) WITH (kafka_topic='w', value_format='json', partitions=1);`)
	for _, text := range []string{
		`CREATE STREAM x AS SELECT k, ` + cols + ` FROM w;`,
		`CREATE TABLE x AS SELECT k, SUM(` + strings.Join(list, "), SUM(") + `) FROM w GROUP BY k;`,
		`CREATE STREAM x WITH (key_format='json') AS SELECT k, ` + cols + ` FROM w PARTITION BY ` + cols + `;`,
	} {
		for _, leave := range []time.Duration{0, 50 * time.Millisecond, 150 * time.Millisecond} {
			stopsSoon(t, "another statement beside "+text, 10*soon, func() time.Duration {
				ctx, cancel := context.WithCancel(h.ctx)
				defer cancel()
				done := make(chan error, 1)
				go func() {
					_, err := h.Execute(ctx, text)
					done <- err
				}()
				time.Sleep(max(leave, 50*time.Millisecond))
				if leave > 0 {
					cancel()
				}
				start := time.Now()
				h.exec(`CREATE STREAM other AS SELECT * FROM a; DROP STREAM other;`)
				took := time.Since(start)
				switch err := <-done; {
				case err == nil:
					h.exec(`DROP ` + strings.Fields(text)[1] + ` x DELETE TOPIC;`)
				case leave == 0 || !errors.Is(err, context.Canceled):
					t.Errorf("%.100s: %.200v", text, err)
				default: // it may have been logged before that
					if _, err := h.Execute(h.ctx, `DROP `+strings.Fields(text)[1]+` IF EXISTS x DELETE TOPIC;`); err != nil {
						t.Error(err)
					}
				}
				return took
			})
		}
	}
}
