package fn

var regexFuncs []Func
