# What can be done with Millrace. `make demo` needs nothing but Go and shows it at
# work; `make test` installs what it lacks (as root, on Debian and its kin).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 60s
BENCH    ?= ./...

# The version comes from git describe, above; a checkout that Go's own stamping
# cannot read (another owner's, as in containers) must build all the same.
export GOFLAGS := $(GOFLAGS) -buildvcs=false
# A node of our own (.ci/prepare) comes first where the machine's is too old.
export PATH := $(CURDIR)/.cache/node/node_modules/node/bin:$(PATH)
# The browser is the machine's; Playwright must not fetch one of its own.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1

GOLANGCI := .cache/bin/golangci-lint

.PHONY: help demo run cluster build generate generated test test-go test-e2e test-web bench bench-go fuzz lint format clip prepare clean

help: ## say what there is
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: build ## run the gateway and a demo stream to watch
	./bin/millrace demo

run: build ## run the gateway
	./bin/millrace

cluster: build ## run three nodes on loopback addresses: origin, relay and edge
	deploy/try-cluster bin/millrace

build: ## make bin/millrace, one static binary
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.buildVersion=$(VERSION)' -o bin/millrace ./cmd/millrace

test: prepare build test-go test-e2e test-web ## install what is missing, then run every test

test-go: ## unit and room tests, with the race detector
	CGO_ENABLED=1 .ci/again -race -timeout 25m $$(go list ./... | grep -v '/cmd/millrace/e2e')

# On their own, and without the race detector: they measure latency.
test-e2e: ## the real binary, ffmpeg in, an independent client out
	.ci/again -timeout 25m -parallel 4 ./cmd/millrace/e2e/...

test-web: web/node_modules/.package-lock.json build ## the pages: types, unit tests, and a real browser
	cd web && npm run typecheck && npm test && npm run check-dist && npm run e2e
	cd web && npx playwright test -c live-e2e

BENCH_CLIP := cmd/millrace/e2e/testdata/zerolatency.flv
BENCH_DIR  := .cache/bench
CROWDS     := 1 50 100 200 300 500

bench: build ## the figures of docs/performance.md and its charts; wants an idle machine
	mkdir -p $(BENCH_DIR)
	./bin/millrace bench floor
	./bin/millrace bench latency --clip $(BENCH_CLIP)
	for n in $(CROWDS); do ./bin/millrace bench fanout --clip $(BENCH_CLIP) --ramp 100 --viewers $$n --json $(BENCH_DIR)/fanout-$$n.json; done
	./bin/millrace bench fanout --clip $(BENCH_CLIP) --ramp 100 --viewers 200 --plain
	./bin/millrace bench join --clip $(BENCH_CLIP) --joins 200 --json $(BENCH_DIR)/join.json
	./bin/millrace bench join --clip $(BENCH_CLIP) --viewers 300 --joins 1000 --rate 100
	./bin/millrace bench chart $(BENCH_DIR)/*.json --out $(BENCH_DIR)/charts.svg

bench-go: ## Go's benchmarks; BENCH=./transmux/bus for one package
	go test -run '^$$' -bench . -benchmem $(BENCH)

fuzz: ## every fuzz target for FUZZTIME (60s)
	.ci/fuzz $(FUZZTIME)

generate: ## make of api/openapi.yaml what is made of it: the server, the tests' client, the page
	cd api && go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
	cd api/apitest && go tool -modfile=../../tools/go.mod oapi-codegen -config oapi-codegen.yaml ../openapi.yaml
	cd tools && go run ./reference ../api/openapi.yaml ../api/reference.gen.html

generated: generate ## fail where what is generated is not what is committed
	@git diff --exit-code --stat -- 'api/*.gen.*' || { echo 'run make generate, and commit what comes of it' >&2; exit 1; }

lint: $(GOLANGCI) web/node_modules/.package-lock.json generated ## linters, formatting, types
	go vet ./...
	go vet -tags noaac ./...
	$(GOLANGCI) run
	cd web && npm run typecheck

format: $(GOLANGCI) ## put the Go files into gofumpt's form
	$(GOLANGCI) fmt

clip: ## draw the demo's clip anew (needs ffmpeg and the DejaVu fonts)
	cmd/millrace/demo/make-clip.sh

prepare: ## install what the tests need
	.ci/prepare

clean: ## remove what was built
	rm -rf bin .cache web/node_modules web/test-results web/playwright-report

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

# Built once: it takes minutes.
$(GOLANGCI): tools/go.mod tools/go.sum
	cd tools && go build -o ../.cache/bin/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint mvdan.cc/gofumpt
	touch $(GOLANGCI)
