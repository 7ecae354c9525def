package main

import (
	"net/http"

	"github.com/ksqlgo/ksql"
	"github.com/ksqlgo/ksql/httpapi"
)

// serve is the engine's HTTP API.
func serve(e *ksql.Engine) (http.Handler, error) { return httpapi.New(e), nil }
