package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// The tests that judge.
const (
	byPackage = "package"
	byScripts = "scripts"
	byBed     = "bed"
)

// The script tests judge what the package's own tests let pass.
const (
	scriptsDir = "bench/bed"
	scripts    = "^TestScripts$"
	notScripts = "^Test([^S]|S[^c]|Sc[^r])" // -test.skip is for tests that are not sure
)

// judge runs tests against a copy of the module of which one file is another (go test -overlay).
type judge struct {
	root string                   // the copy
	tmp  string                   // where everything is made
	seed uint64                   // of the tests that draw at random
	took map[string]time.Duration // of the tests, unchanged: by the directory of the package; of byScripts and byBed
	// Changed, they have failed when they take five times as long and slack.
	slack time.Duration
	ill   map[string][]string // like took: tests that fail unchanged
	quick bool                // each script is run in two ways only
	bed   bool                // what is left of the engine's test bed judges last
}

// verdict is what became of a change.
type verdict struct {
	by   string // byPackage, byScripts; empty: it lives
	how  string // the test that failed first, or what else happened
	took time.Duration
}

// place is the files of one change.
type place struct {
	dir     string
	overlay string
}

// set lays a changed file over the module.
func (j *judge) set(c change, src []byte) (place, error) {
	dir, err := os.MkdirTemp(j.tmp, "change")
	if err != nil {
		return place{}, err
	}
	p := place{dir, filepath.Join(dir, "overlay.json")}
	file := filepath.Join(dir, "changed.go")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(j.root, filepath.FromSlash(c.file)): file}})
	if err != nil {
		return place{}, err
	}
	return p, errors.Join(os.WriteFile(file, c.apply(src), 0o644), os.WriteFile(p.overlay, text, 0o644))
}

// compiles reports whether the changed package does.
func (j *judge) compiles(ctx context.Context, p place, dir string) bool {
	return j.gotool(ctx, "build", "-trimpath", "-overlay", p.overlay, "./"+dir) == nil
}

func (j *judge) gotool(ctx context.Context, args ...string) error {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = j.root
	group(c)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// order is who judges, one after the other.
func (j *judge) order() []string {
	if j.bed {
		return []string{byPackage, byScripts, byBed}
	}
	return []string{byPackage, byScripts}
}

// judge asks the package's own tests, then the scripts, until one notices.
func (j *judge) judge(ctx context.Context, p place, dir string) (verdict, error) {
	start := time.Now()
	for _, by := range j.order() {
		how, _, err := j.run(ctx, p, by, dir)
		if err != nil {
			return verdict{}, err
		}
		if how != "" {
			return verdict{by, how, time.Since(start)}, nil
		}
	}
	return verdict{took: time.Since(start)}, nil
}

// run gives the test that failed, if one did, and the time that the tests took.
func (j *judge) run(ctx context.Context, p place, by, dir string) (how string, took time.Duration, err error) {
	args := []string{"-test.failfast", "-test.paniconexit0"}
	timed := dir // whose time it is
	switch by {
	case byScripts:
		dir, timed = scriptsDir, byScripts
		args = append(args, "-test.run", scripts)
		if j.quick {
			args = append(args, "-ways=2")
		}
	case byBed:
		dir, timed = scriptsDir, byBed
		args = append(args, "-test.run", notScripts)
	}
	random, err := importsRapid(filepath.Join(j.root, dir))
	if err != nil {
		return "", 0, err
	}
	if random {
		args = append(args, "-rapid.nofailfile", fmt.Sprint("-rapid.seed=", j.seed))
	}
	program := filepath.Join(p.dir, by+".test")
	build := []string{"test", "-trimpath", "-vet=off", "-c", "-o", program}
	if p.overlay != "" {
		build = append(build, "-overlay", p.overlay)
	}
	if err := j.gotool(ctx, append(build, "./"+dir)...); err != nil {
		return "", 0, err // the package compiles: so must its tests
	}
	limit := 10 * time.Minute // unchanged
	if t, ok := j.took[timed]; ok {
		limit = 5*t + j.slack
	}
	start := time.Now()
	how, err = j.sure(ctx, p, program, args, dir, limit, j.ill[timed])
	return how, time.Since(start), err
}

// sure runs tests. A test that fails must do so again when it runs alone; otherwise it is one that fails now and then,
// where the machine is busy, and the rest is asked without it.
func (j *judge) sure(ctx context.Context, p place, program string, args []string, dir string, limit time.Duration, ill []string) (how string, err error) {
	unsure := slices.Clone(ill)
	for {
		all := args
		if len(unsure) > 0 {
			all = append(slices.Clone(args), "-test.skip", strings.Join(unsure, "|"))
		}
		how, err = j.execute(ctx, p, program, all, dir, limit)
		if err != nil || !strings.HasPrefix(how, "Test") {
			return how, err
		}
		alone, err := j.execute(ctx, p, program, append(slices.Clone(args), "-test.run", only(how)), dir, limit)
		if err != nil || alone != "" {
			return how, err
		}
		unsure = append(unsure, only(top(how)))
	}
}

// top is the test that a subtest is of.
func top(name string) string {
	name, _, _ = strings.Cut(name, "/")
	return name
}

// only is the pattern of one test.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, x := range parts {
		parts[i] = "^" + regexp.QuoteMeta(x) + "$"
	}
	return strings.Join(parts, "/")
}

