"""`--sort-within`: the rows of every partition, or of the whole output, in order, for any budget and threads."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_cli_errors import INVALID, assert_one_error

ROWS = 60_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Few values, so that ties are common, and NULL and NaN among them."""
    rng = random.Random(11)
    numbers = [None, float("nan"), -0.0, 0.0, float("inf"), -1.5, 2.0]
    return pa.table(
        {
            "n": pa.array(range(ROWS), pa.int64()),
            "key": pa.array([rng.randrange(4) for _ in range(ROWS)], pa.int32()),
            "text": pa.array([rng.choice([None, "", "a", "ab", "b", "ü", "a\x01b"]) for _ in range(ROWS)]),
            "number": pa.array([rng.choice(numbers) for _ in range(ROWS)]),
            "filler": pa.array([rng.randbytes(rng.randrange(150)).hex() for _ in range(ROWS)]),
        }
    )


@pytest.fixture
def source(table, tmp_path):
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=7_000)
    return "in.parquet"


def place_of_text(text):
    return (text is None, (text or "").encode())


def place_of_number_falling(number):
    """NULL last, NaN above everything, the zeros the same."""
    if number is None:
        return (2, 0.0)
    return (0, 0.0) if number != number else (1, -number if number != 0 else 0.0)


def in_order(table: pa.Table, directory_key: int | None = None) -> list[int]:
    """The row numbers that the output has to have: sorted() keeps ties as they came."""
    rows = table.select(["n", "key", "text", "number"]).to_pylist()
    if directory_key is not None:
        rows = [row for row in rows if row["key"] == directory_key]
    rows.sort(key=lambda row: (place_of_text(row["text"]), place_of_number_falling(row["number"])))
    return [row["n"] for row in rows]


def numbers_of(directory) -> list[int]:
    return [n for path in sorted(directory.glob("*.parquet")) for n in pq.read_table(path)["n"].to_pylist()]


@pytest.mark.parametrize(("memory", "threads"), [("64MiB", "1"), ("64MiB", "2"), ("512MiB", "4")])
def test_partitions_are_sorted(headrace, table, source, tmp_path, memory, threads):
    done = headrace(
        "convert", source, "out", "--partition-by", "key", "--sort-within", "text,-number", "--memory", memory,
        "--threads", threads, "--target-file-size", "256KiB", "--row-group-rows", "2000",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    for key in range(4):
        directory = tmp_path / "out" / f"key={key}"
        assert len(list(directory.iterdir())) > 1
        assert numbers_of(directory) == in_order(table, key)
    assert headrace("fsck", "out", "--deep").exit_code == 0


@pytest.mark.parametrize("name", ["out.parquet", "out.csv", "out.tsv.gz", "out.arrow"])
def test_one_file_is_sorted(headrace, table, source, tmp_path, name):
    done = headrace("convert", source, name, "--sort-within", "text", "--sort-within", "-number", "--memory", "64MiB")
    assert done.exit_code == 0, done.stderr
    if name == "out.parquet":
        found = pq.read_table(tmp_path / name)
    else:
        done = headrace("convert", name, "back.parquet", "--select", "n")
        assert done.exit_code == 0, done.stderr
        found = pq.read_table(tmp_path / "back.parquet")
    assert found["n"].to_pylist() == in_order(table)


def test_a_sort_larger_than_the_budget_spills_and_stays_inside(headrace, database, tmp_path):
    rows = 1_500_000
    database.execute(
        f"COPY (SELECT i AS n, hash(i) AS h, md5(i::VARCHAR) AS m FROM range({rows}) t(i)) "
        f"TO '{tmp_path / 'in.parquet'}' (ROW_GROUP_SIZE 50000)"
    )
    done = headrace("convert", "in.parquet", "out", "--sort-within", "m", "--memory", "72MiB", "--threads", "2")
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 72 << 20
    files = ", ".join(f"'{path}'" for path in sorted((tmp_path / "out").glob("*.parquet")))
    assert database.execute(
        f"SELECT count(*), count(DISTINCT n), bool_and(m >= before) FROM "
        f"(SELECT n, m, lag(m, 1, '') OVER (ORDER BY file_row_number) AS before "
        f"FROM read_parquet([{files}], file_row_number = true))"
    ).fetchone() == (rows, rows, True)


def test_a_pipeline_sorts(headrace, table, source, tmp_path):
    (tmp_path / "p.yaml").write_text(
        "version: 1\nname: sorted\nsources: [{ id: rows, path: in.parquet }]\n"
        "sink: { path: out.parquet, sort_within: [text, -number] }\n"
    )
    done = headrace("plan", "p.yaml")
    assert "sorted by [text, -number]" in done.stdout
    done = headrace("run", "p.yaml")
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(tmp_path / "out.parquet")["n"].to_pylist() == in_order(table)


def test_what_cannot_be_sorted_by_is_refused(headrace, tmp_path):
    pq.write_table(pa.table({"n": [1], "key": [2], "l": [[1]]}), tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out", "--sort-within", "m")
    assert_one_error(done, INVALID, "'m'")
    done = headrace("convert", "in.parquet", "out", "--sort-within", "-l")
    assert_one_error(done, INVALID, "E0217", "column 'l'")
    done = headrace("convert", "in.parquet", "out", "--partition-by", "key", "--sort-within", "KEY")
    assert_one_error(done, INVALID, "E0269", "'key'")
