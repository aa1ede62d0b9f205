# `make run` and `make test` are all that a fresh machine needs: Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WAREHOUSE ?= dateline.duckdb
BROWSER ?= chromium

.DEFAULT_GOAL := help
.PHONY: help setup run test test-report test-bigquery test-gcp test-flink prism test-prism test-kill soak bench bench-web bench-run bench-model bench-warehouse check lock model clean-model clean

help:  ## List the targets.
	@sed -n 's/^\([a-z-]*\):.*##/\1\t/p' $(MAKEFILE_LIST)

setup: $(VENV)/.ready  ## Make the environment in .venv from the lock file (once).

# uv installs in seconds; where it cannot be had, or cannot reach the registry, pip reads the same
# lock file, which is whole: asked for what others need, pip refuses a package with an extra.
$(VENV)/.ready: requirements.lock setup.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Dateline needs Python 3.11 or newer; say which: make PYTHON=python3.12 …" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(call INSTALL,--no-deps --require-hashes -r requirements.lock)
	$(call INSTALL,--no-deps -e .)
	touch $@

INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) || \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1)

run: setup  ## Ingest the bundled news site over HTTP into dateline.duckdb and show events.
	$(BIN)/dateline demo --warehouse $(WAREHOUSE)

test: check  ## Lint, check types and run the tests (CORPORA=folder: those on public corpora too).
	DATELINE_CORPORA=$(CORPORA) $(BIN)/python -m pytest -n 2 --dist loadfile

test-report: setup  ## Open the report in headless Chromium; installs it where it can (Debian, as root).
	@command -v $(BROWSER) >/dev/null || \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(BROWSER) >/dev/null; } || \
	  { echo "no browser: install Chromium and say where: make test-report BROWSER=path" >&2; exit 2; }
	DATELINE_BROWSER=$$(command -v $(BROWSER)) $(BIN)/python -m pytest tests/browser

bench: bench-web bench-run bench-model bench-warehouse  ## Measure, side by side with what one would use instead.

# Apart from our own environment: nothing of ours needs it.
NEWSPAPER := build/newspaper
NEWSPAPER_VERSION := 0.9.6

$(NEWSPAPER): | setup
	$(BIN)/uv pip install --quiet --python $(BIN)/python --target $@ newspaper4k==$(NEWSPAPER_VERSION)

bench-run: setup $(NEWSPAPER)  ## Measure a whole pass beside a bare loop, and beside newspaper4k.
	$(BIN)/python -m tests.bench.run $(FLAGS)

bench-model: setup  ## Measure the language model beside a spaCy CNN, on one core.
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench.model

bench-warehouse: setup  ## Measure how DuckDB takes a million event mentions, and answers on them.
	$(BIN)/python -m tests.bench.warehouse
	$(BIN)/python -m tests.bench.queries

bench-web: setup  ## Measure fetching, polling and reading feeds, on loopback (CORPORA=folder: real pages).
	DATELINE_CORPORA=$(CORPORA) $(BIN)/python -m tests.bench.web

ON_BIGQUERY := tests/test_contract.py tests/test_views.py tests/test_chain.py tests/bigquery

# The emulator wants Python 3.13, from PATH or as pyenv keeps it, and an environment of its own.
EMULATOR := .venv-bigquery/bin/python
PYTHON313 ?= $(firstword $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.13*/bin/python3.13) python3.13)

$(EMULATOR): tests/bigquery/requirements.txt | setup
	$(BIN)/uv venv --quiet --clear --no-python-downloads --python $(PYTHON313) .venv-bigquery
	$(BIN)/uv pip install --quiet --python $@ -r $<
	touch -c $@

test-bigquery: setup $(EMULATOR)  ## Run what all warehouses have in common on a local BigQuery.
	DATELINE_BIGQUERY=$(abspath $(EMULATOR)) $(BIN)/python -m pytest $(ON_BIGQUERY)

test-gcp: setup  ## Run the same on Google's side: make test-gcp PROJECT=name DATASET=empty_one
	$(if $(PROJECT),,$(error say where: make test-gcp PROJECT=my-project DATASET=dateline_test))
	DATELINE_BIGQUERY=$(PROJECT).$(or $(DATASET),dateline_test) \
	  $(BIN)/python -m pytest $(ON_BIGQUERY)

