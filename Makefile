# Every target does its own set-up; nothing but make, a shell and root or sudo is assumed on a Debian or Ubuntu machine.
#   make demo                     the main job on real data
#   make test                     release tests, system tests, ASan+UBSan, TSan (make sanitize: these two alone)
#   make crash SECONDS=1800 SEED=1  every call of a publish met by every fault; crash-short is in `make test`,
#                                 crash-docs writes docs/publishing-tests.md
#   make fuzz TARGET=csv SECONDS=60  one fuzz target; make fuzz-smoke: all of them, some seconds each, and the canary
#   make agree INPUTS=10000000    scanners and parsers of values against each other and plain ones
#   make borders SHARE=1          a block border through every byte of every small text file
#   make soak MINUTES=10          many pipelines in one process; fails when it grows
#   make lint | bench | golden-update | install PREFIX=DIR
#   make bench-crash KILLS=100    what readers see while writers are killed, beside a peer
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-print-directory

PREFIX ?= $(CURDIR)/out/headrace
SF ?= 1
MEMORY ?= 512MiB
ROUNDS ?= 3
MINUTES ?= 10
SECONDS ?= 1800
SEED ?= 1
KILLS ?= 100
TARGET ?= csv
INPUTS ?= 10000000
SHARE ?= 1
CORPORA ?= $(or $(HEADRACE_CORPORA),$(CURDIR)/../shared/corpora)
JOBS ?= $(shell nproc)

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1
PYTHON := .venv/bin/python
HEADRACE := $(CURDIR)/build/release/headrace
MODEL_LOG := $(CURDIR)/build/release/model_sweep.log

.PHONY: help setup build demo test build-test test-release test-system test-crash asan tsan sanitize tidy test-system-arrow crash crash-short crash-docs soak lint format bench \
        bench-crash golden-update install clean fuzz fuzz-smoke fuzz-build agree borders

help:
	@sed -n '1,/^SHELL/{/^#/p}' Makefile

setup:
	@scripts/setup.sh build demo test lint bench

build:
	@scripts/setup.sh build
	@cmake --preset release --log-level=WARNING
	@cmake --build --preset command -j $(JOBS)

demo:
	@scripts/setup.sh demo
	@$(MAKE) build
	@HEADRACE=$(HEADRACE) scripts/demo.sh

# Fast failures first: the release build and its tests, then the command from outside, then the sanitizers.
test: test-release test-system test-crash sanitize

sanitize: asan tsan

build-test:
	@scripts/setup.sh test
	@cmake --preset test --log-level=WARNING
	@cmake --build --preset test -j $(JOBS)

test-release: build-test
	@rm -f $(MODEL_LOG)
	@HEADRACE_SWEEP_LOG=$(MODEL_LOG) ctest --preset test -j $(JOBS)

test-system: test-release
	@HEADRACE=$(HEADRACE) $(PYTHON) -m pytest -c tests/pytest.ini tests

asan tsan:
	@scripts/setup.sh test
	@cmake --preset $@ --log-level=WARNING
	@cmake --build --preset $@ -j $(JOBS)
	@ctest --preset $@ -j $(JOBS)

# The second way to get Arrow, find_package, built against a package file made around the wheel.
test-system-arrow:
	@scripts/setup.sh test
	@cmake --preset system-arrow --log-level=WARNING -DHEADRACE_BUILD_TESTS=OFF \
	  -DCMAKE_PREFIX_PATH=$(CURDIR)/tests/arrow_package \
	  -DARROW_PACKAGE_WHEEL="$$($(PYTHON) -c 'import pyarrow, os; print(os.path.dirname(pyarrow.__file__))')"
	@cmake --build --preset system-arrow -j $(JOBS)
	@build/system-arrow/headrace --version

# The long form of the crash sweep, the short one, and the page about it, written from the short one.
crash: build-test
	@HEADRACE=$(HEADRACE) $(PYTHON) tests/crash/sweep.py --seed $(SEED) --seconds $(SECONDS)

crash-short: build-test
	@HEADRACE=$(HEADRACE) $(PYTHON) tests/crash/sweep.py --short --seed $(SEED)

# The same with what the unit tests have just counted on the model.
test-crash: test-release
	@HEADRACE=$(HEADRACE) $(PYTHON) tests/crash/sweep.py --short --seed $(SEED) --model-log $(MODEL_LOG)

crash-docs: build-test
	@HEADRACE=$(HEADRACE) $(PYTHON) tests/crash/sweep.py --short --seed $(SEED) --page docs/publishing-tests.md

# SECONDS without a word on the command line is the crash sweep's.
fuzz: fuzz-build
	@tools/fuzz.py run $(TARGET) --seconds $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)

fuzz-smoke: fuzz-build
	@tools/fuzz.py smoke --jobs $(JOBS)

fuzz-build:
	@scripts/setup.sh fuzz
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build --preset fuzz -j $(JOBS)

agree: build-test
	@build/release/tests/fuzz/agree --inputs $(INPUTS)

borders: build-test
	@build/release/tests/fuzz/borders --share $(SHARE) tests/fuzz/borders tests/golden $(CORPORA)/data

soak: build-test
	@directory="$$(mktemp -d)"; trap 'rm -rf "$$directory"' EXIT; build/release/tests/soak $(MINUTES) "$$directory"

lint:
	@scripts/setup.sh lint
	@tools/lint.sh

tidy:
	@scripts/setup.sh lint
	@cmake --preset lint --log-level=WARNING && tools/run_clang_tidy.py --build build/lint

format:
	@scripts/setup.sh lint
	@git ls-files -z --cached --others --exclude-standard '*.cc' '*.h' | xargs -0 clang-format -i
	@ruff format --quiet .

bench:
	@scripts/setup.sh bench
	@cmake --preset bench --log-level=WARNING
	@mkdir -p bench/.cache
	@cmake --build --preset bench -j $(JOBS)
	@build/release/headrace_kernels --benchmark_min_time=0.2 --benchmark_out=bench/.cache/kernels.json
	@$(PYTHON) bench/reading.py --scale $(SF) --rounds $(ROUNDS)
	@HEADRACE=$(HEADRACE) $(PYTHON) bench/pipelines.py --scale $(SF) --memory $(MEMORY) --rounds $(ROUNDS)

bench-crash: build
	@scripts/setup.sh bench
	@HEADRACE=$(HEADRACE) $(PYTHON) bench/crash_readers.py --kills $(KILLS)

# The reference pages and golden texts first: the tests that compare them write them.
golden-update: build-test
	@HEADRACE_GOLDEN_UPDATE=1 ctest --preset test -j $(JOBS)
	@HEADRACE=$(HEADRACE) $(PYTHON) -m pytest -c tests/pytest.ini tests/system/test_golden.py --golden-update

install: build
	@cmake --build --preset library -j $(JOBS)
	@cmake --install build/release --prefix "$(abspath $(PREFIX))" >/dev/null
	@echo "installed in $(abspath $(PREFIX)): bin/headrace, lib, include/headrace, lib/cmake/headrace"

clean:
	rm -rf build out demo-out
