# `make baseline` and `make test` set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: baseline sweep test lint format ui clean

baseline: $(READY)  ## train and measure experiments/baseline.yaml, about three minutes on two cores
	$(BIN)/harness run experiments/baseline.yaml

sweep: $(READY)  ## search the baseline's configuration, a quarter of an hour on two cores
	$(BIN)/harness sweep --trials 50

test: lint  ## everything that must hold
	$(BIN)/pytest --numprocesses auto --dist worksteal

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

ui: $(READY)  ## browse the runs
	$(BIN)/harness ui

clean:  ## removes the environment and caches, never runs
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo 'installing into $(VENV): a few minutes, for PyTorch comes with its CUDA libraries'
	@$(BIN)/pip install -qq --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
