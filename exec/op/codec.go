package op

import (
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
	"github.com/ksqlgo/ksql/store/format"
)

// OpenCodec is the codec of one side of a topic's records as f says; nil where the side has no columns.
func OpenCodec(f plan.Format, side format.Side, topic string, columns []sql.Field) (format.Codec, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	return format.Open(format.Spec{Format: f.Name, Props: f.Props, Side: side, Topic: topic, Columns: columns, Unwrapped: f.Unwrapped})
}

// stampPattern is how a timestamp column that is text is written; nil for columns of numbers, or no column.
func stampPattern(t *plan.Timestamp) (*fn.TimePattern, error) {
	if t == nil || t.Format == "" {
		return nil, nil
	}
	return fn.CompilePattern(t.Format)
}
