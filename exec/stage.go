package exec

import (
	"slices"

	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/store"
)

// stage is what one task does, with the topics that it reads and writes under their full names.
type stage struct {
	plan.Stage
	in, out []topicShape // of Stage.In and Stage.Out, one each
	reads   []topicShape // those of in, each once
	answers bool         // its state answers pull queries
	keyed   bool         // rows without a key do not come in: those of a scalable push query
}

// staged cuts a plan into stages. partitions is how many a topic that is scanned has, sink how many that of the result
// has; name gives an internal topic its full name.
func staged(root plan.Step, partitions func(topic string) int32, sink int32, name func(string) string) []stage {
	parts := map[plan.Step]int32{} // of repartition topics
	var out []stage
	for _, st := range plan.Stages(root, partitions) {
		s := stage{Stage: st}
		for _, in := range st.In {
			switch in := in.(type) {
			case *plan.Scan:
				s.in = append(s.in, topicShape{in.Topic, partitions(in.Topic)})
			case *plan.Exchange:
				s.in, parts[in] = append(s.in, topicShape{name(in.Topic), st.Tasks}), st.Tasks
			}
		}
		for _, in := range s.in {
			if !slices.Contains(s.reads, in) {
				s.reads = append(s.reads, in)
			}
		}
		out = append(out, s)
	}
	for i := range out {
		for _, end := range out[i].Out {
			switch end := end.(type) {
			case *plan.Sink:
				out[i].out = append(out[i].out, topicShape{end.Topic, sink})
			case *plan.Exchange:
				out[i].out = append(out[i].out, topicShape{name(end.Topic), parts[end]})
			}
		}
	}
	return out
}

// inputs is the partitions that task n of the stage reads.
func (s *stage) inputs(n int32) []store.TP {
	var out []store.TP
	for _, in := range s.reads {
		if n < in.Parts {
			out = append(out, store.TP{Topic: in.Topic, Partition: n})
		}
	}
	return out
}

// internal reports whether a topic is a repartition topic of the stage.
func (s *stage) internal(topic string) bool {
	for i, in := range s.in {
		if in.Topic == topic {
			_, ok := s.In[i].(*plan.Exchange)
			return ok
		}
	}
	return false
}
