# The commands of this repository. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help run build web test fmt fmt-check lint lint-rust lint-template openapi test-rust test-web test-e2e test-fuzz test-aws simulate package bench bench-large bench-build tools test-tools clean

PROFILE ?= dev
TARGET := $(or $(CARGO_TARGET_DIR),target)
HOST := $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/m1autoposter
NEXTEST := cargo nextest run --workspace $(if $(CI),--profile ci)
# A new lock file makes a new environment; an old one never lingers half updated.
PYTHON_ENV := .cache/python-$(shell cksum < .ci/requirements.txt | cut -d' ' -f1)
AWS_ENV := .cache/aws-$(shell cksum < tests/aws/requirements.txt | cut -d' ' -f1)
FUZZ_ENV := .cache/schemathesis-$(shell cksum < tests/schemathesis/requirements.txt | cut -d' ' -f1)
WEB_SOURCES := $(shell find web -type f 2>/dev/null \
  -not -path 'web/node_modules/*' -not -path 'web/build/*' -not -path 'web/.svelte-kit/*' \
  -not -path 'web/test-results/*' -not -path 'web/e2e/*' -not -name '*.test.ts')
TEMPLATES := $(wildcard infra/*.yaml)
FUNCTIONS := $(notdir $(wildcard functions/*))
# What is built for deployment and for measuring, so that both share all libraries. The host is among it because its table
# is a library that can also be linked by C: where such a one takes part, cargo keeps object code of all that it uses,
# beside the bitcode that suffices for everything else, and those are other files.
BINARIES := m1autoposter $(FUNCTIONS)

# Binaries that start fast do not gather jitter entropy at start; only release builds pay for the rebuild.
ifneq ($(PROFILE),dev)
export AWS_LC_SYS_NO_JITTER_ENTROPY = 1
endif

define say
printf '\n\033[1m==> %s\033[0m\n' $(1)
endef

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build what changed and run the whole product on http://localhost:8080
	@exec $(HOST)

build: tools web ## Build the dashboard and the local host
	@$(call say,'Building the host (minutes the first time, seconds after)')
	@cargo build --workspace --bin m1autoposter --profile $(PROFILE)

web: web/build/.stamp ## Build the dashboard if it changed

web/build/.stamp: web/node_modules/.stamp $(WEB_SOURCES)
	@$(call say,'Building the dashboard')
	@cd web && npm run build
	@touch $@

web/node_modules/.stamp: web/package-lock.json | tools
	@$(call say,'Installing the packages of the dashboard')
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: test-tools fmt-check lint test-rust test-web test-e2e ## Everything that must pass before a change lands
	@# A deployment waits for its timer most of the time.
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-fuzz test-aws

fmt: ## Format the Rust code
	@cargo fmt --all

fmt-check:
	@$(call say,'Checking the format')
	@cargo fmt --all --check

lint: lint-rust lint-template ## Check code and templates

lint-rust: | tools
	@$(call say,'Checking the Rust code')
	@cargo clippy --workspace --all-targets -- -D warnings

lint-template: $(PYTHON_ENV)/.stamp
	@$(call say,'Checking the templates')
	@$(PYTHON_ENV)/bin/cfn-lint --regions us-east-1 eu-west-1 -- $(TEMPLATES)
	@$(PYTHON_ENV)/bin/python infra/policies.py $(TEMPLATES)

$(PYTHON_ENV)/.stamp: .ci/requirements.txt | tools
	@$(call say,'Installing the template checks and what tests compare with')
	@rm -rf $(PYTHON_ENV) && python3 -m venv $(PYTHON_ENV)
	@$(PYTHON_ENV)/bin/pip install --quiet --disable-pip-version-check --requirement .ci/requirements.txt
	@touch $@

test-rust: test-tools $(PYTHON_ENV)/.stamp ## Run the Rust tests
	@$(call say,'Installing the real Bluesky server of the tests')
	@tests/pds/install.sh
	@$(call say,'Running the Rust tests')
	@PATH="$(CURDIR)/$(PYTHON_ENV)/bin:$$PATH" $(NEXTEST)

test-web: web ## Check and test the dashboard, and weigh its pages
	@$(call say,'Checking and testing the dashboard')
	@cd web && npm run check && npm test && npm run -s budgets

test-e2e: test-tools build ## Run the whole product against a browser and a real Bluesky server
	@$(call say,'Running the end-to-end tests')
	@tests/pds/install.sh
	@cargo nextest run --workspace --profile e2e
	@M1A_SECRET_KINDS='api_key app_password challenge cookie link password recovery_codes seed state' \
	  node tests/pds/with-account.mjs tests/with-host.sh $(HOST) npm --prefix web run e2e

test-fuzz: test-tools build $(FUZZ_ENV)/.stamp ## Call every route with generated requests, as one of two tenants
	@$(call say,'Calling every route with generated requests')
	@tests/with-host.sh $(HOST) tests/schemathesis/run.sh $(FUZZ_ENV)/bin/schemathesis

$(FUZZ_ENV)/.stamp: tests/schemathesis/requirements.txt | tools
	@$(call say,'Installing Schemathesis')
	@rm -rf $(FUZZ_ENV) && python3 -m venv $(FUZZ_ENV)
	@$(FUZZ_ENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/schemathesis/requirements.txt
	@touch $@

simulate: ## Play one history of the publish path: make simulate SEED=7, or the one that a test names with its WEATHER
	@SEED=$(or $(SEED),0) WEATHER=$(WEATHER) cargo test --quiet --workspace --test simulation -- --nocapture history_of_a_given_seed

test-aws: test-tools $(AWS_ENV)/.stamp ## Deploy the templates to an emulator of AWS and run the product there
	@$(MAKE) --no-print-directory package PROFILE=$(PROFILE)
	@tests/pds/install.sh
	@$(call say,'Trying the conditions that the emulator of AWS is taught')
	@$(AWS_ENV)/bin/python tests/aws/test_emulator.py
	@$(call say,'Building the tests')
	@cargo nextest run --workspace --profile aws --no-run
	@$(call say,'Deploying the templates to an emulator of AWS and running the product there')
	@node tests/pds/with-account.mjs $(AWS_ENV)/bin/python tests/aws/with-deployment.py sh -c \
	  'cargo nextest run --workspace --profile aws && cargo nextest run --workspace --profile aws-roles && \
	  M1A_TEST_DYNAMODB=$$M1A_AWS_ENDPOINT cargo nextest run --workspace --profile store'

$(AWS_ENV)/.stamp: tests/aws/requirements.txt | tools
	@$(call say,'Installing the emulator of AWS')
	@rm -rf $(AWS_ENV) && python3 -m venv $(AWS_ENV)
	@$(AWS_ENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --requirement tests/aws/requirements.txt
	@touch $@

openapi: ## Write the API's document anew, after a reviewed change
	@UPDATE_OPENAPI=1 cargo nextest run --workspace -E 'test(openapi)'

tools: # What must be there, and what to install where it is not.
	@.ci/tools run

test-tools: # The same for all that tests need, before any of them has begun.
	@.ci/tools test

package: PROFILE := release
package: | tools ## Build the functions for deployment into target/lambda (PROFILE=dev for tests)
	@$(call say,'Building the functions')
	@$(if $(filter dev,$(PROFILE)),,AWS_LC_SYS_NO_JITTER_ENTROPY=1) \
	  cargo build --workspace --profile $(PROFILE) $(BINARIES:%=--bin %)
	@python3 infra/package.py $(TARGET)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE)) target/lambda $(FUNCTIONS)

bench: bench-build ## Measure the release build beside its targets (docs/performance.md): 10 minutes after the build
	@$(call say,'Measuring with ten thousand deliveries')
	@$(TARGET)/release/bench

bench-large: bench-build ## Measure 100,000 deliveries that are due at once
	@$(call say,'Measuring with a hundred thousand deliveries')
	@$(TARGET)/release/bench --deliveries 100000 dispatch

bench-build: export AWS_LC_SYS_NO_JITTER_ENTROPY = 1
bench-build: | tools
	@command -v wrk > /dev/null || { echo 'missing: wrk, which sends the load. Install it (Debian: apt-get install wrk).' >&2; exit 1; }
	@$(call say,'Building everything with all optimisations (a quarter of an hour the first time)')
	@cargo build --workspace --release $(patsubst %,--bin %,bench empty-function $(BINARIES))

clean: ## Remove what was built; the data of the local run stays
	@rm -rf $(TARGET) web/build web/node_modules web/.svelte-kit .cache
