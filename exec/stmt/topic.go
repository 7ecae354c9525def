package stmt

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/store"
)

// TopicInfo is one line of SHOW TOPICS. The counts are those of SHOW TOPICS EXTENDED.
type TopicInfo struct {
	Name      string `json:"name"`
	Replicas  []int  `json:"replicaInfo"` // one a partition: how many copies there are
	Consumers *int   `json:"consumerCount,omitempty"`
	Groups    *int   `json:"consumerGroupCount,omitempty"`
}

// Topics is the answer to SHOW TOPICS.
type Topics struct {
	Head
	Topics []TopicInfo `json:"topics"`
	Tail
}

func showTopics(ctx context.Context, e *exec.Engine, s *sql.Show, text string) (Result, error) {
	kind := "kafka_topics"
	if s.Extended {
		kind = "kafka_topics_extended"
	}
	out := &Topics{Head{kind, text}, []TopicInfo{}, tail()}
	topics, err := e.Log().Topics(ctx)
	if err != nil {
		return nil, err
	}
	consumers, groups := map[string]int{}, map[string]int{}
	for _, q := range e.Queries() {
		seen := map[string]bool{}
		for tp := range q.Positions() {
			consumers[tp.Topic]++
			if !seen[tp.Topic] {
				seen[tp.Topic] = true
				groups[tp.Topic]++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		t := topics[name]
		if !s.All && (t.Config.Internal || e.Hidden(name)) {
			continue
		}
		info := TopicInfo{Name: name, Replicas: make([]int, t.Partitions)}
		for i := range info.Replicas {
			info.Replicas[i] = 1
		}
		if s.Extended {
			c, g := consumers[name], groups[name]
			info.Consumers, info.Groups = &c, &g
		}
		out.Topics = append(out.Topics, info)
	}
	return out, nil
}

// AssertError says that an ASSERT does not hold.
type AssertError struct{ Msg string }

// Error is ksqlDB's message.
func (e *AssertError) Error() string { return e.Msg }

// TopicAsserted is the answer to an ASSERT TOPIC that holds.
type TopicAsserted struct {
	Head
	Topic  string `json:"topicName"`
	Exists bool   `json:"exists"`
	Tail
}

// assertTopic looks at the topic until it is as asserted or the time is over.
func assertTopic(ctx context.Context, e *exec.Engine, s *sql.AssertTopic, p sql.Parsed) (Result, error) {
	wait := time.Second
	if ms, err := strconv.Atoi(e.Property("ksql.assert.topic.default.timeout.ms")); err == nil {
		wait = time.Duration(ms) * time.Millisecond
	}
	if s.Timeout != nil {
		wait = *s.Timeout
	}
	end := time.NewTimer(wait)
	defer end.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		t, err := e.Log().Topic(ctx, s.Topic)
		if err != nil && !errors.Is(err, store.ErrNoTopic) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, &AssertError{"Cannot check topic existence: " + err.Error()}
		}
		msg := topicMismatch(t, err == nil, s)
		if msg == "" {
			return &TopicAsserted{Head{"assert_topic", p.Text}, s.Topic, !s.NotExists, tail()}, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-end.C:
			return nil, &AssertError{msg}
		case <-tick.C:
		}
	}
}

// topicMismatch says how the topic differs from the assertion; empty: it does not.
func topicMismatch(t store.TopicInfo, ok bool, s *sql.AssertTopic) string {
	if s.NotExists {
		if ok {
			return "Topic " + s.Topic + " exists"
		}
		return ""
	}
	if !ok {
		return "Topic " + s.Topic + " does not exist"
	}
	var lines []string
	for _, w := range s.With {
		name, got := strings.ToLower(w.Name), int32(0)
		switch name {
		case "partitions":
			got = t.Partitions
		case "replicas":
			got = 1
		default:
			lines = append(lines, "Cannot assert unknown topic property: "+w.Name)
			continue
		}
		if want := w.Value.Text; want != strconv.Itoa(int(got)) {
			lines = append(lines, fmt.Sprintf("Mismatched configuration for topic %s: For config %s, expected %s got %d", s.Topic, name, want, got))
		}
	}
	return strings.Join(lines, "\n")
}
