package plan

import (
	"math"

	"github.com/ksqlgo/ksql/sql"
)

// mostWindows bounds how many windows a row falls into: each is a group, and a row of the result.
const mostWindows = 100000

// window is the WINDOW clause with its defaults.
func (q *query) window() (*Window, error) {
	w := q.sel.Window
	if w == nil {
		return nil, nil
	}
	out := &Window{Kind: w.Kind, Size: w.Size.Millis(), Advance: w.Advance.Millis(), Final: q.sel.Emit == sql.EmitFinal}
	if out.Final && !q.env.enabled("ksql.suppress.enabled") {
		return nil, errorf("Suppression is currently disabled. You can enable it by setting ksql.suppress.enabled to true")
	}
	if w.Kind == sql.Tumbling {
		out.Advance = out.Size
	}
	// Kafka Streams' own checks, made when the query is built.
	switch {
	case out.Size <= 0 && w.Kind == sql.Session:
		return nil, errorf("Gap time (inactivityGapMs) cannot be zero or negative.")
	case out.Size <= 0:
		return nil, errorf("Window size (sizeMs) must be larger than zero.")
	case w.Kind != sql.Session && (out.Advance <= 0 || out.Advance > out.Size):
		return nil, errorf("Window advancement interval should be more than zero and less than window duration which is %d ms, but given advancement interval is: %d ms", out.Size, out.Advance)
	case w.Grace != nil && w.Grace.Millis() < 0:
		return nil, errorf("Grace period must not be negative.")
	}
	if w.Kind == sql.Hopping && out.Size/out.Advance > mostWindows {
		return nil, errorf("A row would fall into %d windows of %d ms that advance by %d ms; at most %d are possible", out.Size/out.Advance, out.Size, out.Advance, mostWindows)
	}
	const day = 86400000
	switch {
	case w.Grace != nil:
		if out.Grace = w.Grace.Millis(); out.Grace > math.MaxInt64-out.Size {
			return nil, errorf("Window size and grace period together must be less than %d ms", int64(math.MaxInt64))
		}
	case !out.Final:
		out.Grace = max(day-out.Size, 0)
	}
	out.Retention = out.Size + out.Grace
	if w.Retention != nil {
		if r := w.Retention.Millis(); r >= out.Retention {
			out.Retention = r
		} else {
			return nil, errorf("The retention period of the window store must be no smaller than its window size plus the grace period. Got size=[%d], grace=[%d], retention=[%d]", out.Size, out.Grace, r)
		}
	}
	return out, nil
}
