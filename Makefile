# leverframe: every target makes .venv when it is missing or stale; plain venv and pip, pins and hashes from the locks.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=
# Tests run side by side, one more than CI has cores: some wait. JOBS=0 is one process (for a debugger).
JOBS   ?= 3
TESTS  ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check check-format check-lint check-types check-imports format bench lock venv dev hooks clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: venv ## a market, a bot and a chat page on this machine, no account anywhere  (ARGS="--speed 60 --port 8081")
	@$(BIN)/leverframe demo $(ARGS)

test: dev ## every test, with coverage and its thresholds  (TESTS="tests/domain -k risk" runs a part, without thresholds)
	@PYTHON=$(BIN)/python JOBS=$(JOBS) .ci/test $(TESTS)

check: dev ## format, lint, types, import contracts; all four are told, whichever fails
	@$(MAKE) --no-print-directory --keep-going check-format check-lint check-types check-imports

check-format:
	@$(BIN)/python -m ruff format --check --output-format concise .
check-lint:
	@$(BIN)/python -m ruff check --output-format concise .
check-types:
	@$(BIN)/python -m mypy
check-imports:
	@$(BIN)/lint-imports --no-logo

format: dev ## write the format, mend what lint can mend
	@$(BIN)/python -m ruff check --fix-only --quiet .
	@$(BIN)/python -m ruff format .

bench: dev ## the benchmarks, medians of one run  (ARGS="--only tick")
	@$(BIN)/python -m benchmarks $(ARGS)

lock: ## pin the newest releases that pyproject.toml allows, with hashes
	@PYTHON=$(PYTHON) .ci/lock

hooks: dev ## run the checks before each commit
	@$(BIN)/pre-commit install

venv:
	@PYTHON=$(PYTHON) .ci/venv $(VENV) requirements.lock

dev:
	@PYTHON=$(PYTHON) .ci/venv $(VENV) requirements-dev.lock

clean: ## remove .venv and every cache
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.* build dist
