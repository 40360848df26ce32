"""Fixtures of the system tests: the real command, run from outside in a directory of its own."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import measure
import pytest

ROOT = Path(__file__).resolve().parents[2]


def pytest_addoption(parser):
    parser.addoption("--golden-update", action="store_true", help="rewrite the expected rows of the golden pipelines")


@pytest.fixture(scope="session")
def headrace_binary() -> Path:
    """The command under test: $HEADRACE, else the release build. Missing is a failure, never a silent skip."""
    binary = Path(os.environ.get("HEADRACE", ROOT / "build/release/headrace"))
    if not os.access(binary, os.X_OK):
        pytest.fail(f"no headrace command at {binary}; run `make build` or set HEADRACE", pytrace=False)
    return binary.resolve()


@pytest.fixture
def headrace(headrace_binary, tmp_path):
    """Runs the command in tmp_path and returns the measurement. Keywords are those of measure.run."""

    def run(*arguments: str | Path, **keywords) -> measure.Measurement:
        return measure.run([headrace_binary, *arguments], cwd=tmp_path, **keywords)

    return run


@pytest.fixture
def database():
    """A DuckDB connection in memory, for making inputs and for judging results."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        yield connection


@pytest.fixture
def cgroup_of():
    """measure.memory_cgroup, or a loud skip where none can be made."""

    def make(limit_bytes: int):
        try:
            with measure.memory_cgroup(limit_bytes):
                pass
        except measure.CgroupUnavailable as reason:
            pytest.skip(f"SKIPPED: no memory cgroup here: {reason}")
        return measure.memory_cgroup(limit_bytes)

    return make
