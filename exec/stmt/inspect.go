package stmt

import (
	"context"
	"maps"
	"slices"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
)

// NotConfigured says that a statement needs a service which this engine has not got.
type NotConfigured struct {
	What, Property string
	Registry       bool // it is the Schema Registry: HTTP has an error code for that
}

// Error names the service and the property that would set it.
func (e *NotConfigured) Error() string {
	return "This statement needs " + e.What + ", which is not configured: " + e.Property + " is not set"
}

var noConnect = &NotConfigured{What: "Kafka Connect", Property: "ksql.connect.url"}

// show is SHOW or LIST.
func show(ctx context.Context, e *exec.Engine, r *Request, s *sql.Show, p sql.Parsed) (Result, error) {
	switch s.What {
	case sql.ShowProperties:
		return showProperties(e, r, p.Text), nil
	case sql.ShowTopics:
		return showTopics(ctx, e, s, p.Text)
	case sql.ShowStreams, sql.ShowTables:
		kind := sql.StreamKind
		if s.What == sql.ShowTables {
			kind = sql.TableKind
		}
		if s.Extended {
			return describeAll(ctx, e, kind, true, p.Text)
		}
		return showSources(e, kind, p.Text), nil
	case sql.ShowFunctions:
		return showFunctions(e, p.Text), nil
	case sql.ShowConnectors:
		return &Connectors{Head: Head{"connector_list", p.Text}, Tail: tail(), Connectors: []ConnectorInfo{}}, nil
	case sql.ShowConnectorPlugins:
		return &ConnectorPlugins{Head: Head{"connector_plugins_list", p.Text}, Tail: tail(), Plugins: []PluginInfo{}}, nil
	case sql.ShowTypes:
		out := &Types{Head: Head{"type_list", p.Text}, Types: map[string]SchemaInfo{}, Tail: tail()}
		for name, t := range e.Catalog().Types() {
			out.Types[name] = schemaInfo(t)
		}
		return out, nil
	case sql.ShowVariables:
		out := &Variables{Head: Head{"variables", p.Text}, Variables: []Variable{}, Tail: tail()}
		for _, name := range slices.Sorted(maps.Keys(r.Vars)) {
			out.Variables = append(out.Variables, Variable{name, r.Vars[name]})
		}
		return out, nil
	}
	if s.Extended {
		return describeQueries(ctx, e, p.Text)
	}
	return showQueries(e, p.Text), nil
}

// Types is the answer to SHOW TYPES.
type Types struct {
	Head
	Types map[string]SchemaInfo `json:"types"`
	Tail
}

// Variables is the answer to SHOW VARIABLES.
type Variables struct {
	Head
	Variables []Variable `json:"variables"`
	Tail
}

// Variable is one variable of the session.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Connectors is the answer to SHOW CONNECTORS: none, as there is no Connect cluster.
type Connectors struct {
	Head
	Tail
	Connectors []ConnectorInfo `json:"connectors"`
}

// ConnectorInfo is one connector.
type ConnectorInfo struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	ClassName string `json:"className,omitempty"`
	State     string `json:"state,omitempty"`
}

// ConnectorPlugins is the answer to SHOW CONNECTOR PLUGINS: none.
type ConnectorPlugins struct {
	Head
	Tail
	Plugins []PluginInfo `json:"connectorsPlugins"`
}

// PluginInfo is one class of connectors.
type PluginInfo struct {
	ClassName string `json:"className"`
	Type      string `json:"type"`
	Version   string `json:"version"`
}
