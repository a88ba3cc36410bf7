# The targets call what is in scripts/, which can as well be run by itself.

TIME ?= 600

.DEFAULT_GOAL := help
.PHONY: help run test bench fmt lint advisories fuzz sheets

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start a demo server; more flags with ARGS="…"
	cargo build --release --package tousu
	target/release/tousu serve --demo $(ARGS)

test: ## install what is missing, then run every check and test
	scripts/test

lint: ## formatting, clippy, documentation, licences
	scripts/lint

advisories: ## look the dependencies up among the known vulnerabilities (fetches their list from GitHub)
	scripts/cargo-deny check advisories

fmt: ## format the Rust code
	cargo fmt --all

bench: ## run the benchmarks
	bench/run

sheets: ## open exports in LibreOffice and look at every cell (installs it: some 300 MB)
	tests/spreadsheets/run

fuzz: ## fuzz the decoding of requests and rows, TIME=600 seconds each
	fuzz/run $(TIME)
