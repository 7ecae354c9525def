package main

import "github.com/ksqlgo/ksql/sql/fn"

// testFunctions are the functions of ksqlDB's own test sources that cases call.
func testFunctions() []fn.Func { return nil }
