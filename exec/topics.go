package exec

import (
	"fmt"
	"regexp"
	"strings"
)

// ownPrefix begins the names of the topics that engines make for themselves.
const ownPrefix = "_confluent-ksql-"

// own is the full name of a topic of this engine's service.
func (e *Engine) own(name string) string {
	return ownPrefix + e.Property("ksql.service.id") + name
}

// Hidden reports whether SHOW TOPICS leaves a topic out.
func (e *Engine) Hidden(topic string) bool {
	return strings.HasPrefix(topic, ownPrefix) || e.hidden.MatchString(topic)
}

// ReadOnly reports whether only the system may write, make and delete a topic. The engine's own topics are so
// whatever ksql.readonly.topics says.
func (e *Engine) ReadOnly(topic string) bool {
	return strings.HasPrefix(topic, ownPrefix) || topic == e.problemTopic() || e.readOnly.MatchString(topic)
}

// matcher is the test for the names that a property lists.
func (e *Engine) matcher(setting string) (*regexp.Regexp, error) {
	var names []string
	for _, name := range strings.Split(e.Property(setting), ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, "(?:"+name+")")
		}
	}
	if len(names) == 0 {
		return regexp.Compile(`[^\x00-\x{10FFFF}]`) // matches nothing
	}
	re, err := regexp.Compile("^(?:" + strings.Join(names, "|") + ")$")
	if err != nil {
		return nil, fmt.Errorf("property %s: %w", setting, err)
	}
	return re, nil
}
