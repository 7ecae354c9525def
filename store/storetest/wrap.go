package storetest

import (
	"context"

	"github.com/ksqlgo/ksql/store"
)

// Wrap is s with the work of each unit as wrap gives it.
func Wrap(s store.Session, wrap func(store.Work) store.Work) store.Session { return &wrapped{s, wrap} }

type wrapped struct {
	store.Session
	wrap func(store.Work) store.Work
}

func (s *wrapped) Open(ctx context.Context, u store.Unit) (store.Work, error) {
	w, err := s.Session.Open(ctx, u)
	if err != nil {
		return nil, err
	}
	return s.wrap(w), nil
}
