package gen

import (
	"strconv"

	"github.com/ksqlgo/ksql/store"
)

// AppendJSON appends the bid as one JSON object of about 240 bytes.
func (b *Bid) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"auction":`...), b.Auction, 10)
	dst = strconv.AppendInt(append(dst, `,"bidder":`...), b.Bidder, 10)
	dst = strconv.AppendInt(append(dst, `,"price":`...), b.Price, 10)
	dst = append(append(dst, `,"channel":"`...), b.Channel...)
	dst = append(append(dst, `","url":"`...), b.URL...)
	dst = strconv.AppendInt(append(dst, `","dateTime":`...), b.DateTime, 10)
	dst = append(append(dst, `,"extra":"`...), b.Extra...)
	return append(dst, `"}`...)
}

// AppendJSON appends the auction as one JSON object.
func (a *Auction) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), a.ID, 10)
	dst = append(append(dst, `,"itemName":"`...), a.ItemName...)
	dst = append(append(dst, `","description":"`...), a.Description...)
	dst = strconv.AppendInt(append(dst, `","initialBid":`...), a.InitialBid, 10)
	dst = strconv.AppendInt(append(dst, `,"reserve":`...), a.Reserve, 10)
	dst = strconv.AppendInt(append(dst, `,"dateTime":`...), a.DateTime, 10)
	dst = strconv.AppendInt(append(dst, `,"expires":`...), a.Expires, 10)
	dst = strconv.AppendInt(append(dst, `,"seller":`...), a.Seller, 10)
	dst = strconv.AppendInt(append(dst, `,"category":`...), a.Category, 10)
	dst = append(append(dst, `,"extra":"`...), a.Extra...)
	return append(dst, `"}`...)
}

// AppendJSON appends the person as one JSON object.
func (p *Person) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), p.ID, 10)
	dst = append(append(dst, `,"name":"`...), p.Name...)
	dst = append(append(dst, `","emailAddress":"`...), p.EmailAddress...)
	dst = append(append(dst, `","creditCard":"`...), p.CreditCard...)
	dst = append(append(dst, `","city":"`...), p.City...)
	dst = append(append(dst, `","state":"`...), p.State...)
	dst = strconv.AppendInt(append(dst, `","dateTime":`...), p.DateTime, 10)
	dst = append(append(dst, `,"extra":"`...), p.Extra...)
	return append(dst, `"}`...)
}

// Bids makes the next n bids as runs of at most size rows, without keys, their record time that of the bid;
// run after run goes to the next of the topic's partitions.
func (g *Generator) Bids(topic string, n, size, partitions int) []*store.Records {
	var runs []*store.Records
	var b Bid
	for left := n; left > 0; left -= size {
		rows := min(left, size)
		run := &store.Records{
			TP:    store.TP{Topic: topic, Partition: int32(len(runs) % partitions)},
			Time:  make([]int64, 0, rows),
			Key:   make([]store.Span, 0, rows),
			Value: make([]store.Span, 0, rows),
			Bytes: make([]byte, 0, rows*256),
		}
		for range rows {
			g.NextBid(&b)
			from := int32(len(run.Bytes))
			run.Bytes = b.AppendJSON(run.Bytes)
			run.Time = append(run.Time, b.DateTime)
			run.Key = append(run.Key, store.Span{Len: -1})
			run.Value = append(run.Value, store.Span{Off: from, Len: int32(len(run.Bytes)) - from})
		}
		runs = append(runs, run)
	}
	return runs
}
