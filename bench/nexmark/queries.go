package main

import (
	"github.com/ksqlgo/ksql/bench/nexmark/gen"
)

// fold is a plain recomputation of a query: it gets every bid and emits the rows that the sink must hold.
type fold func(b *gen.Bid, emit func(key, value []byte))

// query is one query over the stream of bids.
type query struct {
	name string
	sql  string
	sink string  // topic
	rate float64 // events a second of event time
	want func() fold
	same func(want, got []byte) bool // of values; nil: equal bytes
	// ordered: the rows depend on the order of all bids of a group, so that with several partitions only their
	// number is checked.
	ordered bool
}

// declaration is the stream that all queries read. Record times are the bids' times.
const declaration = `CREATE STREAM bid (auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, dateTime BIGINT, extra STRING)
	WITH (KAFKA_TOPIC='bid', VALUE_FORMAT='JSON');`

// day and hour are the parts of a bid's time that several queries name.
const (
	day  = `FORMAT_TIMESTAMP(FROM_UNIXTIME(dateTime), 'yyyy-MM-dd')`
	hour = `CAST(FORMAT_TIMESTAMP(FROM_UNIXTIME(dateTime), 'HH') AS INT)`
)

// queries are what this benchmark runs. The numbered ones are Nexmark's; the others are the aggregates that
// the project's goals name.
var queries = []query{
	{name: "q0", sink: "Q0", want: wantQ0,
		sql: `CREATE STREAM q0 AS SELECT auction, bidder, price, dateTime, extra FROM bid EMIT CHANGES;`},
	{name: "q1", sink: "Q1", want: wantQ1,
		sql: `CREATE STREAM q1 AS SELECT auction, bidder, price * 0.908 AS price, dateTime, extra FROM bid EMIT CHANGES;`},
	{name: "q2", sink: "Q2", want: wantQ2,
		sql: `CREATE STREAM q2 AS SELECT auction, price FROM bid WHERE auction % 123 = 0 EMIT CHANGES;`},
	{name: "count", sink: "COUNTS", want: wantCount,
		sql: `CREATE TABLE counts AS SELECT auction, COUNT(*) AS num FROM bid GROUP BY auction EMIT CHANGES;`},
	{name: "sum", ordered: true, sink: "SUMS", want: wantSum,
		sql: `CREATE TABLE sums AS SELECT auction, SUM(price) AS total FROM bid GROUP BY auction EMIT CHANGES;`},
	{name: "tumble", sink: "TUMBLES", want: wantTumble, rate: 100000,
		sql: `CREATE TABLE tumbles AS SELECT auction, COUNT(*) AS num FROM bid WINDOW TUMBLING (SIZE 1 SECOND) GROUP BY auction EMIT CHANGES;`},
	{name: "q10", sink: "Q10", want: wantQ10,
		sql: `CREATE STREAM q10 AS SELECT auction, bidder, price, dateTime, extra, ` + day + ` AS dt,
			FORMAT_TIMESTAMP(FROM_UNIXTIME(dateTime), 'HH:mm') AS hm FROM bid EMIT CHANGES;`},
	{name: "q11", ordered: true, sink: "Q11", want: wantQ11, rate: 10000,
		sql: `CREATE TABLE q11 AS SELECT bidder, COUNT(*) AS bid_count, WINDOWSTART AS starttime, WINDOWEND AS endtime
			FROM bid WINDOW SESSION (10 SECONDS) GROUP BY bidder EMIT CHANGES;`},
	{name: "q12", sink: "Q12", want: wantQ12, rate: 10000,
		sql: `CREATE TABLE q12 AS SELECT bidder, COUNT(*) AS bid_count, WINDOWSTART AS starttime, WINDOWEND AS endtime
			FROM bid WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY bidder EMIT CHANGES;`},
	{name: "q14", sink: "Q14", want: wantQ14, rate: 100,
		sql: `CREATE STREAM q14 AS SELECT auction, bidder, 0.908 * price AS price,
			CASE WHEN ` + hour + ` >= 8 AND ` + hour + ` <= 18 THEN 'dayTime' WHEN ` + hour + ` <= 6 OR ` + hour + ` >= 20 THEN 'nightTime'
				ELSE 'otherTime' END AS bidTimeType,
			dateTime, extra, LEN(extra) - LEN(REPLACE(extra, 'c', '')) AS c_counts
			FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000 EMIT CHANGES;`},
	{name: "q15", ordered: true, sink: "Q15", want: wantQ15, same: sameEstimates,
		sql: `CREATE TABLE q15 AS SELECT ` + day + ` AS day, ` + ranks + `,
			COUNT_DISTINCT(bidder) AS total_bidders,
			COUNT_DISTINCT(CASE WHEN price < 10000 THEN bidder END) AS rank1_bidders,
			COUNT_DISTINCT(CASE WHEN price >= 10000 AND price < 1000000 THEN bidder END) AS rank2_bidders,
			COUNT_DISTINCT(CASE WHEN price >= 1000000 THEN bidder END) AS rank3_bidders,
			COUNT_DISTINCT(auction) AS total_auctions,
			COUNT_DISTINCT(CASE WHEN price < 10000 THEN auction END) AS rank1_auctions,
			COUNT_DISTINCT(CASE WHEN price >= 10000 AND price < 1000000 THEN auction END) AS rank2_auctions,
			COUNT_DISTINCT(CASE WHEN price >= 1000000 THEN auction END) AS rank3_auctions
			FROM bid GROUP BY ` + day + ` EMIT CHANGES;`},
	{name: "q17", ordered: true, sink: "Q17", want: wantQ17,
		sql: `CREATE TABLE q17 WITH (KEY_FORMAT='JSON') AS SELECT auction, ` + day + ` AS day, ` + ranks + `,
			MIN(price) AS min_price, MAX(price) AS max_price, AVG(price) AS avg_price, SUM(price) AS sum_price
			FROM bid GROUP BY auction, ` + day + ` EMIT CHANGES;`},
	{name: "q18", ordered: true, sink: "Q18", want: wantQ18,
		sql: `CREATE TABLE q18 WITH (KEY_FORMAT='JSON') AS SELECT bidder, auction, LATEST_BY_OFFSET(price) AS price, LATEST_BY_OFFSET(channel) AS channel,
			LATEST_BY_OFFSET(url) AS url, LATEST_BY_OFFSET(dateTime) AS dateTime, LATEST_BY_OFFSET(extra) AS extra
			FROM bid GROUP BY bidder, auction EMIT CHANGES;`},
	{name: "q19", ordered: true, sink: "Q19", want: wantQ19,
		sql: `CREATE TABLE q19 AS SELECT auction, TOPK(price, bidder, channel, url, dateTime, extra, 10) AS top10 FROM bid GROUP BY auction EMIT CHANGES;`},
	{name: "q21", sink: "Q21", want: wantQ21,
		sql: `CREATE STREAM q21 AS SELECT auction, bidder, price, channel,
			CASE WHEN LCASE(channel) = 'apple' THEN '0' WHEN LCASE(channel) = 'google' THEN '1' WHEN LCASE(channel) = 'facebook' THEN '2'
				WHEN LCASE(channel) = 'baidu' THEN '3' ELSE REGEXP_EXTRACT('(&|^)channel_id=([^&]*)', url, 2) END AS channel_id
			FROM bid WHERE REGEXP_EXTRACT('(&|^)channel_id=([^&]*)', url, 2) IS NOT NULL
				OR LCASE(channel) IN ('apple', 'google', 'facebook', 'baidu') EMIT CHANGES;`},
	{name: "q22", sink: "Q22", want: wantQ22,
		sql: `CREATE STREAM q22 AS SELECT auction, bidder, price, channel, SPLIT(url, '/')[4] AS dir1, SPLIT(url, '/')[5] AS dir2,
			SPLIT(url, '/')[6] AS dir3 FROM bid EMIT CHANGES;`},
}

// ranks are the counts by band of price that q15 and q17 share.
const ranks = `COUNT(*) AS total_bids,
	SUM(CASE WHEN price < 10000 THEN 1 ELSE 0 END) AS rank1_bids,
	SUM(CASE WHEN price >= 10000 AND price < 1000000 THEN 1 ELSE 0 END) AS rank2_bids,
	SUM(CASE WHEN price >= 1000000 THEN 1 ELSE 0 END) AS rank3_bids`

// needsJoin are the queries of Nexmark that need a join.
var needsJoin = []string{"q3", "q4", "q5", "q6", "q7", "q8", "q9", "q13", "q16", "q20", "q23"}

func find(name string) *query {
	for i := range queries {
		if queries[i].name == name {
			return &queries[i]
		}
	}
	return nil
}
