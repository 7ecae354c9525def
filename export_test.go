package ksql

// WithPage sets how many bytes a page of a pull query's answer has.
func WithPage(bytes int64) Option { return func(o *options) { o.exec.Page = bytes } }
