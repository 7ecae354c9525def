package sql

import "testing"

// TestStatements prints every kind of statement and reads it again.
func TestStatements(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"create or replace source stream if not exists s (k int key, `v v` string, h bytes header('a''b')) with (a=1, \"b c\"=true);",
			"CREATE OR REPLACE SOURCE STREAM IF NOT EXISTS S (K INTEGER KEY, `v v` STRING, H BYTES HEADER('a''b')) WITH (A=1, 'B C'=true);"},
		{"create table t (k address primary key);", "CREATE TABLE T (K ADDRESS PRIMARY KEY);"},
		{"create table t as select a from b;", "CREATE TABLE T AS SELECT A\nFROM B B;"},
		{"alter table t add column a int, add b decimal(3,1), add column array;",
			"ALTER TABLE T ADD COLUMN A INTEGER, ADD COLUMN B DECIMAL(3, 1), ADD COLUMN COLUMN `ARRAY`;"},
		{"drop stream if exists s delete topic;", "DROP STREAM IF EXISTS S DELETE TOPIC;"},
		{"insert into s with (query_id='x') select * from t;", "INSERT INTO S WITH (QUERY_ID='x') SELECT *\nFROM T T;"},
		{"insert into s (a, `b`) values (1, null);", "INSERT INTO S (A, `b`) VALUES (1, null);"},
		{"create type if not exists a as struct<x int>;", "CREATE TYPE IF NOT EXISTS A AS STRUCT<X INTEGER>;"},
		{"drop type if exists a;", "DROP TYPE IF EXISTS A;"},
		{"create sink connector if not exists `c` with ('k.x'='v');", "CREATE SINK CONNECTOR IF NOT EXISTS `c` WITH ('k.x'='v');"},
		{"drop connector c;", "DROP CONNECTOR C;"},
		{"terminate ctas_x_1;", "TERMINATE CTAS_X_1;"}, {"pause all;", "PAUSE ALL;"}, {"resume \"q\";", "RESUME `q`;"},
		{"show all topics extended;", "LIST ALL TOPICS EXTENDED;"}, {"list source connectors;", "LIST SOURCE CONNECTORS;"},
		{"show connector plugins;", "LIST CONNECTOR PLUGINS;"}, {"show queries extended;", "LIST QUERIES EXTENDED;"},
		{"show properties;", "LIST PROPERTIES;"}, {"show functions;", "LIST FUNCTIONS;"}, {"show variables;", "LIST VARIABLES;"},
		{"show types;", "LIST TYPES;"}, {"show streams extended;", "LIST STREAMS EXTENDED;"}, {"show tables;", "LIST TABLES;"},
		{"describe streams extended;", "DESCRIBE STREAMS EXTENDED;"}, {"describe tables;", "DESCRIBE TABLES;"},
		{"describe `TABLES`;", "DESCRIBE `TABLES`;"}, {"describe function f;", "DESCRIBE FUNCTION F;"}, {"describe function;", "DESCRIBE FUNCTION;"},
		{"describe connector c;", "DESCRIBE CONNECTOR C;"}, {"describe s extended;", "DESCRIBE S EXTENDED;"},
		{"print myTopic from beginning sample 2 limit 3;", "PRINT 'myTopic' FROM BEGINNING INTERVAL 2 LIMIT 3;"},
		{"explain q;", "EXPLAIN Q;"}, {"explain select a from b;", "EXPLAIN SELECT A\nFROM B B;"},
		{"set 'a'='it''s';", "SET 'a'='it''s';"}, {"unset 'a';", "UNSET 'a';"}, {"alter system 'a'='b';", "ALTER SYSTEM 'a'='b';"},
		{"define aB='x';", "DEFINE aB='x';"}, {"define select='x';", "DEFINE select='x';"}, {"undefine aB;", "UNDEFINE aB;"},
		{"assert topic t with (partitions=3) timeout 2 seconds;", "ASSERT TOPIC 't' WITH (PARTITIONS=3) TIMEOUT 2000 MILLISECONDS;"},
		{"assert not exists schema subject 'x' id 3;", "ASSERT NOT EXISTS SCHEMA SUBJECT 'x' ID 3;"},
		{"assert values s (a) values (1);", "ASSERT VALUES S (A) VALUES (1);"}, {"assert null values s key (1);", "ASSERT NULL VALUES S KEY (1);"},
		{"assert table t (a int primary key) with (x='y');", "ASSERT TABLE T (A INTEGER PRIMARY KEY) WITH (X='y');"},
		{"run script 'f';", "RUN SCRIPT 'f';"},
		{"select a, b as `c`, `from`.*, d->e->* from x as `from` right outer join partition `emit` within 3 minute grace period 1 day on not a " +
			"window w hopping (size 1 hour, advance by 10 minutes, retention 2 days, grace period 0 seconds) " +
			"where a group by (a, b+1) having c emit final limit -3;",
			"SELECT\n  A,\n  B `c`,\n  `from`.*,\n  D->E->*\nFROM X `from`\nRIGHT OUTER JOIN PARTITION `emit` WITHIN 3 MINUTES GRACE PERIOD 1 DAYS ON ((NOT A))\n" +
				"WINDOW W HOPPING ( SIZE 1 HOURS , ADVANCE BY 10 MINUTES , RETENTION 2 DAYS , GRACE PERIOD 0 SECONDS ) \nWHERE A\n" +
				"GROUP BY A, (B + 1)\nHAVING C\nEMIT FINAL\nLIMIT -3;"},
		{"select * from emit emit emit changes;", "SELECT *\nFROM EMIT `EMIT`\nEMIT CHANGES;"},
		{"select a from b partition by a, (c);", "SELECT A\nFROM B B\nPARTITION BY A, C;"},
		{"select a from b window session (1 day) group by a;", "SELECT A\nFROM B B\nWINDOW SESSION ( 1 DAYS ) \nGROUP BY A;"},
		{"select a from b full join c within (1 day, 2 hours) on x = y;",
			"SELECT A\nFROM B B\nFULL OUTER JOIN C C WITHIN (1 DAYS, 2 HOURS) ON ((X = Y));"},
	} {
		st, err := ParseTest(c.in, nil)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		got := st[0].Statement.String()
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
		roundTrip(t, st[0])
	}
}
