package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/bench/nexmark/gen"
)

func bigint(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// stateless is the recomputation of a query whose rows depend on one bid each.
func stateless(f func(b *gen.Bid) (value string, ok bool)) func() fold {
	return func() fold {
		return func(b *gen.Bid, emit func(key, value []byte)) {
			if v, ok := f(b); ok {
				emit(nil, []byte(v))
			}
		}
	}
}

// euro is price * 0.908 as DECIMAL(23, 3).
func euro(price int64) string {
	return fmt.Sprintf("%d.%03d", price*908/1000, price*908%1000)
}

var wantQ0 = stateless(func(b *gen.Bid) (string, bool) {
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%d,"DATETIME":%d,"EXTRA":"%s"}`, b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra), true
})

var wantQ1 = stateless(func(b *gen.Bid) (string, bool) {
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%s,"DATETIME":%d,"EXTRA":"%s"}`, b.Auction, b.Bidder, euro(b.Price), b.DateTime, b.Extra), true
})

var wantQ2 = stateless(func(b *gen.Bid) (string, bool) {
	return fmt.Sprintf(`{"AUCTION":%d,"PRICE":%d}`, b.Auction, b.Price), b.Auction%123 == 0
})

var wantQ10 = stateless(func(b *gen.Bid) (string, bool) {
	t := time.UnixMilli(b.DateTime).UTC()
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%d,"DATETIME":%d,"EXTRA":"%s","DT":"%s","HM":"%s"}`,
		b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra, t.Format("2006-01-02"), t.Format("15:04")), true
})

var wantQ14 = stateless(func(b *gen.Bid) (string, bool) {
	kind, h := "otherTime", time.UnixMilli(b.DateTime).UTC().Hour()
	switch {
	case h >= 8 && h <= 18:
		kind = "dayTime"
	case h <= 6 || h >= 20:
		kind = "nightTime"
	}
	ok := b.Price*908 > 1000000*1000 && b.Price*908 < 50000000*1000
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%s,"BIDTIMETYPE":"%s","DATETIME":%d,"EXTRA":"%s","C_COUNTS":%d}`,
		b.Auction, b.Bidder, euro(b.Price), kind, b.DateTime, b.Extra, strings.Count(b.Extra, "c")), ok
})

var channelID = regexp.MustCompile(`(&|^)channel_id=([^&]*)`)

