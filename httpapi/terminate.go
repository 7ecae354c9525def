package httpapi

import (
	"encoding/json"
	"slices"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// guard answers for a server that ends or has ended.
func (a *api) guard(c *call) bool {
	switch a.server.Phase() {
	case ksql.Terminating:
		c.fail(generic(shuttingDown, "The server is shutting down"), atInserts, "")
		return false
	case ksql.Terminated:
		c.fail(ksql.ErrTerminated, atInserts, "")
		return false
	}
	return true
}

// terminate is POST /ksql/terminate.
func (a *api) terminate(c *call) {
	if !a.ready(c) {
		return
	}
	body, ok := c.body()
	if !ok {
		return
	}
	patterns, err := deleteTopicList(body)
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	done, err := a.server.Terminate(c.r.Context(), func(topic string) bool {
		return slices.ContainsFunc(patterns, func(match func(string) (bool, error)) bool {
			ok, err := match(topic)
			return ok && err == nil // what cannot be decided is kept
		})
	})
	if err != nil {
		c.fail(err, atStatements, "TERMINATE CLUSTER;")
		return
	}
	c.ok([]ksql.Result{done})
}

// deleteTopicList reads a ClusterTerminateRequest, which may be missing: the tests that names of topics must pass.
func deleteTopicList(body []byte) ([]func(string) (bool, error), error) {
	if len(body) == 0 {
		return nil, nil
	}
	all, err := object(body)
	if err != nil {
		return nil, err
	}
	raw, ok := all["deleteTopicList"]
	if !ok || null(raw) {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, badJSON("Cannot deserialize value of type `java.util.List` for 'deleteTopicList'")
	}
	out := make([]func(string) (bool, error), len(list))
	for i, x := range list {
		pattern, err := textMember("deleteTopicList", x)
		if err != nil {
			return nil, err
		}
		if out[i], err = fn.CompileMatch(pattern); err != nil {
			return nil, generic(badRequest, "Invalid pattern: "+pattern)
		}
	}
	return out, nil
}
