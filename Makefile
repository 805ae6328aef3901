# Every target needs only Python 3.11 or newer: the environment in .venv is made on the first call and updated
# when a requirements file changes.

VENV := .venv
PYTHON := $(VENV)/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check

# Set on the command line, for example `make test PYTEST_ARGS="-k lstm"` or `make app APP_ARGS="--port 8600"`.
PIP_ARGS ?=
APP_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
PYTEST_ARGS ?= -q -n 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: docs pictures help app test coverage check bench notebooks setup lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

app: $(VENV)/.stamp-app ## set up what is missing and open the app
	$(PYTHON) -m elmo_core.commands.explorer $(APP_ARGS)

test: export OMP_NUM_THREADS := 1
test: $(VENV)/.stamp-dev ## run the tests
	$(PYTHON) -m pytest $(PYTEST_ARGS)

coverage: export OMP_NUM_THREADS := 1
coverage: $(VENV)/.stamp-dev ## run the tests and measure which lines and branches they reach
	$(PYTHON) -m pytest --cov --cov-report=term $(PYTEST_ARGS)

check: $(VENV)/.stamp-dev ## check format, style, imports and types
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(VENV)/bin/lint-imports --no-logo --no-cache
	$(PYTHON) -m mypy

bench: $(VENV)/.stamp-app ## measure the speed of embed; BENCH_ARGS=list names all measurements
	$(PYTHON) -m elmo_core bench $(BENCH_ARGS)

docs: $(VENV)/.stamp-dev ## build the guide into build/site; dead links fail
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --quiet

pictures: $(VENV)/.stamp-dev ## take the pictures of all pages for the documents; needs Chromium
	$(PYTHON) -m bench.pictures

notebooks: export OMP_NUM_THREADS := 1
notebooks: export PYTHONPATH := $(CURDIR)
notebooks: export PLOTLY_RENDERER := plotly_mimetype
notebooks: $(VENV)/.stamp-dev ## run the notebooks and keep what they show
	$(VENV)/bin/jupyter execute --inplace --NotebookClient.record_timing=False notebooks/*.ipynb

setup: $(VENV)/.stamp-dev ## make the environment with all test tools

lock: $(VENV)/.stamp-dev ## write requirements.lock anew; LOCK_ARGS=--upgrade takes newer versions
	$(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --no-annotate \
		--custom-compile-command "make lock" $(LOCK_ARGS) --output-file requirements.lock \
		requirements-dev.txt requirements-distributed.txt

clean: ## remove caches and build output (the environment stays: it is the folder .venv)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* test-results
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(PYTHON):
	@for python in python3.11 python3.12 python3.13 python3; do \
		if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)."; \
			exec $$python -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "ELMo Explorer needs Python 3.11 or newer with its venv module; install one (Debian: python3 and python3-venv) and call make again." >&2; \
	exit 1

$(VENV)/.stamp-app: requirements.txt requirements.lock $(PYTHON)
	$(PIP) install $(PIP_ARGS) -r requirements.txt -c requirements.lock
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.txt requirements.txt requirements.lock $(PYTHON)
	$(PIP) install $(PIP_ARGS) -r requirements-dev.txt -c requirements.lock
	@touch $(VENV)/.stamp-app $@
