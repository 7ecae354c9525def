package gen

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestProportionsAndHotKeys(t *testing.T) {
	g := New(1, 10000)
	var e Event
	var kinds [3]int
	size, hotAuctions, hotBidders, hotChannel := 0, 0, 0, 0
	last := int64(0)
	for n := range int64(200000) {
		g.Next(&e)
		kinds[e.Kind]++
		var text []byte
		var ms int64
		switch e.Kind {
		case PersonEvent:
			text, ms = e.Person.AppendJSON(nil), e.Person.DateTime
			if e.Person.ID != 1000+n/50 {
				t.Fatalf("event %d is person %d", n, e.Person.ID)
			}
		case AuctionEvent:
			text, ms = e.Auction.AppendJSON(nil), e.Auction.DateTime
			if e.Auction.ID != 1000+n/50*3+n%50-1 {
				t.Fatalf("event %d is auction %d", n, e.Auction.ID)
			}
			if e.Auction.Expires <= ms || e.Auction.Category < 10 || e.Auction.Category > 14 || e.Auction.Reserve <= e.Auction.InitialBid {
				t.Fatalf("%s", text)
			}
		case BidEvent:
			text, ms = e.Bid.AppendJSON(nil), e.Bid.DateTime
			size += len(text)
			if (e.Bid.Auction-1000)%100 == 0 {
				hotAuctions++
			}
			if (e.Bid.Bidder-1000)%100 == 1 {
				hotBidders++
			}
			if !strings.HasPrefix(e.Bid.Channel, "channel-") {
				hotChannel++
			}
			if e.Bid.Price < 100 || e.Bid.Price > 100000000 {
				t.Fatalf("a price of %d", e.Bid.Price)
			}
		}
		if ms < last || !json.Valid(text) {
			t.Fatalf("event %d: %s", n, text)
		}
		last = ms
	}
	if kinds != [3]int{4000, 12000, 184000} {
		t.Errorf("kinds %v", kinds)
	}
	bids := kinds[BidEvent]
	for what, share := range map[string][2]int{"auctions": {hotAuctions * 100 / bids, 50}, "bidders": {hotBidders * 100 / bids, 75}, "channels": {hotChannel * 100 / bids, 50}} {
		if share[0] < share[1]-2 || share[0] > share[1]+2 {
			t.Errorf("%d %% hot %s, not %d", share[0], what, share[1])
		}
	}
	if avg := size / bids; avg < 235 || avg > 250 {
		t.Errorf("a bid has %d bytes", avg)
	}
}

func TestBidsAreTheSameForTheSameSeed(t *testing.T) {
	a, b, c := New(3, 1e4).Bids("bid", 1000, 300, 2), New(3, 1e4).Bids("bid", 1000, 300, 2), New(4, 1e4).Bids("bid", 1000, 300, 2)
	if len(a) != 4 || a[3].Len() != 100 || a[1].TP.Partition != 1 || a[2].TP.Partition != 0 {
		t.Fatalf("%d runs, %+v", len(a), a[3].TP)
	}
	for i := range a {
		if string(a[i].Bytes) != string(b[i].Bytes) {
			t.Error("two generators of one seed differ")
		}
		if string(a[i].Bytes) == string(c[i].Bytes) {
			t.Error("two seeds give the same")
		}
	}
}
