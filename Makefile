# Every target does the set-up that it needs: an environment of its own in .venv, with the versions of constraints.txt.
# Wanted of the machine: python3 (3.11 or newer), its venv module, make.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m

# Libraries found by chance and pip settings that lead out of the environment do not count.
unexport PYTHONPATH PYTHONHOME PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# Targets share one environment and come in a fixed order; the tests use all processors by themselves.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help test lint types contracts unit demo bench acceptance clean

CORE := $(VENV)/set-up-core
PLOT := $(VENV)/set-up-plot
TORCH := $(VENV)/set-up-torch
DEV := $(VENV)/set-up-dev
UNFINISHED := $(VENV)/set-up-unfinished

help:
	@echo 'make demo        train a network in the loop on the twin of a chip, with a picture'
	@echo 'make test        everything that must hold: lint, types, contracts, unit'
	@echo '  make lint        ruff: rules and format'
	@echo '  make types       mypy --strict'
	@echo '  make contracts   who may import whom'
	@echo '  make unit        pytest'
	@echo 'make bench       table of running times'
	@echo 'make acceptance  promised figures at full size, log in results/ (PIECES="--list", "--only NAME", "--resume")'
	@echo 'make clean       remove the environment and everything that was made'

# -- set-up ----------------------------------------------------------------------------------------------------------
# A stamp is written last and holds the place of the checkout: an interrupted set-up leaves no stamp but the mark
# "unfinished". An environment that is unfinished or was moved is of no use; it is made anew.
# hatchling is installed first and builds run without isolation: the pinned version builds.

PLACE := $(shell pwd -P)
ifneq ($(wildcard $(UNFINISHED)),)
USELESS := yes
else ifneq ($(wildcard $(CORE)),)
ifneq ($(shell cat $(CORE)),$(PLACE))
USELESS := yes
endif
endif

ifdef USELESS
.PHONY: $(CORE)
endif

$(CORE): pyproject.toml constraints.txt
	@echo '== set-up: core =='
	@$(PYTHON) -c 'import sys; sys.exit("hxtwin needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@$(if $(USELESS),rm -rf $(VENV),rm -f $(CORE) $(PLOT) $(TORCH) $(DEV))
	@mkdir -p $(VENV) && touch $(UNFINISHED)
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --constraint constraints.txt hatchling
	$(RUN) pip install --quiet --constraint constraints.txt --no-build-isolation --editable .
	@pwd -P > $@ && rm $(UNFINISHED)

$(PLOT): $(CORE)
	@echo '== set-up: plot =='
	@touch $(UNFINISHED)
	$(RUN) pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[plot]'
	@pwd -P > $@ && rm $(UNFINISHED)

$(TORCH): $(PLOT)
	@echo '== set-up: torch =='
	@touch $(UNFINISHED)
	$(RUN) pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[plot,torch]'
	@pwd -P > $@ && rm $(UNFINISHED)

$(DEV): $(TORCH)
	@echo '== set-up: dev =='
	@touch $(UNFINISHED)
	$(RUN) pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev,torch,cosim]'
	@pwd -P > $@ && rm $(UNFINISHED)

# -- work ------------------------------------------------------------------------------------------------------------

test: lint types contracts unit

lint: $(DEV)
	@echo '== ruff check =='
	@$(RUN) ruff check
	@echo '== ruff format --check =='
	@$(RUN) ruff format --check

types: $(DEV)
	@echo '== mypy --strict =='
	@$(RUN) mypy --strict

contracts: $(DEV)
	@echo '== import contracts =='
	@$(VENV)/bin/lint-imports --no-logo

unit: $(DEV)
	@echo '== pytest =='
	@$(RUN) pytest --numprocesses auto --maxprocesses 8 --durations 10 -p no:benchmark

demo: $(TORCH)
	$(VENV)/bin/python examples/yinyang_in_the_loop.py

bench: $(DEV)
	@$(RUN) pytest benchmarks --benchmark-only --benchmark-sort name --benchmark-columns min,median,max,rounds

acceptance: $(DEV)
	@$(VENV)/bin/python tools/acceptance $(PIECES)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
