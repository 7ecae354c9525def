package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// Case is one test of the corpus: some statements, what goes in, and what must come out.
type Case struct {
	ID, Kind, File, Name, FullName string // Kind: qtt, rest, sql or runner
	Statements                     []string
	Steps                          []Step // sql
	Properties                     map[string]any
	Topics                         []Topic
	Inputs, Outputs                []Record
	Post                           *Post
	ExpectedException              *Exception                   // qtt, sql
	ExpectedError                  *HTTPError                   // rest
	Responses                      []map[string]json.RawMessage // rest: one member: admin, query or queryProto
	InputConditions                *struct{ WaitForActivePushQuery bool }
	OutputConditions               *struct{ VerifyOrder bool }
	TestPullWithProtoFormat        bool
	ExpectToolFailure              *struct{ Stage, About string } // runner
	NotRunByJava                   bool
	Requires, Formats              []string
	Rung                           int
}

// Step is one statement of a script.
type Step struct {
	Op, SQL    string
	FromScript bool
}

// Topic is a topic that exists before the statements run.
type Topic struct {
	Name                   string
	Partitions             int
	KeyFormat, ValueFormat string
	KeySchema, ValueSchema json.RawMessage
}

// Record is a row that goes in or must come out.
type Record struct {
	Topic      string
	Key, Value json.RawMessage // an absent key is a null key
	Timestamp  *int64          // ms
	Window     *RecordWindow
	Headers    []RecordHeader
}

// RecordWindow is the window of a record's key; Type is time or session.
type RecordWindow struct {
	Start, End int64
	Type       string
}

// RecordHeader is a header of a record; the value is base64, or null.
type RecordHeader struct {
	Key   string  `json:"KEY"`
	Value *string `json:"VALUE"`
}

// Post is what must exist after the statements ran.
type Post struct {
	Sources []PostSource
	Topics  *struct {
		Blacklist string
		Topics    []PostTopic
	}
}

// PostSource is a stream or table that must exist.
type PostSource struct {
	Name, Type, Schema string
	KeyFormat          *struct {
		Format, WindowType string
		WindowSize         *int64 // ms
	}
	ValueFormat                string
	KeyFeatures, ValueFeatures *[]string
	IsSource                   *bool
}

// PostTopic is a topic that must exist.
type PostTopic struct {
	Name                       string
	KeyFormat, ValueFormat     FormatInfo
	Partitions                 *int
	KeySchemaID, ValueSchemaID *int
	KeySchema, ValueSchema     json.RawMessage
}

// FormatInfo is how one side of a topic is written.
type FormatInfo struct {
	Format     string
	Properties map[string]string
	Features   []string
	WindowInfo *struct {
		Type         string
		Size         json.RawMessage // seconds
		EmitStrategy string
	}
}

// Exception is the Java exception that ksqlDB throws.
type Exception struct{ Type, Message, Cause, CauseMessage string }

// HTTPError is the error that ksqlDB's server answers with.
type HTTPError struct {
	Type, Message string
	Status        int
}

// notCases are files of the corpus that hold no cases.
var notCases = map[string]bool{"MANIFEST.json": true, "summary.json": true}

// load reads every case below dir, in order of file and place.
func load(dir string) ([]*Case, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".json" && !notCases[d.Name()] {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	sort.Strings(files)
	var cases []*Case
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var file struct{ Tests []*Case }
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&file); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		cases = append(cases, file.Tests...)
	}
	return cases, nil
}

// requires reports whether the case names something that a plain engine may lack.
func (c *Case) requires(what string) bool {
	for _, r := range c.Requires {
		if r == what {
			return true
		}
	}
	return false
}

// properties are the case's session properties as text.
func (c *Case) properties() map[string]string {
	out := map[string]string{}
	for k, v := range c.Properties {
		out[k] = fmt.Sprint(v)
	}
	return out
}
