package httpapi

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/sql/fn"
)

// terminator ends a cluster for ever: all queries stop, the sink topics whose whole names match one of the patterns
// (java.util.regex) are deleted, and the catalog is empty when it returns without error. From then on the engine is
// closed. What was logged is carried out, whatever becomes of ctx.
type terminator interface {
	TerminateCluster(ctx context.Context, patterns []string) error
}

// The states of a server, for those who ask it.
const (
	running int32 = iota
	terminating
	terminated
)

// guard answers for a server that ends or has ended.
func (c *call) guard(state *atomic.Int32) bool {
	switch state.Load() {
	case terminating:
		c.fail(generic(shuttingDown, "The server is shutting down"), atInserts, "")
	case terminated:
		c.fail(generic(shutDown, "The server is shut down"), atInserts, "")
	default:
		return true
	}
	return false
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
	if a.ends == nil {
		c.fail(generic(notImplemented, "/ksql/terminate is not available yet: DROP ... DELETE TOPIC ends what a statement made"), atInserts, "")
		return
	}
	if !a.state.CompareAndSwap(running, terminating) {
		c.guard(&a.state)
		return
	}
	if err := a.ends.TerminateCluster(context.WithoutCancel(c.r.Context()), patterns); err != nil {
		a.state.Store(running)
		c.fail(err, atStatements, "TERMINATE CLUSTER;")
		return
	}
	a.state.Store(terminated)
	c.ok([]stmt.Result{&stmt.Command{Statement: "TERMINATE CLUSTER;", ID: "cluster/TerminateCluster/terminate", Message: "Cluster terminated.", Seq: a.run.Sequence()}})
}

// deleteTopicList reads a ClusterTerminateRequest, which may be missing.
func deleteTopicList(body []byte) ([]string, error) {
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
	patterns := make([]string, len(list))
	for i, x := range list {
		if patterns[i], err = textMember("deleteTopicList", x); err != nil {
			return nil, err
		}
		if _, err := fn.CompileMatch(patterns[i]); err != nil {
			return nil, generic(badRequest, "Invalid pattern: "+patterns[i])
		}
	}
	return patterns, nil
}
