# The two commands of the README are `make demo` and `make test`; the rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test setup lint types layers unit format lock bench-repair bench-quality clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(STAMP) ## a dirty table, groomed; opens the console, or prints the whole flow without a terminal
	@$(BIN)/ostler demo

test: lint types layers unit ## everything that a stop runs

setup: $(STAMP) ## the virtual environment, exactly as locked

# uv when it is there, pip otherwise; both check every file against its hash.
$(STAMP): requirements.lock pyproject.toml
	@echo "setting up $(VENV) from requirements.lock (once, about a minute)"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv -q --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock && \
		uv pip install -q --python $(BIN)/python --no-deps -e . ; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

lint: $(STAMP) ## ruff: lint and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(STAMP) ## pyright, strict
	$(BIN)/pyright --pythonpath $(BIN)/python

layers: $(STAMP) ## the architecture contract
	PYTHONPATH=. $(BIN)/lint-imports

unit: $(STAMP) ## the tests
	$(BIN)/pytest -n 2 -q

format: $(STAMP) ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench-repair: $(STAMP) ## repair quality per human decision; options: make bench-repair ARGS='--only films'
	@$(BIN)/python benchmarks/suite.py $(ARGS)

bench-quality: $(STAMP) ## what checks cost, beside other engines; options: make bench-quality ARGS='--rows 1000000 --no-peers'
	@$(BIN)/python benchmarks/quality.py $(ARGS)

lock: ## write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url --no-emit-find-links -o requirements.lock

clean: ## remove what make made
	rm -rf $(VENV) demo
