package sql

import (
	"fmt"
	"reflect"
	"strings"
)

// dump writes a tree with all its fields except positions and texts as written, so that equal dumps mean equal
// trees.
func dump(v any) string {
	var b strings.Builder
	dumpValue(&b, reflect.ValueOf(v))
	return b.String()
}

func dumpValue(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			b.WriteString("nil")
			return
		}
		dumpValue(b, v.Elem())
	case reflect.Struct:
		b.WriteString(v.Type().Name() + "{")
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type == reflect.TypeFor[At]() || v.Type() == reflect.TypeFor[Explain]() && f.Name == "Text" {
				continue
			}
			b.WriteString(f.Name + ":")
			dumpValue(b, v.Field(i))
			b.WriteByte(' ')
		}
		b.WriteByte('}')
	case reflect.Slice:
		b.WriteByte('[')
		for i := range v.Len() {
			dumpValue(b, v.Index(i))
			b.WriteByte(' ')
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%#v", v.Interface())
	}
}

// parseExpr reads one expression.
func parseExpr(text string) (Expr, error) {
	return one(text, func(p *parser) Expr {
		l := p.lower()
		l.emit(symDo, 0)
		l.expr()
		p.end()
		return l.raiseExpr()
	})
}

// parseType reads one type.
func parseType(text string) (Type, error) {
	return one(text, func(p *parser) Type {
		t := p.typeName()
		p.end()
		return t
	})
}
