# Plain `make` prints this help. Everything runs from .venv; only Python 3.11+ and make are needed.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run test check static fix demo docs bench bench-scale lock

PY := .venv/bin/python
STAMP := .venv/.runtime
DEV_STAMP := .venv/.dev
CATALOGUES := $(wildcard config/translations/*/LC_MESSAGES/*.po)
COMPILED := $(CATALOGUES:.po=.mo)
CODE := auth claims config gateway tests benchmarks wsgi.py gunicorn.conf.py
PIP := $(PY) -m pip --disable-pip-version-check -qq install
UV := $(PY) -m uv pip compile -q --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
  --custom-compile-command "make lock"

help: ## Print this help
	@while IFS= read -r line; do case "$$line" in \
	  [a-z]*:*"## "*) printf '  make %-11s %s\n' "$${line%%:*}" "$${line##*## }";; esac; done < Makefile

setup: $(STAMP) $(COMPILED) ## Create .venv and install the libraries (again only when they change)

run: setup ## Start everything: database, web server, job worker; Ctrl-C stops it
	@exec $(PY) -m config.launch

# Every process of the run and every one it starts would compile the same code for itself.
test: export PYTHONDONTWRITEBYTECODE :=
test: setup $(DEV_STAMP) ## Run all tests against real PostgreSQL, in parallel
	@exec $(PY) -m pytest -n auto --dist worksteal

check: static test ## Everything a change must pass: format, lint, types, imports, templates, tests

static: setup $(DEV_STAMP) # The part of `check` that runs no tests
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports
	$(PY) -m djlint --check --quiet auth claims config gateway

fix: setup $(DEV_STAMP) ## Put format, imports and templates in order
	$(PY) -m ruff format $(CODE)
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m djlint --reformat --quiet auth claims config gateway
	$(PY) -m flask --app wsgi claim states > docs/states.md

demo: setup ## Reset the demo data to the same synthetic month (while `make run` is running)
	@exec $(PY) -m flask --app wsgi demo reset

bench: setup $(DEV_STAMP) ## Measure checks, claims, lists and jobs against bare Flask; write docs/performance.md
	@exec $(PY) -m benchmarks.speed --write

bench-scale: setup $(DEV_STAMP) ## Measure the registry's import and a country's peak; refuse whole reads at a million rows
	@$(PY) -m pytest -q -n 0 -m scale
	@$(PY) -m benchmarks.registry --members 3120208 --write
	@exec $(PY) -m benchmarks.peak --write

lock: setup ## Pin the libraries anew from pyproject.toml
	@$(PIP) uv
	@$(UV) --upgrade pyproject.toml -o requirements.txt
	@$(UV) --upgrade --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

# A stamp is written last, so an interrupted installation is done again.
$(STAMP): requirements.txt
	@python=; for candidate in $(PYTHON) python3.11 python3 python3.12 python3.13; do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then python=$$candidate; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "nssf: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; fi; \
	if ! $(PY) -m pip --version >/dev/null 2>&1; then \
	  echo "Creating the environment in .venv (once) ..."; \
	  "$$python" -m venv --clear .venv >/dev/null 2>&1 || { \
	    echo "nssf: $$python cannot create .venv here: is its venv module installed and the folder writable?" >&2; \
	    exit 1; }; fi
	@echo "Installing the libraries ..."
	@$(PIP) -r requirements.txt || { \
	  echo "nssf: the libraries could not be installed: see the lines above" >&2; exit 1; }
	@: > $@

$(DEV_STAMP): requirements-dev.txt $(STAMP)
	@echo "Installing the tools for tests and checks ..."
	@$(PIP) -r requirements-dev.txt || { \
	  echo "nssf: the tools could not be installed: see the lines above" >&2; exit 1; }
	@: > $@

%.mo: %.po $(STAMP)
	@$(PY) -m babel.messages.frontend -q compile -i $< -o $@

docs: setup ## Write the generated documents: the API's description, the table of claim states
	@$(PY) -m flask --app wsgi openapi print 2>/dev/null > docs/openapi.json
	@$(PY) -m flask --app wsgi claim states > docs/states.md
