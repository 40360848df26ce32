"""One benchmark job in pyarrow: pyarrow_job.py JOB INPUT OUTPUT BUDGET_BYTES THREADS TEMP. It has no budget."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.json
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import lineitem

ROW_GROUP = 122_880
TYPES = {
    "int64": pa.int64(),
    "int32": pa.int32(),
    "decimal(15,2)": pa.decimal128(15, 2),
    "string": pa.string(),
    "date": pa.date32(),
}

job, source, target, _, threads, _ = sys.argv[1:]
pa.set_cpu_count(int(threads))
pa.set_io_thread_count(2)


def batches():
    """The input in batches and its schema, without ever holding the file."""
    if source.endswith(".parquet"):
        file = pq.ParquetFile(source, pre_buffer=False)
        return file.schema_arrow, file.iter_batches(ROW_GROUP)
    types = {name: TYPES[ours] for name, (ours, _) in lineitem.COLUMNS.items()}
    if source.endswith(".jsonl"):
        # Its JSON reader takes decimals and dates as floats and strings only; they are cast afterwards.
        read_as = {"decimal(15,2)": pa.float64(), "date": pa.string()}
        read = pa.schema([(name, read_as.get(ours, TYPES[ours])) for name, (ours, _) in lineitem.COLUMNS.items()])
        options = pyarrow.json.ParseOptions(explicit_schema=read)
        reader = pyarrow.json.open_json(source, pyarrow.json.ReadOptions(block_size=1 << 20), parse_options=options)
        schema = pa.schema(list(types.items()))
        return schema, (batch.cast(schema) for batch in reader)
    options = pyarrow.csv.ConvertOptions(column_types=types)
    reader = pyarrow.csv.open_csv(source, pyarrow.csv.ReadOptions(block_size=1 << 20), convert_options=options)
    return reader.schema, reader


schema, stream = batches()
if job in ("months", "keys"):

    def with_month():
        for batch in stream:
            month = pc.cast(pc.floor_temporal(batch.column("l_shipdate"), unit="month"), pa.date32())
            yield batch.append_column("ship_month", month)

    partitioned, key, rows = schema, "key", stream
    if job == "months":
        partitioned, key, rows = schema.append(pa.field("ship_month", pa.date32())), "ship_month", with_month()
    ds.write_dataset(
        pa.RecordBatchReader.from_batches(partitioned, rows),
        target,
        format="parquet",
        partitioning=ds.partitioning(pa.schema([partitioned.field(key)]), flavor="hive"),
        file_options=ds.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1),
        max_open_files=100,
        max_partitions=10_000_000,
        min_rows_per_group=ROW_GROUP,
        max_rows_per_group=ROW_GROUP,
        existing_data_behavior="overwrite_or_ignore",
    )
else:
    with pq.ParquetWriter(target, schema, compression="zstd", compression_level=1) as writer:
        held, rows = [], 0
        for batch in stream:
            held.append(batch)
            rows += batch.num_rows
            while rows >= ROW_GROUP:
                table = pa.Table.from_batches(held)
                writer.write_table(table.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
                held = table.slice(ROW_GROUP).to_batches()
                rows -= ROW_GROUP
        if rows:
            writer.write_table(pa.Table.from_batches(held), row_group_size=ROW_GROUP)
