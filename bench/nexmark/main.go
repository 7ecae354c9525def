// Command nexmark measures the engine with the Nexmark benchmark: rows per second from JSON bytes in a topic
// to results in the sink's topic. Each result is checked against a plain recomputation.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
)

// result is one measurement, as -json writes it.
type result struct {
	Query  string  `json:"query"`
	Rows   int     `json:"rows"`
	Secs   float64 `json:"seconds"`
	Rate   float64 `json:"rows_per_second"`
	Log    string  `json:"log"`
	Batch  int     `json:"batch"`
	Allocs float64 `json:"allocs_per_row"`
	P50    float64 `json:"p50_us,omitempty"` // of single operations: pull, latency
	P99    float64 `json:"p99_us,omitempty"`
	Note   string  `json:"note,omitempty"`
}

// setup is what all measurements share.
type setup struct {
	rows, partitions, batch int
	heap                    int    // MiB that the heap has to spare when the clock starts
	runs                    int    // of which the one of median speed counts
	log                     string // memory or dir
	seed                    uint64
	check                   bool
}

func main() {
	names := flag.String("q", "q0,q1,q2,count,sum,tumble", "queries to run; all: every plain one; also pull, latency, recovery, checkpoint")
	out := flag.String("json", "", "write the results to this file")
	profile := flag.String("profile", "", "write a CPU profile of everything to this file")
	procs := flag.Int("procs", 1, "GOMAXPROCS; 0: leave it")
	var s setup
	flag.IntVar(&s.rows, "n", 1000000, "rows to measure")
	flag.StringVar(&s.log, "log", "memory", "memory or dir")
	flag.IntVar(&s.partitions, "partitions", 1, "partitions of the topic of bids")
	flag.IntVar(&s.batch, "batch", 4096, "rows of a batch")
	flag.IntVar(&s.heap, "heap", 512, "MiB that the heap has to spare when the clock starts, as in a process that has run for a while; 0: a fresh heap")
	flag.IntVar(&s.runs, "runs", 1, "measure each query so many times and give the median")
	flag.Uint64Var(&s.seed, "seed", 1, "seed of the generator")
	flag.BoolVar(&s.check, "check", true, "compare all results with a recomputation")
	flag.Parse()
	if *procs > 0 {
		runtime.GOMAXPROCS(*procs)
	}
	if err := profiled(*profile, func() error { return run(context.Background(), s, *names, *out) }); err != nil {
		fmt.Fprintln(os.Stderr, "nexmark:", err)
		os.Exit(1)
	}
}

// profiled runs f under the CPU profiler, unless file is empty.
func profiled(file string, f func() error) error {
	if file == "" {
		return f()
	}
	w, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(w); err != nil {
		return errors.Join(err, w.Close())
	}
	err = f()
	pprof.StopCPUProfile()
	return errors.Join(err, w.Close())
}

func run(ctx context.Context, s setup, names, out string) error {
	if s.log != "memory" && s.log != "dir" {
		return fmt.Errorf("-log is memory or dir, not %q", s.log)
	}
	if s.rows < 1 || s.partitions < 1 || s.batch < 1 {
		return fmt.Errorf("-n, -partitions and -batch must be above 0")
	}
	list := strings.Split(names, ",")
	if names == "all" {
		list = nil
		for _, q := range queries {
			list = append(list, q.name)
		}
	}
	var results []result
	for _, name := range list {
		r, err := s.one(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		results = append(results, r...)
		for _, r := range r {
			fmt.Println(r)
		}
		runtime.GC()
	}
	if out == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"results": results}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o666)
}

func (s setup) one(ctx context.Context, name string) ([]result, error) {
	switch name {
	case "pull":
		return s.pull(ctx)
	case "latency":
		return s.latency(ctx)
	case "recovery":
		return s.recovery(ctx)
	case "checkpoint":
		return s.checkpoint(ctx)
	}
	if q := find(name); q != nil {
		var runs []result
		for range max(s.runs, 1) {
			r, err := s.throughput(ctx, q)
			if err != nil {
				return nil, err
			}
			runs = append(runs, r)
			runtime.GC()
		}
		slices.SortFunc(runs, func(a, b result) int { return cmp.Compare(a.Rate, b.Rate) })
		return runs[len(runs)/2 : len(runs)/2+1], nil
	}
	if slices.Contains(needsJoin, name) {
		fmt.Printf("%-10s not available: it needs a join\n", name)
		return nil, nil
	}
	return nil, fmt.Errorf("there is no such query")
}

func (r result) String() string {
	line := fmt.Sprintf("%-16s %9d rows %8.3f s %11.0f rows/s  log %-6s batch %-5d", r.Query, r.Rows, r.Secs, r.Rate, r.Log, r.Batch)
	if r.P50 > 0 {
		line += fmt.Sprintf("  p50 %.1f us  p99 %.1f us", r.P50, r.P99)
	} else {
		line += fmt.Sprintf("  %.4f allocs/row", r.Allocs)
	}
	if r.Note != "" {
		line += "  " + r.Note
	}
	return line
}
