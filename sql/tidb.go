package sql

import (
	"errors"
	"fmt"
	"io"
	"sync"

	tidb "github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// mysqlParser is a TiDB parser with its buffers; one goroutine at a time may use it.
type mysqlParser struct {
	p      *tidb.Parser
	buf    []byte
	starts []int
}

// keepBuffer bounds what goes back to the pool: a parser's own stack holds on to the last tree.
const keepBuffer = 64 << 10

var mysqlParsers = sync.Pool{New: func() any {
	p := tidb.New()
	p.SetSQLMode(mysql.ModeNone)
	p.EnableWindowFunc(false)
	return &mysqlParser{p: p}
}}

// parse has TiDB build the tree of what was lowered and hands it to f, which must keep nothing of it.
func (l *lowering) parse(f func(*raiser, ast.StmtNode)) {
	w := mysqlParsers.Get().(*mysqlParser)
	w.buf, w.starts = l.render(w.buf[:0], w.starts[:0])
	stmts, _, err := w.p.ParseSQL(string(w.buf))
	if err != nil || len(stmts) != 1 {
		l.internal(err)
	}
	f(&raiser{lowering: l, starts: w.starts}, stmts[0])
	if len(w.buf) <= keepBuffer {
		mysqlParsers.Put(w)
	}
}

// internal reports that TiDB refused what the lowering pass had accepted, which is a fault of this package,
// at the place TiDB names: its line is the number of the lowered token.
func (l *lowering) internal(err error) {
	n := 1
	if err != nil {
		if _, scan := fmt.Sscanf(err.Error(), "line %d", &n); scan != nil || n < 1 || n > len(l.out) {
			n = 1
		}
	}
	l.broken(int(l.out[n-1].src))
}

// marker is the only value node that lowered text can produce.
type marker struct{ ast.TexprNode }

func (*marker) Restore(*format.RestoreCtx) error { return nil }
func (m *marker) Accept(v ast.Visitor) (ast.Node, bool) {
	n, _ := v.Enter(m)
	return v.Leave(n)
}
func (*marker) Format(io.Writer)         {}
func (*marker) SetValue(any)             {}
func (*marker) GetValue() any            { return nil }
func (*marker) GetDatumString() string   { return "" }
func (*marker) GetString() string        { return "" }
func (*marker) GetProjectionOffset() int { return -1 }
func (*marker) SetProjectionOffset(int)  {}
func (*marker) SetOrder(int)             {}

// TiDB's parser wants a driver for values in package variables. A program that links TiDB's own has it set
// before or after this; both work, for this package looks only at the positions of markers.
func init() {
	if ast.NewValueExpr != nil || ast.NewParamMarkerExpr != nil || ast.NewHexLiteral != nil || ast.NewBitLiteral != nil || ast.NewDecimal != nil {
		return
	}
	no := func(string) (any, error) { return nil, errors.New("literals are not passed to the MySQL grammar") }
	ast.NewValueExpr = func(any, string, string) ast.ValueExpr { return &marker{} }
	ast.NewParamMarkerExpr = func(int) ast.ParamMarkerExpr { return &marker{} }
	ast.NewDecimal, ast.NewHexLiteral, ast.NewBitLiteral = no, no, no
}
