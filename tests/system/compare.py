"""Are two relations the same? Judged by DuckDB, which shares no code with headrace."""

from __future__ import annotations

from pathlib import Path

import duckdb


def relation_of(path: Path) -> str:
    """SQL that reads an output of headrace: a dataset directory with Hive partitions, a Parquet file or a CSV file."""
    text = str(path).replace("'", "''")
    if path.is_dir():
        return f"read_parquet('{text}/**/*.parquet', hive_partitioning = true, union_by_name = true)"
    if path.suffix == ".csv":
        return f"read_csv('{text}', header = true, all_varchar = true)"
    return f"read_parquet('{text}')"


def describe(database: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    rows = database.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return [(row[0], row[1]) for row in rows]


def assert_same_rows(database: duckdb.DuckDBPyConnection, actual: str, expected: str, columns: str = "*") -> None:
    """Same bag of rows, whatever their order. Both are SQL relations; fails with some of the rows that differ."""
    left, right = f"(SELECT {columns} FROM {actual})", f"(SELECT {columns} FROM {expected})"
    names = [[name for name, _ in describe(database, side)] for side in (left, right)]
    assert names[0] == names[1], f"columns differ: {names[0]} instead of {names[1]}"
    missing = database.execute(f"{right[1:-1]} EXCEPT ALL {left[1:-1]} LIMIT 5").fetchall()
    added = database.execute(f"{left[1:-1]} EXCEPT ALL {right[1:-1]} LIMIT 5").fetchall()
    assert not missing and not added, f"rows missing: {missing}; rows too many: {added}"


def assert_same_rows_in_order(database: duckdb.DuckDBPyConnection, actual: str, expected: str) -> None:
    left = database.execute(f"SELECT * FROM {actual}")
    right = duckdb.connect().execute(f"SELECT * FROM {expected}")
    at = 0
    while True:
        ours, theirs = left.fetchmany(10_000), right.fetchmany(10_000)
        if ours != theirs:
            for offset, (one, other) in enumerate(zip(ours, theirs, strict=False)):
                assert one == other, f"row {at + offset} differs: {one} instead of {other}"
            raise AssertionError(f"{at + len(ours)} rows instead of {at + len(theirs)}")
        if not ours:
            return
        at += len(ours)


def fingerprint(database: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> tuple[int, int, int]:
    """Row count and two order-independent hashes over the columns as text: cheap also for tens of millions of rows."""
    row = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(1))" for name in columns)
    return database.execute(
        f"SELECT count(*), coalesce(bit_xor(h), 0), coalesce(sum(h % 1000003), 0) "
        f"FROM (SELECT hash({row}) AS h FROM {relation})"
    ).fetchone()