func (j *judge) execute(ctx context.Context, p place, program string, args []string, dir string, limit time.Duration) (string, error) {
	limitCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tmp := filepath.Join(p.dir, "tmp") // what tests leave goes with the change
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return "", err
	}
	program, args = limited(program, args)
	c := exec.CommandContext(limitCtx, program, args...)
	group(c)
	c.WaitDelay = time.Second
	c.Dir = filepath.Join(j.root, dir)
	c.Env = append(os.Environ(), "TMPDIR="+tmp)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err == nil:
		return "", nil
	case limitCtx.Err() != nil:
		return fmt.Sprintf("time-out after %v", limit.Round(time.Second)), nil
	}
	if _, ok := errors.AsType[*exec.ExitError](err); !ok {
		return "", err
	}
	return firstFailure(out.String()), nil
}

var (
	failed = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	broken = regexp.MustCompile(`(?m)^(panic|fatal error): .*`)
)

// firstFailure is the deepest test of the first that failed, or how the program ended.
func firstFailure(out string) string {
	if m := broken.FindString(out); m != "" {
		return m[:min(len(m), 80)]
	}
	name := ""
	for _, m := range failed.FindAllStringSubmatch(out, -1) {
		if name != "" && !strings.HasPrefix(m[1], name+"/") {
			break
		}
		name = m[1]
	}
	if name == "" {
		return "the program failed"
	}
	return name
}

// importsRapid reports whether a package's tests draw at random.
func importsRapid(dir string) (bool, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return false, err
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return false, err
		}
		for _, i := range f.Imports {
			if i.Path.Value == `"pgregory.net/rapid"` {
				return true, nil
			}
		}
	}
	return false, nil
}

// mostIll is how many tests of a package may fail unchanged: on a busy machine some that measure do.
const mostIll = 3

// measure runs the tests that will judge the directories unchanged: the time that they take is what the others get,
// several times over. Those that fail judge nothing.
func (j *judge) measure(ctx context.Context, dirs []string) error {
	p := place{dir: filepath.Join(j.tmp, "unchanged")}
	took := map[string]time.Duration{}
	j.ill = map[string][]string{}
	one := func(by, dir, timed string) error {
		for {
			how, t, err := j.run(ctx, p, by, dir)
			took[timed] = t
			switch {
			case err != nil || how == "":
				return err
			case !strings.HasPrefix(how, "Test") || by == byScripts || len(j.ill[timed]) == mostIll:
				return fmt.Errorf("%s fails without any change: %s", timed, how)
			}
			j.ill[timed] = append(j.ill[timed], only(top(how)))
		}
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := one(byPackage, dir, dir); err != nil {
			return err
		}
	}
	for _, by := range j.order()[1:] {
		if err := one(by, scriptsDir, by); err != nil {
			return err
		}
	}
	j.took = took
	return os.RemoveAll(p.dir)
}
