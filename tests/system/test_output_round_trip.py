"""Random tables through every output format, read back by the command itself, pyarrow, Polars and DuckDB."""

from __future__ import annotations

import datetime
import decimal
import json
import math
import os
import random
import struct

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest

ROWS_MAX = 1_500
PIECES = ["", "a", "Z9", ",", '"', '""', "\n", "\r\n", "\t", " ", "#", "'", "\\", "\\n", "ü€", "𝄞", "null", "NaN",
          "1", "\ufeff", "\x01", "\x7f", ";", "|", "{", "}", "[", "]", ":", "true", "2024-01-01", "-"]  # fmt: skip
DAY_MIN, DAY_MAX = -719_162, 2_932_896
DAY_US = 86_400_000_000
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def random_text(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.choice([0, 1, 1, 2, 3, 8, 40])))


def random_float(rng: random.Random, form: str) -> float:
    """Any finite bit pattern, and numbers that people write."""
    if rng.random() < 0.5:
        value = rng.choice([0.0, -0.0, 1.0, 1e15, 1e16, 1e22, 0.1, 123456.789, 5e-324, 1.7976931348623157e308])
        return struct.unpack("f", struct.pack("f", value))[0] if form == "f" and abs(value) < 3e38 else min(value, 1e38)
    bits = rng.getrandbits(32 if form == "f" else 64)
    value = struct.unpack(form, struct.pack("I" if form == "f" else "Q", bits))[0]
    return value if math.isfinite(value) else 1.5


def random_decimal(rng: random.Random, precision: int, scale: int) -> decimal.Decimal:
    digits = rng.randint(0, 10 ** rng.randint(0, precision) - 1)
    return decimal.Decimal((rng.randint(0, 1), tuple(map(int, str(digits))), -scale))


def integers(bits: int, signed: bool):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return lambda rng: rng.choice([low, high, 0, rng.randint(low, high), min(high, rng.randint(0, 99))])


# The command's name of a type, the type, and a value of it.
KINDS = [
    ("boolean", pa.bool_(), lambda rng: rng.random() < 0.5),
    ("int8", pa.int8(), integers(8, True)),
    ("uint16", pa.uint16(), integers(16, False)),
    ("int32", pa.int32(), integers(32, True)),
    ("int64", pa.int64(), integers(64, True)),
    ("uint64", pa.uint64(), integers(64, False)),
    ("float", pa.float32(), lambda rng: random_float(rng, "f")),
    ("double", pa.float64(), lambda rng: random_float(rng, "d")),
    ("decimal(7,2)", pa.decimal128(7, 2), lambda rng: random_decimal(rng, 7, 2)),
    ("decimal(18,18)", pa.decimal128(18, 18), lambda rng: random_decimal(rng, 18, 18)),
    ("decimal(38,10)", pa.decimal128(38, 10), lambda rng: random_decimal(rng, 38, 10)),
    ("string", pa.string(), random_text),
    ("string", pa.string(), random_text),
    ("date", pa.date32(), lambda rng: rng.randint(DAY_MIN, DAY_MAX)),
    ("time", pa.time64("us"), lambda rng: rng.randrange(DAY_US)),
    ("timestamp", pa.timestamp("us"), lambda rng: rng.randint(DAY_MIN * DAY_US, DAY_MAX * DAY_US)),
    ("timestamptz", pa.timestamp("us", "UTC"), lambda rng: rng.randint(-(10**15), 2 * 10**15)),
]


@pytest.fixture(params=range(2))
def rng(request):
    seed = int(os.environ.get("HEADRACE_SEED", random.SystemRandom().getrandbits(32))) + request.param
    print(f"seed {seed}; replay: HEADRACE_SEED={seed} pytest {__file__} -k {request.function.__name__}")
    return random.Random(seed)


def random_table(rng: random.Random) -> tuple[pa.Table, str]:
    """At least two columns: of one alone, text cannot tell a NULL from a blank line to every engine."""
    rows = rng.choice([1, 2, 3, 100, ROWS_MAX])
    arrays, names, types = [pa.array(range(rows), pa.int64())], ["n"], ["n:int64"]
    for number, (name, kind, make) in enumerate(rng.choices(KINDS, k=rng.randint(1, 9))):
        nulls = rng.choice([0, 0, 0.1, 0.9, 1])
        values = [None if rng.random() < nulls else make(rng) for _ in range(rows)]
        arrays.append(pa.array(values, kind))
        names.append(f"c{number}" if rng.random() < 0.8 else f'c{number} "ü'.replace('"', ""))
        types.append(f"{names[-1]}:{name}")
    return pa.table(dict(zip(names, arrays, strict=True))), ",".join(types)


