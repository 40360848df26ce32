"""Reads a dataset over and over until it is told to stop, and says of each read what it saw, one JSON line each.

    dataset_reader.py duckdb|pyarrow TARGET ROWS PARTITIONS LOG STOP_FILE

whole: all rows and partitions of one generation. mixed: rows of several generations, or not all of one. stale: a file
of the listing was gone when it was opened. missing: there was no dataset. damaged: whatever else the reader says.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

# What each reader says when the name it was given leads nowhere any more.
GONE = ("No such file or directory", "FileNotFoundError", "does not exist")
NOTHING_THERE = ("No files found that match",)


def duckdb_read(target: str) -> Callable[[], list[tuple]]:
    import duckdb

    connection = duckdb.connect(config={"threads": 1})
    query = (
        "SELECT generation, count(*), count(DISTINCT p) "
        f"FROM read_parquet('{target}/*/*.parquet', hive_partitioning = true) GROUP BY generation"
    )
    return lambda: connection.execute(query).fetchall()


def pyarrow_read(target: str) -> Callable[[], list[tuple]]:
    import pyarrow as pa
    import pyarrow.dataset as ds

    pa.set_cpu_count(1)

    def read() -> list[tuple]:
        # The schema is given: otherwise an empty directory would read as a dataset without columns.
        schema = pa.schema({"generation": pa.int64(), "p": pa.int64()})
        dataset = ds.dataset(target, format="parquet", schema=schema, partitioning=ds.partitioning(flavor="hive"))
        grouped = dataset.to_table().group_by("generation").aggregate([("p", "count"), ("p", "count_distinct")])
        return [(row["generation"], row["p_count"], row["p_count_distinct"]) for row in grouped.to_pylist()]

    return read


READERS = {"duckdb": duckdb_read, "pyarrow": pyarrow_read}


def judge(target: str, rows: int, partitions: int, read: Callable[[], list[tuple]]) -> dict:
    try:
        groups = read()
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        if any(words in text for words in NOTHING_THERE) or text.endswith(target):
            return {"saw": "missing", "text": text[:300]}
        return {"saw": "stale" if any(words in text for words in GONE) else "damaged", "text": text[:300]}
    if not groups:
        return {"saw": "missing", "text": "no rows"}
    if [group[1:] for group in groups] != [(rows, partitions)]:
        return {"saw": "mixed", "text": str(sorted(groups))[:300]}
    return {"saw": "whole", "generation": groups[0][0]}


def main() -> None:
    engine, target, rows, partitions, log, stop_file = sys.argv[1:]
    read = READERS[engine](target)
    with open(log, "w", buffering=1) as out:
        while not Path(stop_file).exists():
            begin = time.monotonic()
            seen = judge(target, int(rows), int(partitions), read)
            out.write(json.dumps({"reader": engine, "begin": begin, "end": time.monotonic(), **seen}) + "\n")


if __name__ == "__main__":
    main()
