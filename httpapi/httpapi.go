// Package httpapi is ksqlDB's REST surface over an engine, as one http.Handler.
//
// It mounts on any mux, also under http.StripPrefix, but not behind patterns that carry a method. A host whose
// clients speak HTTP/2 without TLS (ksqlDB's Java client does) lets its server do so:
//
//	var p http.Protocols
//	p.SetHTTP1(true)
//	p.SetHTTP2(true)
//	p.SetUnencryptedHTTP2(true)
//	srv := &http.Server{Handler: httpapi.New(e), Protocols: &p}
//	srv.RegisterOnShutdown(func() { e.Close() })
//
// Close of the engine ends open queries with their final message; calls after it get 503.
//
// A web page of another origin that a browser has open may not send statements, also not to a server that listens on
// loopback only (WithCrossOrigin). This looks at what browsers say of the page, so that it cannot see a name that
// was made to point here (DNS rebinding): a host without authentication compares Request.Host with its own names.
package httpapi

import (
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
)

// Option configures the handler.
type Option func(*api)

// WithVersion sets the version that /info tells. Clients refuse one below 0.10, and from 4.0 on one below 6.0.
func WithVersion(v string) Option { return func(a *api) { a.version = v } }

// WithClusterID sets the id of the cluster that /info and /v1/metadata tell.
func WithClusterID(id string) Option { return func(a *api) { a.cluster = id } }

// WithCrossOrigin sets which requests from pages of other origins are let through, such as of a user interface on
// another port; nil: all are. Without it none are but those that only read. What is not a browser is not asked.
func WithCrossOrigin(p *http.CrossOriginProtection) Option { return func(a *api) { a.origins = p } }

// New is the REST surface of e. It keeps nothing running of its own: what it starts ends with its request. Who may
// ask is the host's to decide: the handler lets everybody do everything, but for pages of other origins.
func New(e *ksql.Engine, opts ...Option) http.Handler {
	a := &api{e: e, server: e.Server(), version: "0.29.0", cluster: "ksql-go", origins: http.NewCrossOriginProtection()}
	a.buffers.most = 256 << 20
	for _, o := range opts {
		o(a)
	}
	if l, ok := e.Log().(interface{ Dir() string }); ok && filepath.IsAbs(l.Dir()) && filepath.Dir(l.Dir()) != l.Dir() {
		a.dir = l.Dir()
	}
	a.routes = map[string][]route{}
	for _, r := range a.table() {
		a.routes[r.path] = append(a.routes[r.path], r)
	}
	return a
}

// api answers requests for one engine.
type api struct {
	e       *ksql.Engine
	server  ksql.Server
	version string
	cluster string
	rate    limiter
	buffers budget
	dir     string
	origins *http.CrossOriginProtection // nil: pages of all origins may do everything
	routes  map[string][]route
}

// The media types.
const (
	v1    = "application/vnd.ksql.v1+json"
	delim = "application/vnd.ksqlapi.delimited.v1"
	plain = "application/json"
	proto = "application/vnd.ksql.v1+protobuf" // the envelope is JSON
)

// route is one line of the table: the first one whose path, method and produced types fit a request serves it.
// A path that ends with / takes whatever follows. No types: it answers whatever is asked for.
type route struct {
	method, path string
	produces     []string
	serve        func(*api, *call)
}

func (a *api) table() []route {
	entity := []string{v1, plain}
	return []route{
		{"GET", "/", nil, (*api).root},
		{"GET", "/info", entity, (*api).info},
		{"POST", "/ksql", entity, (*api).statements},
		{"POST", "/ksql/terminate", entity, (*api).terminate},
		{"POST", "/query", entity, (*api).query},
		{"POST", "/query", []string{delim, v1, plain, proto}, (*api).queryNew},
		{"POST", "/query-stream", []string{delim, plain, v1, proto}, (*api).queryStream},
		{"POST", "/inserts-stream", []string{delim, plain}, (*api).inserts},
		{"POST", "/close-query", nil, (*api).closeQuery},
		{"GET", "/ws/query", nil, absent("/ws/query is not available: there is no WebSocket endpoint yet, POST the query to /query-stream")},
		{"GET", "/status", entity, (*api).statuses},
		{"GET", "/status/", entity, (*api).status},
		{"GET", "/is_valid_property/", entity, (*api).validProperty},
		{"GET", "/healthcheck", entity, (*api).health},
		{"GET", "/v1/metadata", entity, (*api).metadata},
		{"GET", "/v1/metadata/id", entity, (*api).metadataID},
		{"GET", "/clusterStatus", entity, (*api).switchedOff},
		{"POST", "/heartbeat", entity, (*api).switchedOff},
		{"POST", "/lag", entity, (*api).switchedOff},
		{"GET", "/chc/ready", nil, (*api).alive},
		{"GET", "/chc/live", nil, (*api).alive},
	}
}

// call is one request at work.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	wants  []want // the types that it accepts
	accept string // the produced type that was chosen; empty: the client named none
	rest   string // of the path, where the route takes it
	dir    string // of the log, if its path is absolute: nothing tells it to clients

	buffers *budget
	held    int64 // of it
}

// ServeHTTP finds the route. Unknown paths, wrong methods and types that nothing produces are all 404 (ksqlDB).
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if !strings.HasPrefix(path, "/") { // a host may take the slash off with its prefix
		path = "/" + path
	}
	c := &call{w: w, r: r, wants: accepted(r.Header.Values("Accept")), dir: a.dir, buffers: &a.buffers}
	defer c.release()
	if a.origins != nil && a.origins.Check(r) != nil { // all that has effects is a POST
		c.fail(generic(forbidden, "Requests from pages of other origins are refused. Origin: "+r.Header.Get("Origin")), atInserts, "")
		return
	}
	if !strings.HasPrefix(path, "/chc/") && !a.guard(c) {
		return
	}
	routes, ok := a.routes[path]
	if !ok {
		routes, c.rest = a.under(path)
	}
	for i := range routes {
		rt := &routes[i]
		if rt.method != r.Method {
			continue
		}
		if len(rt.produces) > 0 {
			var ok bool
			if c.accept, ok = choose(c.wants, rt.produces); !ok {
				continue
			}
		}
		// A query may be answered for hours: the host's deadlines are for requests that end.
		rc := http.NewResponseController(w)
		if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			c.fail(err, atStatements, "") // a writer that knows no deadlines has none to lift
			return
		}
		rt.serve(a, c)
		return
	}
	c.header("")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("Not Found"))
}

// under finds the routes of a path that begins with theirs.
func (a *api) under(path string) ([]route, string) {
	for _, prefix := range []string{"/status/", "/is_valid_property/"} {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			return a.routes[prefix], rest
		}
	}
	return nil, ""
}

// header sets the Content-Type; empty: none, and none is guessed.
func (c *call) header(contentType string) {
	if contentType == "" {
		c.w.Header()["Content-Type"] = nil
		return
	}
	c.w.Header().Set("Content-Type", contentType)
}

// flush hands what was written to the client. Hosts' wrappers may not be able to.
func (c *call) flush() { _ = http.NewResponseController(c.w).Flush() }
