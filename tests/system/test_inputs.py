"""What several files make together, how they are packed and written, and how little of them is read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import re
import resource
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

MIB = 1 << 20


def put(path: Path, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_files_are_united_by_name_and_widened(headrace, tmp_path):
    put(tmp_path / "1.parquet", a=pa.array([1, 2], pa.int32()), b=pa.array(["x", None]))
    put(tmp_path / "2.parquet", c=pa.array([0.5]), a=pa.array([1 << 40], pa.int64()))
    put(tmp_path / "3.parquet", b=pa.array(["y"]), c=pa.array([1.5], pa.float32()), a=pa.array([7], pa.int8()))
    done = headrace("convert", "*.parquet", "out.parquet")
    assert done.exit_code == 9
    assert "E0511" in done.stderr or "E0510" in done.stderr
    assert "--schema-mode union" in done.stderr
    arguments = ["--schema-mode", "union", "--file-column", "file"]
    done = headrace("convert", "[0-9].parquet", "out.parquet", *arguments)
    assert done.exit_code == 0, done.stderr
    table = pq.read_table(tmp_path / "out.parquet")
    assert [str(field.type) for field in table.schema] == ["int64", "string", "double", "string"]
    assert table.to_pydict() == {
        "a": [1, 2, 1 << 40, 7],
        "b": ["x", None, None, "y"],
        "c": [None, None, 0.5, 1.5],
        "file": ["1.parquet", "1.parquet", "2.parquet", "3.parquet"],
    }
    # A filter prunes by statistics of each file's own type, never wrongly.
    arguments += ["--mode", "overwrite", "--where", "a > 2 and file <> '2.parquet'", "--select", "c"]
    assert headrace("convert", "[0-9].parquet", "out.parquet", *arguments).exit_code == 0
    assert pq.read_table(tmp_path / "out.parquet").to_pydict() == {"c": [1.5]}


def test_types_that_nothing_holds_are_refused_with_both_files(headrace, tmp_path):
    put(tmp_path / "1.parquet", a=pa.array([1]))
    put(tmp_path / "2.parquet", a=pa.array(["one"]))
    done = headrace("convert", "*.parquet", "out", "--schema-mode", "union")
    assert done.exit_code == 9
    assert re.search(r"'a' is int64 in 1\.parquet, string in 2\.parquet", done.stderr), done.stderr
    done = headrace("convert", "1.parquet", "out", "--line-column", "n")
    assert done.exit_code == 3
    assert "E0172" in done.stderr


def test_a_limit_reads_no_more_than_it_needs(headrace_binary, tmp_path):
    """The first rows of a long packed text come without unpacking the rest: seen in the reads of the file."""
    generator = random.Random(5)
    rows = "".join(f"{i},{generator.getrandbits(64):x}\n" for i in range(400_000))
    path = tmp_path / "long.csv.gz"
    path.write_bytes(gzip.compress(f"id,text\n{rows}".encode(), compresslevel=1))
    command = [headrace_binary, "convert", path.name, "out.parquet", "--limit", "1000", "--threads", "2"]
    trace = ["strace", "-f", "-e", "trace=pread64,read", "-P", path.name, "-o", "trace"]
    subprocess.run([*trace, *command], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 1000
    calls = re.findall(r"(?:pread64|read)\(.* = (\d+)$", (tmp_path / "trace").read_text(), re.MULTILINE)
    assert calls, "no read of the file was seen"
    size = path.stat().st_size
    assert size > 4 * MIB
    assert sum(map(int, calls)) < size, f"{sum(map(int, calls))} bytes of {size} read for 1000 rows"


@pytest.mark.parametrize(
    ("name", "pack"),
    [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lambda data: lzma.compress(data, preset=6))],
)
def test_a_packed_bomb_stays_inside_the_budget(headrace, tmp_path, name, pack):
    """One record without an end, a thousand times smaller on disk."""
    (tmp_path / f"bomb.csv.{name}").write_bytes(pack(b"a,b\n1," + b"x" * (96 * MIB)))
    done = headrace("convert", f"bomb.csv.{name}", "out", "--memory", "96MiB", "--threads", "1")
    assert done.exit_code in (7, 9), done.stderr
    assert f"bomb.csv.{name}" in done.stderr
    assert done.peak_rss_bytes <= 96 * MIB
    assert not (tmp_path / "out").exists()


def test_an_xz_dictionary_above_the_budget_is_refused_with_its_size(headrace, tmp_path):
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 256 * MIB}]
    data = lzma.compress(b"a,b\n1,2\n", format=lzma.FORMAT_XZ, filters=filters)
    (tmp_path / "in.csv.xz").write_bytes(data)
    done = headrace("convert", "in.csv.xz", "out", "--memory", "128MiB")
    assert done.exit_code == 7
    assert "256" in done.stderr, done.stderr


def test_thousands_of_files_need_few_descriptors(headrace_binary, tmp_path):
    count = 3000
    (tmp_path / "in").mkdir()
    for i in range(count):
        (tmp_path / "in" / f"{i:05}.csv").write_text(f"id,name\n{i},n{i}\n")

    def few_descriptors() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    done = subprocess.run(
        [headrace_binary, "convert", "in", "out.parquet", "--memory", "64MiB", "--report", "report.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=few_descriptors,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "out.parquet")["id"].to_pylist() == list(range(count))
    report = json.loads((tmp_path / "report.json").read_text())
    assert len(report["inputs"]) == count
