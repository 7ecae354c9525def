package httpapi

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// print is PRINT: lines of text.
func (a *api) print(c *call, r *request, s *sql.Print, at endpoint) {
	ctx := c.r.Context()
	opts := options(r.props, nil)
	if at == atQuery {
		opts = append(opts, ksql.PrintFormats())
	}
	rows, err := a.server.Query(ctx, sql.Parsed{Statement: s, Text: r.text}, "", opts...)
	if errors.Is(err, store.ErrNoTopic) && at == atStream {
		err = generic(badStatement, "Topic does not exist: "+s.Topic)
	}
	if err != nil {
		c.fail(err, at, r.text)
		return
	}
	defer rows.Close()
	if at == atQuery {
		c.header(plain)
	} else {
		c.header("")
	}
	c.w.WriteHeader(200)
	c.flush()
	beat := time.Second
	if ms := a.limit("query.stream.disconnect.check"); ms != math.MaxInt32 && ms > 0 {
		beat = time.Duration(ms) * time.Millisecond
	}
	for {
		wait, cancel := ctx, context.CancelFunc(func() {})
		if at == atQuery {
			wait, cancel = context.WithTimeout(ctx, beat)
		}
		page, err := rows.Page(wait)
		cancel()
		idle := errors.Is(err, context.DeadlineExceeded)
		var out []byte
		switch {
		case ctx.Err() != nil || page == nil && err == nil:
			return
		case idle:
			out = []byte("\n") // a client that is gone shows
		case err != nil:
			out = append(out, c.explain(err, atInserts, "").msg+"\n"...)
		default:
			for i := range page.N {
				out = append(append(out, page.Cols[0].Bytes(i)...), '\n')
			}
		}
		if _, failed := c.w.Write(out); failed != nil || err != nil && !idle {
			return
		}
		c.flush()
	}
}
