package store

import (
	"context"
	"errors"
	"io"
	"iter"
)

// Runs polls r to its end, at most max rows at once. Where nothing is there yet it waits.
func Runs(ctx context.Context, r Reader, max int) iter.Seq2[[]Records, error] {
	return func(yield func([]Records, error) bool) {
		for {
			runs, err := r.Poll(max)
			if err == nil {
				err = ctx.Err()
			}
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(nil, err)
				return
			case len(runs) > 0:
				if !yield(runs, nil) {
					return
				}
			default:
				select {
				case <-ctx.Done():
				case <-r.Ready():
				}
			}
		}
	}
}

// Whole reads what is in a topic now: from its oldest row to its end as of the call.
func Whole(ctx context.Context, l Log, topic string) (Reader, error) {
	info, err := l.Topic(ctx, topic)
	if err != nil {
		return nil, err
	}
	tps, from := make([]TP, info.Partitions), make(map[TP]int64, info.Partitions)
	for p := range info.Partitions {
		tps[p] = TP{topic, p}
		from[tps[p]] = -1
	}
	to, err := l.Ends(ctx, tps)
	if err != nil {
		return nil, err
	}
	return l.Reader(ctx, from, to)
}
