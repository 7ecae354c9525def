package httpapi

import (
	"encoding/hex"
	"math/big"
	"testing"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/vec"
)

func TestProtobuf(t *testing.T) {
	var s sql.Schema
	add := func(name string, typ sql.Type) { s = append(s, sql.Column{Field: sql.Field{Name: name, Type: typ}}) }
	add("I", sql.TInteger)
	add("D", sql.DecimalOf(4, 2))
	add("S", sql.StructOf(sql.Field{Name: "A", Type: sql.ArrayOf(sql.TInteger)}, sql.Field{Name: "X", Type: sql.StructOf(sql.Field{Name: "T", Type: sql.TString})}))
	add("M", sql.MapOf(sql.TString, sql.TBoolean))
	add("TS", sql.TTimestamp)
	add("DT", sql.TDate)
	p, err := newProtoRows(s)
	if err != nil {
		t.Fatal(err)
	}
	const want = `syntax = "proto3";


message ConnectDefault1 {
  int32 I = 1;
  confluent.type.Decimal D = 2 [(confluent.field_meta) = {
    params: [
      {
        value: "4",
        key: "precision"
      },
      {
        value: "2",
        key: "scale"
      }
    ]
  }];
  ConnectDefault2 S = 3;
  repeated ConnectDefault4Entry M = 4;
  google.protobuf.Timestamp TS = 5;
  google.type.Date DT = 6;

  message ConnectDefault2 {
    repeated int32 A = 1;
    ConnectDefault3 X = 2;

    message ConnectDefault3 {
      string T = 1;
    }
  }
  message ConnectDefault4Entry {
    string key = 1;
    bool value = 2;
  }
}
`
	if got := p.schema(); got != want {
		t.Errorf("schema:\n%s\nwant\n%s", got, want)
	}
	var cols []*vec.Vec
	for i, x := range []any{
		int32(-1), vec.Decimal{Unscaled: big.NewInt(-129), Scale: 2}, vec.StructValue{[]any{int32(1), int32(300)}, vec.StructValue{"é"}},
		&vec.MapValue{Keys: []any{"k", "l"}, Values: []any{true, false}}, vec.Timestamp(-1), vec.Date(1),
	} {
		v := vec.New(s[i].Type)
		v.Append(x)
		cols = append(cols, v)
	}
	const wire = "08ffffffffffffffffff01" + // I: -1
		"12080a02ff7f10041802" + // D: ff7f is -129, precision 4, scale 2
		"1a0b0a0301ac0212040a02c3a9" + // S: A packed, X
		"22050a016b1001" + "22030a016c" + // M: the value false is left out
		"2a1108ffffffffffffffffff0110c08faedc03" + // TS: second -1, 999000000 ns
		"320708b20f10011802" // DT: 1970-01-02
	if got := hex.EncodeToString(p.root.encode(nil, cols, 0)); got != wire {
		t.Errorf("wire\n got %s\nwant %s", got, wire)
	}
	if _, err := newProtoRows(sql.Schema{{Field: sql.Field{Name: "A", Type: sql.ArrayOf(sql.ArrayOf(sql.TInteger))}}}); err == nil || err.Error() != "Array cannot be nested" {
		t.Errorf("nested arrays: %v", err)
	}
}
