package plan

import (
	"maps"
	"slices"
	"strings"
)

// Stage is the part of a plan between topics: what one task does. Each step of the plan stands in one stage, so that
// its state exists once; a stage may read what it has written itself.
type Stage struct {
	Name  string // the role of what it writes: it names the unit across restarts and changes of the plan
	Tasks int32  // partitions of the widest topic that it reads
	In    []Step // what it begins with: *Scan, or *Exchange whose topic it reads
	Steps []Step // between, each behind all that it reads
	Out   []Step // what it ends with: *Sink, or *Exchange whose topic it writes; none: the rows of the plan's root leave
}

// Before is the steps that s, one of the stage's, reads. An Exchange that needs no topic is no step of a stage.
func (st *Stage) Before(s Step) []Step {
	in := slices.Clone(s.Inputs())
	for i, x := range in {
		for {
			e, ok := x.(*Exchange)
			if !ok || slices.Contains(st.In, x) {
				break
			}
			x = e.In
		}
		in[i] = x
	}
	return in
}

// Stages cuts a plan at every Exchange. partitions is how many a topic that is scanned has. A repartition topic has
// as many as the stage that reads it has tasks; between two stages of one task each none is needed: every key is
// there.
func Stages(root Step, partitions func(topic string) int32) []Stage {
	c := &cutter{part: map[Step]int{}, ends: map[*Exchange]int{}}
	for _, s := range Steps(root) {
		c.add(s)
	}
	c.measure(partitions)
	for e, end := range c.ends {
		if c.width[c.of(c.part[e])] == 1 && c.width[c.of(end)] == 1 {
			c.join(c.part[e], end)
			delete(c.ends, e)
		}
	}
	return c.stages()
}

// cutter finds the parts of a plan that hang together without a topic between them. An Exchange has two ends: the part
// that it stands in reads its topic, the one of ends writes it.
type cutter struct {
	steps []Step
	part  map[Step]int
	ends  map[*Exchange]int
	up    []int // of a part: the one that it has been joined with, or itself
	width map[int]int32
}

func (c *cutter) add(s Step) {
	c.steps = append(c.steps, s)
	c.part[s] = c.fresh()
	e, cut := s.(*Exchange)
	if cut {
		c.ends[e] = c.fresh()
	}
	for _, in := range s.Inputs() {
		if cut {
			c.join(c.part[in], c.ends[e])
		} else {
			c.join(c.part[in], c.part[s])
		}
	}
}

func (c *cutter) fresh() int {
	c.up = append(c.up, len(c.up))
	return len(c.up) - 1
}

func (c *cutter) of(part int) int {
	for c.up[part] != part {
		part = c.up[part]
	}
	return part
}

func (c *cutter) join(a, b int) {
	if a, b = c.of(a), c.of(b); a != b {
		c.up[b] = a
	}
}

// measure finds how many tasks each part needs: as many as the widest topic that it scans has partitions; if it scans
// none, as many as those have that write for it.
func (c *cutter) measure(partitions func(topic string) int32) {
	c.width = map[int]int32{}
	scans := map[int]bool{}
	for _, s := range c.steps {
		if scan, ok := s.(*Scan); ok {
			p := c.of(c.part[s])
			c.width[p], scans[p] = max(c.width[p], partitions(scan.Topic)), true
		}
	}
	for more := true; more; {
		more = false
		for e, end := range c.ends {
			from, to := c.of(end), c.of(c.part[e])
			if !scans[to] && c.width[to] < c.width[from] {
				c.width[to], more = c.width[from], true
			}
		}
	}
}

// stages are the parts in the order of their last steps: one that only writes for others stands before them.
func (c *cutter) stages() []Stage {
	stages, last := map[int]*Stage{}, map[int]int{}
	at := 0
	of := func(part int) *Stage {
		part = c.of(part)
		if stages[part] == nil {
			stages[part] = &Stage{Name: "table", Tasks: c.width[part]}
		}
		last[part] = at
		return stages[part]
	}
	for i, s := range c.steps {
		at = i
		switch s := s.(type) {
		case *Scan:
			st := of(c.part[s])
			st.In = append(st.In, s)
		case *Exchange:
			end, cut := c.ends[s]
			if !cut {
				continue
			}
			from := of(end)
			if len(from.Out) == 0 {
				from.Name = strings.TrimSuffix(s.Topic, "-repartition")
			}
			from.Out = append(from.Out, s)
			to := of(c.part[s]) // which has a step behind this one
			to.In = append(to.In, s)
		case *Sink:
			st := of(c.part[s])
			st.Name, st.Out = "sink", append(st.Out, s)
		default:
			st := of(c.part[s])
			st.Steps = append(st.Steps, s)
		}
	}
	parts := slices.SortedFunc(maps.Keys(stages), func(a, b int) int { return last[a] - last[b] })
	out := make([]Stage, len(parts))
	for i, p := range parts {
		out[i] = *stages[p]
	}
	return out
}
