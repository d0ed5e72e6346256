# Every tool runs on the Node that package-lock.json pins for Linux and for macOS on arm64, elsewhere on that of the machine.
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help install install-contract install-bench install-system install-corpus dev mock start package mcpb pictures sbom openapi format check contract contract-mutants contract-live unit test test-system stress soak bench bench-quick profile corpus

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

dev: install ## Start a mock of Cal.com, REST on :8080 and MCP on :9090
	@exec node scripts/dev.ts

mock: install ## Start the mock of Cal.com alone, on :4010
	@MOCK=$${MOCK:-prism} exec node bin/calgate.js mock

start: install ## Start the gateway alone, configured by the environment
	@NODE_COMPILE_CACHE=node_modules/.cache/compile exec node bin/calgate.js start

package: install ## Build the npm package, calgate-VERSION.tgz
	@npm run --silent package

pictures: install ## Draw the flow, and take pictures of both pages and of make dev
	@scripts/install-programs chromium
	@node scripts/pictures.ts

sbom: install ## Write calgate.cdx.json, a list of the production packages as CycloneDX
	@node scripts/sbom.ts

mcpb: install ## Build calgate.mcpb, the bundle for Claude Desktop
	@npm run --silent mcpb

openapi: install ## Derive openapi/openapi.json and its types from the capability and the overlay
	@npm run --silent openapi

format: install ## Format the code and fix what can be fixed automatically
	@npm run --silent format

check: install ## Check types, style, the derived files and the document, without running anything
	@npm run --silent check

contract: install install-contract ## Check the contract on both servers
	@npm run --silent contract

contract-mutants: install ## Count which planted defects the contract notices
	@npm run --silent contract:mutants

contract-live: install ## Check a real Cal.com against the contract, reads only unless ALLOW_WRITES=1
	@npm run --silent contract:live

unit: install ## Run the unit tests, which start no program
	@npm run --silent unit

test: install install-contract ## Run the checks, the contract and every test that needs only Node
	@npm run --silent test

test-system: install install-system ## Run the tests that need npm, Chromium, nginx, Prometheus, Redis or zsh
	@npm run --silent test:system

stress: install ## Load and attack the gateway for some minutes and write docs/reliability.md
	@scripts/install-programs redis-server
	@npm run --silent stress

soak: install ## Serve 20 minutes with Redis, reloads and telemetry, and write the growth of memory
	@scripts/install-programs redis-server
	@npm run --silent soak

bench: install install-bench ## Measure the gateway beside other proxies and write docs/performance.md
	@npm run --silent bench

bench-quick: install install-bench ## Measure the same in less than three minutes, and only print it
	@npm run --silent bench -- --quick

profile: install install-bench ## Print the CPU time of the gateway by function
	@npm run --silent profile

corpus: install install-corpus ## Load published OpenAPI documents, call a part of their operations and write docs/compatibility.md
	@npm run --silent corpus

# Installs a folder only when its lock file has changed, so that later runs need no network. npm 10 removes
# node_modules/.bin/node when it skips the Node of another platform; rebuild links it again.
define install
	@cd $(1) && { cmp -s package-lock.json node_modules/.installed-lock.json || { \
	  echo "Installing $(2)" && npm ci && npm rebuild >/dev/null && \
	  cp package-lock.json node_modules/.installed-lock.json; }; }
endef

install:
	$(call install,.,what package-lock.json pins)

install-contract:
	$(call install,contracts/dredd,Dredd)

install-system:
	$(call install,test/system,what the system tests need of npm)
	@scripts/install-programs chromium nginx prometheus redis-server zsh

install-bench:
	$(call install,bench,what the gateway is measured against)

install-corpus:
	$(call install,corpus,published OpenAPI documents)
