package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql"
)

// maxBody is how long a body may be that is read as a whole.
const maxBody = 10 << 20

// body reads the whole request. A false answer has been sent.
func (c *call) body() ([]byte, bool) {
	b, err := c.read(c.r.Body, maxBody)
	if err != nil {
		var refused *problem
		if !errors.As(err, &refused) {
			err = badJSON("the request could not be read")
		}
		c.fail(err, atInserts, "")
		return nil, false
	}
	if len(b) > maxBody {
		c.header("")
		c.w.WriteHeader(http.StatusRequestEntityTooLarge)
		return nil, false
	}
	return b, true
}

func badJSON(what string) *problem { return generic(badRequest, "Invalid JSON in request: "+what) }

// request is a KsqlRequest, or the arguments of /query-stream.
type request struct {
	text     string // ksql, or sql
	props    map[string]string
	vars     map[string]string
	debug    bool // request.ksql.debug.request
	sequence int64
}

// members are the names under which an endpoint looks for them.
type members struct {
	text, props string
	required    bool // text must be there
}

var (
	ksqlRequest     = members{"ksql", "streamsProperties", false}
	queryStreamArgs = members{"sql", "properties", true}
)

// decode reads a request. Members that nobody knows are left out, as ksqlDB does.
func decode(body []byte, m members) (*request, error) {
	all, err := object(body)
	if err != nil {
		return nil, err
	}
	r := &request{sequence: -1}
	raw, ok := all[m.text]
	if !ok && m.required {
		return nil, missingMember(m.text)
	}
	if ok && !null(raw) {
		if r.text, err = textMember(m.text, raw); err != nil {
			return nil, err
		}
	} else if m.required {
		return nil, badJSON("'" + m.text + "' must not be null")
	}
	if r.props, err = values(all, m.props); err != nil {
		return nil, err
	}
	if r.vars, err = values(all, "sessionVariables"); err != nil {
		return nil, err
	}
	switches, err := values(all, "requestProperties")
	if err != nil {
		return nil, err
	}
	r.debug = strings.EqualFold(switches["request.ksql.debug.request"], "true")
	if raw, ok := all["commandSequenceNumber"]; ok && !null(raw) {
		text := strings.Trim(string(raw), `"`)
		if r.sequence, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, badJSON("Cannot deserialize value of type `java.lang.Long` for 'commandSequenceNumber': " + text)
		}
	}
	return r, nil
}

func missingMember(name string) *problem {
	return badJSON("Missing required creator property '" + name + "'")
}

func null(raw json.RawMessage) bool { return string(raw) == "null" }

// object reads a JSON object into its members.
func object(body []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, badJSON("No content to map due to end-of-input")
	}
	var all map[string]json.RawMessage
	err := json.Unmarshal(body, &all)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(body)):
		what := "Object"
		if body[0] == '[' {
			what = "Array"
		}
		return nil, badJSON("Unexpected end-of-input: expected close marker for " + what + " (start marker at [line: 1, column: 1])")
	case syntax != nil:
		return nil, badJSON(err.Error())
	case err != nil || all == nil:
		return nil, badJSON("Cannot deserialize the request: an object was expected")
	}
	return all, nil
}

// textMember reads a member as text, also of a number or a boolean.
func textMember(name string, raw json.RawMessage) (string, error) {
	switch c := raw[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", badJSON(err.Error())
		}
		return s, nil
	case c != '{' && c != '[' && c != 'n':
		return string(raw), nil
	}
	return "", badJSON("Cannot deserialize value of type `java.lang.String` for '" + name + "'")
}

// scalar is the text of a string, number or boolean.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// values reads a member that maps names to values, which become text. Nulls are left out.
func values(all map[string]json.RawMessage, name string) (map[string]string, error) {
	raw, ok := all[name]
	if !ok || null(raw) || string(raw) == "{}" {
		return nil, nil
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		return nil, badJSON("Cannot deserialize value of type `java.util.Map` for '" + name + "'")
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		if v == nil {
			continue
		}
		s, ok := scalar(v)
		if !ok {
			s = fmt.Sprint(v)
		}
		out[k] = s
	}
	return out, nil
}

// options are the properties and variables of a request.
func options(props, vars map[string]string) []ksql.ExecOption {
	var out []ksql.ExecOption
	for name, value := range props {
		out = append(out, ksql.Property(name, value))
	}
	for name, value := range vars {
		out = append(out, ksql.Variable(name, value))
	}
	return out
}

// variables are what ${name} stands for in a request's text.
func (a *api) variables(r *request) map[string]string {
	const name = "ksql.variable.substitution.enable"
	on, ok := r.props[name]
	if !ok {
		on = a.server.Property(name)
	}
	if strings.EqualFold(on, "false") {
		return nil
	}
	return r.vars
}

// reach waits until the statement with that sequence number has been carried out.
func (a *api) reach(c *call, sequence int64) error {
	if sequence <= a.server.Sequence() {
		return nil
	}
	wait := 5 * time.Second
	if ms, err := strconv.Atoi(a.server.Property("ksql.server.command.response.timeout.ms")); err == nil {
		wait = time.Duration(ms) * time.Millisecond
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for sequence > a.server.Sequence() {
		select {
		case <-c.r.Context().Done():
			return c.r.Context().Err()
		case <-end.C:
			return generic(commandTimeout, "Timed out while waiting for a previous command to execute. command sequence number: "+strconv.FormatInt(sequence, 10))
		case <-tick.C:
		}
	}
	return nil
}
