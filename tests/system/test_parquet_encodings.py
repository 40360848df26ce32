"""Columns of every shape that the Parquet writer treats in its own way, read back by pyarrow, DuckDB and Polars."""

from __future__ import annotations

import os
import random

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = 50_000  # more than two pages


@pytest.fixture(scope="module")
def table() -> pa.Table:
    seed = int(os.environ.get("HEADRACE_SEED", random.SystemRandom().getrandbits(32)))
    print(f"seed {seed}; replay: HEADRACE_SEED={seed} pytest {__file__}")
    rng = np.random.default_rng(seed)
    n = np.arange(ROWS)
    few, anything = rng.integers(0, 7, ROWS), rng.integers(-(2**62), 2**62, ROWS)
    mostly = np.where(n < 45_000, few, anything)
    pages = n < 25_000  # a page of NULLs alone
    return pa.table(
        {
            "sorted": pa.array(n * 5),
            "near": pa.array(n + rng.integers(0, 50, ROWS), mask=n % 40 == 7),
            "delta with a null page": pa.array(n * 3, mask=pages),
            "int32": pa.array((n * 7 + rng.integers(0, 9, ROWS)).astype(np.int32)),
            "uint32": pa.array(rng.integers(0, 2**32, ROWS, dtype=np.uint32)),
            "any": pa.array(anything, mask=n % 3 == 0),
            "few": pa.array(few << 50),
            "few with a null page": pa.array(few << 50, mask=pages),
            "one": pa.array(np.full(ROWS, 12_345_678_901)),
            "dictionary that swells": pa.array(mostly),
            "double": pa.array(rng.normal(1e5, 10, ROWS)),
            "float": pa.array(rng.random(ROWS).astype(np.float32), mask=n % 11 == 0),
            "price": pa.array(rng.integers(0, 30, ROWS) / 4),
            "day": pa.array(rng.integers(0, 20_000, ROWS).astype(np.int32), pa.int32()).cast(pa.date32()),
            "moment": pa.array(1_700_000_000_000_000 + n * 1_000_003, pa.timestamp("us")),
            "decimal": pa.array(n * 37, pa.int64()).cast(pa.decimal128(20, 0)).cast(pa.decimal128(15, 2)),
            "flag": pa.array(few > 3, mask=n % 5 == 0),
            "text": pa.array([f"name {i}" for i in anything]),
            "few texts": pa.array([["", "a", "bcd", "ü", "efghijklm", None, "nop"][i] for i in few]),
            "texts that swell": pa.array([f"t{i}" for i in mostly]),
            "texts with a null page": pa.array([f"x{i % 1000}" for i in n], mask=pages),
        }
    )


@pytest.mark.parametrize("compression", ["zstd", "snappy", "none"])
def test_every_shape_comes_back(headrace, tmp_path, database, table, compression):
    pq.write_table(table, tmp_path / "in.parquet")
    flags = ["--compression", compression, "--memory", "96MiB", "--durability", "none"]
    done = headrace("convert", "in.parquet", "out.parquet", *flags)
    assert done.exit_code == 0, done.stderr
    assert headrace("fsck", "out.parquet", "--deep").exit_code == 0

    assert pq.read_table(tmp_path / "out.parquet").equals(table)
    expected = pl.DataFrame(table)
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found.equals(expected), [name for name in found.columns if not found[name].equals(expected[name])]
    read = database.sql(f"SELECT * FROM '{tmp_path}/out.parquet'").to_arrow_table()
    for name in table.column_names:
        assert read[name].cast(table[name].type).equals(table[name]), name


def test_filters_leave_out_pages_of_own_files(headrace, tmp_path, database):
    """A damaged page harms nobody who does not want its rows."""
    pq.write_table(
        pa.table({"n": pa.array(range(ROWS)), "s": [f"{i:09}" for i in range(ROWS)]}), tmp_path / "in.parquet"
    )
    done = headrace("convert", "in.parquet", "out.parquet", "--durability", "none")
    assert done.exit_code == 0, done.stderr
    columns = pq.ParquetFile(tmp_path / "out.parquet").metadata.row_group(0)
    assert columns.column(0).has_column_index and columns.column(0).has_offset_index
    content = bytearray((tmp_path / "out.parquet").read_bytes())
    for number in range(2):
        column = columns.column(number)
        begin = column.dictionary_page_offset if column.has_dictionary_page else column.data_page_offset
        content[begin + column.total_compressed_size - 20] ^= 0xFF  # in the last page
    (tmp_path / "out.parquet").write_bytes(content)
    assert headrace("convert", "out.parquet", "all.parquet", "--durability", "none").exit_code != 0
    for where in ["n < 100", "s < '000000100'"]:
        done = headrace(
            "convert", "out.parquet", "few.csv", "--where", where, "--mode", "overwrite", "--durability", "none"
        )
        assert done.exit_code == 0, done.stderr
        assert database.execute(f"SELECT count(*) FROM '{tmp_path}/few.csv'").fetchone() == (100,)
