package format

import "github.com/ksqlgo/ksql/sql/json"

// AppendQuoted adds s to dst as a JSON string, escaped as Jackson does: raw UTF-8, only quotes, backslashes
// and control characters escaped.
func AppendQuoted(dst, s []byte) []byte { return json.AppendQuoted(dst, s) }
