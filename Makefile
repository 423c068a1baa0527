# The only entry point. Needs Python >= 3.11 (or a machine that has one beside an older python3) and make.
# Settings, as variables: PORT_BASE (8100), DATA_DIR (.data), CACHE_DIR, LOG_LEVEL, PYTHON, NL_API_RULESET.

PYTHON ?= python3
RUN = .venv/bin/python
TESTS = tests/unit tests/contract tests/architecture tests/integration tests/system tests/chaos
INSTALLED = test -x $(RUN) || { echo "Nothing is installed here yet: make up does that.";
VALIDATORS = tests/contract/validators
LOCK = uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help site up down status logs ask access demo doctor backup restore token test lint lint-contracts bench bench-page chaos roles reliability clean lock local dev
MAKEFLAGS += --no-print-directory

help: ## explain the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p; s/^#- /\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

up: local ## start everything on this machine and show where it is; again: start only what is down
	@$(RUN) -m deploy.local up

down: ## stop everything; the data stays
	@$(INSTALLED) exit 0; }; $(RUN) -m deploy.local down

status: ## show what runs; fails when something does not
	@$(INSTALLED) exit 1; }; $(RUN) -m deploy.local status

logs: ## show the last lines of all logs, or of one (NAME=matching), or go on showing (FOLLOW=1)
	@$(INSTALLED) exit 1; }; $(RUN) -m deploy.local logs $(NAME) $(if $(FOLLOW),--follow)

ask: ## give a service's command line to an operator (SERVICE=matching ARGS="parked list"; ARGS=--help explains it)
	@$(INSTALLED) exit 1; }; $(RUN) -m deploy.local ask '$(SERVICE)' $(ARGS)

access: local ## let in to Kafka who is declared in deploy/kafka/access.yaml, and nobody else (ARGS=--dry-run; TARGET=compose)
ifeq ($(TARGET),compose)
	@docker compose --progress quiet run --rm access deploy.access apply $(ARGS)
else
	@$(RUN) -m deploy.local access $(ARGS)
endif

demo: local ## play the journey of the real projects (TARGET=compose: on docker compose)
	@$(RUN) -m deploy.demo

doctor: local ## look over what runs: what is wrong, and which command helps (TARGET=compose)
ifeq ($(TARGET),compose)
	@docker compose --progress quiet run --rm --no-deps -T doctor
else
	@$(RUN) -m deploy.local doctor
endif

backup: local ## write all databases to a new folder (FOLDER=...; TARGET=compose)
	@$(RUN) -m deploy.backup make '$(FOLDER)'

restore: local ## put a back-up in the place of what is there (FOLDER=...; TARGET=compose); make down first, make up after
	@$(RUN) -m deploy.backup restore '$(FOLDER)'

token: local ## print a token for development: eight hours, of the issuer that make up starts
#- ROLE=programme-manager (or "submitter gemeente": more than one)
#- ROLE=gemeente GEMEENTE=GM0518 (this role needs the code of its gemeente)
#- ROLE=submitter ORGANISATION=0198f000-0000-7000-8000-000000000001 (its id; a partner always needs one,
#-   and so does a submitter or a gemeente that submits a project: it belongs to that organisation)
#- ROLE=publisher CLIENT=voorbeeld-fonds (and so does a subscriber: its name in deploy/kafka/access.yaml)
#- ROLE=board-member SUBJECT=demo-vng (the login; if it is not given, one that follows from the rest)
	@$(RUN) -m deploy.issuer token $(ROLE)

test: dev ## run the tests on a real Kafka and Postgres (INFRA=containers: in containers; ARGS="-k words"; WORKERS=2: a third faster)
	@$(RUN) -m pytest $(TESTS) $(if $(WORKERS),-n $(WORKERS) --dist loadfile) $(ARGS)

lint: dev ## check style, types, the rules of the architecture and the contracts
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy
	@.venv/bin/lint-imports
	@$(RUN) -m deploy.contracts check

lint-contracts: $(VALIDATORS)/node_modules/.package-lock.json ## run the official validators (needs node; NL_API_RULESET=path or address)
	@node $(VALIDATORS)/asyncapi.mjs docs/asyncapi.json
ifdef NL_API_RULESET
	@$(VALIDATORS)/node_modules/.bin/spectral lint -r $(NL_API_RULESET) --fail-severity=hint --fail-on-unmatched-globs docs/openapi/*.json
else
	@echo "docs/openapi was NOT linted: set NL_API_RULESET to the Spectral ruleset of the NL API Design Rules."
endif
	@if command -v publiccode-parser > /dev/null; then publiccode-parser --no-network publiccode.yml && echo "publiccode.yml: valid"; \
	else echo "publiccode.yml was NOT checked by its official tool: install publiccode-parser 5.4 or later."; fi

$(VALIDATORS)/node_modules/.package-lock.json: $(VALIDATORS)/package.json $(VALIDATORS)/package-lock.json
	@command -v npm > /dev/null || { echo "make lint-contracts needs Node.js 20 or later, with npm."; exit 1; }
	@cd $(VALIDATORS) && npm ci --silent && touch node_modules/.package-lock.json

roles: dev ## ask every route and topic as everybody, and print build/roles.json: cells, leaks, what is unexpected
	@$(RUN) -m pytest -q tests/roles; failed=$$?; cat build/roles.json; exit $$failed

bench: dev ## measure speed against bare loops and write build/bench.json (LONG=1: with a million and ten millions)
	@$(RUN) -m tests.performance

bench-page: ## write docs/performance.md from the recorded runs of make bench
	@$(INSTALLED) exit 1; }; $(RUN) -m tests.performance.page

chaos: dev ## break a platform of three brokers for 15 minutes and prove that nothing is lost (SEED=7 runs a seed again)
#- FAULTS=60 (at most so many) or FAULTS=kill9_broker,cut_kafka_drop (only these); MINUTES=15; REPLICAS=2 of each service
	@$(RUN) -m tests.chaos --seed '$(SEED)' --minutes $(or $(MINUTES),15) --faults '$(FAULTS)' --replicas $(or $(REPLICAS),2)

reliability: ## write docs/reliability.md from the recorded runs and the tests
	@$(INSTALLED) exit 1; }; $(RUN) -m tests.chaos.report

site: local ## write the documentation as HTML pages into build/site: no server is needed to read them
	@$(RUN) -m deploy.site build/site

clean: ## stop everything and remove its data
	@$(INSTALLED) exit 0; }; $(RUN) -m deploy.local clean

lock: ## pin the requirements anew, with hashes (needs uv)
	@for name in run local dev; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	@$(LOCK) -c requirements/run.txt examples/python/requirements.in -o examples/python/requirements.txt

local dev:
	@$(PYTHON) deploy/local/environment.py $@
