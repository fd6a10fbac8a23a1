# The front door. Each target does its own set-up; `make help` lists them.
SHELL = /bin/sh
CARGO ?= cargo
# Varnish gives up root rights and must still be able to enter.
DIR ?= $(if $(filter 0,$(shell id -u)),/var/tmp/supkit-demo,target/demo)
PROFILE ?= release

.DEFAULT_GOAL := help
.PHONY: help demo test unit lint bench fmt build tools clean-demo

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r target says; do \
	  printf '  make %-12s %s\n' "$$target" "$$says"; done

demo: target/tools/.stamp ## DIR=somewhere: build and run a small real Zope, ZEO and Varnish there
	CARGO='$(CARGO)' PROFILE='$(PROFILE)' scripts/demo '$(DIR)'

test: lint ## lint, then all tests, the real deployment included
	scripts/test

unit: ## the tests that need neither the original programs nor root: a minute
	scripts/test --unit

lint: target/tools/.stamp ## formatting, clippy with warnings denied, licences and banned crates
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(CARGO) deny --locked check bans licenses sources

bench: target/tools/.stamp ## speed and memory beside Supervisor 4.3.0, as ratios
	$(CARGO) bench --locked --bench side_by_side

fmt: ## format the code
	$(CARGO) fmt

build: ## the program: target/release/supkit
	$(CARGO) build --locked --release

tools: target/tools/.stamp ## what the targets need: Debian packages, cargo-deny, the Python originals

target/tools/.stamp: scripts/tools scripts/oracle.txt
	CARGO='$(CARGO)' scripts/tools
	@touch $@

clean-demo: ## DIR=somewhere: stop the demo there and delete it
	scripts/demo --clean '$(DIR)'
