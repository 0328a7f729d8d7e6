# The commands of the project; README.md says what each is for.
PORT ?= 8000
VENV = .venv/bin/python
LOCK = $(VENV) -m uv pip compile --quiet --python-version 3.11 --universal --no-header --no-annotate --generate-hashes

# The first Python that is new enough, one with its venv module if there is one.
FIND_PYTHON = for part in ensurepip sys; do for p in python3.13 python3.12 python3.11 python3 python; do \
  $$p -c "import sys, $$part; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$p && exit; done; done
PYTHON = $(or $(shell $(FIND_PYTHON)),$(error Python 3.11 or newer is needed, and none was found))

.PHONY: help run test test-long bench mutate lint lock format
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: .venv/run.stamp ## the demo salon at http://127.0.0.1:8000/ (PORT=8001 for another port)
	@$(VENV) manage.py serve --port $(PORT) --seed-if-empty

test: .venv/dev.stamp ## lint and the whole suite, on SQLite, on PostgreSQL and in Chromium (15 minutes at most)
	@$(VENV) -m tests.run

test-long: .venv/dev.stamp ## kills, races, state machines, full matrices, the rest on PostgreSQL (25 minutes at most)
	@$(VENV) -m tests.run --long

bench: .venv/dev.stamp ## the figures the product promises, each measured here beside its limit
	@$(VENV) -m tests.bench

mutate: .venv/dev.stamp ## change the code in 60 places, one at a time: do the tests notice? (ROOM=archives/visits for one room)
	@$(VENV) -m tests.mutate $(if $(ROOM),--room $(ROOM)) $(if $(SEED),--seed $(SEED))

lint: .venv/dev.stamp ## ruff and djlint
	@$(VENV) -m tests.run --lint

format: .venv/dev.stamp ## bring the Python code into shape
	@$(VENV) -m ruff check --fix --quiet . ; $(VENV) -m ruff format --quiet .

lock: .venv/dev.stamp ## compile requirements/*.in into the locks
	@for name in uv run dev bench; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt || exit 1; done

.venv/%.stamp: requirements/%.txt requirements/install.py
	@$(PYTHON) requirements/install.py $*
