"""TPC-H lineitem as benchmark input: made once per scale into bench/.cache, with types and the right answer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

CACHE = Path(__file__).with_name(".cache")

# Column -> (headrace, DuckDB) type. Everybody is given the types in full.
COLUMNS = {
    "l_orderkey": ("int64", "BIGINT"),
    "l_partkey": ("int64", "BIGINT"),
    "l_suppkey": ("int64", "BIGINT"),
    "l_linenumber": ("int32", "INTEGER"),
    "l_quantity": ("decimal(15,2)", "DECIMAL(15,2)"),
    "l_extendedprice": ("decimal(15,2)", "DECIMAL(15,2)"),
    "l_discount": ("decimal(15,2)", "DECIMAL(15,2)"),
    "l_tax": ("decimal(15,2)", "DECIMAL(15,2)"),
    "l_returnflag": ("string", "VARCHAR"),
    "l_linestatus": ("string", "VARCHAR"),
    "l_shipdate": ("date", "DATE"),
    "l_commitdate": ("date", "DATE"),
    "l_receiptdate": ("date", "DATE"),
    "l_shipinstruct": ("string", "VARCHAR"),
    "l_shipmode": ("string", "VARCHAR"),
    "l_comment": ("string", "VARCHAR"),
}


def headrace_types() -> str:
    return ",".join(f"{name}:{ours}" for name, (ours, _) in COLUMNS.items())


def duckdb_types() -> str:
    return "{" + ", ".join(f"'{name}': '{theirs}'" for name, (_, theirs) in COLUMNS.items()) + "}"


def csv_path(scale: str) -> Path:
    """lineitem.csv at `scale`, generated on first use (about 770 MB and half a minute per unit of scale)."""
    folder = CACHE / f"sf{scale}"
    path = folder / "lineitem.csv"
    if not path.exists():
        staging = CACHE / f"sf{scale}.making"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        print(f"bench: generating lineitem at scale {scale} in {folder}", file=sys.stderr)
        generator = Path(sys.executable).with_name("tpchgen-cli")
        command = [generator, "csv", "-s", scale, "--tables", "lineitem", "--output-dir", staging]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        staging.rename(folder)
    return path


def half_bad_path(scale: str, kind: str) -> Path:
    """lineitem.csv with every second record spoilt: bad_values (letters in l_partkey), bad_fields (one too many)."""
    source = csv_path(scale)
    path = source.with_name(f"lineitem_{kind}.csv")
    if not path.exists():
        making = path.with_suffix(".making")
        with open(source, "rb") as lines, open(making, "wb") as file:
            file.write(next(lines))
            for number, line in enumerate(lines):
                if number % 2:
                    line = line.replace(b",", b",x", 1) if kind == "bad_values" else line.replace(b"\n", b",x\n")
                file.write(line)
        making.rename(path)
    return path


def parquet_path(scale: str) -> Path:
    """The same rows as one zstd Parquet file, written by DuckDB."""
    path = csv_path(scale).with_suffix(".parquet")
    if not path.exists():
        making = path.with_suffix(".making")
        duckdb.execute(
            f"COPY (SELECT * FROM {csv_relation(csv_path(scale))}) TO '{making}' "
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )
        making.rename(path)
    return path


def json_path(scale: str) -> Path:
    """The same rows as JSON lines: one object per row, numbers as numbers, dates as strings (3 times the CSV)."""
    path = csv_path(scale).with_suffix(".jsonl")
    if not path.exists():
        making = path.with_suffix(".making")
        duckdb.execute(f"COPY (SELECT * FROM {csv_relation(csv_path(scale))}) TO '{making}' (FORMAT json)")
        making.rename(path)
    return path


def small_csv_path() -> Path:
    """The first 1,000 rows, for cold starts."""
    path = csv_path("0.01").with_name("lineitem_1000.csv")
    if not path.exists():
        with open(csv_path("0.01")) as source:
            path.write_text("".join(next(source) for _ in range(1001)))
    return path


def csv_relation(path: Path) -> str:
    return f"read_csv('{path}', header = true, delim = ',', quote = '\"', columns = {duckdb_types()})"


def json_relation(path: Path) -> str:
    return f"read_json('{path}', format = 'newline_delimited', columns = {duckdb_types()})"


def fingerprint(relation: str) -> list[int]:
    """Row count and two order-independent hashes over all columns, computed by DuckDB."""
    row = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(1))" for name in COLUMNS)
    query = f"SELECT count(*), bit_xor(h), sum(h % 1000003) FROM (SELECT hash({row}) AS h FROM {relation})"
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        return [int(value or 0) for value in connection.execute(query).fetchone()]


def expected_fingerprint(scale: str) -> list[int]:
    stored = csv_path(scale).with_name("fingerprint.json")
    if not stored.exists():
        stored.write_text(json.dumps(fingerprint(csv_relation(csv_path(scale)))))
    return json.loads(stored.read_text())


def output_fingerprint(output: Path) -> list[int]:
    text = f"{output}/**/*.parquet" if output.is_dir() else str(output)
    return fingerprint(f"read_parquet('{text}', hive_partitioning = true)")
