package local

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/ksqlgo/ksql/store"
)

// headItems is one of each item that a head may have, and what is read of it.
func headItems() (items [][]byte, want []head) {
	add := func(b []byte, h head) { items, want = append(items, b), append(want, h) }
	run := runHead{at: tid{7, 300}, first: 1 << 40, span: 9, youngest: -5, skip: 3, rows: 2, flags: hasMark | hasOffsets, arena: 1 << 20, headers: 77, crc: 0xdeadbeef}
	add(run.put(nil), head{runs: []runHead{run}})
	for _, c := range []store.TopicConfig{
		{Partitions: 2}, {Partitions: maxPartitions, Compact: true}, {Partitions: 1, Internal: true, Retention: time.Hour}, {Partitions: 1, Retention: -1},
	} {
		d := topicDef{300, "name", c}
		add(putTopic(nil, &d), head{creates: []topicDef{d}})
	}
	add(binary.AppendUvarint([]byte{tagRemove}, 400), head{removes: []int64{400}})
	add(putString([]byte{tagForget}, "session"), head{forgets: []string{"session"}})
	for _, to := range []map[tid]int64{{}, {{500, 2}: 300, {maxID, maxPartitions}: -1}} {
		m := moveSet{"session", store.Unit{Stage: "stage", Partition: 200}, to}
		add(putMoves(nil, &m), head{moves: []moveSet{m}})
	}
	p := partState{tid{600, 201}, 1000, math.MaxInt64}
	add(putPart(nil, &p), head{parts: []partState{p}})
	add(binary.AppendUvarint([]byte{tagNextID}, 700), head{nextID: 700})
	add(binary.AppendUvarint([]byte{tagAgain}, 800), head{again: true, after: 800})
	return items, want
}

