.DEFAULT_GOAL := help
SHELL := bash
PYTHON ?= python3.11
BIN := .venv/bin
N ?= 25
SECONDS_FUZZ ?= 30

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

up: setup ## Set everything up, start Clew with the demo application, print the URL (Ctrl-C ends all of it)
	@exec $(BIN)/clew up --demo

demo: setup ## Start Clew and a shop of small services that breaks on purpose, with people in it (Ctrl-C ends all of it)
	@exec $(BIN)/python tools/demo.py $(DEMO)

setup: ## Make .venv with clew in it: Python, native code and UI
	@PYTHON=$(PYTHON) tools/setup.sh

test: setup ## Run every test
	@tools/test.sh

check: setup ## Format, lint, types, layers, sizes, contracts
	@tools/check.sh

ci: check test wheel ## Everything that CI runs

wheel: setup ## Build the wheel, install it in an empty environment, boot it and load one page
	@$(BIN)/python tools/wheel_check.py

contracts: setup ## Write the generated files in schemas/, docs/reference/ and ui/src/api
	@$(BIN)/python tools/contracts.py

format: setup ## Format all code
	@$(BIN)/ruff format -q . && $(BIN)/ruff check -q --fix . ; cargo fmt --manifest-path native/Cargo.toml

ui: ## Build the UI into src/clew/web/static
	@$(BIN)/python tools/build_backend.py

bench: setup ## Print the figures of docs/reference/benchmarks.md, measured on this machine
	@$(BIN)/python bench/run.py

pictures: setup ## Play the scenarios of docs/guide and take their pictures anew
	@$(BIN)/python tools/pictures.py

crash: setup ## Kill Clew N times under load and check every acknowledged trace
	@$(BIN)/python -m clew.testing.crash --runs $(N)

fuzz: setup ## Fuzz the native decoders for SECONDS_FUZZ seconds
	@tools/fuzz.sh $(SECONDS_FUZZ)

clean: ## Remove what the other targets have built
	@rm -rf .venv dist build native/target ui/node_modules ui/.stamp src/clew/web/static src/clew/_native*.so artifacts

.PHONY: help up demo setup test check ci wheel contracts format ui bench pictures crash fuzz clean
