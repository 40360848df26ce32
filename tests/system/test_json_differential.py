"""Random JSON lines, read by headrace and by DuckDB, which gets the types that headrace found and nothing else."""

from __future__ import annotations

import json
import os
import random
import string
from pathlib import Path

import duckdb
import pytest
from compare import assert_same_rows_in_order, describe

ROUNDS = 8
ROWS = 200
MISSING = object()
TEXTS = [
    "",
    "plain",
    "Zürich",
    "日本語",
    "😀",
    'q"q',
    "back\\slash",
    "/",
    "line\nend",
    "tab\t",
    "\x01",
    "]}",
    "12",
    "null",
]


class Shape:
    """What stands in one place of all rows: a kind of leaf, an object with keys, or a list."""

    def __init__(self, rng: random.Random, depth: int) -> None:
        kinds = ["int", "double", "bool", "text", "date", "timestamp", "time", "mixed", "big", "null"]
        self.kind = rng.choice(kinds + (["object", "list"] * 4 if depth > 0 else []))
        self.null_share = rng.choice([0, 0, 0.2])
        self.missing_share = rng.choice([0, 0, 0.3])
        if self.kind == "object":
            names = rng.sample(string.ascii_lowercase, rng.randint(1, 4))
            self.fields = {f"{name}{rng.choice(TEXTS[2:8])}": Shape(rng, depth - 1) for name in names}
        if self.kind == "list":
            self.element = Shape(rng, depth - 1)

    def value(self, rng: random.Random) -> object:
        if self.kind == "null" or rng.random() < self.null_share:
            return None
        return getattr(self, self.kind)(rng)

    def object(self, rng: random.Random) -> dict:
        items = list(self.fields.items())
        if rng.random() < 0.3:
            rng.shuffle(items)
        return {name: shape.value(rng) for name, shape in items if rng.random() >= shape.missing_share}

    def list(self, rng: random.Random) -> list:
        return [self.element.value(rng) for _ in range(rng.choice([0, 1, 2, 5]))]

    def int(self, rng: random.Random) -> int:
        return rng.choice([0, -1, rng.randint(-1000, 1000), rng.randint(-(2**63), 2**63 - 1)])

    def big(self, rng: random.Random) -> int:
        return rng.randint(2**63, 2**64 - 1)

    def double(self, rng: random.Random) -> float:
        return rng.choice([0.5, -0.0, rng.uniform(-1e6, 1e6), rng.random() * 10 ** rng.randint(-300, 300)])

    def bool(self, rng: random.Random) -> bool:
        return rng.random() < 0.5

    def text(self, rng: random.Random) -> str:
        return rng.choice(TEXTS) + rng.choice(TEXTS)

    def date(self, rng: random.Random) -> str:
        return f"{rng.randint(1, 9999):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"

    def time(self, rng: random.Random) -> str:
        return f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"

    def timestamp(self, rng: random.Random) -> str:
        fraction = rng.choice(["", ".5", f".{rng.randint(0, 999999):06}"])
        return f"{rng.randint(1900, 2100)}-{self.date(rng)[5:]}{rng.choice('T ')}{self.time(rng)}{fraction}"

    def mixed(self, rng: random.Random) -> object:
        return rng.choice([1, -7, True, "text", [1, "a", None], {"k": [{}]}, "2024-01-01"])


def write_lines(path: Path, rng: random.Random) -> None:
    row = Shape(rng, 3)
    while row.kind != "object":
        row = Shape(rng, 3)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        # A row that has every key, so that there is a column at all.
        file.write(json.dumps(dict.fromkeys(row.fields), separators=(",", ":")) + "\n")
        for _ in range(ROWS):
            file.write(json.dumps(row.object(rng), ensure_ascii=rng.random() < 0.5, separators=(",", ":")))
            file.write(rng.choice(["\n", "\n", "\n", "\r\n", "\n\n"]))


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_same_rows_as_duckdb(headrace, tmp_path, round_number):
    seed = int(os.environ.get("HEADRACE_SEED", random.randrange(10**9)))
    replay = (
        f"HEADRACE_SEED={seed} pytest tests/system/test_json_differential.py -k 'rows_as_duckdb and {round_number}'"
    )
    print(replay)
    rng = random.Random(seed * ROUNDS + round_number)
    write_lines(tmp_path / "in.jsonl", rng)
    resources = ["--threads", rng.choice([1, 2, 4]), "--batch-size", rng.choice(["4KiB", "64KiB", "1MiB"])]
    done = headrace("convert", "in.jsonl", "out.parquet", "--memory", "256MiB", *resources)
    assert done.exit_code == 0, f"{done.stderr}\n{replay}"
    with duckdb.connect() as database:
        ours = f"read_parquet('{tmp_path}/out.parquet')"
        columns = dict(describe(database, ours))
        chosen = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        theirs = f"read_json('{tmp_path}/in.jsonl', format = 'newline_delimited', columns = {{{chosen}}})"
        try:
            assert_same_rows_in_order(database, ours, theirs)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{replay}") from error
