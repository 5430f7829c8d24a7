PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: install demo test lint types contracts unit slow gpu format clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "polytask needs Python 3.11 or later: make install PYTHON=python3.11"; exit 2; }
	@echo "installing polytask and its test tools into .venv (a minute or so) …"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --editable ".[dev,frames,trees]" -c constraints.txt
	@touch $@
	@echo "done: $(BIN)/polytask (source $(BIN)/activate puts it on your PATH)"

demo: install
	BIN=$(BIN) bash examples/demo.sh

test: lint types contracts unit

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

contracts: install
	$(BIN)/lint-imports --no-logo

unit: install
	$(BIN)/pytest -n $(WORKERS) -m "not slow"

slow: install
	$(BIN)/pytest -n $(WORKERS) -m slow

gpu: install
	$(BIN)/python benchmarks/gpu.py

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
