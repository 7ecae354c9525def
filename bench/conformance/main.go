// Command conformance runs ksqlDB's test corpus through the engine and counts.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"time"
)

// limit is the time that one case may take.
const limit = 10 * time.Second

// slow is the time above which -v names a case.
const slow = time.Second

// result is the verdict on one case.
type result struct {
	ID       string `json:"id"`
	FullName string `json:"fullName"`
	Rung     int    `json:"rung"`
	Status   string `json:"status"` // pass, fail or skip
	Reason   string `json:"reason,omitempty"`
	file     string
	took     time.Duration
}

func main() {
	corpus := flag.String("corpus", "", "folder of the corpus")
	kinds := flag.String("kind", "qtt,rest,sql,runner", "kinds of cases to run")
	rung := flag.Int("rung", 99, "run cases up to this rung")
	pattern := flag.String("run", "", "run cases whose id or full name matches this expression")
	out := flag.String("json", "", "write the verdicts to this file")
	verbose := flag.Bool("v", false, "print why each case failed")
	var s settings
	flag.IntVar(&s.batch, "batch", 1, "append up to so many consecutive inputs of a topic together")
	flag.BoolVar(&s.dir, "dir", false, "run each engine on a temporary directory")
	flag.Parse()
	if err := run(s, *corpus, *kinds, *rung, *pattern, *out, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(s settings, corpus, kinds string, rung int, pattern, out string, verbose bool) error {
	if corpus == "" {
		return errors.New("name the corpus: -corpus DIR")
	}
	match, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	cases, err := load(corpus)
	if err != nil {
		return err
	}
	var chosen []*Case
	for _, c := range cases {
		if c.Rung <= rung && strings.Contains(","+kinds+",", ","+c.Kind+",") && (match.MatchString(c.FullName) || match.MatchString(c.ID)) {
			chosen = append(chosen, c)
		}
	}
	results := s.runAll(chosen)
	report(results, verbose)
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"cases": results}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o666)
}

// runAll runs the cases on all processors and keeps their order.
func (s settings) runAll(cases []*Case) []result {
	results := make([]result, len(cases))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				results[i] = s.verdict(cases[i])
			}
		})
	}
	for i := range cases {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

// verdict runs one case. A case is skipped only if it would fail and something it needs is known to be missing.
func (s settings) verdict(c *Case) result {
	r := result{ID: c.ID, FullName: c.FullName, Rung: c.Rung, Status: "pass", file: c.File}
	start := time.Now()
	err := s.runLimited(c)
	r.took = time.Since(start)
	if err == nil {
		return r
	}
	r.Status, r.Reason = "fail", err.Error()
	feature, ok := lacking(err)
	if !ok {
		feature, ok = c.needs()
	}
	if ok {
		r.Status, r.Reason = "skip", feature+"\n"+r.Reason
	}
	return r
}

// needs names something that the case requires and neither the engine nor the runner has.
func (c *Case) needs() (feature string, ok bool) {
	for _, lacking := range []struct{ requires, feature string }{
		{"schema_registry", "the schema registry"},
		{"java_class_property", "a Java class in a property"},
	} {
		if c.requires(lacking.requires) {
			return lacking.feature, true
		}
	}
	return "", false
}

// runLimited ends a case after its time, and makes a panic its failure. A case that does not listen to its
// context is left behind.
func (s settings) runLimited(c *Case) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		done <- s.run(ctx, c)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(limit + time.Second):
		return fmt.Errorf("not finished after %s", limit)
	}
}

func (s settings) run(ctx context.Context, c *Case) error {
	switch c.Kind {
	case "qtt", "runner":
		return s.runQTT(ctx, c)
	case "sql":
		return s.runScript(ctx, c)
	case "rest":
		return s.runREST(ctx, c)
	}
	return missing{"cases of kind " + c.Kind}
}

// count is how many cases passed, failed and were skipped.
type count struct{ pass, fail, skip int }

func (n *count) add(status string) {
	switch status {
	case "pass":
		n.pass++
	case "fail":
		n.fail++
	default:
		n.skip++
	}
}

func (n count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped (of %d)", n.pass, n.fail, n.skip, n.pass+n.fail+n.skip)
}

func report(results []result, verbose bool) {
	files, rungs := map[string]*count{}, map[string]*count{}
	var total count
	in := func(m map[string]*count, k string) *count {
		if m[k] == nil {
			m[k] = &count{}
		}
		return m[k]
	}
	for _, r := range results {
		total.add(r.Status)
		in(files, r.file).add(r.Status)
		in(rungs, fmt.Sprintf("rung %2d", r.Rung)).add(r.Status)
		if verbose && r.took > slow {
			fmt.Printf("SLOW %s [%s] %s\n", r.FullName, r.ID, r.took.Round(time.Millisecond))
		}
		if verbose && r.Status != "pass" {
			fmt.Printf("%s %s [%s]\n\t%s\n", strings.ToUpper(r.Status), r.FullName, r.ID, strings.ReplaceAll(strings.TrimSpace(r.Reason), "\n", "\n\t"))
		}
	}
	for _, m := range []map[string]*count{files, rungs} {
		var names []string
		for k := range m {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			fmt.Printf("%s: %s\n", k, m[k])
		}
	}
	fmt.Printf("conformance: %s\n", total)
}
