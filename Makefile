# The targets call what is in scripts/, which can as well be run by itself.

TIME ?= 600

.DEFAULT_GOAL := help
.PHONY: help run console test bench fmt lint advisories fuzz sheets

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start a demo server; more flags with ARGS="…"
	scripts/console || echo "The program is built without its console."
	cargo build --release --package tousu
	target/release/tousu serve --demo $(ARGS)

console: ## build the console, which cargo build then takes in
	scripts/console

test: ## install what is missing, then run every check and test
	scripts/test

lint: ## formatting, clippy, documentation, licences
	scripts/lint

advisories: ## look the dependencies up among the known vulnerabilities (fetches their list from GitHub)
	scripts/cargo-deny check advisories

fmt: ## format the code
	cargo fmt --all
	scripts/console fmt

bench: ## run the benchmarks
	scripts/console
	bench/run

sheets: ## open exports in LibreOffice and look at every cell (installs it: some 300 MB)
	tests/spreadsheets/run

fuzz: ## fuzz the decoding of requests and rows, TIME=600 seconds each
	fuzz/run $(TIME)
