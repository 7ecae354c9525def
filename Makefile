# Every target works on a fresh clone with only Go installed.
.PHONY: help test race lint fuzz bench conformance crash rewrite ci

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

test: ## all tests
	go test ./...

race: ## tests of the packages where goroutines meet, under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race ./exec/... ./httpapi/... ./store/... ./sql . ./bench/bed

lint: ## gofmt, vet, staticcheck
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 -checks inherit,-ST1005 ./...

fuzz: ## a minute of fuzzing of the parser
	go test -run '^$$' -fuzz FuzzParse -fuzztime 60s ./sql

bench: ## rows a second, end to end
	go run ./bench/nexmark

conformance: ## ksqlDB's own cases; CORPUS names their folder
	go run ./bench/conformance -corpus $(or $(CORPUS),../shared/conformance/open)

crash: ## kill and reopen, 200 times
	KSQL_CRASH_CYCLES=200 go test -count=1 -run Crash ./bench/bed

rewrite: ## write the actual answers into the script tests
	go test ./bench/bed -run TestScripts -rewrite

ci: ## what runs on every submission
	.ci/run
