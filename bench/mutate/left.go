package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// What no change is made in, and why. A change there is noticed by nobody, or by everybody.

// leftFiles are files that no product uses.
var leftFiles = map[string]string{
	"store/local/forgetful.go": "a disk for tests",
}

// leftFuncs are functions that are left out by their names.
var leftFuncs = map[string]string{
	"Error":    "the wording of a message",
	"String":   "the wording of a message",
	"GoString": "the wording of a message",
}

// leftCalls are calls whose arguments are left out, and which are not dropped.
var leftCalls = map[string]string{
	"panic":       "says that it cannot be",
	"errors.New":  "the wording of a message",
	"fmt.Errorf":  "the wording of a message",
	"errorf":      "the wording of a message",
	"baref":       "the wording of a message",
	"unprepared":  "the wording of a message",
	"slices.Grow": "room, which costs or saves time only",
}

// leftDrops are methods and functions whose calls are not dropped: without them a program hangs, leaks, or says
// less in its log.
var leftDrops = map[string]string{
	"Lock": "hangs or stops at once", "Unlock": "hangs", "RLock": "hangs or stops at once", "RUnlock": "hangs",
	"Wait": "hangs", "Done": "hangs", "Signal": "hangs", "Broadcast": "hangs", "Go": "hangs", "close": "hangs",
	"Close": "leaks", "Stop": "leaks", "cancel": "leaks",
	"Debug": "log", "Info": "log", "Warn": "log", "Log": "log", "Logf": "log", "Printf": "log",
}

// largestConstant is the largest constant that is taken for a number of the thing itself. Larger ones are sizes and
// limits that were chosen.
const largestConstant = 16

// called is the text of a function's name: f, x.f for a function of a package, f for a method.
func called(fun ast.Expr) (full, last string) {
	switch x := fun.(type) {
	case *ast.Ident:
		return x.Name, x.Name
	case *ast.SelectorExpr:
		if p, ok := x.X.(*ast.Ident); ok {
			return p.Name + "." + x.Sel.Name, x.Sel.Name
		}
		return x.Sel.Name, x.Sel.Name
	}
	return "", ""
}

// aboutError reports whether x only asks if there was an error: a change there is noticed by everybody (all stops)
// or needs a fault of the disk.
func aboutError(x ast.Expr) bool {
	b, ok := ast.Unparen(x).(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL && b.Op != token.NEQ {
		return false
	}
	return isNil(b.Y) && mentionsError(b.X) || isNil(b.X) && mentionsError(b.Y)
}

func isNil(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "nil"
}

// mentionsError reports whether an error is named in n, or made.
func mentionsError(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			full, _ := called(c.Fun)
			found = found || strings.HasSuffix(leftCalls[full], "message")
		}
		if id, ok := n.(*ast.Ident); ok {
			low := strings.ToLower(id.Name)
			found = found || strings.HasPrefix(low, "err") || strings.HasSuffix(low, "err")
		}
		return !found
	})
	return found
}
