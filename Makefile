# Two commands to know: `make run` and `make test`. Both set up what they need in .venv first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest

# A virtual environment that was only half set up is set up again.
.DELETE_ON_ERROR:

.PHONY: run test check generate test-suites test-pythons test-polyglot test-all bench clean

run: $(VENV)/.run
	$(BIN)/roomwright --dev

test: $(VENV)/.dev
	$(BIN)/python tools/check.py
	$(PYTEST) -m "not polyglot and not suite"

# What a change must also satisfy, one by one; .ci/run runs them all.
check: $(VENV)/.dev
	$(BIN)/python tools/check.py

test-suites: $(VENV)/.dev
	$(PYTEST) -m suite

test-pythons: $(VENV)/.dev
	$(BIN)/python tools/each_python.py

test-polyglot: $(VENV)/.dev
	$(PYTEST) -m polyglot

test-all: test test-suites test-pythons test-polyglot

generate: $(VENV)/.dev
	$(BIN)/python tools/generate.py

bench: $(VENV)/.dev
	$(BIN)/python tools/bench_codec.py
	$(BIN)/python tools/bench_api.py
	$(BIN)/python tools/bench_start.py
	$(BIN)/python tools/bench_media.py
	$(BIN)/python tools/bench_join.py
	$(BIN)/python -m tools.bench_recorder
	$(BIN)/python tools/bench_composites.py
	$(BIN)/python tools/bench_webhooks.py

clean:
	rm -rf .venvs .cache build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Roomwright needs Python 3.11 to 3.13, this is {v[0]}.{v[1]}; say which with PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[egress]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@ $(VENV)/.run
