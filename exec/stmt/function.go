package stmt

import (
	"strings"

	"github.com/ksqlgo/ksql/exec"
	"github.com/ksqlgo/ksql/sql"
	"github.com/ksqlgo/ksql/sql/fn"
)

// FunctionName is one line of SHOW FUNCTIONS.
type FunctionName struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // SCALAR, AGGREGATE or TABLE
	Category string `json:"category"`
}

// Functions is the answer to SHOW FUNCTIONS.
type Functions struct {
	Head
	Functions []FunctionName `json:"functions"`
	Tail
}

func functionType(f *fn.Func) string {
	if len(f.Variants) > 0 && f.Variants[0].Agg != nil {
		return "AGGREGATE"
	}
	if len(f.Variants) > 0 && f.Variants[0].Rows != nil {
		return "TABLE"
	}
	return "SCALAR"
}

func showFunctions(e *exec.Engine, text string) Result {
	out := &Functions{Head{"function_names", text}, []FunctionName{}, tail()}
	for _, f := range e.Functions().All() {
		out.Functions = append(out.Functions, FunctionName{f.Name, functionType(f), f.Category})
	}
	return out
}

// FunctionDescription is the answer to DESCRIBE FUNCTION.
type FunctionDescription struct {
	Head
	Name      string              `json:"name"`
	Doc       string              `json:"description"`
	Author    string              `json:"author"`
	Version   string              `json:"version"`
	Path      string              `json:"path"`
	Functions []FunctionSignature `json:"functions"`
	Type      string              `json:"type"`
	Tail
}

// FunctionSignature is one variant of a function. Types are SQL text.
type FunctionSignature struct {
	Arguments []ArgumentInfo `json:"arguments"`
	Returns   string         `json:"returnType"`
	Doc       string         `json:"description"`
	Types     []string       `json:"argumentTypes"`
}

// ArgumentInfo is one argument.
type ArgumentInfo struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Doc      string `json:"description"`
	Variadic bool   `json:"isVariadic"`
}

func describeFunction(e *exec.Engine, name, text string) Result {
	f, _ := e.Functions().Lookup(name)
	out := &FunctionDescription{
		Head: Head{"describe_function", text}, Name: f.Name, Doc: f.Doc, Author: f.Author, Path: "internal",
		Functions: []FunctionSignature{}, Type: functionType(f), Tail: tail(),
	}
	for i := range f.Variants {
		v := &f.Variants[i]
		s := FunctionSignature{Arguments: []ArgumentInfo{}, Types: []string{}, Returns: signatureType(v.Returns), Doc: v.Doc}
		for k, a := range v.Args {
			t := signatureType(a.Type)
			s.Arguments = append(s.Arguments, ArgumentInfo{a.Name, t, a.Doc, v.Variadic == k+1})
			s.Types = append(s.Types, t)
		}
		out.Functions = append(out.Functions, s)
	}
	return out
}

// signatureType is a type in ksqlDB's words for signatures: INT and VARCHAR, DECIMAL without its digits.
func signatureType(t sql.Type) string {
	switch t.Kind {
	case sql.Null:
		return "depends on the arguments"
	case sql.Integer:
		return "INT"
	case sql.String:
		return "VARCHAR"
	case sql.Decimal:
		if t.Precision == 0 {
			return "DECIMAL"
		}
	case sql.Array:
		return "ARRAY<" + signatureType(*t.Elem) + ">"
	case sql.Map:
		return "MAP<" + signatureType(*t.Key) + ", " + signatureType(*t.Elem) + ">"
	case sql.Struct:
		var parts []string
		for _, f := range t.Fields {
			parts = append(parts, f.Name+" "+signatureType(f.Type))
		}
		return "STRUCT<" + strings.Join(parts, ", ") + ">"
	case sql.Lambda:
		var parts []string
		for _, f := range t.Fields {
			parts = append(parts, signatureType(f.Type))
		}
		return "LAMBDA (" + strings.Join(parts, ", ") + ") => " + signatureType(*t.Elem)
	}
	return t.String()
}
