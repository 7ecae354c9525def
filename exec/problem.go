package exec

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/ksqlgo/ksql/exec/op"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// The processing log: a stream of the rows that could not be read or computed, as ksqlDB has it, with
// partition and offset besides.

const problemStream = "KSQL_PROCESSING_LOG"

// problemTopic is the topic of the processing log.
func (e *Engine) problemTopic() string {
	return e.Property("ksql.service.id") + "ksql_processing_log"
}

// logsProblems reports whether there is a processing log (ksql.logging.processing.stream.auto.create).
func (e *Engine) logsProblems() bool {
	return e.Property("ksql.logging.processing.stream.auto.create") == "true"
}

// initial is the catalog before any statement: the processing log is there.
func (e *Engine) initial() *plan.Catalog {
	c := plan.NewCatalog()
	if !e.logsProblems() {
		return c
	}
	// ksqlDB declares the fields without quotes, so their names are upper case, while the records spell them as
	// its logger does. Only topic is a reserved word, and quoted.
	f := func(n string, t sql.Type) sql.Field { return sql.Field{Name: strings.ToUpper(n), Type: t} }
	where := []sql.Field{{Name: "topic", Type: sql.TString}, f("partition", sql.TInteger), f("offset", sql.TBigint)}
	with := func(fields ...sql.Field) sql.Type { return sql.StructOf(append(fields, where...)...) }
	message := sql.StructOf(
		f("type", sql.TInteger),
		f("deserializationError", with(f("target", sql.TString), f("errorMessage", sql.TString), f("recordB64", sql.TString), f("cause", sql.ArrayOf(sql.TString)))),
		f("recordProcessingError", with(f("errorMessage", sql.TString), f("record", sql.TString), f("cause", sql.ArrayOf(sql.TString)))),
		f("productionError", with(f("errorMessage", sql.TString))),
		f("serializationError", with(f("target", sql.TString), f("errorMessage", sql.TString), f("record", sql.TString), f("cause", sql.ArrayOf(sql.TString)))))
	col := func(n string, t sql.Type) sql.Column { return sql.Column{Field: f(n, t)} }
	return c.Apply(&plan.Effect{Put: []*plan.Source{{
		Name: problemStream, Kind: sql.StreamKind, Topic: e.problemTopic(), Partitions: 1,
		Schema: sql.Schema{col("LOGGER", sql.TString), col("LEVEL", sql.TString), col("TIME", sql.TBigint), col("MESSAGE", message)},
		Key:    plan.Format{Name: "KAFKA"}, Value: plan.Format{Name: "JSON"}, ReadOnly: true,
		Text: "the processing log",
	}}})
}

func (e *Engine) ensureProblems(ctx context.Context) error {
	if !e.logsProblems() {
		return nil
	}
	return e.ensure(ctx, e.problemTopic(), store.TopicConfig{Partitions: 1})
}

// problems is the processing log's records of what went wrong in a query; nil without a processing log.
func (e *Engine) problems(id string, list []op.Problem) *store.Records {
	if !e.logsProblems() {
		return nil
	}
	r := &store.Records{TP: store.TP{Topic: e.problemTopic()}}
	names := [...]string{"deserializationError", "recordProcessingError", "productionError", "serializationError"}
	for _, p := range list {
		logger := "processing." + id
		if p.Step != "" {
			logger += "." + p.Step
		}
		if p.Kind == op.DeserializationError {
			logger += ".deserializer"
		}
		body := map[string]any{"errorMessage": short(p.Err.Error()), "topic": p.Topic, "partition": p.Partition, "offset": p.Offset, "cause": causes(p.Err)}
		if p.Target != "" {
			body["target"] = p.Target
		}
		if p.Record != nil {
			body["recordB64"] = p.Record
		}
		v, err := json.Marshal(map[string]any{"LOGGER": logger, "LEVEL": "ERROR", "TIME": e.opt.Now(),
			"MESSAGE": map[string]any{"type": int(p.Kind), names[p.Kind]: body}})
		if err != nil {
			e.went(PartProcessingLog, &e.problemsC, err)
			continue // the row itself is safe
		}
		r.Add(e.opt.Now(), nil, v)
	}
	return r
}

// causes is the texts of what lies behind an error.
func causes(err error) []string {
	out := []string{}
	for {
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }: // the last one is what happened, those before say to whom
			list := e.Unwrap()
			err = list[len(list)-1]
		default:
			return out
		}
		if err == nil {
			return out
		}
		out = append(out, short(err.Error()))
	}
}

// longestText bounds the texts of the processing log, which may quote a record or a statement.
const longestText = 4096

func short(s string) string {
	if len(s) <= longestText {
		return s
	}
	return strings.ToValidUTF8(s[:longestText], "") + "..."
}
