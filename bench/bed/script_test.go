package bed_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/exec/stmt"
	"github.com/ksqlgo/ksql/plan"
	"github.com/ksqlgo/ksql/sql"
)

// A script is a list of blocks: a word, its input, ---- and the answer, then an empty line. Lines that begin
// with # are comments. The words:
//
//	exec             statements; one line for each result
//	fail             statements, or a query, that must be refused: kind, place and message
//	append TOPIC     records, "@time key | value", with " # header=value, ..." where it has headers; then Engine.Sync
//	topic TOPIC      all records of a topic
//	pull             the rows of a pull query
//	push limit=N     the first N rows of a push query (without limit: all, the query has a LIMIT)
//	plan             EXPLAIN of a push query, or of the persistent query that is named
//	failed           the queries that an error has stopped
//	restart, crash   close and open again; open what a power cut left (directories only)
//	set              "name = value": properties of the session; "clock = ms"; "partitions = 1" for scripts whose
//	                 answer depends on the number of partitions (stream time, offsets)
//
// The session begins with auto.offset.reset = earliest and the clock at 0.
var (
	rewrite = flag.Bool("rewrite", false, "write the scripts' actual answers")
	most    = flag.Int("ways", 0, "the first ways only that apply to a script; 0: all")
)

// block is one command of a script.
type block struct {
	comment []string
	word    string
	args    []string
	input   string
	want    string
}

// variant is one way to run a script that must not change its answers.
type variant struct {
	name    string
	batch   int  // rows a task takes at once
	parts   bool // as many partitions as declared; else one
	commit  int  // rows between commits
	log     logKind
	restart bool // after every command
	late    bool // the log shows its rows late and in pieces (in memory, or forgetful)
	holes   int  // offsets without a row behind each row of a late log
	aborts  int  // of so many commits one fails (forgetful only); 0: none
	chaos   bool // the log has no order over its partitions (in memory, or forgetful)
}

// page is the bytes of a page of a pull query: where rows are taken one by one each has its own.
func (v variant) page() int64 {
	switch v.batch {
	case 1:
		return 1
	case 7:
		return 100
	}
	return 0
}

type logKind uint8

const (
	inMemory logKind = iota
	forgetful
	onDisk
)

var variants = []variant{
	{name: "memory", batch: 4096},
	{name: "batch of 1", batch: 1},
	{name: "batch of 7", batch: 7},
	{name: "partitions", batch: 4096, parts: true},
	{name: "directory", batch: 4096, log: forgetful},
	{name: "commit every row", batch: 4096, commit: 1, log: forgetful},
	{name: "restart", batch: 4096, log: forgetful, restart: true},
	{name: "late", batch: 4096, late: true, holes: 2},
	{name: "late partitions", batch: 4096, late: true, parts: true},
	{name: "late restart", batch: 7, log: forgetful, restart: true, late: true, holes: 1},
	{name: "aborts", batch: 1, commit: 1, log: forgetful, aborts: 2},
	{name: "aborts, partitions", batch: 7, commit: 1, log: forgetful, parts: true, aborts: 3},
	{name: "aborts, late restart", batch: 4096, log: forgetful, restart: true, late: true, holes: 1, aborts: 2},
	{name: "unordered", batch: 4096, chaos: true},
	{name: "unordered partitions", batch: 7, parts: true, chaos: true},
	{name: "unordered restart", batch: 1, log: forgetful, restart: true, late: true, chaos: true},
}

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../../testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	var aborts scriptFaults
	t.Cleanup(func() {
		t.Logf("%d runs, faults of aborting logs: %v", aborts.runs, aborts.n)
		if all := len(files) * len(variants) / 2; slices.Min(aborts.n[:]) < 100 && aborts.runs > all {
			t.Error("some kind of fault is rare")
		}
	})
	for n, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(file), "../../testdata/"), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blocks, tail, err := readScript(file)
			if err != nil {
				t.Fatal(err)
			}
			if *rewrite {
				v := variants[0]
				if has(blocks, "restart") || has(blocks, "crash") {
					v = variants[4]
				}
				runScript(t, v, blocks, true, 1, &aborts)
				if err := os.WriteFile(file, []byte(printScript(blocks, tail)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, v := range ways(blocks, n) {
				if !runScript(t, v, blocks, false, uint64(n), &aborts) {
					t.Fatalf("%s: the answers differ when run as: %s %+v", file, v.name, v)
				}
			}
		})
	}
}