def flags_of(rng: random.Random) -> list[str]:
    return [
        "--threads", rng.choice(["1", "2", "4"]), "--memory", rng.choice(["64MiB", "96MiB", "256MiB"]),
        "--row-group-rows", rng.choice(["1", "17", "400", "122880"]) if rng.random() < 0.5 else "1000",
    ]  # fmt: skip


def write(headrace, rng, tmp_path, table, name):
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=rng.choice([1 << 20, 100]))
    done = headrace("convert", "in.parquet", name, *flags_of(rng))
    assert done.exit_code == 0, done.stderr
    return tmp_path / name


def back(headrace, tmp_path, name, *flags):
    done = headrace("convert", name, "back.parquet", "--mode", "overwrite", *flags)
    assert done.exit_code == 0, done.stderr
    return pq.read_table(tmp_path / "back.parquet")


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    """Exact, -0.0 and 0.0 apart from each other."""
    assert found.column_names == expected.column_names
    for name in expected.column_names:
        one, other = found[name].combine_chunks(), expected[name].combine_chunks()
        assert one.type == other.type, name
        if pa.types.is_floating(other.type):
            bits = {4: pa.int32(), 8: pa.int64()}[other.type.bit_width // 8]
            one, other = one.view(bits), other.view(bits)
        for at, (a, b) in enumerate(zip(one.to_pylist(), other.to_pylist(), strict=True)):
            assert a == b, f"column {name}, row {at}: {a!r} instead of {b!r}"


def without_empty_texts(table: pa.Table) -> pa.Table:
    """As engines see it that take an empty field for NULL, quoted or not."""
    return pa.table(
        {
            name: pa.array([value or None for value in table[name].to_pylist()], pa.string())
            if table[name].type == pa.string()
            else table[name]
            for name in table.column_names
        }
    )


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.csv.zst", "out.tsv"])
def test_random_csv_comes_back(headrace, rng, tmp_path, database, name):
    table, types = random_table(rng)
    path = write(headrace, rng, tmp_path, table, name)
    assert_same(back(headrace, tmp_path, name, "--types", types, "--header"), table)
    delimiter = "\t" if name.endswith(".tsv") else ","
    if not name.endswith((".gz", ".zst")):
        options = pa_csv.ConvertOptions(
            column_types=table.schema, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        )
        read = pa_csv.read_csv(path, parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
                               convert_options=options)  # fmt: skip
        assert_same(read, table)
    texts = pl.read_csv(path, separator=delimiter, infer_schema=False)
    assert texts["n"].cast(pl.Int64).to_list() == table["n"].to_pylist()
    for column in table.column_names:
        if table[column].type == pa.string():
            found = texts[column].to_list()
            assert [text or None for text in found] == [text or None for text in table[column].to_pylist()]
    columns = {column: sql_type(table[column].type) for column in table.column_names}
    values = ", ".join(f'epoch_us("{name}")' if sql == "TIMESTAMPTZ" else f'"{name}"' for name, sql in columns.items())
    found = database.execute(
        f"SELECT {values} FROM read_csv('{path}', header = true, delim = '{delimiter}', quote = '\"', escape = '\"', "
        f"auto_detect = false, columns = {json.dumps(columns, ensure_ascii=False)})"
    ).fetchall()
    expected = without_empty_texts(table).to_pylist()
    assert len(found) == len(expected)
    for at, (row, other) in enumerate(zip(found, expected, strict=True)):
        for column, value, wanted in zip(columns, row, other.values(), strict=True):
            if columns[column] == "TIMESTAMPTZ" and wanted is not None:
                wanted = (wanted - EPOCH) // datetime.timedelta(microseconds=1)
            assert (None if value == "" else value) == wanted, f"column {column}, row {at}"


def sql_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return {
        "bool": "BOOLEAN", "int8": "TINYINT", "uint16": "USMALLINT", "int32": "INTEGER", "int64": "BIGINT",
        "uint64": "UBIGINT", "float": "FLOAT", "double": "DOUBLE", "string": "VARCHAR", "date32[day]": "DATE",
        "time64[us]": "TIME", "timestamp[us]": "TIMESTAMP", "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    }[str(kind)]  # fmt: skip


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.zst"])
def test_random_json_lines_come_back(headrace, rng, tmp_path, name):
    table, types = random_table(rng)
    path = write(headrace, rng, tmp_path, table, name)
    assert_same(back(headrace, tmp_path, name, "--types", types), table)
    if not name.endswith(".jsonl"):
        return
    lines = path.read_bytes().decode().split("\n")
    assert lines.pop() == ""
    for line, row in zip(lines, table.to_pylist(), strict=True):
        read = json.loads(line, parse_float=decimal.Decimal)
        assert list(read) == table.column_names
        for column, wanted in row.items():
            kind, value = table[column].type, read[column]
            if wanted is None or not (pa.types.is_temporal(kind) or pa.types.is_floating(kind)):
                assert value == wanted, column
            elif pa.types.is_floating(kind):
                assert struct.pack("f" if kind.bit_width == 32 else "d", float(value)) == struct.pack(
                    "f" if kind.bit_width == 32 else "d", wanted
                ), column
            else:
                assert type(wanted).fromisoformat(value) == wanted, column


def random_nested(rng: random.Random, rows: int) -> pa.Table:
    def item():
        lists = [None, [], [True, None]]
        return {"x": rng.choice([None, 1, -5, 10**12]), 's "': rng.choice([None, "", 'a\n"b']), "l": rng.choice(lists)}

    kind = pa.struct([("x", pa.int64()), ('s "', pa.string()), ("l", pa.list_(pa.bool_()))])
    values = [rng.choice([None, [], [item() for _ in range(rng.randint(1, 4))], [None, item()]]) for _ in range(rows)]
    # The first row has every key and type, so that a reader that looks at few rows finds them.
    values[0] = [{"x": 1, 's "': "s", "l": [True]}]
    return pa.table({"n": pa.array(range(rows), pa.int64()), "nested": pa.array(values, pa.list_(kind))})


@pytest.mark.parametrize("name", ["out.jsonl", "out.arrow"])
def test_random_nested_values_come_back(headrace, rng, tmp_path, name):
    table = random_nested(rng, rng.choice([1, 50, ROWS_MAX]))
    path = write(headrace, rng, tmp_path, table, name)
    assert back(headrace, tmp_path, name).to_pylist() == table.to_pylist()
    read = pl.read_ipc(path) if name == "out.arrow" else pl.read_ndjson(path, infer_schema_length=None)
    assert read["nested"].to_list() == table["nested"].to_pylist()


@pytest.mark.parametrize("compression", ["none", "zstd:3", "lz4"])
def test_random_arrow_files_come_back(headrace, rng, tmp_path, compression):
    table, _ = random_table(rng)
    pq.write_table(table, tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out.arrow", "--compression", compression, *flags_of(rng))
    assert done.exit_code == 0, done.stderr
    assert_same(ipc.open_file(tmp_path / "out.arrow").read_all(), table)
    assert_same(back(headrace, tmp_path, "out.arrow"), table)
    frame = pl.read_ipc(tmp_path / "out.arrow")
    assert frame["n"].to_list() == table["n"].to_pylist()
    assert frame.null_count().row(0) == tuple(table[name].null_count for name in table.column_names)


@pytest.mark.parametrize("form", ["csv", "jsonl", "arrow", "tsv"])
def test_random_partitioned_datasets_come_back(headrace, rng, tmp_path, form):
    """By a text, with NULLs and what has to be encoded in names of directories."""
    table, types = random_table(rng)
    keys = ["a"] + [rng.choice([None, "a", "b=c/d", "ü x", "%41", "1"]) for _ in range(table.num_rows - 1)]
    table = table.append_column("key", pa.array(keys))
    pq.write_table(table, tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out", "--to", form, "--partition-by", "key", *flags_of(rng))
    assert done.exit_code == 0, done.stderr
    assert headrace("fsck", "out").exit_code == 0
    flags = [] if form == "arrow" else ["--types", types]
    if form in ("csv", "tsv"):
        flags.append("--header")
    read = back(headrace, tmp_path, "out", "--from", form, *flags)
    assert_same(read.sort_by("n").select(table.column_names), table)
