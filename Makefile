PYTHON ?= python3
PORT ?= 8080
IN := .venv/bin/python

.PHONY: help run serve reset test test-fast check bench environments package

help: ## list the verbs
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

run: environments ## bring the platform up, play the life of a card, print it, stop
	@$(IN) -m infra.local.run

serve: environments ## bring the platform up at http://127.0.0.1:8080 (PORT=) until Ctrl-C; the data is kept
	@$(IN) -m infra.local.serve --port $(PORT)

reset: ## wipe the data that `make serve` keeps
	@rm -rf .local/state && echo "The data is wiped; environments and builds are kept."

test: environments ## all tests; no network but loopback
	@$(IN) -m infra.build --stage local --out .local/build/local
	@$(IN) -m pytest

test-fast: dev ## the tests of the domain, in seconds
	@$(IN) -m pytest tests/domain

check: environments ## style, types, templates, workflows, OpenAPI drift, the package
	@$(IN) -m infra.checks

bench: environments ## what we claim about speed and cost, measured
	@$(IN) -m bench

package: dev ## make the template and the code package of STAGE= in OUT=
	@$(IN) -m infra.build --stage $(or $(STAGE),production) --out $(or $(OUT),.local/build/$(or $(STAGE),production))

environments: ## make the virtual environments, when they are missing or old
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer, or name one: make PYTHON=..."; exit 1; }
	@$(PYTHON) infra/environment.py dev emulator

.PHONY: dev
dev:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer, or name one: make PYTHON=..."; exit 1; }
	@$(PYTHON) infra/environment.py dev
