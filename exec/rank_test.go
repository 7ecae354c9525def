package exec

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, rankStep - 1, rankStep, rankStep + 1, 3*rankStep + 7, 5 * rankStep} {
		list := make([]ranked, n)
		for i := range list {
			list[i] = ranked{binary.BigEndian.AppendUint32(nil, r.Uint32N(uint32(n))), r.Int64N(3), int32(i)}
		}
		want := slices.Clone(list)
		slices.SortStableFunc(want, byRank)
		got, err := inOrder(context.Background(), list)
		if err != nil || !slices.EqualFunc(got, want, func(a, b ranked) bool { return a.row == b.row }) {
			t.Errorf("%d rows: %v", n, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := inOrder(ctx, make([]ranked, 2)); err != context.Canceled {
		t.Error(err)
	}
	if _, err := merge(ctx, nil, make([]ranked, rankStep), make([]ranked, rankStep)); err != context.Canceled {
		t.Error(err)
	}
}
