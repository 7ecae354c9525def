package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// server is an engine behind its HTTP API, and the case it is asked for.
type server struct {
	c       *Case
	engine  *ksql.Engine
	url     string
	client  *http.Client
	actual  []answer // one an expected response
	queries []string
}

// answer is what one statement or query answered: an entity, or rows.
type answer struct {
	kind  string // admin, query or queryProto
	value any
}

// runREST runs a case of the HTTP API and compares what it answered.
func (s settings) runREST(ctx context.Context, c *Case) error {
	r, ended, err := s.converse(ctx, c)
	if ended || err != nil {
		return err
	}
	return r.judgeResponses()
}

// converse sends a case's requests: all statements in one, the inputs, then each query; and compares the
// topics. ended: an expected error came, and it was the right one.
func (s settings) converse(ctx context.Context, c *Case) (r *server, ended bool, err error) {
	e, done, err := s.open(ctx, ksql.WithProperties(serverProperties()))
	if err != nil {
		return nil, false, err
	}
	defer done()
	handler, err := serve(e)
	if err != nil {
		return nil, false, err
	}
	h := httptest.NewServer(handler)
	defer h.Close()
	defer h.CloseClientConnections()
	r = &server{c: c, engine: e, url: h.URL, client: h.Client()}
	var admin []string
	for i, text := range c.Statements {
		if strings.HasPrefix(text, "SELECT ") {
			r.queries = c.Statements[i:]
			break
		}
		admin = append(admin, text)
	}
	if err := r.createTopics(ctx, admin); err != nil {
		return nil, false, err
	}
	answered, err := r.post(ctx, "/ksql", strings.Join(admin, "\n"))
	if failed := (httpError{}); errors.As(err, &failed) {
		return r, true, r.judgeError(failed)
	} else if err != nil {
		return nil, false, err
	}
	var entities []any
	if v, err := parseJSON(answered); err != nil {
		return nil, false, fmt.Errorf("the answer of /ksql: %w", err)
	} else if entities, _ = v.([]any); entities == nil {
		return nil, false, fmt.Errorf("the answer of /ksql is no list: %s", answered)
	}
	for _, v := range entities {
		r.actual = append(r.actual, answer{"admin", v})
	}
	if ended, err := r.ask(ctx); ended || err != nil {
		return r, ended, err
	}
	if c.ExpectedError != nil {
		return nil, false, fmt.Errorf("expected an error, none came: %s", c.ExpectedError.Message)
	}
	if err := r.judgeOutputs(ctx); err != nil {
		return nil, false, err
	}
	return r, false, nil
}

func serverProperties() map[string]string {
	p := defaults()
	p["ksql.query.pull.table.scan.enabled"] = "true"
	p["ksql.query.pull.interpreter.enabled"] = "true"
	p["ksql.query.push.v2.enabled"] = "true"
	p["ksql.query.push.v2.registry.installed"] = "true"
	p["ksql.headers.columns.enabled"] = "true"
	return p
}

// ask feeds the inputs and sends the queries; ended: an expected error came.
func (r *server) ask(ctx context.Context) (ended bool, err error) {
	wait := r.c.InputConditions != nil && r.c.InputConditions.WaitForActivePushQuery
	if !wait {
		if err := r.feed(ctx); err != nil {
			return false, err
		}
	}
	for _, text := range r.queries {
		var body []byte
		if wait {
			body, err = r.postBeforeInputs(ctx, text)
		} else {
			body, err = r.post(ctx, "/query", text)
		}
		if failed := (httpError{}); errors.As(err, &failed) {
			return true, r.judgeError(failed)
		} else if err != nil {
			return false, err
		}
		rows, err := parseJSON(body)
		if err != nil {
			return false, fmt.Errorf("the answer of /query: %w in %s", err, body)
		}
		r.actual = append(r.actual, answer{"query", rows})
	}
	if r.c.TestPullWithProtoFormat {
		for _, text := range r.queries {
			rows, err := r.askProto(ctx, text)
			if err != nil {
				return false, err
			}
			r.actual = append(r.actual, answer{"queryProto", rows})
		}
	}
	return false, nil
}

