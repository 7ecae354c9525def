package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"

	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// appendInput adds one input record to the run, written as the topic's source reads it.
func appendInput(run *store.Records, r Record, key, value side) error {
	k, err := encode(r.Key, key)
	if err != nil {
		return fmt.Errorf("key of an input of %s: %w", r.Topic, err)
	}
	if r.Window != nil {
		if key.window == nil {
			return fmt.Errorf("an input of %s has a window, the source's keys have none", r.Topic)
		}
		k = windowedKey(k, *r.Window)
	}
	v, err := encode(r.Value, value)
	if err != nil {
		return fmt.Errorf("value of an input of %s: %w", r.Topic, err)
	}
	var headers []store.Header
	for _, h := range r.Headers {
		header := store.Header{Key: h.Key}
		if h.Value != nil {
			if header.Value, err = base64.StdEncoding.DecodeString(*h.Value); err != nil {
				return fmt.Errorf("header of an input of %s: %w", r.Topic, err)
			}
		}
		headers = append(headers, header)
	}
	var ms int64
	if r.Timestamp != nil {
		ms = *r.Timestamp
	}
	run.Add(ms, k, v, headers...)
	return nil
}

// windowedKey is a key as Kafka Streams writes it: a time window ends with its start, a session with its end
// and start.
func windowedKey(key []byte, w RecordWindow) []byte {
	out := append([]byte{}, key...)
	if w.Type == "session" {
		out = binary.BigEndian.AppendUint64(out, uint64(w.End))
	}
	return binary.BigEndian.AppendUint64(out, uint64(w.Start))
}

// encode writes one side of an input; nil is null.
func encode(raw json.RawMessage, s side) ([]byte, error) {
	if raw == nil || s.format.Name == "NONE" {
		return nil, nil
	}
	v, err := parseJSON(raw)
	if err != nil || v == nil {
		return nil, err
	}
	switch s.format.Name {
	case "JSON":
		return appendJSON(nil, v), nil
	case "DELIMITED":
		text, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("a DELIMITED input must be a string, not %s", show(v))
		}
		return []byte(text), nil
	case "KAFKA":
		t, err := s.primitive()
		if err != nil {
			return nil, err
		}
		return encodeKafka(v, t)
	}
	return nil, missing{"format " + s.format.Name}
}

func encodeKafka(v any, t sql.Type) ([]byte, error) {
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	switch {
	case t.Kind == sql.String && isNumber:
		return []byte(number), nil
	case (t.Kind == sql.String || t.Kind == sql.Bytes) && isText:
		if text == "" {
			return []byte{}, nil
		}
		return []byte(text), nil
	case isNumber:
		d, ok := parseDecimal(string(number))
		if !ok {
			break
		}
		switch t.Kind {
		case sql.Integer:
			return binary.BigEndian.AppendUint32(nil, uint32(low64(d.truncated()))), nil
		case sql.Bigint:
			return binary.BigEndian.AppendUint64(nil, uint64(low64(d.truncated()))), nil
		case sql.Double:
			f, err := number.Float64()
			return binary.BigEndian.AppendUint64(nil, math.Float64bits(f)), err
		}
	}
	return nil, fmt.Errorf("%s cannot be written in the KAFKA format as %s", show(v), t)
}
