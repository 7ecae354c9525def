package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// tally counts what was noticed, by whom. Several may add to it at once.
type tally struct {
	out  io.Writer
	dirs []string

	mu       sync.Mutex
	err      error // of out
	unmade   int   // changes that did not compile
	counts   map[string]map[string]int
	survived []numbered
}

// numbered is a change with its number in the survey.
type numbered struct {
	number int
	change
}

func newTally(out io.Writer, list []change) *tally {
	return &tally{out: out, dirs: dirsOf(list), counts: map[string]map[string]int{}}
}

func (t *tally) say(format string, args ...any) {
	if _, err := fmt.Fprintf(t.out, format+"\n", args...); err != nil && t.err == nil {
		t.err = err
	}
}

// show says what a change is.
func (t *tally) show(root string, c change) error {
	src, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(c.file)))
	if err != nil {
		return err
	}
	t.say("%s:%d %s\n%s", c.file, c.line, c.kind, c.diff(src))
	return t.err
}

func (t *tally) skipped() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unmade++
}

func (t *tally) add(number int, c change, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	what := "noticed by " + v.by + ": " + v.how
	if v.by == "" || v.by == byBed {
		if v.by == "" {
			what = "SURVIVED"
		}
		t.survived = append(t.survived, numbered{number, c})
	}
	for _, of := range []string{c.dir(), c.kind} {
		if t.counts[of] == nil {
			t.counts[of] = map[string]int{}
		}
		t.counts[of][v.by]++
	}
	t.say("%3d %-9s %s:%d %s (%v)", number, c.kind, c.file, c.line, what, v.took.Round(100*time.Millisecond))
}

// report lists what survived and how much was noticed, and says whether that reaches the floor.
func (t *tally) report(root string, took time.Duration, floor float64) (bool, error) {
	slices.SortFunc(t.survived, func(a, b numbered) int { return a.number - b.number })
	t.say("\nsurvived:")
	for _, c := range t.survived {
		if err := t.show(root, c.change); err != nil {
			return false, err
		}
	}
	kinds := []string{}
	for of := range t.counts {
		if !slices.Contains(t.dirs, of) {
			kinds = append(kinds, of)
		}
	}
	slices.Sort(kinds)
	t.say("%-12s %5s %8s %8s %9s %8s", "", "made", byPackage, byScripts, "survived", byBed)
	total := map[string]int{}
	for _, of := range slices.Concat(t.dirs, kinds) {
		n := t.counts[of]
		if slices.Contains(t.dirs, of) {
			for by, k := range n {
				total[by] += k
			}
		}
		t.row(of, n)
	}
	t.row("all", total)
	noticed := total[byPackage] + total[byScripts]
	made := noticed + total[""] + total[byBed]
	percent := 100 * float64(noticed) / float64(max(1, made))
	t.say("%d of %d noticed, %.1f %%; %d did not compile; %v", noticed, made, percent, t.unmade, took.Round(time.Second))
	return made > 0 && percent >= floor, t.err
}

func (t *tally) row(of string, n map[string]int) {
	lives := n[""] + n[byBed]
	t.say("%-12s %5d %8d %8d %9d %8d", of, n[byPackage]+n[byScripts]+lives, n[byPackage], n[byScripts], lives, n[byBed])
}
