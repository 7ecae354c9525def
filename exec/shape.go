package exec

import "github.com/ksqlgo/ksql/exec/state"

// shape is what the state of a query rests on: while it is the same the query may go on.
type shape struct {
	Result string       `json:"result"` // schema and formats
	Stages []stageShape `json:"stages"`
}

// stageShape is a stage in a record. The first topics that it reads and writes stand alone, as they did when there was
// one of each.
type stageShape struct {
	Name   string       `json:"name"`
	In     string       `json:"in"`
	Tasks  int32        `json:"tasks"`           // partitions of In
	Reads  []topicShape `json:"reads,omitempty"` // besides In
	Out    string       `json:"out,omitempty"`
	Parts  int32        `json:"parts,omitempty"`  // of Out
	Writes []topicShape `json:"writes,omitempty"` // besides Out
	Tables []tableShape `json:"tables,omitempty"`
}

// topicShape is a topic with its number of partitions.
type topicShape struct {
	Topic string `json:"topic"`
	Parts int32  `json:"parts"`
}

type tableShape struct {
	Name  string      `json:"name"`
	Topic string      `json:"topic,omitempty"` // its changelog; empty: the log keeps nothing
	Print state.Print `json:"print"`
}

func (s *stage) shape() stageShape {
	out := stageShape{Name: s.Name, In: s.reads[0].Topic, Tasks: s.reads[0].Parts}
	if len(s.reads) > 1 {
		out.Reads = s.reads[1:]
	}
	if len(s.out) > 0 {
		out.Out, out.Parts = s.out[0].Topic, s.out[0].Parts
	}
	if len(s.out) > 1 {
		out.Writes = s.out[1:]
	}
	return out
}

// reads is the topics that the stage reads.
func (s *stageShape) reads() []topicShape {
	return append([]topicShape{{s.In, s.Tasks}}, s.Reads...)
}

// writes is the topics that the stage writes.
func (s *stageShape) writes() []topicShape {
	if s.Out == "" {
		return nil
	}
	return append([]topicShape{{s.Out, s.Parts}}, s.Writes...)
}

// width is how many tasks the stage has.
func (s *stageShape) width() (n int32) {
	for _, t := range s.reads() {
		n = max(n, t.Parts)
	}
	return n
}
