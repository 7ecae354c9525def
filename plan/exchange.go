package plan

// Exchange sends rows through a repartition topic, by their key.
type Exchange struct {
	Head
	In         Step
	Topic      string // the last part of its name: Aggregate-GroupBy-repartition
	Key, Value Format
}

// Inputs is its one input.
func (s *Exchange) Inputs() []Step { return []Step{s.In} }

func (s *Exchange) title() string        { return "GROUP_BY" }
func (*Exchange) free() bool             { return true }
func (s *Exchange) givesOld(_ bool) bool { return s.In.Out().Old }
func (s *Exchange) keeps() *string       { return &s.Topic }
