"""Any value as a partition: every reader gets every row back with its value, or the run refuses it. Never two values in
one directory, never a row less."""

from __future__ import annotations

import datetime
import decimal
import math
import unicodedata

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from test_cli_errors import BAD_INPUT, INVALID, assert_nothing_published, assert_one_error

TEXTS = [
    *["a", "A", "b", "a b", " lead", "trail ", "dot.", "dots..", ".", "..", "...", "-", "~", "_x", ".x"],
    *[
        "a/b",
        "/",
        "//",
        "a=b",
        "=",
        "50%",
        "%41",
        "%2F",
        "%",
        "%zz",
        "a\\b",
        "[x]",
        "{y}",
        "^",
        "#",
        "?",
        "*",
        ":",
        "'",
        '"',
    ],
    *[
        "tab\there",
        "a\nb",
        "\r",
        "\x01",
        "\x1f",
        "\x7f",
        "\u0080",
        "\u200b",
        "&",
        "+",
        ",",
        ";",
        "$HOME",
        "`",
        "!",
        "|",
        "<>",
    ],
    *["2024", "007", "1e3", "true", "None", "NaN", "1970-01-01", "0", "-0", "日本語", "🦆", "x" * 250, "é" * 80],
    unicodedata.normalize("NFC", "ü"),
    unicodedata.normalize("NFD", "ü"),
    "HIVE_DEFAULT_PARTITION",
]


@pytest.fixture
def publish(headrace, tmp_path):
    """Rows n = 0, 1, ... with the key k = values[n], published by k, two rows of each."""

    def run(values, type=None, *more, expect=0):
        table = pa.table({"k": pa.array([*values, *values], type), "n": range(2 * len(values))})
        pq.write_table(table, tmp_path / "in.parquet")
        done = headrace("convert", "in.parquet", "out", "--partition-by", "k", "--mode", "overwrite", *more)
        assert done.exit_code == expect, done.stderr
        return done

    return run


def text_readers(tmp_path, headrace):
    """Every reader as a function of the dataset that gives rows (n, k) with k as text."""

    def by_headrace():
        done = headrace("convert", "out", "back.parquet", "--mode", "overwrite", "--derive", "k=cast(k as varchar)")
        assert done.exit_code == 0, done.stderr
        return pq.read_table(tmp_path / "back.parquet").select(["n", "k"]).to_pylist()

    def by_pyarrow():
        partitioning = ds.partitioning(pa.schema([("k", pa.string())]), flavor="hive")
        return ds.dataset(tmp_path / "out", partitioning=partitioning).to_table(columns=["n", "k"]).to_pylist()

    def by_duckdb():
        path = str(tmp_path / "out/**/*.parquet")
        query = f"SELECT n, k FROM read_parquet('{path}', hive_partitioning = true, hive_types_autocast = false)"
        return [{"n": n, "k": k} for n, k in duckdb.connect().sql(query).fetchall()]

    def by_polars():
        frame = pl.scan_parquet(tmp_path / "out", hive_partitioning=True, hive_schema={"k": pl.String})
        return frame.select("n", "k").collect().to_dicts()

    return {"headrace": by_headrace, "pyarrow": by_pyarrow, "duckdb": by_duckdb, "polars": by_polars}


def assert_read_back(rows, values):
    count = len(values)
    found = {row["n"]: row["k"] for row in rows}
    assert sorted(row["n"] for row in rows) == list(range(2 * count))
    wrong = {n: (found[n], values[n % count]) for n in found if found[n] != values[n % count]}
    assert not wrong, f"n: (read, written): {wrong}"


@pytest.mark.parametrize("reader", ["headrace", "pyarrow", "duckdb", "polars"])
def test_texts_come_back(publish, headrace, tmp_path, reader):
    values = [*TEXTS, None]
    publish(values, pa.string())
    directories = list((tmp_path / "out").iterdir())
    assert len(directories) == len(values), "two values share a directory"
    for directory in directories:
        table = pq.ParquetFile(next(directory.iterdir())).read()
        assert len({n % len(values) for n in table.column("n").to_pylist()}) == 1
    assert_read_back(text_readers(tmp_path, headrace)[reader](), values)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "E0641"),
        ("__HIVE_DEFAULT_PARTITION__", "E0642"),
        ("__hive_default_partition__", "E0642"),
        ("__Hive_Default_Partition__", "E0642"),
        ("x" * 10_000, "E0644"),
        ("%" * 90, "E0644"),
    ],
)
def test_what_no_directory_can_say_is_refused(publish, tmp_path, value, code):
    done = publish(["fine", value], pa.string(), expect=BAD_INPUT)
    assert_one_error(done, BAD_INPUT, code, "'k")
    assert_nothing_published(tmp_path, "out")


