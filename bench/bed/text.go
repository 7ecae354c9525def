package bed

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql"
)

// Tester is what the test bed needs of a test: *testing.T, or *rapid.T.
type Tester interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
}

// CatalogText is all that statements have made.
func CatalogText(t Tester, e *ksql.Engine) string {
	t.Helper()
	var b strings.Builder
	c := e.Catalog()
	for s := range c.Sources() {
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "source %s\n", text)
	}
	for name, typ := range c.Types() {
		fmt.Fprintf(&b, "type %s %s\n", name, typ)
	}
	for q := range c.Queries() {
		fmt.Fprintf(&b, "query %s kind %d reads %v writes %s paused %v: %s\n", q.ID, q.Kind, q.Reads, q.Writes, q.Paused, q.Text)
	}
	return b.String()
}

// TopicText is the topics that there are.
func TopicText(t Tester, e *ksql.Engine) string {
	t.Helper()
	topics, err := e.Log().Topics(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for name, info := range topics {
		out = append(out, fmt.Sprintf("topic %s %d partitions\n", name, info.Partitions))
	}
	slices.Sort(out)
	return strings.Join(out, "")
}
