# The project's verbs. A machine needs python3 (3.11 or newer), make and git; the rest is fetched into this folder.
.DEFAULT_GOAL := help
.PHONY: help setup check lint types layers parity format test witness bench demo pins clean

PYTHON ?= python3
BIN := .venv/bin
UV := .tools/bin/uv
SETUP := .venv/.setup
SOURCES := packages tests benchmarks

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## Leave a complete environment in .venv

# uv comes by pip, pinned; where the system's Python has no pip, a virtual environment brings one.
$(UV): requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "lakeport needs Python 3.11 or newer; $(PYTHON) is older. Next: make setup PYTHON=/path/to/python3.11" >&2; exit 2; }
	@rm -rf .tools && mkdir -p .tools/bin
	@if $(PYTHON) -m pip --version >/dev/null 2>&1; then \
	  $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action ignore \
	    --require-hashes --target .tools/uv -r requirements/uv.txt; \
	else \
	  $(PYTHON) -m venv .tools/venv && .tools/venv/bin/pip install --quiet --disable-pip-version-check \
	    --require-hashes --target .tools/uv -r requirements/uv.txt; \
	fi
	@ln -sf ../uv/bin/uv $(UV)

$(SETUP): $(UV) requirements/dev.txt packages/lakeport/pyproject.toml packages/lakeport-local/pyproject.toml
	@test -x $(BIN)/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .venv
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip sync --quiet --compile-bytecode --require-hashes requirements/dev.txt
	@VIRTUAL_ENV=$(CURDIR)/.venv $(UV) pip install --quiet --no-deps --no-build-isolation \
	  --editable packages/lakeport-local --editable packages/lakeport
	@touch $(SETUP)

check: lint types layers parity ## Lint, types, layers, parity: seconds, no network

lint: $(SETUP)
	@$(BIN)/ruff format --check --quiet $(SOURCES) || { $(BIN)/ruff format --diff --quiet $(SOURCES) | head -n 40; echo "Next: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(SOURCES)

types: $(SETUP)
	@$(BIN)/mypy

layers: $(SETUP)
	@$(BIN)/lint-imports --no-logo

parity: $(SETUP)
	@$(BIN)/python parity/check.py

format: $(SETUP) ## Format the sources and mend what can be mended
	@$(BIN)/ruff check --fix --unsafe-fixes --select I,TC,UP --exit-zero --silent $(SOURCES)
	@$(BIN)/ruff format --quiet $(SOURCES)
	@$(BIN)/ruff check --fix --quiet $(SOURCES)
	@$(BIN)/ruff format --quiet $(SOURCES)

test: $(SETUP) ## All tests that need no foreign program
	@$(BIN)/pytest && $(BIN)/python parity/check.py --driven

# The Azure CLI has its own environment: its pins are not ours.
.witness/az/.setup: $(UV) requirements/witness.txt
	@mkdir -p .witness
	@test -x .witness/az/bin/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .witness/az
	@VIRTUAL_ENV=$(CURDIR)/.witness/az $(UV) pip sync --quiet --require-hashes requirements/witness.txt
	@touch $@

# A beta takes the place of its release: an environment of its own too.
.witness/beta/.setup: $(UV) requirements/beta.txt
	@mkdir -p .witness
	@test -x .witness/beta/bin/python || $(UV) venv --quiet --python "$$(command -v $(PYTHON))" .witness/beta
	@VIRTUAL_ENV=$(CURDIR)/.witness/beta $(UV) pip sync --quiet --require-hashes requirements/beta.txt
	@touch $@

# Azurite and Azure's packages for Node; no package's own install script is run.
.witness/npm/.setup: requirements/npm/package.json requirements/npm/package-lock.json
	@command -v npm >/dev/null || { echo "make witness needs Node 20 or newer with npm: its package manager is not this project's to install" >&2; exit 2; }
	@mkdir -p .witness/npm
	@cp requirements/npm/package.json requirements/npm/package-lock.json .witness/npm/
	@cd .witness/npm && npm ci --silent --fetch-retries 5 --ignore-scripts --no-audit --no-fund --omit=optional
	@touch $@

# Programs that Debian packages: taken as they are where they are there already.
.witness/debian/.setup: Makefile
	@for one in rclone:rclone java:openjdk-17-jdk-headless go:golang-go curl:curl shellcheck:shellcheck; do \
	  command -v $${one%%:*} >/dev/null || { command -v apt-get >/dev/null && apt-get -qq -o Acquire::Retries=3 update && apt-get -qq -o Acquire::Retries=3 install -y --no-install-recommends $${one##*:} >/dev/null; } \
	  || { echo "make witness needs $${one%%:*}, and cannot install it: apt-get is not here, or needs root. Next: install $${one##*:}" >&2; exit 2; }; done
	@mkdir -p .witness/debian && touch $@

witness: $(SETUP) .witness/az/.setup .witness/beta/.setup .witness/npm/.setup .witness/debian/.setup ## Tests that need big or foreign programs: install them, run them
	@$(BIN)/pytest -m witness && $(BIN)/python parity/check.py --driven

bench: $(SETUP) ## Benchmarks, peers in the same run
	@$(BIN)/python benchmarks/run.py

demo: $(SETUP) ## Two organisations share a folder, on this machine, no subscription
	@$(BIN)/lakeport demo

pins: $(UV) ## Compile requirements/*.in anew
	@for name in uv dev witness beta; do \
	  $(UV) pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make pins" \
	    -o requirements/$$name.txt requirements/$$name.in; done

clean: ## Remove what setup made
	@rm -rf .venv .tools .witness .bench
