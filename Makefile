# The front door. Each target does its own set-up; `make help` lists them.
SHELL = /bin/sh
CARGO ?= cargo
# Varnish gives up root rights and must still be able to enter.
demo clean-demo: DIR ?= $(if $(filter 0,$(shell id -u)),/var/tmp/supkit-demo,target/demo)
demo-plone: DIR ?= $(if $(filter 0,$(shell id -u)),/var/tmp/supkit-demo-plone,target/demo-plone)
PROFILE ?= quick
export CARGO PROFILE

.DEFAULT_GOAL := help
.PHONY: help demo demo-plone test unit lint docs bench fuzz soak miri fmt build dist try-packages tools bare clean-demo clean-tools

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while IFS="$$(printf '\t')" read -r target text; do \
	  printf '  make %-13s %s\n' "$$target" "$$text"; done

demo: ## DIR=somewhere: build and run a small real Zope, ZEO and Varnish there
	@scripts/need demo
	@scripts/demo '$(DIR)'

demo-plone: ## DIR=somewhere: build, run and check a real Plone with two instances (first ten minutes)
	@scripts/need demo
	@scripts/demo-plone '$(DIR)'

test: ## lint, then all tests, the real deployment included
	@scripts/need test
	@scripts/tools oracle deny recipes axe zope
	$(MAKE) lint
	scripts/test

unit: ## the tests that need neither the original programs nor root: a minute
	@scripts/need build
	scripts/test --unit

lint: ## formatting, clippy with warnings denied, licences and banned crates
	@scripts/need lint
	@scripts/tools deny
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	target/tools/bin/cargo-deny --locked check bans licenses sources

docs: ## the book: target/book/index.html
	@scripts/need build
	@scripts/tools mdbook
	target/tools/bin/mdbook build

bench: ## speed and memory beside Supervisor 4.3.0, s6 and runit; QUICK=1 in five minutes, ONLY=word: some figures
	@scripts/need bench
	@scripts/tools oracle
	$(CARGO) bench --locked --bench suite -- $(ONLY)

fuzz: ## each parser of outside bytes for ten minutes; SECONDS=60: for a minute
	@scripts/need fuzz
	scripts/fuzz $(or $(SECONDS),600)

soak: ## random actions against the real daemon for an hour; SECONDS=60: for a minute, SEED=7: the same again
	@scripts/need build
	scripts/soak $(or $(SECONDS),3600) $(SEED)

miri: ## the tests of src/os that Miri can run; needs a nightly Rust with Miri
	@scripts/need fuzz
	scripts/miri

fmt: ## format the code
	@scripts/need fmt
	$(CARGO) fmt

build: ## the program: target/release/supkit
	@scripts/need build
	$(CARGO) build --locked --release

dist: PROFILE = release
dist: ## packages in target/dist: a static program, a wheel, a Debian package, a crate
	@scripts/need dist
	@scripts/dist

try-packages: PROFILE = dev
try-packages: ## as root: make the packages and install each of them in a new Debian 12
	@scripts/need try-packages
	@scripts/try-packages

tools: ## what the tests need beside Debian packages: cargo-deny, the Python originals
	@scripts/need tools
	@scripts/tools oracle deny recipes axe zope

bare: ## as root: try `make demo` in a new Debian 12 that has nothing but git and make
	@scripts/bare

clean-demo: ## DIR=somewhere: stop the demo or the Plone there and delete it
	@scripts/demo --clean '$(DIR)'

clean-tools: ## delete what the targets have made for themselves
	rm -rf target/tools
