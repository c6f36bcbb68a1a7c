.PHONY: help dev compare test slow tables check lint types
PYTHON ?= python3
BIN = .venv/bin
MARK = .venv/.installed

help:  ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/'

$(MARK): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[dev]'
	touch $(MARK)

dev: $(MARK)  ## .venv with the package and the tools to test it

compare: $(MARK)  ## the main job: predicted beside measured relaxation
	$(BIN)/entropic compare

test: $(MARK)  ## the tests that run in minutes
	$(BIN)/python -m pytest -n 2 -m "not slow"

slow: $(MARK)  ## the statistical validations left out of `make test`
	$(BIN)/python -m pytest -n 2 -m slow

tables: $(MARK)  ## docs/results/perceptron.md, every perceptron number by two routes (minutes)
	$(BIN)/python docs/perceptron_table.py

check: lint types  ## lint and types, nothing is changed

lint: $(MARK)
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(MARK) .typing/entropic
	$(BIN)/mypy

.typing/entropic:
	mkdir -p .typing && ln -sfn .. .typing/entropic
