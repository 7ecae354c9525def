// Package gen makes the events of the Nexmark benchmark: people, auctions and bids of an online auction, in
// the proportions and with the hot keys of the public generator. The same seed gives the same events.
package gen

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
)

// Kind is the kind of an event.
type Kind uint8

// The kinds of event: of 50 consecutive ones, one is a person, three are auctions, the rest bids.
const (
	PersonEvent Kind = iota
	AuctionEvent
	BidEvent
)

// The shape of the data: sizes of what is in flight, and how often a hot key is chosen.
const (
	perEpoch        = 50
	auctionsInEpoch = 3
	firstID         = 1000
	firstCategory   = 10
	categories      = 5
	activePeople    = 1000
	activeAuctions  = 100
	ahead           = 10 // ids not created yet that are chosen too
	hotEvery        = 100
)

// BaseTime is the time of the first event, ms since epoch.
const BaseTime = 1700000000000

// Person is somebody who sells or bids.
type Person struct {
	ID                                          int64
	Name, EmailAddress, CreditCard, City, State string
	DateTime                                    int64 // ms
	Extra                                       string
}

// Auction is something for sale.
type Auction struct {
	ID                    int64
	ItemName, Description string
	InitialBid, Reserve   int64
	DateTime, Expires     int64 // ms
	Seller, Category      int64
	Extra                 string
}

// Bid is an offer for an auction.
type Bid struct {
	Auction, Bidder, Price int64
	Channel, URL           string
	DateTime               int64 // ms
	Extra                  string
}

// Event is one event; the member of its kind is set.
type Event struct {
	Kind    Kind
	Person  Person
	Auction Auction
	Bid     Bid
}

// Generator makes events one after the other. One goroutine uses it.
type Generator struct {
	r        *rand.Rand
	n        int64   // number of the next event
	rate     float64 // events per second of event time
	hot      [4]string
	channels [10000]string
	letters  string
}

var (
	hotChannels = [4]string{"Google", "Facebook", "Baidu", "Apple"}
	firstNames  = []string{"Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"}
	lastNames   = []string{"Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"}
	cities      = []string{"Phoenix", "Los Angeles", "San Francisco", "Boise", "Portland", "Bend", "Redmond", "Seattle", "Kent", "Cheyenne"}
	states      = []string{"AZ", "CA", "ID", "OR", "WA", "WY"}
)

// New is a generator whose events follow each other at rate events per second of event time.
func New(seed uint64, rate float64) *Generator {
	g := &Generator{r: rand.New(rand.NewPCG(seed, 7)), rate: rate}
	for i := range g.hot {
		g.hot[i] = g.url()
	}
	for i := range g.channels {
		url := g.url()
		if g.r.IntN(10) > 0 {
			id := int64(int32(bits.Reverse32(uint32(i))))
			url += "&channel_id=" + strconv.FormatInt(max(id, -id), 10)
		}
		g.channels[i] = url
	}
	letters := make([]byte, 1<<16)
	for i := range letters {
		letters[i] = byte('a' + g.r.IntN(26))
	}
	g.letters = string(letters)
	return g
}

// Next fills e with the next event.
func (g *Generator) Next(e *Event) {
	epoch, place := g.n/perEpoch, g.n%perEpoch
	ms := BaseTime + int64(float64(g.n)*1000/g.rate)
	switch {
	case place == 0:
		e.Kind = PersonEvent
		g.person(&e.Person, epoch, ms)
	case place <= auctionsInEpoch:
		e.Kind = AuctionEvent
		g.auction(&e.Auction, epoch*auctionsInEpoch+place-1, epoch, ms)
	default:
		e.Kind = BidEvent
		g.bid(&e.Bid, epoch*auctionsInEpoch+auctionsInEpoch-1, epoch, ms)
	}
	g.n++
}

// NextBid fills b with the next bid; the events before it are left out.
func (g *Generator) NextBid(b *Bid) {
	for g.n%perEpoch <= auctionsInEpoch {
		g.n++
	}
	epoch := g.n / perEpoch
	g.bid(b, epoch*auctionsInEpoch+auctionsInEpoch-1, epoch, BaseTime+int64(float64(g.n)*1000/g.rate))
	g.n++
}

