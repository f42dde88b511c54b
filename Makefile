# Two commands do everything: `make run` and `make test`. What is set up stays in .venv and .uv of this checkout.
# Paths here are relative, so the checkout may stand in a folder with spaces.

PYTHON ?= python3
WORKERS ?= 2
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PIP := "$(UV)" pip install --quiet --python .venv/bin/python
LOCAL := "$(UV)" venv --quiet --no-python-downloads .venv
PACKAGE := $(PIP) --no-deps --build-constraints requirements-dev.lock --editable .

.PHONY: help setup run live test lint bench evidence

help:
	@echo "make run     set up what is needed, run the baseline world, write out/"
	@echo "make live    set up what is needed, open the page where the world runs while you watch"
	@echo "make test    set up everything, run the checks and every test"
	@echo "make lint    ruff and mypy alone"
	@echo "make bench   how fast the world is on this machine"
	@echo "make evidence  run the past and store how well it was hit, in docs/evidence"
	@echo "make setup   set up everything, run nothing"

setup: .venv/dev.stamp

run: .venv/core.stamp
	.venv/bin/wattrace run --out out

live: .venv/live.stamp
	.venv/bin/wattrace live

bench: .venv/core.stamp
	.venv/bin/wattrace bench

# runs of other code are no evidence, so they go first
evidence: .venv/dev.stamp
	rm -rf out/hindcast
	.venv/bin/wattrace hindcast power --out out/hindcast
	mkdir -p docs/evidence/hindcast-power
	cp out/hindcast/*.csv out/hindcast/*.png out/hindcast/hindcast.json docs/evidence/hindcast-power/
	.venv/bin/python tests/validation_page.py

lint: .venv/dev.stamp
	.venv/bin/ruff check .
	.venv/bin/mypy --package wattrace

test: lint
	.venv/bin/python -m pytest -n $(WORKERS)

# uv from PATH, or else into a folder of the checkout
.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv

# the Python of .python-version, else another that fits, else one that uv can fetch
.venv/bin/python: | $(filter .uv/bin/uv,$(UV))
	$(LOCAL) 2>/dev/null || $(LOCAL) --python '>=3.12,<3.15' || "$(UV)" venv --quiet .venv

.venv/core.stamp: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --require-hashes --requirement requirements.lock
	$(PACKAGE)
	@touch $@

.venv/live.stamp: requirements-live.lock .venv/core.stamp
	$(PIP) --require-hashes --requirement requirements-live.lock
	@touch $@

# mypy does not see through the finder of an editable install, so the package gets a plain address as well
.venv/dev.stamp: requirements-dev.lock .venv/core.stamp
	$(PIP) --require-hashes --requirement requirements-dev.lock
	@mkdir -p .venv/typed && ln -sfn ../.. .venv/typed/wattrace
	@touch $@
