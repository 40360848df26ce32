"""Random CSV files, read by headrace, by Python's csv module and by DuckDB: the same rows."""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = int(os.environ.get("HEADRACE_DIFFERENTIAL_FILES", "40"))
PIECES = [
    "a",
    "b c",
    '"',
    "''",
    "\n",
    "\r\n",
    "é",
    "€uro",
    "0",
    "-1.5",
    "2024-02-29",
    "x" * 300,
    "\t",
    ";",
    ",",
    "|",
    "\\",
]


def random_file(generator: random.Random) -> tuple[bytes, dict, list[list[str]]]:
    """The bytes of a file, how it was written, and its rows (header first)."""
    dialect = {
        "delimiter": generator.choice([",", ";", "\t", "|"]),
        "lineterminator": generator.choice(["\n", "\r\n"]),
        "quoting": generator.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    }
    width = generator.randint(1, 6)
    rows = [[f"name{i}" for i in range(width)]]
    for _ in range(generator.choice([0, 1, 5, 200, 3000])):
        rows.append(["".join(generator.choices(PIECES, k=generator.randint(0, 3))) for _ in range(width)])
    if width == 1:  # a blank line is written for an empty value there
        rows = [row if row[0] else ["-"] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    data = text.getvalue().encode()
    if generator.random() < 0.3:
        data = b"\xef\xbb\xbf" + data
    if generator.random() < 0.3 and len(rows) > 1:
        data = data[: -len(dialect["lineterminator"])]
    return data, dialect, rows


@pytest.mark.parametrize("number", range(FILES))
def test_same_rows_as_python_and_duckdb(number, tmp_path):
    seed = int(os.environ.get("HEADRACE_TEST_SEED", random.SystemRandom().getrandbits(32))) + number
    replay = f"replay: HEADRACE_TEST_SEED={seed - number} pytest '{Path(__file__).name}' -k '[{number}]'"
    data, dialect, rows = random_file(random.Random(seed))
    source, target = tmp_path / "input.csv", tmp_path / "output.parquet"
    source.write_bytes(data)
    binary = os.environ.get("HEADRACE", str(ROOT / "build/release/headrace"))
    command = [binary, "convert", str(source), str(target), "--all-strings", "--header", "--quote", '"']
    command += ["--delimiter", dialect["delimiter"], "--threads", str(1 + seed % 3), "--durability", "none"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, f"{replay}\n{run.stderr}"
    table = pyarrow.parquet.read_table(target)
    assert table.column_names == rows[0], replay
    ours = [[value or "" for value in row.values()] for row in table.to_pylist()]
    assert ours == rows[1:], replay
    theirs = duckdb.execute(
        "SELECT * FROM read_csv(?, delim=?, quote='\"', escape='\"', header=true, all_varchar=true, auto_detect=false,"
        f" columns={{{', '.join(repr(name) + ': ' + repr('VARCHAR') for name in rows[0])}}})",
        [str(source), dialect["delimiter"]],
    ).fetchall()
    assert ours == [[value or "" for value in row] for row in theirs], replay
