# Every target makes the virtual environment it needs by itself; run any of them on a machine that has Python >= 3.11, git and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run-$(shell cksum < requirements.lock | cut -d' ' -f1)
DEV    := $(VENV)/.dev-$(shell cat requirements.lock requirements-dev.lock | cksum | cut -d' ' -f1)

.PHONY: bench-references bench-start bench-ingest bench-inventory bench-analyze bench-plan bench-copy bench-million samples demo notebooks docs test explore torture soak check lint types imports wheel lock clean help

help:            ## what each target does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:[^#]*##/\t/'

demo: $(RUN)     ## the whole journey on a sandbox lake, in two minutes
	$(BIN)/thermocline demo

notebooks: $(DEV) ## JupyterLab on the demo's catalogue, built first if there is none
	test -f demo-output/plan.json || $(BIN)/thermocline demo --scale 0.2
	THERMOCLINE_CATALOGUE=$(CURDIR)/demo-output/catalogue.duckdb THERMOCLINE_PLAN=$(CURDIR)/demo-output/plan.json $(BIN)/jupyter lab notebooks

docs: $(DEV)     ## build the documentation into dist/site, refusing every warning
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

samples: $(RUN)  ## the sample reports under reports/sample, equal byte for byte
	$(BIN)/python -m thermocline.reporting.samples reports/sample

test: $(DEV)     ## the test suite
	$(BIN)/pytest -n 2 -q -m "not slow"

torture: $(DEV)  ## 10,000 injected faults, SIGKILLs and people who interfere, judged by an oracle; prints its seeds
	THERMOCLINE_TORTURE=full $(BIN)/pytest tests/torture -q --hypothesis-profile=explore -m "slow or not slow" --ignore tests/torture/test_soak.py

explore: $(DEV)  ## the property tests over examples that nobody has drawn before
	$(BIN)/pytest -n 2 -q --hypothesis-profile=explore -m "hypothesis and not slow"

soak: $(DEV)     ## migrate under load and faults for THERMOCLINE_SOAK_SECONDS (default 3600); watch memory and handles
	$(BIN)/pytest tests/torture/test_soak.py -q -s -m slow

bench-start: $(DEV) ## how long `thermocline --help` takes to appear
	$(BIN)/python tests/bench/bench_start.py

bench-references: $(DEV) ## seconds of `references` on 1,000 Python files and 2,000 queries and job files made on the spot
	$(BIN)/python tests/bench/bench_references.py

bench-plan: $(DEV) ## how long it takes to plan ten thousand subfolders
	$(BIN)/python tests/bench/bench_plan.py

bench-analyze: $(DEV) ## seconds and memory of `analyze` at three sizes, up to a million folders and 20 million rollup rows
	$(BIN)/python tests/bench/bench_analyze.py

bench-copy: $(DEV) ## copies a second: ours, rclone, a bare loop and google-cloud-storage, side by side
	$(BIN)/python tests/bench/bench_copy.py

bench-million: $(DEV) ## one move of a million objects: memory, resume after SIGKILL, verification
	$(BIN)/python tests/bench/bench_million.py

bench-ingest: $(DEV)  ## speed and memory of `ingest logs` against plain readers, on 3 GB made on the spot
	$(BIN)/python tests/bench/bench_ingest.py

bench-inventory: $(DEV) ## speed and memory of `ingest inventory` on five million objects, and again a week later
	$(BIN)/python tests/bench/bench_inventory.py

check: lint types imports test  ## what CI demands

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

imports: $(DEV)
	$(BIN)/lint-imports

wheel: $(DEV)    ## build a wheel, install it in a fresh environment and list what is inside
	$(BIN)/python -m build --wheel --outdir dist >/dev/null
	$(BIN)/python tests/wheel_check.py dist

lock:            ## pin dependencies again (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -o requirements.lock
	uv pip compile pyproject.toml --all-extras --group build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -q -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist demo-output .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The lock files name everything, so nothing is resolved again: a newer release of a package must not change what is installed.
$(RUN): | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(DEV): $(RUN)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	touch $@