// TestHeads: what is put into a head is read back, alone and beside all else, and is refused where it is cut short.
func TestHeads(t *testing.T) {
	items, want := headItems()
	for i, b := range items {
		if got, err := parseHead(b); err != nil || !reflect.DeepEqual(got, want[i]) {
			t.Errorf("item %d: %+v, %v, want %+v", i, got, err, want[i])
		}
		for n := 1; n < len(b); n++ {
			if got, err := parseHead(b[:n:n]); err == nil {
				t.Errorf("item %d of %d bytes, cut to %d: %+v", i, len(b), n, got)
			}
		}
		if _, err := parseHead(append(slices.Clone(b), tagAgain+1)); err == nil {
			t.Errorf("item %d: one of another kind behind it was taken", i)
		}
	}
	all, err := parseHead(slices.Concat(items...))
	if err != nil || len(all.runs) != 1 || len(all.creates) != 4 || len(all.removes) != 1 || len(all.forgets) != 1 || len(all.moves) != 2 ||
		len(all.parts) != 1 || all.nextID != 700 || !all.again || all.after != 800 {
		t.Errorf("%+v, %v", all, err)
	}
	if got, err := parseHead(nil); err != nil || !reflect.DeepEqual(got, head{}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestHeadLimits: numbers that no log has are refused, the largest that it may have are taken.
func TestHeadLimits(t *testing.T) {
	run := func(change func(*runHead)) []byte {
		r := runHead{at: tid{1, 0}, first: 5, span: 2, rows: 2}
		change(&r)
		return r.put(nil)
	}
	num := func(tag byte, n uint64) []byte { return binary.AppendUvarint([]byte{tag}, n) }
	for name, c := range map[string]struct {
		b  []byte
		ok bool
	}{
		"a run":                       {run(func(r *runHead) {}), true},
		"the last offset":             {run(func(r *runHead) { r.first = maxID }), true},
		"an offset behind it":         {run(func(r *runHead) { r.first = maxID + 1 }), false},
		"the first offset":            {run(func(r *runHead) { r.first = 0 }), true},
		"an offset below":             {run(func(r *runHead) { r.first = -1 }), false},
		"fewer offsets than rows":     {run(func(r *runHead) { r.span = 1 }), false},
		"more offsets than rows":      {run(func(r *runHead) { r.span = 3 }), true},
		"too many offsets":            {run(func(r *runHead) { r.span = maxID + 1 }), false},
		"the last topic":              {run(func(r *runHead) { r.at.id = maxID }), true},
		"a topic behind it":           {run(func(r *runHead) { r.at.id = maxID + 1 }), false},
		"a partition too many":        {run(func(r *runHead) { r.at.partition = maxPartitions + 1 }), false},
		"a place too far":             {run(func(r *runHead) { r.skip = maxID + 1 }), false},
		"an arena too large":          {run(func(r *runHead) { r.arena = 1<<31 + 1 }), false},
		"headers too large":           {run(func(r *runHead) { r.headers = 1<<31 + 1 }), false},
		"rows too many":               {run(func(r *runHead) { r.rows, r.span = 1<<31+1, maxID }), false},
		"an id too large":             {num(tagNextID, maxID+1), false},
		"the largest id":              {num(tagNextID, maxID), true},
		"a file too far":              {num(tagAgain, maxID+1), false},
		"a topic that is removed":     {num(tagRemove, maxID+1), false},
		"more moves than follow":      {append(num(tagForget, 0), slices.Concat([]byte{tagMoves}, []byte{0, 0, 0, 5})...), false},
		"a name longer than the head": {num(tagForget, 1<<40), false},
		"a number without an end":     {[]byte{tagNextID, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, false},
	} {
		if got, err := parseHead(c.b); (err == nil) != c.ok {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestHeaderNumbers: the fixed part of a frame is taken only if the frame can lie where it is.
func TestHeaderNumbers(t *testing.T) {
	good := header{seq: 5, synced: 4, head: 10, count: 1, body: 16}
	room := int64(headerBytes + 26)
	for name, c := range map[string]struct {
		change func(*header)
		room   int64
		ok     bool
	}{
		"as it is":           {func(*header) {}, room, true},
		"more room":          {func(*header) {}, room + 1, true},
		"less room":          {func(*header) {}, room - 1, false},
		"no room for a head": {func(h *header) { h.body = 0 }, headerBytes + 9, false},
		"no body":            {func(h *header) { h.body = 0 }, headerBytes + 10, true},
		"a body below zero":  {func(h *header) { h.body = -1 }, room, false},
		"the first place":    {func(h *header) { h.seq, h.synced = 0, 0 }, room, true},
		"a place below":      {func(h *header) { h.seq = -1 }, room, false},
		"the last place":     {func(h *header) { h.seq = maxID }, room, true},
		"a place behind":     {func(h *header) { h.seq = maxID + 1 }, room, false},
		"synced below zero":  {func(h *header) { h.synced = -1 }, room, false},
	} {
		h := good
		c.change(&h)
		b := make([]byte, headerBytes)
		h.put(b, 99)
		got, ok := parseHeader(b, c.room, 99)
		if ok != c.ok || ok && got != h {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
		if _, ok := parseHeader(b, c.room, 98); ok {
			t.Errorf("%s: it was taken for another log's", name)
		}
		if _, ok := parseHeader(b[:headerBytes-1], c.room, 99); ok {
			t.Errorf("%s: a header that is cut short was taken", name)
		}
	}
}

// TestRunBytes: the bytes of a run are read back whole, and are refused if anything of them does not fit.
func TestRunBytes(t *testing.T) {
	full := rowsOf("t", "a", "bcd", "")
	full.Mark = []byte{1, 2, 3}
	full.Headers = []store.Header{{Row: 0, Key: "h", Value: []byte("v")}, {Row: 2, Key: "i"}}
	full.Offsets = []int64{4, 6, 9}
	for name, r := range map[string]*store.Records{"nothing": {}, "plain": rowsOf("t", "a", "bcd"), "full": full} {
		e := &encoder{}
		h, data := e.single(r, 7)
		if int64(len(data)) != h.size() {
			t.Fatalf("%s: %d bytes, counted as %d", name, len(data), h.size())
		}
		own := aligned(int64(len(data)))
		copy(own, data)
		back, err := decodeRun(&h, own)
		if err != nil || !slices.Equal(shape(back), shape(r)) || len(back.Headers) != len(r.Headers) {
			t.Fatalf("%s: %v, %v", name, back, err)
		}
		if name != "full" {
			continue
		}
		for what, spoil := range map[string]func(r *store.Records){
			"a key behind the arena":   func(r *store.Records) { r.Key[1].Off = int32(len(r.Bytes)) },
			"a value behind the arena": func(r *store.Records) { r.Value[1].Len = int32(len(r.Bytes)) },
			"a value in front of it":   func(r *store.Records) { r.Value[1].Off = -1 },
			"a header of no row":       func(r *store.Records) { r.Headers[1].Row = 3 },
		} {
			bad := *r
			bad.Key, bad.Value, bad.Headers = slices.Clone(r.Key), slices.Clone(r.Value), slices.Clone(r.Headers)
			spoil(&bad)
			h, data := e.single(&bad, 7)
			own := aligned(int64(len(data)))
			copy(own, data)
			if back, err := decodeRun(&h, own); err == nil {
				t.Errorf("%s: %v", what, back)
			}
		}
		if _, err := decodeRun(&h, own[:len(own)-1]); err == nil {
			t.Error("a run that is cut short was read")
		}
		own[0]++
		if _, err := decodeRun(&h, own); err == nil {
			t.Error("a run that was changed was read")
		}
	}
}
