# The commands of this repository. Everything runs in .venv, which the first of them makes from the locked packages.
PYTHON ?= python3
BIN := .venv/bin/python
export PIP_NO_INPUT := 1
# Given on the command line or in the environment; `make run PORT=9000` reaches the portal like `PORT=9000 make run`.
export PORT DEMO DATABASE_URL DATABASE_OWNER_URL DATABASE_MAINTENANCE_URL

.PHONY: help run test lint bench bench-scale bench-planner bench-pages chaos format lock openapi clean venv venv-dev

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1: \2/p' Makefile

run: venv ## start the portal with a synthetic clinic; Ctrl-C stops it, data is kept
	@exec $(BIN) -m tools.run

test: venv-dev ## all tests, on two cores, as the app role
	@exec $(BIN) -m pytest -n 2 --dist loadgroup $(ARGS)

lint: venv-dev ## style, types, layers, templates, missing migrations
	@exec $(BIN) -m tools.lint

bench: venv-dev ## measure every row against a bare Django view; writes docs/performance.md
	@exec $(BIN) -m bench

bench-scale: venv-dev ## the same with 5,000 patients and two years of history
	@exec $(BIN) -m bench --scale

bench-planner: venv-dev ## measure the planner alone: ten years of doses, no database
	@exec $(BIN) -m bench --planner

bench-pages: venv-dev ## page weights and paint times in Chromium on a slow line
	@exec $(BIN) -m bench --pages

chaos: venv-dev ## 1,000 kill -9 and 10,000 messages through a proxy that drops answers (about half an hour); ARGS="--kills 30 --sends 300" for less
	@exec $(BIN) -m bench.chaos $(ARGS)

format: venv-dev ## put Python files into the shape that lint wants
	@$(BIN) -m ruff check --fix-only --quiet . && $(BIN) -m ruff format .

lock: venv-dev ## write requirements.txt and requirements-dev.txt anew from the .in files
	@exec $(BIN) -m tools.lock

openapi: venv-dev ## write docs/openapi.yaml anew from the code
	@exec $(BIN) -m tools.openapi

clean: ## remove .venv and .local with the demo's data
	@exec $(PYTHON) tools/clean.py

venv:
	@$(PYTHON) tools/venv.py requirements.txt

venv-dev:
	@$(PYTHON) tools/venv.py requirements.txt requirements-dev.txt
