"""Differential test: random typed expressions over random columns give what DuckDB gives."""

from __future__ import annotations

import datetime
import decimal
import math
import os
import random
import subprocess
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from expression_generator import TYPES, WORDS, Generator

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("HEADRACE", ROOT / "build/release/headrace"))
TOOL = Path(os.environ.get("HEADRACE_EXPRESSION_TOOL", COMMAND.parent / "tests/expression_tool"))
ROWS = 60
EXPRESSIONS = 1500


def columns(seed: int) -> pa.Table:
    """Two columns of each type, with NULLs, zeros, NaN, infinities and values near the ends."""
    rng = random.Random(seed)
    draw = {
        "int": lambda: rng.choice([0, 1, -1, rng.randint(-50, 50), 2**31 - 1, -(2**31)]),
        "long": lambda: rng.choice([0, 1, -1, rng.randint(-1000, 1000), 2**40]),
        "double": lambda: rng.choice([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf, rng.uniform(-100, 100), 1e300]),
        "decimal": lambda: decimal.Decimal(rng.randint(-99999, 99999)).scaleb(-2),
        "text": lambda: rng.choice(WORDS),
        "date": lambda: datetime.date(
            rng.choice([1900, 1969, 1970, 2000, 2023, 2024]), rng.randint(1, 12), rng.randint(1, 28)
        ),
        "timestamp": lambda: datetime.datetime(
            rng.choice([1950, 1969, 1970, 2024]), 12, 31, 23, 59, 59, rng.randint(0, 999999)
        ),
        "bool": lambda: rng.random() < 0.5,
    }
    arrow = {
        "int": pa.int32(),
        "long": pa.int64(),
        "double": pa.float64(),
        "decimal": pa.decimal128(9, 2),
        "text": pa.string(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "bool": pa.bool_(),
    }
    return pa.table(
        {
            f"{kind}_{name}": pa.array(
                [None if rng.random() < 0.15 else draw[kind]() for _ in range(ROWS)], arrow[kind]
            )
            for kind in TYPES
            for name in "ab"
        }
    )


def same(ours, duck) -> bool:
    if ours is None or duck is None:
        return ours is duck
    if isinstance(ours, float) or isinstance(duck, float):
        a, b = float(ours), float(duck)
        return (math.isnan(a) and math.isnan(b)) or a == b or math.isclose(a, b, rel_tol=1e-12)
    return ours == duck


def run_ours(table: pa.Table, expressions: list[str], tmp_path: Path) -> tuple[list[str], pa.Table]:
    source, target = tmp_path / "rows.arrow", tmp_path / "values.arrow"
    with pa.ipc.new_file(source, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    done = subprocess.run(
        [TOOL, source, target], input="\n".join(expressions) + "\n", text=True, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), pa.ipc.open_file(target).read_all()


def test_random_expressions(tmp_path):
    if not os.access(TOOL, os.X_OK):
        pytest.fail(f"no expression_tool at {TOOL}; build it or set HEADRACE_EXPRESSION_TOOL", pytrace=False)
    seed = int(os.environ.get("HEADRACE_TEST_SEED", random.randrange(2**32)))
    print(f"replay: HEADRACE_TEST_SEED={seed} python -m pytest {Path(__file__).name}")
    table = columns(seed)
    generator = Generator(seed)
    pairs = [
        generator.expression(generator.random.choice(TYPES), generator.random.randint(1, 3)) for _ in range(EXPRESSIONS)
    ]
    verdicts, values = run_ours(table, [pair.ours for pair in pairs], tmp_path)
    assert len(verdicts) == len(pairs)
    wrong, failed_alike, failed_alone, compared = [], 0, 0, 0
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.register("arrow_rows", table)
        connection.execute("CREATE TABLE rows AS SELECT * FROM arrow_rows")
        for number, (pair, verdict) in enumerate(zip(pairs, verdicts)):
            try:
                duck = [row[0] for row in connection.execute(f"SELECT {pair.duck} FROM rows").fetchall()]
            except duckdb.Error as error:
                duck = error
            if verdict.startswith("error"):
                # Overflow is an error on both sides, unless DuckDB found that the value is not needed.
                if isinstance(duck, duckdb.Error):
                    failed_alike += 1
                elif "out of range" in verdict:
                    failed_alone += 1
                else:
                    wrong.append(f"{pair.ours}\n    ours: {verdict}\n    duck: {duck[:5]}")
                continue
            if isinstance(duck, duckdb.Error):
                wrong.append(f"{pair.ours}\n    duck: {str(duck).splitlines()[0]}")
                continue
            ours = values.column(f"e{number}").to_pylist()
            compared += 1
            for row, (a, b) in enumerate(zip(ours, duck)):
                if not same(a, b):
                    wrong.append(
                        f"{pair.ours}\n    duck text: {pair.duck}\n    row {row}: ours {a!r}, duck {b!r}; "
                        f"{ {k: v for k, v in table.slice(row, 1).to_pylist()[0].items() if k in pair.ours} }"
                    )
                    break
    print(f"{compared} compared, {failed_alike} failed alike, {failed_alone} failed here alone, {len(wrong)} differ")
    assert not wrong, f"seed {seed}\n" + "\n".join(wrong[:12])
    assert compared > EXPRESSIONS * 0.6
    assert failed_alone < EXPRESSIONS * 0.02
