"""One benchmark job in Polars: polars_job.py JOB INPUT OUTPUT BUDGET_BYTES THREADS TEMP. It has no budget."""

import os
import sys
from pathlib import Path

job, source, target, _, threads, temp = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads
os.environ["POLARS_TEMP_DIR"] = temp
import polars as pl  # noqa: E402  # reads its environment when imported

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lineitem  # noqa: E402

TYPES = {
    "int64": pl.Int64,
    "int32": pl.Int32,
    "decimal(15,2)": pl.Decimal(15, 2),
    "string": pl.String,
    "date": pl.Date,
}

if source.endswith(".parquet"):
    frame = pl.scan_parquet(source)
elif source.endswith(".jsonl"):
    # Its JSON reader takes decimals and dates as floats and strings only; they are cast afterwards.
    read_as = {"decimal(15,2)": pl.Float64, "date": pl.String}
    columns = {name: ours for name, (ours, _) in lineitem.COLUMNS.items()}
    frame = pl.scan_ndjson(source, schema={name: read_as.get(ours, TYPES[ours]) for name, ours in columns.items()})
    frame = frame.with_columns(
        pl.col(name).str.to_date("%Y-%m-%d") if ours == "date" else pl.col(name).cast(TYPES[ours])
        for name, ours in columns.items()
        if ours in read_as
    )
else:
    frame = pl.scan_csv(source, schema={name: TYPES[ours] for name, (ours, _) in lineitem.COLUMNS.items()})
output = target
if job == "months":
    frame = frame.with_columns(ship_month=pl.col("l_shipdate").dt.truncate("1mo"))
    output = pl.PartitionBy(target, key="ship_month")
if job == "keys":
    output = pl.PartitionBy(target, key="key")
frame.sink_parquet(
    output, compression="zstd", compression_level=1, row_group_size=122_880, mkdir=True, engine="streaming"
)