func (g *Generator) person(p *Person, id, ms int64) {
	first, last := pick(g.r, firstNames), pick(g.r, lastNames)
	*p = Person{
		ID: firstID + id, Name: first + " " + last,
		EmailAddress: g.text(7, '_') + "@" + g.text(5, '_') + ".com",
		CreditCard:   g.digits() + " " + g.digits() + " " + g.digits() + " " + g.digits(),
		City:         pick(g.r, cities), State: pick(g.r, states), DateTime: ms,
	}
	p.Extra = g.fill(200 - 16 - len(p.Name) - len(p.EmailAddress) - len(p.CreditCard) - len(p.City) - len(p.State))
}

func (g *Generator) auction(a *Auction, id, lastPerson, ms int64) {
	*a = Auction{ID: firstID + id, ItemName: g.text(20, ' '), Description: g.text(100, ' '), InitialBid: g.price(), DateTime: ms,
		Category: firstCategory + g.r.Int64N(categories)}
	a.Reserve = a.InitialBid + g.price()
	span := int64(activeAuctions * perEpoch / auctionsInEpoch * 1000 / g.rate)
	a.Expires = ms + 1 + g.r.Int64N(max(2*span, 1))
	a.Seller = firstID + lastPerson/hotEvery*hotEvery
	if g.r.IntN(4) == 0 {
		a.Seller = firstID + g.someone(lastPerson)
	}
	a.Extra = g.fill(500 - 64 - len(a.ItemName) - len(a.Description))
}

func (g *Generator) bid(b *Bid, lastAuction, lastPerson, ms int64) {
	if g.r.IntN(2) > 0 {
		b.Auction = lastAuction / hotEvery * hotEvery
	} else {
		oldest := max(lastAuction-activeAuctions, 0)
		b.Auction = oldest + g.r.Int64N(lastAuction-oldest+1+ahead)
	}
	if g.r.IntN(4) > 0 {
		b.Bidder = lastPerson/hotEvery*hotEvery + 1
	} else {
		b.Bidder = g.someone(lastPerson)
	}
	b.Auction, b.Bidder, b.Price, b.DateTime = b.Auction+firstID, b.Bidder+firstID, g.price(), ms
	if g.r.IntN(2) > 0 {
		i := g.r.IntN(len(g.hot))
		b.Channel, b.URL = hotChannels[i], g.hot[i]
	} else {
		i := g.r.IntN(len(g.channels))
		b.Channel, b.URL = "channel-"+strconv.Itoa(i), g.channels[i]
	}
	b.Extra = g.fill(68)
}

// someone is one of the last people, or one who does not exist yet.
func (g *Generator) someone(last int64) int64 {
	n := min(last+1, activePeople)
	return last + 1 - n + g.r.Int64N(n+ahead)
}

// price is spread evenly over the orders of magnitude from 100 to 100,000,000.
func (g *Generator) price() int64 {
	return int64(math.Round(math.Pow(10, g.r.Float64()*6) * 100))
}

func (g *Generator) url() string {
	return "https://www.nexmark.com/" + g.text(5, '_') + "/" + g.text(5, '_') + "/" + g.text(5, '_') + "/item.htm?query=1"
}

// text is 3 to limit-1 letters, every thirteenth of them the special one.
func (g *Generator) text(limit int, special byte) string {
	b := make([]byte, 3+g.r.IntN(limit-3))
	for i := range b {
		if g.r.IntN(13) == 0 {
			b[i] = special
		} else {
			b[i] = byte('a' + g.r.IntN(26))
		}
	}
	return string(b)
}

func (g *Generator) digits() string { return strconv.Itoa(1000 + g.r.IntN(9000)) }

// fill is about n letters: a fifth more or less.
func (g *Generator) fill(n int) string {
	if n <= 5 {
		return ""
	}
	n = n - n/5 + g.r.IntN(2*(n/5)+1)
	from := g.r.IntN(len(g.letters) - n)
	return g.letters[from : from+n]
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }
