package plan

// CaseHint is the sentence that ksqlDB adds when it does not find a source while others have its name in
// another letter case; empty: there are none.
func (c *Catalog) CaseHint(name string) string { return c.caseHint(name, nil) }