def test_invalid_utf8_is_refused(headrace, tmp_path):
    text = pa.StringArray.from_buffers(2, pa.array([0, 1, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfe"))
    pq.write_table(pa.table({"k": text, "n": [0, 1]}), tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out", "--partition-by", "k")
    assert_one_error(done, BAD_INPUT, "E0522", "'k'")
    assert_nothing_published(tmp_path, "out")


TYPED = {
    "bool": (pa.bool_(), "BOOLEAN", [True, False, None]),
    "int8": (pa.int8(), "TINYINT", [-128, 0, 127, None]),
    "int64": (pa.int64(), "BIGINT", [-(2**63), -1, 0, 1, 2**63 - 1, None]),
    "uint64": (pa.uint64(), "UBIGINT", [0, 2**64 - 1, None]),
    "decimal": (
        pa.decimal128(12, 2),
        "'DECIMAL(12,2)'",
        [decimal.Decimal("-0.05"), decimal.Decimal("0.00"), decimal.Decimal("1234567890.10"), None],
    ),
    "date": (
        pa.date32(),
        "DATE",
        [datetime.date(1, 1, 1), datetime.date(2024, 2, 29), datetime.date(9999, 12, 31), None],
    ),
    "timestamp": (
        pa.timestamp("us"),
        "TIMESTAMP",
        [datetime.datetime(2024, 2, 29, 13, 5), datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999), None],
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_typed_values_come_back(publish, headrace, tmp_path, name):
    type, sql_type, values = TYPED[name]
    publish(values, type)
    assert len(list((tmp_path / "out").iterdir())) == len(values)
    path = str(tmp_path / "out/**/*.parquet")
    options = f"hive_partitioning = true, hive_types = {{'k': {sql_type}}}"
    rows = duckdb.connect().sql(f"SELECT n, k FROM read_parquet('{path}', {options})").fetchall()
    assert_read_back([{"n": n, "k": k} for n, k in rows], values)
    # The others agree on the texts, whatever type each of them makes of them.
    readers = text_readers(tmp_path, headrace)
    expected = {row["n"]: row["k"] for row in readers["duckdb"]()}
    for reader in ("headrace", "pyarrow", "polars"):
        assert {row["n"]: row["k"] for row in readers[reader]()} == expected, reader


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (pa.float64(), math.nan),
        (pa.float64(), -0.0),
        (pa.float32(), 0.5),
        (pa.time64("us"), datetime.time(1, 2)),
        (pa.binary(), b"a"),
        (pa.list_(pa.int64()), [1]),
    ],
)
def test_types_without_an_exact_text_are_refused_with_the_plan(publish, tmp_path, type, value):
    done = publish([value], type, expect=INVALID)
    assert_one_error(done, INVALID, "E0265", "'k'")
    assert_nothing_published(tmp_path, "out")


def test_instants_are_told_in_utc(publish, tmp_path):
    zone = datetime.timezone(datetime.timedelta(hours=2))
    values = [
        datetime.datetime(2024, 7, 1, 1, 30, tzinfo=zone),
        datetime.datetime(2024, 7, 1, 1, 30, tzinfo=datetime.UTC),
    ]
    publish(values, pa.timestamp("us", "Europe/Berlin"))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["k=2024-06-30 23%3A30%3A00", "k=2024-07-01 01%3A30%3A00"]


def test_key_names_are_encoded_as_values_are(headrace, tmp_path):
    table = pa.table({"a b/c=%": ["x", "y"], "n": [0, 1]})
    pq.write_table(table, tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out", "--partition-by", "a b/c=%")
    assert done.exit_code == 0, done.stderr
    assert headrace("convert", "out", "back.parquet").exit_code == 0
    assert pq.read_table(tmp_path / "back.parquet").select(table.column_names).to_pylist() == table.to_pylist()


def test_two_keys_where_one_is_null(headrace, tmp_path):
    table = pa.table({"a": ["x", None, "x", None], "b": pa.array([1, 1, None, None], pa.int64()), "n": range(4)})
    pq.write_table(table, tmp_path / "in.parquet")
    assert headrace("convert", "in.parquet", "out", "--partition-by", "a,b").exit_code == 0
    assert headrace("convert", "out", "back.parquet").exit_code == 0
    back = pq.read_table(tmp_path / "back.parquet").select(["a", "b", "n"]).sort_by("n")
    assert back.to_pylist() == table.to_pylist()