// scriptFaults is the faults of the aborting logs of all scripts.
type scriptFaults struct {
	mu   sync.Mutex
	n    [5]int64
	runs int
}

func (f *scriptFaults) add(n [5]int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs++
	for i := range n {
		f.n[i] += n[i]
	}
}

// ways is the variants that apply to a script, and one random combination. One script in eight also runs on
// the disk of the machine.
func ways(blocks []block, seed int) []variant {
	r := rand.New(rand.NewPCG(uint64(seed), 5))
	list := append(slices.Clone(variants), variant{
		name: fmt.Sprintf("random combination, seed %d", seed), batch: []int{1, 2, 3, 7, 4096}[r.IntN(5)],
		parts: r.IntN(2) == 0, commit: r.IntN(3), log: forgetful, restart: r.IntN(2) == 0, late: r.IntN(2) == 0, chaos: r.IntN(2) == 0,
		aborts: 2 * r.IntN(3),
	})
	if seed%8 == 0 {
		list = append(list, variant{name: "disk", batch: 4096, log: onDisk, restart: true})
	}
	keeps := has(blocks, "restart") || has(blocks, "crash")
	cut := has(blocks, "crash")
	pushes := has(blocks, "push") // the first rows of all partitions: without an order these are any
	one := slices.ContainsFunc(blocks, func(b block) bool { return b.word == "set" && strings.Contains(b.input, "partitions = 1") })
	if slices.ContainsFunc(blocks, func(b block) bool { return showsOffsets.MatchString(b.input) }) {
		for i := range list {
			list[i].holes = 0
		}
	}
	list = slices.DeleteFunc(list, func(v variant) bool {
		return pushes && v.parts && v.chaos || keeps && v.log == inMemory || cut && v.log != forgetful || one && v.parts
	})
	if *most > 0 {
		list = list[:min(*most, len(list))]
	}
	return list
}

var showsOffsets = regexp.MustCompile(`(?i)rowoffset|->offset`)

func has(blocks []block, word string) bool {
	return slices.ContainsFunc(blocks, func(b block) bool { return b.word == word })
}

func readScript(file string) (blocks []block, tail []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, err
	}
	var comment []string
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		if l == "" || strings.HasPrefix(l, "#") {
			comment = append(comment, l)
			continue
		}
		words := strings.Fields(l)
		b := block{comment: comment, word: words[0], args: words[1:]}
		comment = nil
		into := &b.input
		for i++; i < len(lines) && (into == &b.input || lines[i] != ""); i++ {
			if lines[i] == "----" && into == &b.input {
				into = &b.want
				continue
			}
			*into += lines[i] + "\n"
		}
		if into == &b.input && i >= len(lines) && !strings.Contains(string(text), "----") {
			return nil, nil, fmt.Errorf("%s: %s has no ---- line", file, b.word)
		}
		comment = append(comment, "")
		blocks = append(blocks, b)
	}
	return blocks, comment, nil
}

