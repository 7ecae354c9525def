package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// readRows reads a topic's records as its source writes them.
func readRows(runs []store.Records, key, value side) ([]row, error) {
	var rows []row
	for _, run := range runs {
		headers := run.Headers
		for i := range run.Len() {
			r := row{time: run.Time[i]}
			for len(headers) > 0 && int(headers[0].Row) == i {
				h := RecordHeader{Key: headers[0].Key}
				if headers[0].Value != nil {
					text := base64.StdEncoding.EncodeToString(headers[0].Value)
					h.Value = &text
				}
				r.headers, headers = append(r.headers, h), headers[1:]
			}
			k := run.Key[i].Of(run.Bytes)
			var err error
			if key.window != nil && k != nil {
				if k, r.window, err = splitKey(k, key.window); err != nil {
					return nil, fmt.Errorf("key of row %d of %s: %w", len(rows), run.TP.Topic, err)
				}
			}
			if r.key, err = decode(k, key); err != nil {
				return nil, fmt.Errorf("key of row %d of %s: %w", len(rows), run.TP.Topic, err)
			}
			if r.value, err = decode(run.Value[i].Of(run.Bytes), value); err != nil {
				return nil, fmt.Errorf("value of row %d of %s: %w", len(rows), run.TP.Topic, err)
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// splitKey takes the window from the end of a key.
func splitKey(k []byte, w *plan.Window) ([]byte, *RecordWindow, error) {
	size := 8
	if w.Kind == sql.Session {
		size = 16
	}
	if len(k) < size {
		return nil, nil, fmt.Errorf("%d bytes are too few for a windowed key", len(k))
	}
	inner := k[:len(k)-size]
	start := int64(binary.BigEndian.Uint64(k[len(k)-8:]))
	if w.Kind == sql.Session {
		return inner, &RecordWindow{start, int64(binary.BigEndian.Uint64(k[len(k)-16:])), "session"}, nil
	}
	return inner, &RecordWindow{start, start + w.Size, "time"}, nil
}

// decode reads one side of an output; null bytes are nil.
func decode(b []byte, s side) (any, error) {
	if b == nil || s.format.Name == "NONE" {
		return nil, nil
	}
	switch s.format.Name {
	case "JSON":
		v, err := parseJSON(b)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, b)
		}
		return typed(v, s.exact), nil
	case "DELIMITED":
		return string(b), nil
	case "KAFKA":
		t, err := s.primitive()
		if err != nil {
			return nil, err
		}
		return decodeKafka(b, t)
	}
	return nil, missing{"format " + s.format.Name}
}

// typed gives the numbers of a JSON output the types that ksqlDB's test tool reads them as.
func typed(v any, exact bool) any {
	switch v := v.(type) {
	case json.Number:
		if !strings.ContainsAny(string(v), ".eE") {
			n, _ := new(big.Int).SetString(string(v), 10)
			switch {
			case n == nil:
				return string(v)
			case n.IsInt64() && int64(int32(n.Int64())) == n.Int64():
				return int32(n.Int64())
			case n.IsInt64():
				return n.Int64()
			}
			return n
		}
		if !exact {
			f, _ := v.Float64()
			return f
		}
		d, _ := parseDecimal(string(v))
		return d
	case []any:
		for i := range v {
			v[i] = typed(v[i], exact)
		}
	case *object:
		for i := range v.values {
			v.values[i] = typed(v.values[i], exact)
		}
	}
	return v
}

func decodeKafka(b []byte, t sql.Type) (any, error) {
	switch {
	case t.Kind == sql.String || t.Kind == sql.Bytes:
		return string(b), nil
	case t.Kind == sql.Integer && len(b) == 4:
		return int32(binary.BigEndian.Uint32(b)), nil
	case t.Kind == sql.Bigint && len(b) == 8:
		return int64(binary.BigEndian.Uint64(b)), nil
	case t.Kind == sql.Double && len(b) == 8:
		text := javaDouble(math.Float64frombits(binary.BigEndian.Uint64(b)))
		if d, ok := parseDecimal(text); ok {
			return d, nil
		}
		return text, nil
	}
	return nil, fmt.Errorf("%d bytes are no %s of the KAFKA format", len(b), t)
}
