# make test: everything that needs no WebUI.   make demo: the method at work, without a checkpoint.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH ?= torch==2.13.0

.PHONY: test demo lint lint-js types clean

test: $(VENV)/ready lint
	$(BIN)/python -m benchmarks.conformance
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

demo: $(VENV)/ready
	$(BIN)/python -m examples.demo

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# the type checkers and JavaScript's tools are not part of `make test`
types: $(VENV)/ready
	$(BIN)/python -m pip install --quiet basedpyright==1.40.2
	$(BIN)/basedpyright

lint-js: node_modules
	npm run --silent format
	npm run --silent lint
	npm run --silent types

node_modules: package.json
	npm install --silent --no-audit --no-fund --no-package-lock
	touch $@

$(VENV)/ready: pyproject.toml requirements-dev.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(TORCH)
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps k-diffusion==0.1.1.post1
	touch $@

clean:
	rm -rf $(VENV) node_modules demo-output .pytest_cache .ruff_cache .hypothesis
