"""CSV, JSON lines and Arrow as outputs: one file and partitioned, read back by other engines and by the command."""

from __future__ import annotations

import decimal
import json

import polars as pl
import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from test_cli_errors import BAD_INPUT, BUDGET, INVALID, SINK, assert_one_error

ROWS = 20_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Every type that text has a form for, with NULLs and awkward texts."""
    texts = ["plain", "", None, "a,b", 'say "hi"', "two\nlines", " blank ", "ü€𝄞", "#x", "tab\there", "null", "NaN"]
    n = range(ROWS)
    cents = [None if i % 9 == 8 else decimal.Decimal(i * 37 - 5_000_000).scaleb(-2) for i in n]
    seconds = [(i - 9_000) * 86_461 for i in n]
    return pa.table(
        {
            "n": pa.array(n, pa.int64()),
            "key": pa.array([i * 7 % 5 for i in n], pa.int32()),
            "flag": pa.array([None if i % 3 == 0 else i % 2 == 0 for i in n]),
            "double": pa.array([None if i % 11 == 0 else i / 7 for i in n]),
            "price": pa.array(cents, pa.decimal128(12, 2)),
            "text": pa.array([texts[i % len(texts)] for i in n]),
            "day": pa.array([None if i % 5 == 4 else i - 9_000 for i in n], pa.int32()).cast(pa.date32()),
            "moment": pa.array([s * 1_000_000 + 123_456 for s in seconds], pa.timestamp("us")),
            "utc": pa.array([s * 1_000_000 for s in seconds], pa.timestamp("us", "UTC")),
        }
    )


@pytest.fixture
def source(table, tmp_path):
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=3_000)
    return "in.parquet"


TYPES = (
    "n:int64,key:int32,flag:boolean,double:double,price:decimal(12,2),text:string,day:date,moment:timestamp,"
    "utc:timestamptz"
)


def back(headrace, tmp_path, output, *flags):
    """What the command itself reads from what it wrote, as a table."""
    done = headrace("convert", output, "back.parquet", "--mode", "overwrite", *flags)
    assert done.exit_code == 0, done.stderr
    return pq.read_table(tmp_path / "back.parquet")


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.csv.zst", "out.tsv"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_csv_gives_back_exactly_what_went_in(headrace, table, source, tmp_path, name, threads):
    done = headrace("convert", source, name, "--threads", threads, "--row-group-rows", "1777")
    assert done.exit_code == 0, done.stderr
    assert back(headrace, tmp_path, name, "--types", TYPES, "--header").equals(table)


def test_text_does_not_depend_on_threads_or_budget(headrace, source, tmp_path):
    for name in ("one.csv", "two.jsonl"):
        texts = set()
        for threads, memory in (("1", "64MiB"), ("4", "256MiB"), ("3", "96MiB")):
            done = headrace("convert", source, name, "--threads", threads, "--memory", memory, "--mode", "overwrite")
            assert done.exit_code == 0, done.stderr
            texts.add((tmp_path / name).read_bytes())
        assert len(texts) == 1


def test_other_engines_read_csv(headrace, table, source, tmp_path, database):
    for name in ("out.csv", "out.csv.gz", "out.csv.zst"):
        assert headrace("convert", source, name).exit_code == 0
        found = database.execute(
            "SELECT count(*), sum(n), sum(price), count(flag), sum(length(text)) "
            f"FROM read_csv('{tmp_path / name}', header = true)"
        ).fetchone()
        lengths = sum(len(text) for text in table["text"].to_pylist() if text)
        prices = [price for price in table["price"].to_pylist() if price is not None]
        flags = ROWS - table["flag"].null_count
        assert found[:2] == (ROWS, ROWS * (ROWS - 1) // 2)
        assert round(float(found[2]), 2) == float(sum(prices))
        assert found[3:] == (flags, lengths)
    frame = pl.read_csv(tmp_path / "out.csv.gz")
    assert frame.height == ROWS
    assert frame["n"].sum() == ROWS * (ROWS - 1) // 2


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst", "out.ndjson"])
def test_json_lines_are_exact(headrace, table, source, tmp_path, database, name):
    done = headrace("convert", source, name)
    assert done.exit_code == 0, done.stderr
    if name in ("out.jsonl", "out.ndjson"):
        lines = (tmp_path / name).read_text().splitlines()
        assert len(lines) == ROWS
        rows = table.to_pylist()
        for i in range(0, ROWS, 997):
            read = json.loads(lines[i], parse_float=decimal.Decimal)
            row = rows[i]
            assert read["n"] == row["n"]
            assert read["text"] == row["text"]
            assert read["price"] == row["price"]
            assert read["flag"] is row["flag"]
            assert (read["double"] is None) == (row["double"] is None)
            assert row["double"] is None or float(read["double"]) == row["double"]
            assert read["day"] == (row["day"].isoformat() if row["day"] else None)
            assert read["moment"] == row["moment"].isoformat()
            assert read["utc"] == row["utc"].isoformat().replace("+00:00", "Z")
    found = database.execute(
        f"SELECT count(*), sum(n) FROM read_json('{tmp_path / name}', format = 'newline_delimited')"
    ).fetchone()
    assert found == (ROWS, ROWS * (ROWS - 1) // 2)


@pytest.mark.parametrize("compression", ["none", "zstd", "lz4"])
def test_arrow_files_are_read_by_pyarrow_and_polars(headrace, table, source, tmp_path, compression):
    done = headrace("convert", source, "out.arrow", "--compression", compression, "--row-group-rows", "3000")
    assert done.exit_code == 0, done.stderr
    with ipc.open_file(tmp_path / "out.arrow") as reader:
        assert reader.num_record_batches == 7
        assert reader.read_all().equals(table)
    assert pl.read_ipc(tmp_path / "out.arrow")["n"].to_list() == list(range(ROWS))


@pytest.mark.parametrize(("form", "ending"), [("csv", ".csv"), ("jsonl", ".jsonl"), ("arrow", ".arrow")])
def test_partitioned_datasets_keep_the_order(headrace, table, source, tmp_path, form, ending):
    done = headrace("convert", source, "out", "--to", form, "--partition-by", "key", "--memory", "64MiB")
    assert done.exit_code == 0, done.stderr
    seen = 0
    for key in range(5):
        (path,) = (tmp_path / "out" / f"key={key}").iterdir()
        assert path.name.endswith(ending)
        if form == "arrow":
            found = ipc.open_file(path).read_all()["n"].to_pylist()
        elif form == "csv":
            found = pl.read_csv(path, infer_schema_length=None)["n"].to_list()
        else:
            found = [json.loads(line)["n"] for line in path.read_text().splitlines()]
        assert found == [i for i in range(ROWS) if i * 7 % 5 == key]
        seen += len(found)
    assert seen == ROWS
    done = headrace("fsck", "out")
    assert done.exit_code == 0, done.stdout + done.stderr


def test_target_file_size_counts_stored_bytes(headrace, source, tmp_path):
    done = headrace(
        "convert", source, "out", "--to", "csv", "--compression", "gzip", "--target-file-size", "64KiB",
        "--row-group-rows", "500",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    sizes = [path.stat().st_size for path in sorted((tmp_path / "out").glob("*.csv.gz"))]
    assert len(sizes) > 3
    assert all(64 << 10 <= size < 96 << 10 for size in sizes[:-1])


@pytest.mark.parametrize(("form", "ending"), [("csv", ".csv"), ("jsonl", ".jsonl"), ("arrow", ".arrow")])
def test_an_empty_result_is_still_a_file(headrace, source, tmp_path, form, ending):
    done = headrace("convert", source, "out", "--to", form, "--where", "n < 0")
    assert done.exit_code == 0, done.stderr
    (path,) = (tmp_path / "out").iterdir()
    assert path.name.endswith(ending)
    if form == "csv":
        assert path.read_text() == "n,key,flag,double,price,text,day,moment,utc\n"
    elif form == "jsonl":
        assert path.read_bytes() == b""
    else:
        assert ipc.open_file(path).read_all().num_rows == 0


@pytest.mark.parametrize("form", ["csv", "jsonl", "arrow"])
def test_append_goes_on_and_other_formats_are_refused(headrace, source, tmp_path, form):
    assert headrace("convert", source, "out", "--to", form, "--partition-by", "key").exit_code == 0
    done = headrace("convert", source, "out", "--to", form, "--partition-by", "key", "--mode", "append")
    assert done.exit_code == 0, done.stderr
    assert headrace("fsck", "out").exit_code == 0
    done = headrace("convert", source, "out", "--partition-by", "key", "--mode", "append")
    assert_one_error(done, SINK, "E0657", "another format", "Parquet now")
    done = headrace("convert", source, "out", "--to", form, "--partition-by", "flag", "--mode", "append")
    assert_one_error(done, SINK, "E0650", "partitions by key")
    if form == "jsonl":
        return
    done = headrace(
        "convert", source, "out", "--to", form, "--partition-by", "key", "--mode", "append", "--select", "n,key"
    )
    assert_one_error(done, SINK, "E0652", "missing in what this run writes")
    if form == "csv":
        done = headrace(
            "convert", source, "out", "--to", form, "--partition-by", "key", "--mode", "append",
            "--select", "key,flag,n,double,price,text,day,moment,utc",
        )  # fmt: skip
        assert_one_error(done, SINK, "E0658", "another order", "'flag'")
    done = headrace("convert", source, "out", "--to", form, "--partition-by", "key", "--mode", "overwrite-partitions")
    assert done.exit_code == 0, done.stderr


def test_what_cannot_be_written_is_refused_before_the_run(headrace, tmp_path):
    pq.write_table(pa.table({"n": [1], "b": [b"x"], "l": [[1, 2]]}), tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out.csv")
    assert_one_error(done, INVALID, "E0215", "column 'b'", "binary")
    done = headrace("convert", "in.parquet", "out.csv", "--select", "n,l")
    assert_one_error(done, INVALID, "E0215", "column 'l'")
    done = headrace("convert", "in.parquet", "out.jsonl", "--select", "n,l")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out.jsonl").read_text() == '{"n":1,"l":[1,2]}\n'
    done = headrace("convert", "in.parquet", "out", "--to", "orc")
    assert_one_error(done, INVALID, "E0151", "'orc'")
    done = headrace("convert", "in.parquet", "x.csv.bz2")
    assert_one_error(done, INVALID, "E0181", ".bz2")
    done = headrace("convert", "in.parquet", "x.csv", "--compression", "gzip")
    assert_one_error(done, INVALID, "E0182", "x.csv")
    done = headrace("convert", "in.parquet", "x.arrow", "--compression", "snappy")
    assert_one_error(done, INVALID, "E0180", "snappy")


def test_text_stays_within_the_budget(headrace, tmp_path):
    """A small Parquet file of repeated texts is a large text: the sink writes it in bounded chunks."""
    rows = 400_000
    names = pa.array([f"a rather long text that repeats {i} " * 4 for i in range(50)])
    wide = pa.table({f"c{i}": names.take(pa.array([j % 50 for j in range(rows // 4)])) for i in range(4)})
    pq.write_table(wide, tmp_path / "in.parquet", row_group_size=20_000)
    for name in ("out.jsonl", "out.csv.gz"):
        done = headrace("convert", "in.parquet", name, "--memory", "96MiB", "--threads", "2")
        assert done.exit_code == 0, done.stderr
        assert done.peak_rss_bytes <= 96 * (1 << 20)


def test_the_index_of_an_arrow_file_counts(headrace, tmp_path):
    """A record batch for every row: its place in the file is kept until the end, or the run says what it lacks."""
    pq.write_table(pa.table({"n": pa.array(range(600_000), pa.int32())}), tmp_path / "in.parquet")
    done = headrace(
        "convert", "in.parquet", "out.arrow", "--row-group-rows", "1", "--memory", "64MiB", "--threads", "1"
    )
    assert done.peak_rss_bytes <= 64 * (1 << 20)
    if done.exit_code == 0:
        assert ipc.open_file(tmp_path / "out.arrow").num_record_batches == 600_000
    else:
        assert_one_error(done, BUDGET, "E07")
        assert not (tmp_path / "out.arrow").exists()


@pytest.mark.parametrize("name", ["out.arrow", "out.parquet", "out.csv.zst"])
def test_contexts_of_high_levels_count(headrace, source, tmp_path, name):
    compression = [] if name.endswith(".zst") else ["--compression", "zstd:19"]
    done = headrace("convert", source, name, *compression, "--memory", "96MiB", "--threads", "2")
    assert done.peak_rss_bytes <= 96 * (1 << 20)
    if done.exit_code != 0:
        assert_one_error(done, BUDGET, "E0700")


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_times_beyond_the_day_are_refused(headrace, tmp_path, name):
    for micros in (-1, 86_400_000_000):
        pq.write_table(pa.table({"t": pa.array([0, micros], pa.time64("us"))}), tmp_path / "in.parquet")
        done = headrace("convert", "in.parquet", name)
        assert_one_error(done, BAD_INPUT, "E0660")
        assert not (tmp_path / name).exists()


def test_csv_refuses_what_its_readers_refuse(headrace, tmp_path):
    pq.write_table(pa.table({"s": ["a", "b\0c"]}), tmp_path / "in.parquet")
    assert_one_error(headrace("convert", "in.parquet", "out.csv"), BAD_INPUT, "E0661")
    done = headrace("convert", "in.parquet", "out.jsonl")
    assert done.exit_code == 0, done.stderr


def test_a_column_of_other_delimiters_comes_back(headrace, tmp_path):
    values = ["a;b", "c;d", "e|f", "g\th"]
    pq.write_table(pa.table({"s": values}), tmp_path / "in.parquet")
    assert headrace("convert", "in.parquet", "out.csv").exit_code == 0
    assert back(headrace, tmp_path, "out.csv").column("s").to_pylist() == values
