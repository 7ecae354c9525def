package property

import "testing"

// TestTable holds that the table can be searched, and that every default is a value that its property takes.
func TestTable(t *testing.T) {
	for i, p := range own {
		if i > 0 && own[i-1].Name >= p.Name {
			t.Errorf("%s stands behind %s", p.Name, own[i-1].Name)
		}
		p.Fixed = false
		if err := p.Check(p.Name, p.Default); p.Default != "" && err != nil {
			t.Error(err)
		}
		if got, ok := Find(p.Name); !ok || got.Name != p.Name || Value(nil, p.Name) != p.Default {
			t.Errorf("%s is not found", p.Name)
		}
	}
	names := map[string]bool{}
	for _, p := range Listed() {
		if names[p.Name] {
			t.Errorf("%s is listed twice", p.Name)
		}
		names[p.Name] = true
	}
	if !names["auto.offset.reset"] || names["acks"] {
		t.Error("what is listed of Kafka's")
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{
		"auto.offset.reset": "auto.offset.reset", "ksql.streams.auto.offset.reset": "auto.offset.reset", "ksql.streams.consumer.auto.offset.reset": "auto.offset.reset",
		"ksql.functions.mine.limit": "ksql.functions.mine.limit", "ssl.any": "ssl.any", "ksql.streams.shutdown.timeout.ms": "ksql.streams.shutdown.timeout.ms",
		"ksql.functions.": "", "ksql.nothing": "", "nothing": "", "": "",
	} {
		if p, ok := Find(name); ok != (want != "") || p.Name != want {
			t.Errorf("%q is %q, %t", name, p.Name, ok)
		}
	}
	if Bare("ksql.streams.producer.acks") != "acks" || Bare("ksql.service.id") != "ksql.service.id" {
		t.Error("bare names")
	}
}

func TestValue(t *testing.T) {
	set := map[string]string{"ksql.streams.auto.offset.reset": "earliest", "ksql.suppress.enabled": "FALSE", "ksql.lambdas.enabled": ""}
	if Value(set, "auto.offset.reset") != "earliest" || Value(nil, "auto.offset.reset") != "latest" || Value(set, "ksql.service.id") != "default_" || Value(set, "no.such") != "" {
		t.Error("values")
	}
	if On(set, "ksql.suppress.enabled") || !On(set, "ksql.lambdas.enabled") || !On(nil, "ksql.suppress.enabled") || On(nil, "ksql.new.query.planner.enabled") {
		t.Error("switches")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"auto.offset.reset", "earliest", ""},
		{"ksql.streams.auto.offset.reset", "none", "'none' is not valid for this property within KSQL"},
		{"auto.offset.reset", "x", "Invalid value x for configuration auto.offset.reset: Value must be one of earliest, latest, none"},
		{"ksql.suppress.enabled", "maybe", "Invalid value maybe for configuration ksql.suppress.enabled: Expected value to be either true or false"},
		{"ksql.streams.num.stream.threads", "4294967296", "Invalid value 4294967296 for configuration num.stream.threads: Not a number of type INT (a 32-bit integer)"},
		{"linger.ms", "x", "Invalid value x for configuration linger.ms: Not a number of type LONG (a 64-bit integer (long))"},
		{"bootstrap.servers", "x", "Cannot override property 'bootstrap.servers'"},
		{"ssl.any", "x", "Cannot override property 'ssl.any'"},
		{"ksql.hidden.topics", "x", "Cannot override property 'ksql.hidden.topics'"},
	} {
		p, ok := Find(c.name)
		got := ""
		if err := p.Check(c.name, c.value); err != nil {
			got = err.Error()
		}
		if !ok || got != c.want {
			t.Errorf("%s = %s: %q, want %q", c.name, c.value, got, c.want)
		}
	}
}
