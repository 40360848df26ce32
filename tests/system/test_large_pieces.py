"""Pieces of Parquet and Arrow input that are larger than the budget: row groups, record batches, texts, footers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from budgets import BUDGET_REFUSED, MIB
from pyarrow import ipc

ROWS = 2_200_000
TEXT_BYTES = 50
LONG = 40_000_000


def write_ipc(path: Path, batch: pa.RecordBatch) -> None:
    make = ipc.new_stream if path.suffix == ".arrows" else ipc.new_file
    with make(path, batch.schema) as writer:
        writer.write_batch(batch)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    """One record batch, and one row group, of about 145 MB: numbers, and text that hardly compresses."""
    directory = tmp_path_factory.mktemp("large")
    random = np.random.default_rng(7)
    offsets = pa.py_buffer(np.arange(ROWS + 1, dtype=np.int32) * TEXT_BYTES)
    text = pa.py_buffer(random.integers(97, 123, ROWS * TEXT_BYTES, dtype=np.uint8).tobytes())
    batch = pa.record_batch(
        {
            "n": pa.array(np.arange(ROWS)),
            "x": pa.array(random.random(ROWS)),
            "s": pa.Array.from_buffers(pa.string(), ROWS, [None, offsets, text]),
        }
    )
    for name in ("one.arrow", "one.arrows"):
        write_ipc(directory / name, batch)
    table = pa.Table.from_batches([batch])
    pq.write_table(table, directory / "one.parquet", row_group_size=ROWS, compression="none", use_dictionary=False)
    return directory


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("name", ["one.arrow", "one.arrows", "one.parquet"])
def test_one_piece_of_145_mb_in_128_mib(headrace, tmp_path, large, name, threads):
    limits = ["--memory", "128MiB", "--threads", str(threads), "--compression", "none", "--durability", "none"]
    done = headrace("convert", large / name, "out.parquet", *limits)
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 128 * MIB, f"{done.peak_rss_bytes / MIB:.1f} MiB at the peak"
    written = pq.ParquetFile(tmp_path / "out.parquet")
    assert written.metadata.num_rows == ROWS
    last = written.read_row_group(written.num_row_groups - 1, ["n", "s"])
    expected = pq.read_table(large / "one.parquet", columns=["n", "s"])
    assert last.equals(expected.slice(ROWS - last.num_rows))


@pytest.fixture(scope="module")
def long_texts(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("long")
    batch = pa.record_batch({"k": [1, 2, 3], "s": [c * LONG for c in "xyz"]})
    for name in ("three.arrow", "three.arrows"):
        write_ipc(directory / name, batch)
    table = pa.Table.from_batches([batch])
    pq.write_table(table, directory / "three.parquet", row_group_size=1)
    for name, dictionary in (("page", False), ("dictionary", True)):
        pq.write_table(
            table,
            directory / f"{name}.parquet",
            compression="zstd",
            data_page_size=1 << 30,
            use_dictionary=dictionary,
            dictionary_pagesize_limit=1 << 30,
        )
    (directory / "three.csv").write_text("k,s\n" + "".join(f'{k + 1},"{c * LONG}"\n' for k, c in enumerate("xyz")))
    lines = "".join(f'{{"k":{k + 1},"s":"{c * LONG}"}}\n' for k, c in enumerate("xyz"))
    (directory / "three.jsonl").write_text(lines)
    return directory


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize(
    "name",
    ["three.arrow", "three.arrows", "three.parquet", "page.parquet", "dictionary.parquet", "three.csv", "three.jsonl"],
)
def test_three_rows_of_40_mb_in_256_mib(headrace, database, tmp_path, long_texts, name, threads):
    limits = ["--memory", "256MiB", "--threads", str(threads)]
    done = headrace("convert", long_texts / name, "out.parquet", *limits)
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 256 * MIB, f"{done.peak_rss_bytes / MIB:.1f} MiB at the peak"
    rows = database.execute(f"SELECT k, length(s), s[1], s[-1] FROM '{tmp_path}/out.parquet' ORDER BY k").fetchall()
    assert rows == [(1, LONG, "x", "x"), (2, LONG, "y", "y"), (3, LONG, "z", "z")]


@pytest.mark.parametrize(("name", "output"), [("three.csv", "out.jsonl"), ("three.jsonl", "out.csv")])
def test_three_rows_of_40_mb_as_text_in_256_mib(headrace, database, tmp_path, long_texts, name, output):
    done = headrace("convert", long_texts / name, output, "--memory", "256MiB", "--threads", "4")
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 256 * MIB, f"{done.peak_rss_bytes / MIB:.1f} MiB at the peak"
    before, after = ((path).read_text() for path in (long_texts / name, tmp_path / output))
    assert [line.count(c) for line, c in zip(after.splitlines()[-3:], "xyz", strict=True)] == [LONG] * 3
    assert abs(len(after) - len(before)) < 100


@pytest.fixture(scope="module")
def large_footers(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("footers")
    pq.write_table(pa.table({f"c{i}": [i] for i in range(5000)}), directory / "columns.parquet", compression="none")
    table = pa.table({f"c{i}": np.arange(1500) for i in range(20)})
    pq.write_table(table, directory / "row_groups.parquet", row_group_size=1, compression="none")
    return directory


@pytest.mark.parametrize("mib", [56, 512])
@pytest.mark.parametrize("name", ["columns.parquet", "row_groups.parquet"])
def test_a_large_footer_passes_or_is_refused(headrace, tmp_path, large_footers, name, mib):
    """Five thousand columns, and one and a half thousand row groups."""
    limits = ["--memory", f"{mib}MiB", "--threads", "1", "--durability", "none"]
    done = headrace("convert", large_footers / name, "out.parquet", *limits)
    assert done.peak_rss_bytes <= mib * MIB
    if mib == 56:
        assert done.exit_code == BUDGET_REFUSED
        assert "--memory" in done.error_line
        return
    assert done.exit_code == 0, done.stderr
    wanted = pq.ParquetFile(large_footers / name).metadata
    written = pq.ParquetFile(tmp_path / "out.parquet").metadata
    assert (written.num_rows, written.num_columns) == (wanted.num_rows, wanted.num_columns)
