package main

import (
	"net/http"

	"github.com/ksqlgo/ksql"
)

// serve is the engine's HTTP API.
func serve(*ksql.Engine) (http.Handler, error) { return nil, missing{"the HTTP API"} }
