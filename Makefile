# The index of everything a person does here. `make` alone prints it.
#
# Everything is built with one profile and with the whole workspace selected, so that the engine, the long part of a clean build, is
# compiled once.

CARGO := cargo
WORKSPACE := --release --workspace
PROGRAM := target/release/oomnitza-connector
FUZZ := ini

.DEFAULT_GOAL := help
.PHONY: help setup guests build demo test test-servers test-windows fuzz deny lint format bench ci clean

help: ## print this index
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building and testing need (Debian; as root, else says what is missing)
	@tests/setup.sh

guests: setup ## build every component to target/components
	@guests/build.sh

build: guests ## build the program with the connectors inside: target/release/oomnitza-connector
	@$(CARGO) build --quiet $(WORKSPACE) --bin precompile
	@target/release/precompile target/components
	@$(CARGO) build --quiet $(WORKSPACE) --bin oomnitza-connector
	@echo "built $(PROGRAM)"

demo: build ## the main job without any account: sample sources, a stand-in Oomnitza, a real upload
	@$(PROGRAM) demo

test: build ## run every test; starts the servers it needs, on loopback
	@$(CARGO) test $(WORKSPACE)

test-servers: build ## run the tests against servers of others, from npm and crates.io (VENDOR_SPECIFICATIONS=DIR adds Jamf's and Zendesk's)
	@tests/servers/run.sh

test-windows: build ## build for Windows and run the program under Wine; not part of CI: it builds the engine a second time
	@tests/windows.sh

fuzz: ## look for a file that breaks a promise, until it is stopped (FUZZ=ini or json); needs `cargo install cargo-fuzz` and a nightly Rust
	@$(CARGO) +nightly fuzz run $(FUZZ) $(if $(filter ini,$(FUZZ)),tests/ini/corpus)

deny: ## licences, sources and advisories of what is depended on; needs `cargo install cargo-deny`
	@$(CARGO) deny check

lint: build ## format and clippy
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --quiet $(WORKSPACE) --all-targets -- -D warnings

format: ## put the code into its form
	@$(CARGO) fmt --all

bench: build ## measure start, throughput, memory; ratios against the same pipeline written natively
	@$(CARGO) build --quiet $(WORKSPACE) --bins
	@target/release/bench

ci: ## what continuous integration runs
	@.ci/run

clean: ## remove everything that was built
	@$(CARGO) clean