// createTopics makes the topics that exist before the statements: partitions are real here.
func (r *server) createTopics(ctx context.Context, admin []string) error {
	create := func(name string, partitions int) error {
		err := r.engine.Log().Create(ctx, name, store.TopicConfig{Partitions: int32(partitions)})
		if errors.Is(err, store.ErrExists) {
			return nil
		}
		return err
	}
	topics, _ := declaredTopics(r.c, strings.Join(admin, "\n"))
	for name, partitions := range topics {
		if err := create(name, partitions); err != nil {
			return err
		}
	}
	return nil
}

// feed appends the inputs, each to the partition of its key, and waits until every query has read them.
func (r *server) feed(ctx context.Context) error {
	topics, err := r.engine.Log().Topics(ctx)
	if err != nil {
		return err
	}
	for _, in := range r.c.Inputs {
		info, ok := topics[in.Topic]
		if !ok {
			return fmt.Errorf("an input for the topic %s, which does not exist", in.Topic)
		}
		key, value := sides(r.engine.Catalog(), in.Topic, true)
		run := &store.Records{TP: store.TP{Topic: in.Topic}}
		if err := appendInput(run, in, key, value); err != nil {
			return err
		}
		if k := run.Key[0].Of(run.Bytes); k != nil {
			run.TP.Partition = store.Partition(k, info.Partitions)
		}
		if _, err := r.engine.Log().Append(ctx, run); err != nil {
			return err
		}
	}
	return r.engine.Sync(ctx)
}

// httpError is an answer that is no success.
type httpError struct {
	status int
	body   []byte
}

func (e httpError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.body) }

func (r *server) request(ctx context.Context, path, text string) (*http.Response, error) {
	body, err := json.Marshal(map[string]any{"ksql": text, "streamsProperties": r.c.Properties})
	if err != nil {
		return nil, err
	}
	return r.send(ctx, path, "", body)
}

func (r *server) send(ctx context.Context, path, accept string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", r.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		return nil, httpError{resp.StatusCode, body}
	}
	return resp, nil
}

func (r *server) post(ctx context.Context, path, text string) ([]byte, error) {
	resp, err := r.request(ctx, path, text)
	if err != nil {
		return nil, err
	}
	return whole(resp)
}

func whole(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%w after %s", err, body)
	}
	return body, nil
}

// postBeforeInputs opens a push query, and feeds the inputs when its header has come.
func (r *server) postBeforeInputs(ctx context.Context, text string) ([]byte, error) {
	resp, err := r.request(ctx, "/query", text)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	head := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, head); err != nil {
		return nil, err
	}
	time.Sleep(100 * time.Millisecond) // as ksqlDB's harness waits for the query to be registered
	if err := r.feed(ctx); err != nil {
		return nil, err
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("%w after %s%s", err, head, rest)
	}
	return slices.Concat(head, rest), nil
}

func (r *server) judgeError(got httpError) error {
	want := r.c.ExpectedError
	if want == nil {
		return fmt.Errorf("the server answered %w", got)
	}
	v, err := parseJSON(got.body)
	body, ok := v.(*object)
	if err != nil || !ok {
		return fmt.Errorf("the error is no object: %w", got)
	}
	member := func(name string) string { v, _ := body.get(name); s, _ := v.(string); return s }
	if want.Status != 0 && want.Status != got.status {
		return fmt.Errorf("expected status %d, got %w", want.Status, got)
	}
	if !strings.Contains(member("message"), want.Message) {
		return fmt.Errorf("expected the message %q, got %q", want.Message, member("message"))
	}
	if strings.HasSuffix(want.Type, "KsqlStatementErrorMessage") {
		last := r.c.Statements[len(r.c.Statements)-1]
		if member("@type") != "statement_error" || !strings.Contains(member("statementText"), sql.Mask(last)) {
			return fmt.Errorf("expected an error of the statement %s, got %w", last, got)
		}
	}
	return nil
}

// judgeOutputs compares topics; windows and headers are not looked at.
func (r *server) judgeOutputs(ctx context.Context) error {
	expected := map[string][]Record{}
	for _, e := range r.c.Outputs {
		expected[e.Topic] = append(expected[e.Topic], e)
	}
	for topic, records := range expected {
		key, value := sides(r.engine.Catalog(), topic, true)
		rows, err := readTopic(ctx, r.engine.Log(), topic, key, value)
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].headers, rows[i].window = nil, nil
		}
		for i := range records {
			records[i].Headers, records[i].Window = nil, nil
		}
		if d := matchRows(topic, records, rows, false); d != "" {
			return errors.New(d)
		}
	}
	return nil
}
