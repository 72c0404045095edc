# The doors of this project. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
RUN := .venv/bin
TEST := .venv-test/bin
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help run demo test test-tools bench-weight bench-journey bench-queue pictures check lint clean

help:  ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: .venv/.made  ## prepare everything and serve the site on PORT (8000)
	@$(RUN)/flask --app app init
	@echo 'First staff account (12 letters or more for the password, which is good for one login; --role administrator makes the others):'
	@echo '  $(RUN)/flask --app app staff add NAME --role officer'
	@exec $(RUN)/flask --app app serve

DOSSIERS ?= 2000
demo: export INSTANCE_DIR := $(CURDIR)/instance-demo
demo: export STAFF_SECOND_FACTOR := off
demo: export DATABASE_URL :=
demo: export STORAGE_URL :=
demo: export QUEUE_URL :=
demo: export MAIL_URL :=
demo: export PAYMENT_URL :=
demo: .venv/.made  ## the same with made-up people in an instance of its own (instance-demo), on PORT (8000)
	@$(RUN)/flask --app app init
	@$(RUN)/flask --app app demo --dossiers $(DOSSIERS) --accounts
	@exec $(RUN)/flask --app app serve

# One more than most machines that test this have cores: a test often waits for a browser or a server of its own. Files are
# handed out as they stand, so that the long walks of tests/browser begin first and the many short ones of tests/views end it.
WORKERS ?= 3
test: .venv-test/.made test-tools  ## every test: both databases, Chromium, lynx, w3m
	@export TMPDIR=$$(tests/room.sh) && trap 'rm -rf "$$TMPDIR"' EXIT && $(TEST)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-tools:
	@deploy/test-tools.sh

bench-weight: .venv-test/.made  ## bytes and requests of each page against its budget; fails when one is over
	@$(TEST)/python bench/weight.py

bench-journey: .venv-test/.made  ## seconds and bytes of the whole journey on slow lines; NETSHAPE=FOLDER holds what makes them
	@$(TEST)/python bench/journey.py --shaper "$(NETSHAPE)"

bench-queue: .venv-test/.made  ## server time of the desk's queues and search with 100,000 dossiers, on both databases
	@$(TEST)/python bench/desk_queue.py

pictures: .venv-test/.made test-tools  ## walk every guide in Chromium and take the picture of each step anew (static/steps)
	@$(TEST)/python pictures/make.py

check: .venv/.made  ## name everything wrong in the content folder
	@$(RUN)/flask --app app content check

lint: .venv-test/.made  ## what a reader should not have to notice
	@$(TEST)/ruff check .

clean:  ## remove the environments (never the instance folder)
	rm -rf .venv .venv-test .pytest_cache .hypothesis .ruff_cache

.venv/.made: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.11")'
	@test -x $(RUN)/python || $(PYTHON) -m venv .venv
	@$(RUN)/pip install -qq --disable-pip-version-check -r requirements.txt
	@touch $@

.venv-test/.made: requirements-dev.txt requirements-postgresql.txt requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make test PYTHON=python3.11")'
	@test -x $(TEST)/python || $(PYTHON) -m venv .venv-test
	@$(TEST)/pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@touch $@