func printScript(blocks []block, tail []string) string {
	var b strings.Builder
	for _, x := range blocks {
		for _, c := range x.comment {
			b.WriteString(c + "\n")
		}
		b.WriteString(strings.Join(append([]string{x.word}, x.args...), " ") + "\n" + x.input + "----\n" + x.want)
	}
	for _, c := range tail[1:] {
		b.WriteString("\n" + c)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// runScript runs a script one way; rewriting, it keeps the answers.
func runScript(t *testing.T, v variant, blocks []block, rewriting bool, seed uint64, aborts *scriptFaults) bool {
	r := newRig(t, v, seed)
	defer func() {
		r.close()
		aborts.add(r.faults)
	}()
	same := true
	for i := range blocks {
		b := &blocks[i]
		got := r.run(b)
		if rewriting {
			b.want = got
			continue
		}
		want := b.want
		switch {
		case v.parts || v.chaos:
			got, want = unordered(b.word, got), unordered(b.word, want)
		case strings.Contains(b.input, "KSQL_PROCESSING_LOG"): // has no order between operators
			got, want = unordered("pull", got), unordered("pull", want)
		}
		if got != want {
			t.Errorf("%s %s\n%swant\n%sgot\n%s", b.word, strings.Join(b.args, " "), b.input, want, got)
			same = false
		}
		if v.restart && same {
			r.reopen(false)
			if s := r.sync(context.Background()); s != "" {
				t.Error(s)
			}
		}
		if !same {
			return false
		}
	}
	if failed := r.e.Failed(); len(failed) > 0 && !has(blocks, "failed") {
		t.Errorf("queries have failed: %v", failed)
		return false
	}
	return same
}

// unordered brings the rows of an answer into an order that does not depend on partitions: those of one key
// keep theirs.
func unordered(word, text string) string {
	lines := strings.SplitAfter(text, "\n")
	switch word {
	case "topic":
		slices.SortStableFunc(lines, func(a, b string) int { return strings.Compare(keyOf(a), keyOf(b)) })
	case "pull", "push":
		if len(lines) > 1 {
			slices.Sort(lines[1:])
		}
	}
	return strings.Join(lines, "")
}

func keyOf(line string) string {
	_, rest, _ := strings.Cut(line, " ")
	key, _, _ := strings.Cut(rest, " | ")
	return key
}

// run carries out one block.
func (r *rig) run(b *block) string {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	switch b.word {
	case "exec":
		return r.exec(ctx, b.input)
	case "fail":
		return r.fail(ctx, b.input)
	case "append":
		if err := r.append(ctx, b.args[0], b.input); err != nil {
			return "error: " + err.Error() + "\n"
		}
		return r.sync(ctx)
	case "topic":
		return r.topic(ctx, b.args[0])
	case "pull":
		return r.query(ctx, b.input, -1)
	case "push":
		limit := -1
		if len(b.args) > 0 {
			if _, err := fmt.Sscanf(b.args[0], "limit=%d", &limit); err != nil {
				return "error: " + err.Error() + "\n"
			}
		}
		return r.query(ctx, b.input, limit)
	case "plan":
		return r.plan(b.input)
	case "failed":
		var out []string
		for id, err := range r.e.Failed() {
			out = append(out, oneLine(id+": "+err.Error()))
		}
		slices.Sort(out)
		return strings.Join(out, "")
	case "restart":
		r.reopen(false)
		return r.sync(ctx)
	case "crash":
		r.reopen(true)
		return r.sync(ctx)
	case "set":
		return r.set(b.input)
	}
	return "error: no such word\n"
}

func (r *rig) sync(ctx context.Context) string {
	if err := r.e.Sync(ctx); err != nil {
		return "error: sync: " + err.Error() + "\n"
	}
	return ""
}

// exec runs statements in one call. Where partitions have no order among them INSERT VALUES run one by one.
func (r *rig) exec(ctx context.Context, text string) string {
	texts := []string{text}
	if list, err := sql.Parse(text, nil); err == nil && r.v.parts {
		inserts := !slices.ContainsFunc(list, func(p sql.Parsed) bool { _, ok := p.Statement.(*sql.InsertValues); return !ok })
		if inserts {
			texts = nil
			for _, p := range list {
				texts = append(texts, p.Text)
			}
		}
	}
	var out strings.Builder
	for _, text := range texts {
		results, err := r.e.Execute(ctx, text, r.session()...)
		for _, res := range results {
			out.WriteString(resultText(res))
		}
		if err != nil {
			out.WriteString("error: " + oneLine(err.Error()))
		}
		out.WriteString(r.sync(ctx))
	}
	return out.String()
}

func resultText(res ksql.Result) string {
	c, ok := res.(*stmt.Command)
	switch {
	case !ok:
		return otherText(res)
	case c.Warning != "":
		return "warning: " + oneLine(c.Warning)
	}
	return oneLine(c.Message)
}

// oneLine keeps an answer's lines together: an empty line would end the block.
func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "⏎") + "\n" }

