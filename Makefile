# Two commands: `make demo` shows the main job, `make test` passes every check and test. Each does its own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
WEIGHTS := $(VENV)/weights

.PHONY: demo test suite lint docs audit lock clean

demo: $(WEIGHTS)
	$(BIN)/thresher extract samples/inbox --target samples/inbox/targets.toml --out out/demo || [ $$? -eq 1 ]

test: $(WEIGHTS)
	$(MAKE) --no-print-directory --jobs 2 lint suite  # the suite often waits for processes that it has started

suite: $(WEIGHTS)
	$(BIN)/python -m compileall -q chunkers schemas service thresher bench tests  # once, and not in each of the thousand processes that tests start
	$(BIN)/python -m pytest -n 3 --dist worksteal --hypothesis-profile thorough

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(WEIGHTS): $(READY)
	$(BIN)/thresher models pull
	touch $@

# The documentation site, into out/docs: offline once Sphinx is there, in an environment of its own; a warning or a dead link fails.
docs: $(VENV)/docs/ready
	$(VENV)/docs/bin/sphinx-build --fail-on-warning --keep-going --nitpicky docs out/docs

$(VENV)/docs/ready: docs/requirements.txt
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --disable-pip-version-check --requirement docs/requirements.txt
	touch $@

# Licences, hashes and agreement with pyproject.toml need no network (`make test` looks at them too). Known vulnerabilities need
# pip-audit and a network: without them this says NOT CHECKED. STRICT=--strict makes that a failure.
audit: $(READY)
	$(BIN)/python -m deploy.audit $(STRICT)

# Needs uv (pip install uv). The lock file names no registry host, so it works with any mirror.
lock:
	uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --extra all --group dev \
		--output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) out .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
