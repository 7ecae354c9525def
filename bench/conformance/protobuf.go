package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ksqlgo/ksql/sql/vec"
)

// askProto asks a query again, for rows as protobuf, and gives the answer in the form of the expectations: rows are
// the text format of their messages.
func (r *server) askProto(ctx context.Context, text string) (any, error) {
	body, err := json.Marshal(map[string]any{"sql": text, "properties": r.c.Properties})
	if err != nil {
		return nil, err
	}
	resp, err := r.send(ctx, "/query-stream", "application/vnd.ksql.v1+protobuf", body)
	if err != nil {
		return nil, err
	}
	got, err := whole(resp)
	if err != nil {
		return nil, err
	}
	var list []struct {
		Header struct{ ProtoSchema string }
		Row    *struct {
			ProtobufBytes string
			Columns       json.RawMessage
		}
		FinalMessage string
	}
	if err := json.Unmarshal(got, &list); err != nil {
		return nil, fmt.Errorf("the answer of /query-stream: %w in %s", err, got)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("no header in %s", got)
	}
	schema := parseProto(list[0].Header.ProtoSchema)
	out := []any{one("header", one("protoSchema", list[0].Header.ProtoSchema))}
	var rows []string
	var rest []any
	for _, x := range list[1:] {
		switch {
		case x.FinalMessage != "":
			rest = append(rest, one("finalMessage", x.FinalMessage))
		case x.Row != nil && x.Row.Columns == nil:
			b, err := base64.StdEncoding.DecodeString(x.Row.ProtobufBytes)
			if err != nil {
				return nil, err
			}
			text, err := schema.text("ConnectDefault1", b, "")
			if err != nil {
				return nil, err
			}
			rows = append(rows, text)
		default:
			return nil, fmt.Errorf("an unexpected row in %s", got)
		}
	}
	slices.Sort(rows)
	for _, text := range rows {
		out = append(out, one("row", text))
	}
	return append(out, rest...), nil
}

func one(name string, value any) *object {
	return &object{names: []string{name}, values: []any{value}}
}

// sortRows sorts the rows of an expectation among themselves.
func sortRows(expected any) any {
	list, ok := expected.([]any)
	if !ok {
		return expected
	}
	var rows []string
	for _, v := range list {
		if o, ok := v.(*object); ok {
			if s, ok := o.get("row"); ok {
				text, _ := s.(string)
				rows = append(rows, text)
			}
		}
	}
	slices.Sort(rows)
	out := slices.Clone(list)
	for i, v := range out {
		if o, ok := v.(*object); ok {
			if _, ok := o.get("row"); ok {
				out[i], rows = one("row", rows[0]), rows[1:]
			}
		}
	}
	return out
}

// protoSchema is the fields of each message, by number.
type protoSchema map[string]map[int]protoMember

type protoMember struct{ typ, name string }

var (
	messageLine = regexp.MustCompile(`^\s*message (\w+) \{`)
	fieldLine   = regexp.MustCompile(`^\s*(?:repeated )?([\w.]+) (\w+) = (\d+)`)
)

func parseProto(text string) protoSchema {
	s := protoSchema{
		"confluent.type.Decimal":    {1: {"bytes", "value"}, 2: {"int32", "precision"}, 3: {"int32", "scale"}},
		"google.protobuf.Timestamp": {1: {"int64", "seconds"}, 2: {"int32", "nanos"}},
		"google.type.Date":          {1: {"int32", "year"}, 2: {"int32", "month"}, 3: {"int32", "day"}},
		"google.type.TimeOfDay":     {1: {"int32", "hours"}, 2: {"int32", "minutes"}, 3: {"int32", "seconds"}, 4: {"int32", "nanos"}},
	}
	var open []string
	for _, line := range strings.Split(text, "\n") {
		if m := messageLine.FindStringSubmatch(line); m != nil {
			open = append(open, m[1])
			s[m[1]] = map[int]protoMember{}
		} else if strings.TrimSpace(line) == "}" && len(open) > 0 {
			open = open[:len(open)-1]
		} else if m := fieldLine.FindStringSubmatch(line); m != nil && len(open) > 0 {
			n, _ := strconv.Atoi(m[3])
			s[open[len(open)-1]][n] = protoMember{m[1], m[2]}
		}
	}
	return s
}

var errWire = errors.New("a row is no protobuf message of its schema")

// text is a message in protobuf's text format.
func (s protoSchema) text(name string, b []byte, indent string) (string, error) {
	var out strings.Builder
	for len(b) > 0 {
		tag, n := binary.Uvarint(b)
		f, known := s[name][int(tag>>3)]
		if n <= 0 || !known {
			return "", errWire
		}
		b = b[n:]
		switch tag & 7 {
		case 0:
			x, n := binary.Uvarint(b)
			if n <= 0 {
				return "", errWire
			}
			b = b[n:]
			out.WriteString(indent + f.name + ": " + varintText(f.typ, x) + "\n")
		case 1:
			if len(b) < 8 {
				return "", errWire
			}
			out.WriteString(indent + f.name + ": " + doubleText(b) + "\n")
			b = b[8:]
		case 2:
			size, n := binary.Uvarint(b)
			if n <= 0 || size > uint64(len(b)-n) {
				return "", errWire
			}
			part := b[n : n+int(size)]
			b = b[n+int(size):]
			if err := s.long(&out, f, part, indent); err != nil {
				return "", err
			}
		default:
			return "", errWire
		}
	}
	return out.String(), nil
}

// long is a field with a length: text, bytes, a message, or packed numbers.
func (s protoSchema) long(out *strings.Builder, f protoMember, part []byte, indent string) error {
	switch f.typ {
	case "string", "bytes":
		out.WriteString(indent + f.name + ": \"")
		for _, c := range part {
			switch {
			case c == '"' || c == '\\' || c == '\'':
				out.WriteString("\\" + string(rune(c)))
			case c >= 0x20 && c < 0x7f:
				out.WriteByte(c)
			default:
				fmt.Fprintf(out, "\\%03o", c)
			}
		}
		out.WriteString("\"\n")
	case "double":
		for ; len(part) >= 8; part = part[8:] {
			out.WriteString(indent + f.name + ": " + doubleText(part) + "\n")
		}
	case "bool", "int32", "int64":
		for len(part) > 0 {
			x, n := binary.Uvarint(part)
			if n <= 0 {
				return errWire
			}
			part = part[n:]
			out.WriteString(indent + f.name + ": " + varintText(f.typ, x) + "\n")
		}
	default:
		inner, err := s.text(f.typ, part, indent+"  ")
		if err != nil {
			return err
		}
		out.WriteString(indent + f.name + " {\n" + inner + indent + "}\n")
	}
	return nil
}

func varintText(typ string, x uint64) string {
	if typ == "bool" {
		return strconv.FormatBool(x != 0)
	}
	return strconv.FormatInt(int64(x), 10)
}

func doubleText(b []byte) string {
	return string(vec.AppendDouble(nil, math.Float64frombits(binary.LittleEndian.Uint64(b))))
}
