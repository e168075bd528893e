PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
NATIVE := $(wildcard native/*/*.c native/*/*.h)
.DEFAULT_GOAL := help
.PHONY: help demo test check unit crash lock wheel release bench clean

help: ## show this list
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  make %-8s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "seawall needs Python 3.11 or newer (try: make PYTHON=python3.12 demo)"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv module is missing (Debian: apt-get install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock requirements-build.lock | $(BIN)/python
	@echo "installing seawall's requirements into $(VENV)"
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-build.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.ready: $(VENV)/.installed pyproject.toml setup.py $(NATIVE)
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.ready
	@echo "installing the development requirements"
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.weights: $(VENV)/.ready $(wildcard src/seawall/detectors/weights/*)
	@echo "installing the pinned model files of the shipped detectors"
	$(BIN)/seawall detectors fetch
	@touch $@

demo: $(VENV)/.weights ## run the main job on shipped photographs with planted canaries
	$(BIN)/seawall demo

test: check unit ## check style, types and layers, and run the tests

check: $(VENV)/.dev
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/.dev $(VENV)/.weights
	$(BIN)/python -m pytest

crash: $(VENV)/.dev ## kill whoever files a report at every step, with every fault (a quarter of an hour)
	SEAWALL_CRASH_RUNS=all $(BIN)/python -m pytest -q -s tests/crash/test_reports_survive_kill.py

lock: ## export the hashed lock files again (needs uv)
	uv lock -q
	uv export -q --frozen --no-emit-project --no-emit-index-url --no-header --no-dev --no-default-groups -o requirements.lock
	uv export -q --frozen --no-emit-project --no-emit-index-url --no-header --only-group build -o requirements-build.lock
	uv export -q --frozen --no-emit-project --no-emit-index-url --no-header --group dev -o requirements-dev.lock
	uv export -q --frozen --no-emit-project --no-emit-index-url --no-header --only-group bench -o requirements-bench.lock

wheel: $(VENV)/.ready ## build the wheel into dist/
	$(BIN)/python -m pip wheel -q --disable-pip-version-check --no-build-isolation --no-deps -w dist .

release: $(VENV)/.ready ## check what must not be out of date in a release, and build the wheel
	$(BIN)/seawall prevention lint --release
	$(MAKE) wheel

bench: $(VENV)/.dev ## measure seawall and its peers side by side (minutes)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-bench.lock
	$(BIN)/python -m benchmarks

clean: ## remove everything that was built
	rm -rf $(VENV) build dist src/*.egg-info demo-out
	find src -name '*.so' -delete