func (r *rig) fail(ctx context.Context, text string) string {
	var err error
	list, perr := sql.Parse(text, nil)
	if perr == nil && len(list) == 1 {
		switch list[0].Statement.(type) {
		case *sql.Select, *sql.Print:
			var rows *ksql.Rows
			if rows, err = r.e.Query(ctx, strings.TrimSpace(text), r.session()...); err == nil {
				rows.Close()
			}
			return failure(err)
		}
	}
	_, err = r.e.Execute(ctx, text, r.session()...)
	return failure(err)
}

// failure is the kind, the place (of a syntax error) and the message of an error.
func failure(err error) string {
	var e *ksql.Error
	if err == nil {
		return "no error\n"
	}
	if !errors.As(err, &e) {
		return "error of another kind: " + oneLine(err.Error())
	}
	kind := [...]string{"internal", "parse", "statement", "runtime", "closed"}[e.Kind]
	var parse *sql.Error
	if errors.As(err, &parse) {
		return fmt.Sprintf("%s %d:%d: %s", kind, parse.Line, parse.Col, oneLine(parse.Msg))
	}
	var statement *plan.Error
	if errors.As(err, &statement) {
		return kind + ": " + oneLine(statement.Msg)
	}
	return kind + ": " + oneLine(err.Error())
}

// query prints a query's rows: all, or the first limit. What Rows gives must be what Rows.Batches gives.
func (r *rig) query(ctx context.Context, text string, limit int) string {
	rows, err := r.e.Query(ctx, strings.TrimSpace(text), r.session()...)
	if err != nil {
		return "error: " + oneLine(err.Error())
	}
	defer rows.Close()
	var out strings.Builder
	var names []string
	for _, c := range rows.Schema() {
		names = append(names, c.Name)
	}
	out.WriteString(strings.Join(names, " | ") + "\n")
	n := 0
	for (limit < 0 || n < limit) && rows.Next() {
		n++
		var cells []string
		for i, v := range rows.Row() {
			cells = append(cells, valueText(v, rows.Schema()[i].Type))
		}
		out.WriteString(strings.Join(cells, " | "))
		if rows.Tombstone() {
			out.WriteString(" (gone)")
		}
		out.WriteString("\n")
	}
	if err := rows.Err(); err != nil {
		out.WriteString("error: " + oneLine(err.Error()))
	}
	if limit < 0 {
		if m := r.arrowRows(ctx, text); m != n {
			fmt.Fprintf(&out, "error: %d rows, but %d in Arrow batches\n", n, m)
		}
	}
	return out.String()
}

func (r *rig) arrowRows(ctx context.Context, text string) int {
	rows, err := r.e.Query(ctx, strings.TrimSpace(text), r.session()...)
	if err != nil {
		return -1
	}
	defer rows.Close()
	n := 0
	for rec, err := range rows.Batches() {
		if err != nil {
			return -1
		}
		n += int(rec.NumRows())
		rec.Release()
	}
	return n
}

func (r *rig) plan(text string) string {
	text = strings.TrimSpace(text)
	cat := r.e.Catalog()
	if q := cat.Query(text); q != nil {
		return plan.Explain(q)
	}
	if _, err := sql.Parse(text, nil); err != nil {
		return "error: " + oneLine(err.Error())
	}
	var args []any
	for name, value := range r.props {
		args = append(args, ksql.Property(name, value))
	}
	out, err := r.e.Execute(context.Background(), "EXPLAIN "+strings.TrimSuffix(text, ";")+";", args...)
	if err != nil {
		return "error: " + oneLine(err.Error())
	}
	return out[0].(*stmt.Explained).Query.Plan
}
