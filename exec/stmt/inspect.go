package stmt

import (
	"context"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
)

// inspect answers the statements that only look: SHOW, DESCRIBE, EXPLAIN, ASSERT. ok is false for others.
func inspect(context.Context, *exec.Engine, *Request, sql.Parsed) (res Result, ok bool, err error) {
	return nil, false, nil
}
