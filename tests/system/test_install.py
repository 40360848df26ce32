"""`make install PREFIX=DIR`: the prefix can be moved, the command runs from it, and another program can link it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "LD_LIBRARY_PATH"}


def run(*command: str | Path, **keywords) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=ENVIRONMENT, check=False, **keywords
    )
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(headrace_binary, tmp_path_factory) -> Path:
    """An installed headrace, moved away from where it was installed."""
    build = next((folder for folder in headrace_binary.parents if (folder / "CMakeCache.txt").exists()), None)
    if build is None:
        pytest.skip(f"SKIPPED: {headrace_binary} does not stand in a build directory")
    folder = tmp_path_factory.mktemp("install")
    run("cmake", "--build", build, "--target", "headrace_library", "headrace_command")
    run("cmake", "--install", build, "--prefix", folder / "first")
    shutil.move(folder / "first", folder / "moved here")
    return folder / "moved here"


def test_command_runs_from_a_moved_prefix(prefix, tmp_path):
    (tmp_path / "in.csv").write_text("id,name\n1,ada\n2,bob\n")
    assert "headrace" in run(prefix / "bin/headrace", "--version")
    run(prefix / "bin/headrace", "convert", "in.csv", "out.parquet", cwd=tmp_path)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 2


def test_everything_is_found_inside_the_prefix(prefix):
    loaded = run("ldd", prefix / "bin/headrace")
    assert "not found" not in loaded
    for line in loaded.splitlines():
        if "libarrow" in line or "libparquet" in line or "yaml" in line or "libfmt" in line:
            assert str(prefix) in line, f"found outside the prefix: {line}"


def test_no_absolute_path_is_installed(prefix):
    for path in prefix.rglob("*.cmake"):
        text = path.read_text()
        assert str(ROOT) not in text and "site-packages" not in text, f"{path} names a place on this machine"
    for path in [prefix / "bin/headrace", *(prefix / "lib").glob("libheadrace.so*")]:
        for line in run("readelf", "-d", path).splitlines():
            if "RUNPATH" in line or "RPATH" in line:
                folders = line[line.index("[") + 1 : line.rindex("]")].split(":")
                assert all(folder.startswith("$ORIGIN") for folder in folders), f"{path}: {line}"


def test_another_program_links_and_runs(prefix, tmp_path):
    run("cmake", "-S", ROOT / "tests/consumer", "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path / "build")
    (tmp_path / "in.csv").write_text("id,name\n1,ada\n2,bob\n3,eve\n")
    said = run(tmp_path / "build/consumer", "in.csv", "out.parquet", cwd=tmp_path)
    assert "published" in said
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == [2, 3]
