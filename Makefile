# The commands of this repository. `make demo` and `make test` work on a fresh machine; the rest supposes one of them.

PORT ?= 8000
TESTS ?=
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-long bench lint format translations reference setup setup-test debian-packages clean

help:
	@echo "make demo          the demo on http://127.0.0.1:8000 (PORT=9000 for another port)"
	@echo "make test          set up, check and run every test (TESTS=tests/unit for some of them)"
	@echo "make test-long     the long tests: whole days, soak, fuzzing"
	@echo "make bench         measure"
	@echo "make lint          ruff, mypy, import-linter"
	@echo "make format        let ruff format and fix what it can"
	@echo "make translations  bring the message catalogues up to the source"
	@echo "make reference     write docs/reference anew from the code"
	@echo "make clean         remove caches and builds (the demo's data and .venv stay)"

# Set-up: the stamps make the second time instant; a changed pyproject.toml installs anew.

.venv/.installed-all: pyproject.toml scripts/venv.sh
	@bash scripts/venv.sh all

.venv/.installed-test: pyproject.toml scripts/venv.sh
	@bash scripts/venv.sh all,test

setup: .venv/.installed-all

setup-test: debian-packages .venv/.installed-test

debian-packages:
	@bash scripts/debian_packages.sh

# Use

demo: setup
	@.venv/bin/hookline demo --port $(PORT)

test: setup-test
	@$(PYTHON) scripts/run_tests.py $(TESTS)

test-long: setup-test
	@$(PYTHON) scripts/run_tests.py --long $(TESTS)

lint: .venv/.installed-test
	@$(PYTHON) scripts/run_tests.py --only-checks

format: .venv/.installed-test
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

bench: .venv/.installed-test
	@$(PYTHON) scripts/run_benchmarks.py

translations: .venv/.installed-test
	@$(PYTHON) scripts/translations.py

reference: .venv/.installed-test
	@$(PYTHON) scripts/generate_reference.py

clean:
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -path ./.venv -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
