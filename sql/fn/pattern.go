package fn

import (
	"time"

	"github.com/ksqlgo/ksql/sql/internal/javatime"
)

// TimePattern is a compiled pattern of java.time's letters, as FORMAT_TIMESTAMP, PARSE_TIMESTAMP and
// WITH (TIMESTAMP_FORMAT='..') take it. It is immutable.
type TimePattern struct{ p *javatime.Pattern }

// CompilePattern reads a pattern; an error says what is wrong with it.
func CompilePattern(pattern string) (*TimePattern, error) {
	p, err := javatime.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return &TimePattern{p}, nil
}

// ParseMillis reads a timestamp, in ms since epoch. A zone in the text counts, else UTC; fields that the
// pattern lacks are those of 1970-01-01T00:00.
func (p *TimePattern) ParseMillis(text string) (int64, error) {
	return p.p.ParseMillis(text, time.UTC)
}

// FormatMillis writes a timestamp, in ms since epoch, as local time of zone.
func (p *TimePattern) FormatMillis(ms int64, zone *time.Location) (string, error) {
	b, err := p.p.AppendMillis(nil, ms, zone)
	return string(b), err
}
