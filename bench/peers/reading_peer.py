"""Reads CSV in one peer and drops what was read: reading_peer.py PEER INPUT COLUMNS THREADS. Prints JSON: rows, CPU
seconds of the work alone (imports not counted).

Each peer does it in the way that is cheapest for it while every value of the columns is really converted: DuckDB and
Polars count the values of every column inside their engines, pyarrow's batches are dropped as they come.
"""

import json
import os
import resource
import sys
from pathlib import Path

peer, source, columns, threads = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lineitem  # noqa: E402

wanted = columns.split(",") if columns else list(lineitem.COLUMNS)


def cpu_seconds() -> tuple[float, float]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime, usage.ru_stime


def read_duckdb():
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads = {threads}")
    counts = ", ".join(f"count({name})" for name in wanted)
    query = f"SELECT {counts} FROM {lineitem.csv_relation(Path(source))}"
    return lambda: connection.execute(query).fetchone()[0]


def read_polars():
    import polars as pl

    types = {"int64": pl.Int64, "int32": pl.Int32, "decimal(15,2)": pl.Decimal(15, 2), "string": pl.String}
    types["date"] = pl.Date
    schema = {name: types[ours] for name, (ours, _) in lineitem.COLUMNS.items()}
    query = pl.scan_csv(source, schema=schema).select(pl.col(wanted).count())
    return lambda: query.collect(engine="streaming").item(0, 0)


def read_pyarrow():
    import pyarrow as pa
    import pyarrow.csv

    types = {"int64": pa.int64(), "int32": pa.int32(), "decimal(15,2)": pa.decimal128(15, 2), "string": pa.string()}
    types["date"] = pa.date32()
    pa.set_cpu_count(int(threads))
    options = pyarrow.csv.ConvertOptions(
        column_types={name: types[ours] for name, (ours, _) in lineitem.COLUMNS.items()}, include_columns=wanted
    )

    def run():
        with pyarrow.csv.open_csv(source, convert_options=options) as reader:
            return sum(batch.num_rows for batch in reader)

    return run


run = {"duckdb": read_duckdb, "polars": read_polars, "pyarrow": read_pyarrow}[peer]()
user, system = cpu_seconds()
rows = run()
user_after, system_after = cpu_seconds()
print(json.dumps({"count": rows, "user": user_after - user, "system": system_after - system}))