var wantQ21 = stateless(func(b *gen.Bid) (string, bool) {
	id, ok := map[string]string{"Apple": "0", "Google": "1", "Facebook": "2", "Baidu": "3"}[b.Channel]
	if m := channelID.FindStringSubmatch(b.URL); !ok && m != nil {
		id, ok = m[2], true
	}
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%d,"CHANNEL":"%s","CHANNEL_ID":"%s"}`, b.Auction, b.Bidder, b.Price, b.Channel, id), ok
})

var wantQ22 = stateless(func(b *gen.Bid) (string, bool) {
	dirs := strings.Split(b.URL, "/")
	return fmt.Sprintf(`{"AUCTION":%d,"BIDDER":%d,"PRICE":%d,"CHANNEL":"%s","DIR1":"%s","DIR2":"%s","DIR3":"%s"}`,
		b.Auction, b.Bidder, b.Price, b.Channel, dirs[3], dirs[4], dirs[5]), true
})

func wantCount() fold {
	counts := map[int64]int64{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		counts[b.Auction]++
		emit(bigint(b.Auction), fmt.Appendf(nil, `{"NUM":%d}`, counts[b.Auction]))
	}
}

func wantSum() fold {
	sums := map[int64]int64{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		sums[b.Auction] += b.Price
		emit(bigint(b.Auction), fmt.Appendf(nil, `{"TOTAL":%d}`, sums[b.Auction]))
	}
}

func wantTumble() fold {
	counts := map[[2]int64]int64{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		k := [2]int64{b.Auction, b.DateTime / 1000 * 1000}
		counts[k]++
		emit(append(bigint(k[0]), bigint(k[1])...), fmt.Appendf(nil, `{"NUM":%d}`, counts[k]))
	}
}

func wantQ12() fold {
	counts := map[[2]int64]int64{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		k := [2]int64{b.Bidder, b.DateTime / 10000 * 10000}
		counts[k]++
		emit(append(bigint(k[0]), bigint(k[1])...), fmt.Appendf(nil, `{"BID_COUNT":%d,"STARTTIME":%d,"ENDTIME":%d}`, counts[k], k[1], k[1]+10000))
	}
}

// wantQ11 grows sessions; bids come in order of time, so only a bidder's last one can grow. A session that
// grows leaves as a tombstone first, unless it is one instant that repeats.
func wantQ11() fold {
	type session struct{ start, end, count int64 }
	last := map[int64]session{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		key := func(s session) []byte { return slices.Concat(bigint(b.Bidder), bigint(s.end), bigint(s.start)) }
		s, ok := last[b.Bidder]
		if !ok || b.DateTime-s.end > 10000 {
			s = session{b.DateTime, b.DateTime, 0}
		} else if s.start != b.DateTime {
			emit(key(s), nil)
		}
		s.end = b.DateTime
		s.count++
		last[b.Bidder] = s
		emit(key(s), fmt.Appendf(nil, `{"BID_COUNT":%d,"STARTTIME":%d,"ENDTIME":%d}`, s.count, s.start, s.end))
	}
}

// band is which of the three price bands a price is in.
func band(price int64) int {
	switch {
	case price < 10000:
		return 0
	case price < 1000000:
		return 1
	}
	return 2
}

func wantQ15() fold {
	type group struct {
		bids              [4]int64
		bidders, auctions [4]map[int64]bool
	}
	days := map[string]*group{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		day := time.UnixMilli(b.DateTime).UTC().Format("2006-01-02")
		g := days[day]
		if g == nil {
			g = &group{}
			for i := range 4 {
				g.bidders[i], g.auctions[i] = map[int64]bool{}, map[int64]bool{}
			}
			days[day] = g
		}
		for _, i := range []int{0, 1 + band(b.Price)} {
			g.bids[i]++
			g.bidders[i][b.Bidder], g.auctions[i][b.Auction] = true, true
		}
		emit([]byte(day), fmt.Appendf(nil, `{"TOTAL_BIDS":%d,"RANK1_BIDS":%d,"RANK2_BIDS":%d,"RANK3_BIDS":%d,"TOTAL_BIDDERS":%d,"RANK1_BIDDERS":%d,"RANK2_BIDDERS":%d,"RANK3_BIDDERS":%d,"TOTAL_AUCTIONS":%d,"RANK1_AUCTIONS":%d,"RANK2_AUCTIONS":%d,"RANK3_AUCTIONS":%d}`,
			g.bids[0], g.bids[1], g.bids[2], g.bids[3], len(g.bidders[0]), len(g.bidders[1]), len(g.bidders[2]), len(g.bidders[3]),
			len(g.auctions[0]), len(g.auctions[1]), len(g.auctions[2]), len(g.auctions[3])))
	}
}

// sameEstimates compares rows whose distinct counts are estimates: within 5 %, all else equal.
func sameEstimates(want, got []byte) bool {
	var w, g map[string]float64
	if json.Unmarshal(want, &w) != nil || json.Unmarshal(got, &g) != nil || len(w) != len(g) {
		return false
	}
	for name, v := range w {
		allowed := 0.0
		if !strings.HasSuffix(name, "_BIDS") {
			allowed = max(1, 0.05*v)
		}
		if _, ok := g[name]; !ok || math.Abs(v-g[name]) > allowed {
			return false
		}
	}
	return true
}

func wantQ17() fold {
	type key struct {
		auction int64
		day     string
	}
	type group struct {
		bids               [4]int64
		least, most, total int64
	}
	groups := map[key]group{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		k := key{b.Auction, time.UnixMilli(b.DateTime).UTC().Format("2006-01-02")}
		g, ok := groups[k]
		if !ok {
			g.least = math.MaxInt64
		}
		g.bids[0]++
		g.bids[1+band(b.Price)]++
		g.least, g.most, g.total = min(g.least, b.Price), max(g.most, b.Price), g.total+b.Price
		groups[k] = g
		emit(fmt.Appendf(nil, `{"AUCTION":%d,"DAY":"%s"}`, k.auction, k.day),
			fmt.Appendf(nil, `{"TOTAL_BIDS":%d,"RANK1_BIDS":%d,"RANK2_BIDS":%d,"RANK3_BIDS":%d,"MIN_PRICE":%d,"MAX_PRICE":%d,"AVG_PRICE":%s,"SUM_PRICE":%d}`,
				g.bids[0], g.bids[1], g.bids[2], g.bids[3], g.least, g.most, javaDouble(float64(g.total)/float64(g.bids[0])), g.total))
	}
}

// javaDouble prints a positive double as Java does.
func javaDouble(f float64) string {
	if f >= 1e-3 && f < 1e7 {
		s := strconv.FormatFloat(f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	e, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(e)
}

func wantQ18() fold {
	return func(b *gen.Bid, emit func(key, value []byte)) {
		emit(fmt.Appendf(nil, `{"BIDDER":%d,"AUCTION":%d}`, b.Bidder, b.Auction),
			fmt.Appendf(nil, `{"PRICE":%d,"CHANNEL":"%s","URL":"%s","DATETIME":%d,"EXTRA":"%s"}`, b.Price, b.Channel, b.URL, b.DateTime, b.Extra))
	}
}

func wantQ19() fold {
	top := map[int64][]gen.Bid{}
	return func(b *gen.Bid, emit func(key, value []byte)) {
		list := top[b.Auction]
		at := len(list)
		for at > 0 && list[at-1].Price < b.Price {
			at--
		}
		if at < 10 {
			list = slices.Insert(list, at, *b)
			list = list[:min(len(list), 10)]
			top[b.Auction] = list
		}
		out := []byte(`{"TOP10":[`)
		for i, t := range list {
			if i > 0 {
				out = append(out, ',')
			}
			out = fmt.Appendf(out, `{"sort_col":%d,"col0":%d,"col1":"%s","col2":"%s","col3":%d,"col4":"%s"}`, t.Price, t.Bidder, t.Channel, t.URL, t.DateTime, t.Extra)
		}
		emit(bigint(b.Auction), append(out, "]}"...))
	}
}
