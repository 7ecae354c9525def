package ksql_test

// childDir names the directory that a crash test's child works on.
const childDir = "KSQL_CRASH_CHILD"

func crashChild(string) {}
