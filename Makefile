# The chores. `make run` and `make test` set up everything they need.
# `make test` looks at everything once, in seven minutes of two cores. `make long` runs what it
# leaves out, `make laws` and `make wire` try each law and operation at length.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
SPARK := $(VENV)/.spark-ready
TOLLBOOK := $(BIN)/python -m tollbook
ONCE ?=
AGAIN ?=
SCALE ?=
EXAMPLES ?= 10
FAILED := --last-failed --last-failed-no-failures=none
QUICK := TOLLBOOK_TEST_EXAMPLES=$(EXAMPLES) TOLLBOOK_SCHEMATHESIS_EXAMPLES=10 $(BIN)/python -m pytest -q \
	--dist loadgroup --ignore=tests/bench/test_run.py

.PHONY: help run up test long again laws spark outgrown wire check format lint types imports docs openapi bench quick lock clean services

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: $(RUN) ## Start everything with the demo book and run the main job (ONCE=1 ends after it)
	@exec $(TOLLBOOK) demo --with-parent $(if $(SCALE),--scale $(SCALE)) $(if $(ONCE),--once)

up: $(RUN) ## Start everything on a book of your own
	@exec $(TOLLBOOK) up --with-parent

test: $(DEV) ## Run the tests on embedded parts, laws with EXAMPLES percent of their examples
	$(QUICK) -n 2 -m "not long"

long: $(DEV) ## Run the tests that `make test` leaves out because they take long
	$(QUICK) -n 2 -m long

again: $(DEV) ## Run the tests that failed last, one after the other
	$(QUICK) -n 1 -p no:randomly $(FAILED)

laws: $(DEV) ## Try the laws of prices, lists and files with all their examples
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m hypothesis tests

spark: $(SPARK) ## Run the rating on Spark, in its local-cluster mode (needs Java 17)
	TOLLBOOK_REQUIRE_SPARK=1 $(BIN)/python -m pytest -q -p no:randomly tests/spark

outgrown: $(SPARK) ## Run machines on DATABASE_URL, a RabbitMQ, an S3 and a Spark of their own; same answers
	TOLLBOOK_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -q -p no:randomly tests/outgrown

wire: $(DEV) ## Try every operation of the document with 200 examples and all checks
	$(BIN)/python -m pytest -q -n 2 tests/wire/test_schemathesis.py

check: lint types imports openapi docs test long quick ## Format, lint, types, layers, migrations, document, docs, tests

format: $(DEV) ## Put the code into its one form
	$(BIN)/ruff format src tests bench
	$(BIN)/ruff check --fix src tests bench

lint: $(DEV) ## Check form and style
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench

types: $(DEV) ## Check types, strictly
	$(BIN)/mypy

imports: $(DEV) ## Check that rooms import only rooms below them
	$(BIN)/lint-imports

openapi: $(DEV) ## Write docs/openapi.yaml anew and fail where it had changed
	$(BIN)/python -m pytest -q -p no:randomly tests/architecture

docs: $(DEV) ## Build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet

bench: $(DEV) ## Measure against what else there is; writes docs/benchmarks.md
	$(BIN)/python -m bench

quick: $(DEV) ## Run the benchmarks over a few rows: all ways must make the same
	$(BIN)/python -m pytest -q tests/bench/test_run.py

services: $(DEV) ## Run scenarios and faults on DATABASE_URL and BROKER_URL (AGAIN=1: those that failed last)
	TOLLBOOK_REQUIRE_SERVICES=1 $(BIN)/python -m pytest -q -n 2 --dist loadgroup tests/scenarios tests/faults \
		$(if $(AGAIN),$(FAILED))

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--group build pyproject.toml -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--group build --group dev --group bench -c requirements/run.txt pyproject.toml -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra spark -c requirements/run.txt pyproject.toml -o requirements/spark.txt

clean: ## Remove the environment and what tests leave; the book under var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis site

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Tollbook needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "No virtual environment: install the venv module of $(PYTHON) (Debian: apt install python3-venv)." >&2; rm -rf $(VENV); exit 1; }

$(RUN): requirements/run.txt pyproject.toml $(VENV)/bin/python
	@echo "Installing what Tollbook runs on (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml $(VENV)/bin/python
	@echo "Installing what Tollbook is tested with (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@ $(RUN)

$(SPARK): requirements/spark.txt $(DEV)
	@echo "Installing Spark (half a gigabyte, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/spark.txt
	@touch $@
