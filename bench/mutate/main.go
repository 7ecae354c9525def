// Command mutate asks how much the tests notice. It makes single changes in product files, such as a reviewer would
// find plausible, and has each judged by the tests of its package, then by the script tests, until the first fails,
// stops or hangs. Changes that do not compile are not counted; those that nobody notices are listed. Some of them make
// no difference (a fast path, a bound that is never met): that is for the reader to say.
//
// All happens in a copy of the module, and a seed always gives the same changes. No change is made in tests and what
// only they use, constants (sizes and limits that were chosen), wording of messages, conditions that
// only ask for an error, what is returned beside one, or where it would only hang or leak (left.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// survey is what is asked for.
type survey struct {
	n     int
	seed  uint64
	dirs  []string
	jobs  int
	floor float64       // percent
	slack time.Duration // what tests get beyond five times their time
	bed   bool          // the rest of the engine's test bed judges, too
	quick bool
	only  *regexp.Regexp
	dry   bool
}

func main() {
	s := survey{slack: 15 * time.Second}
	dirs := flag.String("dirs", "exec/op,exec/state,exec,store/local,plan", "directories of the module whose files are changed")
	only := flag.String("only", "", "expression for the names of the files that are changed")
	flag.IntVar(&s.n, "n", 100, "changes")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the choice, and of the tests that draw at random")
	flag.IntVar(&s.jobs, "j", runtime.NumCPU(), "changes that are judged at once")
	flag.Float64Var(&s.floor, "floor", 85, "percent that must be noticed, or the exit code is 1")
	flag.BoolVar(&s.bed, "bed", false, "then ask the rest of the engine's test bed, too; it is counted apart, as not noticed")
	flag.BoolVar(&s.quick, "quick", false, "run each script in two ways only: to look for what survives, not for a figure")
	flag.BoolVar(&s.dry, "dry", false, "show the changes and judge none")
	flag.Parse()
	for dir := range strings.SplitSeq(*dirs, ",") {
		s.dirs = append(s.dirs, path.Clean(filepath.ToSlash(dir)))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	here, err := os.Getwd()
	ok := false
	if err == nil {
		s.only, err = regexp.Compile(*only)
	}
	if err == nil {
		ok, err = s.run(ctx, here, os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run reports whether enough was noticed in the module around here.
func (s survey) run(ctx context.Context, here string, out io.Writer) (ok bool, err error) {
	start := time.Now()
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	root, err := moduleRoot(here)
	if err != nil {
		return false, err
	}
	j := &judge{root: filepath.Join(tmp, "module"), tmp: tmp, seed: s.seed, slack: s.slack, bed: s.bed, quick: s.quick}
	if err := copyTree(root, j.root); err != nil {
		return false, err
	}
	if shared := filepath.Join(root, "..", "shared"); os.Getenv("KSQL_SHARED") == "" {
		if err := os.Setenv("KSQL_SHARED", shared); err != nil { // the copy does not lie beside it
			return false, err
		}
	}
	list, err := s.choose(j.root)
	if err != nil {
		return false, err
	}
	t := newTally(out, list)
	if s.dry {
		for _, c := range list[:min(s.n, len(list))] {
			if err := t.show(j.root, c); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if err := j.measure(ctx, s.dirs); err != nil {
		return false, err
	}
	t.say("measured the tests in %v; %d changes to choose from", time.Since(start).Round(time.Second), len(list))
	for of, names := range j.ill {
		t.say("of %s these fail unchanged and judge nothing: %s", of, strings.Join(names, " "))
	}
	if err := s.judge(ctx, j, list, t); err != nil {
		return false, err
	}
	return t.report(j.root, time.Since(start), s.floor)
}

// choose is all changes in the order in which they are tried: the likelihood of a line does not depend on its package.
func (s survey) choose(root string) ([]change, error) {
	var list []change
	for _, dir := range s.dirs {
		more, err := changesOf(root, dir)
		if err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(more, func(c change) bool { return s.only != nil && !s.only.MatchString(c.file) })...)
	}
	r := rand.New(rand.NewPCG(s.seed, 7))
	r.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list, nil
}

// task is a change that compiles.
type task struct {
	number int
	c      change
	p      place
}

// judge has the first s.n changes that compile judged, several at once.
func (s survey) judge(ctx context.Context, j *judge, list []change, t *tally) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tasks := make(chan task)
	var all sync.WaitGroup
	for range max(1, s.jobs) {
		all.Go(func() {
			for w := range tasks {
				v, err := j.judge(ctx, w.p, w.c.dir())
				if err = errors.Join(err, os.RemoveAll(w.p.dir)); err != nil {
					cancel(fmt.Errorf("%s:%d: %w", w.c.file, w.c.line, err))
					continue
				}
				t.add(w.number, w.c, v)
			}
		})
	}
	err := s.feed(ctx, j, list, t, tasks)
	close(tasks)
	all.Wait()
	return errors.Join(err, context.Cause(ctx))
}

func (s survey) feed(ctx context.Context, j *judge, list []change, t *tally, tasks chan<- task) error {
	made := 0
	for _, c := range list {
		if made == s.n || ctx.Err() != nil {
			return nil
		}
		src, err := os.ReadFile(filepath.Join(j.root, filepath.FromSlash(c.file)))
		if err != nil {
			return err
		}
		p, err := j.set(c, src)
		if err != nil {
			return err
		}
		if !j.compiles(ctx, p, c.dir()) {
			t.skipped()
			if err := os.RemoveAll(p.dir); err != nil {
				return err
			}
			continue
		}
		made++
		select {
		case tasks <- task{made, c, p}:
		case <-ctx.Done():
		}
	}
	return nil
}

// dirsOf is the directories of changes, sorted.
func dirsOf(list []change) []string {
	var out []string
	for _, c := range list {
		out = append(out, c.dir())
	}
	slices.Sort(out)
	return slices.Compact(out)
}