PRISM := build/prism/prism
BEAM := $(shell sed -n 's/^apache-beam==\([0-9.]*\).*/\1/p' requirements.lock)

$(PRISM): requirements.lock
	@command -v go >/dev/null || { echo "Prism needs Go: install it, then make test-prism" >&2; exit 2; }
	GOBIN=$(abspath $(@D)) go install github.com/apache/beam/sdks/v2/go/cmd/prism@v$(BEAM)
	touch $@

prism: $(PRISM)  ## Build Prism, Beam's local runner for streams, in build/prism (needs Go).

test-prism: setup $(PRISM)  ## Run the pipeline as a stream on Prism (needs Go).
	DATELINE_PRISM=$(abspath $(PRISM)) $(BIN)/python -m pytest tests/streaming

FLINK := build/flink/dateline-flink.jar
ON_FLINK := .venv-flink/.ready

$(FLINK): pipelines/deploy/flink/pom.xml
	@command -v java >/dev/null && command -v mvn >/dev/null || \
	  { echo "Flink needs Java 17 and Maven: install both (Debian: openjdk-17-jre-headless maven)" >&2; exit 2; }
	mvn --quiet --batch-mode --file $< package
	touch $@

# Workers run the built package, in an environment of their own.
$(ON_FLINK): requirements.lock $(filter-out .venv%,$(wildcard setup.py */*.py */*/*.py)) | setup
	rm -rf build/wheel build/lib
	$(BIN)/uv build --quiet --wheel --out-dir build/wheel .
	$(BIN)/uv venv --quiet --clear --no-python-downloads --python $(BIN)/python .venv-flink
	$(BIN)/uv pip install --quiet --python .venv-flink/bin/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python .venv-flink/bin/python --no-deps build/wheel/*.whl
	touch $@

test-flink: setup $(FLINK) $(ON_FLINK)  ## Run the pipeline on a local Flink cluster (needs Java and Maven).
	DATELINE_FLINK=$(abspath $(FLINK)) $(BIN)/python -m pytest tests/flink

test-kill: setup  ## Kill runs at random instants and compare their rows: make test-kill KILLS=200
	$(BIN)/python -m tests.survival.kills --kills $(or $(KILLS),200)

soak: setup  ## Run for a while on a web that changes all the time: make soak MINUTES=20 FLAGS=…
	$(BIN)/python -m tests.survival.soak --minutes $(or $(MINUTES),20) $(FLAGS)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

lock: setup  ## Compile requirements.lock anew from setup.py, and after it that of the image.
	$(BIN)/uv pip compile --quiet setup.py --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --upgrade -o requirements.lock
	$(BIN)/uv pip compile --quiet setup.py --extra gcp --python-version 3.11 \
	  --python-platform x86_64-manylinux_2_28 --constraint requirements.lock \
	  --generate-hashes --no-header --no-annotate -o pipelines/deploy/requirements-gcp.lock

model: setup  ## Train the language model: make model CORPORA=folder [FROM=transforms/model] (see its README.md).
	$(if $(CORPORA),,$(error say where the corpora are: make model CORPORA=folder))
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[train]'
	$(BIN)/dateline train --corpora $(CORPORA) $(if $(FROM),--start $(FROM))

clean-model: setup  ## Train what tells text from furniture: make clean-model CORPORA=folder (see seeds/BLOCKS.md).
	$(if $(CORPORA),,$(error say where pages with gold text are: make clean-model CORPORA=folder))
	$(BIN)/uv pip install --quiet --python $(BIN)/python -e '.[train]'
	$(BIN)/python -m pipelines.train.blocks --corpora $(CORPORA) --floors tests/gates.json

clean:  ## Remove the environment, caches and the demo's warehouse.
	rm -rf $(VENV) .venv-bigquery .venv-flink .mypy_cache .ruff_cache .pytest_cache build *.egg-info
	rm -rf $(WAREHOUSE) $(WAREHOUSE).*
