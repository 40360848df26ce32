"""One benchmark job in DuckDB: duckdb_job.py JOB INPUT OUTPUT BUDGET_BYTES THREADS TEMP."""

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lineitem

job, source, target, budget, threads, temp = sys.argv[1:]
connection = duckdb.connect()
connection.execute(f"SET memory_limit = '{int(int(budget) * 0.8) >> 20}MiB'")  # what it leaves for itself outside
connection.execute(f"SET threads = {threads}")
connection.execute("SET preserve_insertion_order = true")
connection.execute(f"SET temp_directory = '{temp}'")
relations = {
    ".parquet": lambda path: f"read_parquet('{path}')",
    ".jsonl": lineitem.json_relation,
    ".csv": lineitem.csv_relation,
}
relation = relations[Path(source).suffix](Path(source))
options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
columns = "*"
if job == "months":
    columns = "*, CAST(date_trunc('month', l_shipdate) AS DATE) AS ship_month"
    options += ", PARTITION_BY (ship_month)"
if job == "keys":
    options += ", PARTITION_BY (key)"
connection.execute(f"COPY (SELECT {columns} FROM {relation}) TO '{target}' ({options})")
