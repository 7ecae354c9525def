package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ksqlgo/ksql"
)

// root sends browsers to /info, which stands beside it also where the handler is mounted below a path: the host has
// taken that from the URL, but not from the request's line.
func (a *api) root(c *call) {
	at := c.r.RequestURI
	if u, err := url.ParseRequestURI(at); err == nil {
		at = u.EscapedPath()
	}
	to := "/info"
	if strings.Trim(at, "/") != "" {
		to = "./" + at[strings.LastIndexByte(at, '/')+1:] // what stands behind the last slash is no folder to a browser
		to = strings.TrimSuffix(to, "/") + "/info"
	}
	c.w.Header().Set("Location", to)
	c.header("")
	c.w.WriteHeader(http.StatusTemporaryRedirect)
}

// ready answers for an engine that is closed.
func (a *api) ready(c *call) bool {
	if err := a.server.Alive(); err != nil {
		c.fail(err, atInserts, "")
		return false
	}
	return true
}

// info is GET /info.
func (a *api) info(c *call) {
	if !a.ready(c) {
		return
	}
	type server struct {
		Version string `json:"version"`
		Cluster string `json:"kafkaClusterId"`
		Service string `json:"ksqlServiceId"`
		Status  string `json:"serverStatus"`
	}
	c.ok(struct {
		Info server `json:"KsqlServerInfo"`
	}{server{a.version, a.cluster, a.service(), "RUNNING"}})
}

func (a *api) service() string { return a.server.Property("ksql.service.id") }

// health is GET /healthcheck: what Engine.Health says, in ksqlDB's words. What is kept in the log is its Kafka. A query
// that an error has stopped makes the answer unhealthy, too: ksqlDB leaves that out, so it stands under a name of its
// own, and only then.
func (a *api) health(c *call) {
	type check struct {
		Healthy bool `json:"isHealthy"`
	}
	type checks struct {
		Metastore check  `json:"metastore"`
		Kafka     check  `json:"kafka"`
		Commands  check  `json:"commandRunner"`
		Queries   *check `json:"queries,omitempty"`
	}
	h := a.e.Health()
	d := checks{check{!h.Closed}, check{true}, check{!h.Closed}, nil}
	for _, p := range h.Ill() {
		switch p {
		case ksql.PartStatuses:
			d.Metastore.Healthy = false
		case ksql.PartStatements:
			d.Commands.Healthy = false
		case ksql.PartQueries:
			d.Queries = &check{false}
		case ksql.PartLog:
			d.Commands.Healthy = false // what is not logged is not carried out
			d.Kafka.Healthy = false
		default:
			d.Kafka.Healthy = false
		}
	}
	state := "READY"
	if h.Closed {
		state = "TERMINATED"
	}
	c.ok(struct {
		Healthy bool   `json:"isHealthy"`
		Details checks `json:"details"`
		State   string `json:"serverState"`
	}{h.Healthy(), d, state})
}

type clusterID struct {
	Scope struct {
		Path     []string          `json:"path"`
		Clusters map[string]string `json:"clusters"`
	} `json:"scope"`
	ID string `json:"id"`
}

func (a *api) clusterID() clusterID {
	var id clusterID
	id.Scope.Path = []string{}
	id.Scope.Clusters = map[string]string{"kafka-cluster": a.cluster, "ksql-cluster": a.service()}
	return id
}

// metadata is GET /v1/metadata.
func (a *api) metadata(c *call) {
	c.ok(struct {
		Version string    `json:"version"`
		ID      clusterID `json:"clusterId"`
	}{a.version, a.clusterID()})
}

// metadataID is GET /v1/metadata/id.
func (a *api) metadataID(c *call) { c.ok(a.clusterID()) }

// alive is what load balancers ask.
func (a *api) alive(c *call) { c.ok(struct{}{}) }

// switchedOff is an endpoint of clusters: heartbeats and lags are off, as by default in ksqlDB.
func (a *api) switchedOff(c *call) {
	c.header("")
	c.w.WriteHeader(http.StatusNotFound)
}

// absent is an endpoint of ksqlDB that is not here.
func absent(what string) func(*api, *call) {
	return func(_ *api, c *call) { c.fail(generic(notImplemented, what), atInserts, "") }
}

// statuses is GET /status.
func (a *api) statuses(c *call) {
	if !a.ready(c) {
		return
	}
	list, err := a.server.Statuses()
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	out := map[string]string{}
	for _, s := range list {
		out[s.ID] = s.Status
	}
	c.ok(map[string]any{"commandStatuses": out})
}

var (
	statusTypes   = []string{"topic", "stream", "table", "type", "terminate", "pause", "resume", "cluster"}
	statusActions = []string{"create", "drop", "execute", "terminate", "alter"}
)

// status is GET /status/type/entity/action.
func (a *api) status(c *call) {
	if !a.ready(c) {
		return
	}
	parts := strings.Split(c.rest, "/")
	if raw, ok := strings.CutPrefix(strings.TrimSuffix(c.r.URL.EscapedPath(), "/"), "/status/"); ok { // a slash in the name is escaped
		parts = strings.Split(raw, "/")
		for i := range parts {
			if p, err := url.PathUnescape(parts[i]); err == nil {
				parts[i] = p
			}
		}
	}
	if len(parts) != 3 {
		c.header("")
		c.w.WriteHeader(http.StatusNotFound)
		_, _ = c.w.Write([]byte("Not Found"))
		return
	}
	kind, action := strings.ToLower(parts[0]), strings.ToLower(parts[2])
	if !slices.Contains(statusTypes, kind) || !slices.Contains(statusActions, action) {
		c.fail(generic(serverError, "No enum constant for the command id "+c.rest), atInserts, "")
		return
	}
	s, ok, err := a.server.Status(kind + "/" + parts[1] + "/" + action)
	if err != nil {
		c.fail(err, atInserts, "")
		return
	}
	if !ok {
		c.fail(generic(notFound, "Command not found"), atInserts, "")
		return
	}
	out := struct {
		Status  string  `json:"status"`
		Message string  `json:"message"`
		QueryID *string `json:"queryId"`
	}{s.Status, s.Message, nil}
	if s.QueryID != "" {
		out.QueryID = &s.QueryID
	}
	c.ok(out)
}

// validProperty is GET /is_valid_property/name: may a session set it at all.
func (a *api) validProperty(c *call) {
	if !a.ready(c) {
		return
	}
	if err := a.server.CheckProperty(c.rest); err != nil {
		c.fail(err, atInserts, "")
		return
	}
	c.ok(true)
}
