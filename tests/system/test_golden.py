"""The golden pipelines: one corpus, many configurations, always the same rows in the same order.

A case is a directory tests/golden/<name>/ with
  pipeline.yaml   the job; its sink writes to `out`, `out.parquet` or `out.csv`; it sets no `resources`
  inputs.sql      optional: DuckDB statements that write input files to {dir}/...; others stand in the directory
  inputs.py       optional: writes what SQL cannot, in the directory of the run
  expected.sql    a DuckDB query over the inputs whose rows are right, written by a person
  expected.rows   what headrace wrote, rewritten by `make golden-update` after it agreed with expected.sql; of a long
                  output the first and last lines and a checksum of all
  expected.rejects  where rows are put aside: the same of the quarantine file
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import measure
import pyarrow.parquet as pq
import pytest
from budgets import BUDGET_REFUSED, MIB, ladder_from, smallest_accepted_mib
from compare import assert_same_rows, relation_of

CASES = sorted(path.parent for path in (Path(__file__).resolve().parents[1] / "golden").glob("*/pipeline.yaml"))
SHOWN_LINES_MAX = 60
DRIFT_MAX = 32 << 20  # RSS less what the account says
# Small inputs would be direct runs, which have no more workers than morsels; so all but one stream.
STREAMING = {"streaming_threshold": 0}
CONFIGURATIONS = {
    "direct": {"streaming_threshold": 5_000_000},
    "1 thread": {"threads": 1},
    "2 threads": {"threads": 2},
    "8 threads": {"threads": 8, "memory": "1GiB"},
    "chunks of 1 row": {"chunk_size": 1},
    "chunks of 7 rows, 8 threads": {"chunk_size": 7, "threads": 8, "memory": "1GiB"},
    "small blocks": {"batch_size": 4096, "threads": 2},
    "shuffle 1": {"shuffle_seed": 1, "threads": 8, "batch_size": 8192, "memory": "1GiB"},
    "shuffle 2": {"shuffle_seed": 2, "threads": 4, "batch_size": 8192, "memory": "1GiB"},
    "shuffle 3": {"shuffle_seed": 3, "threads": 2, "chunk_size": 100},
}


def prepare(case: Path, folder: Path) -> None:
    """Copies a case into `folder` and makes its generated inputs there."""
    shutil.copytree(case, folder, dirs_exist_ok=True)
    if (folder / "inputs.sql").exists():
        with duckdb.connect() as connection:
            connection.execute((folder / "inputs.sql").read_text().replace("{dir}", str(folder)))
    if (folder / "inputs.py").exists():
        subprocess.run([sys.executable, "inputs.py"], cwd=folder, check=True, timeout=60)


def run_case(binary: Path, folder: Path, resources: dict) -> measure.Measurement:
    """Runs the case's pipeline with `resources`; a flow mapping in JSON is valid YAML."""
    for old in [*folder.glob("out*"), *folder.glob(".out*.headrace/quarantine")]:
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    text = (folder / "pipeline.yaml").read_text()
    assert "resources:" not in text, "a golden pipeline leaves resources to the configurations"
    (folder / "configured.yaml").write_text(
        f"{text}\nresources: {json.dumps({'memory': '256MiB', **STREAMING, **resources})}\n"
    )
    return measure.run([binary, "run", "configured.yaml", "--report", "report.json"], cwd=folder)


def output_of(folder: Path) -> Path:
    outputs = list(folder.glob("out*"))
    assert len(outputs) == 1, f"not exactly one output: {outputs}"
    return outputs[0]


def rows_of_file(path: Path) -> list[str]:
    """Arrow types, then one JSON array of texts per row, in file order."""
    if path.suffix == ".csv":
        return path.read_text().splitlines()
    schema = pq.read_schema(path)
    lines = [json.dumps({field.name: str(field.type) for field in schema})]
    names = ", ".join(f'CAST("{field.name}" AS VARCHAR)' for field in schema)
    rows = duckdb.execute(f"SELECT {names} FROM read_parquet('{path}', hive_partitioning = false)").fetchall()
    return lines + [json.dumps(row, ensure_ascii=False) for row in rows]


def rows_of(output: Path) -> str:
    """The whole output as text: per partition its directory and its rows in order. File names do not count."""
    if output.is_file():
        return "\n".join(rows_of_file(output)) + "\n"
    lines: list[str] = []
    last = None
    for file in sorted(output.rglob("*.parquet")):
        partition = str(file.parent.relative_to(output))
        found = rows_of_file(file)
        if partition != last:
            lines.append(f"-- {partition}")
        lines.extend(found if partition != last else found[1:])
        last = partition
    return "\n".join(lines) + "\n"


def summary_of(text: str) -> str:
    """What is stored of an output: all of a short one, the ends and a checksum of a long one."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= SHOWN_LINES_MAX:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "".join([*lines[:30], f"... {len(lines)} lines in all, sha256 {digest} ...\n", *lines[-10:]])


def rejects_of(folder: Path) -> str:
    """The quarantine file as text; its raw bytes show what is no UTF-8 as escapes."""
    files = list(folder.glob(".out*.headrace/quarantine/*.parquet"))
    assert len(files) <= 1, f"several quarantine files: {files}"
    if not files:
        return ""
    table = pq.read_table(files[0])
    lines = [json.dumps({field.name: str(field.type) for field in table.schema})]
    for row in table.to_pylist():
        row["raw"] = row["raw"].decode("utf-8", "backslashreplace")
        lines.append(json.dumps(list(row.values()), ensure_ascii=False))
    return "\n".join(lines) + "\n"


def expected_rejects(stored: Path) -> str:
    return (stored / "expected.rejects").read_text() if (stored / "expected.rejects").exists() else ""


def check_against_sql(folder: Path) -> None:
    query = (folder / "expected.sql").read_text().strip().rstrip(";")
    with duckdb.connect() as connection:
        connection.execute(f"SET file_search_path = '{folder}'")
        columns = [row[0] for row in connection.execute(f"DESCRIBE {query}").fetchall()]
        # Partition columns come back last from a dataset; names decide, not places.
        chosen = ", ".join(f'"{name}"' for name in columns)
        assert_same_rows(connection, relation_of(output_of(folder)), f"({query})", chosen)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request, tmp_path) -> tuple[Path, Path]:
    prepare(request.param, tmp_path)
    return request.param, tmp_path


def test_rows_agree_with_sql(headrace_binary, case, request):
    stored, folder = case
    done = run_case(headrace_binary, folder, {})
    assert done.exit_code == 0, done.stderr
    check_against_sql(folder)
    actual = summary_of(rows_of(output_of(folder)))
    if request.config.getoption("--golden-update"):
        (stored / "expected.rows").write_text(actual)
        if rejects_of(folder):
            (stored / "expected.rejects").write_text(summary_of(rejects_of(folder)))
    assert summary_of(rejects_of(folder)) == expected_rejects(stored)
    assert actual == (stored / "expected.rows").read_text(), "run `make golden-update` if the change is meant"


def test_same_rows_in_every_configuration(headrace_binary, case):
    stored, folder = case
    expected = (stored / "expected.rows").read_text()
    for name, resources in CONFIGURATIONS.items():
        done = run_case(headrace_binary, folder, resources)
        assert done.exit_code == 0, f"{name}: {done.stderr}"
        assert summary_of(rows_of(output_of(folder))) == expected, f"other rows with {name}"
        assert summary_of(rejects_of(folder)) == expected_rejects(stored), f"other rejects with {name}"
        report = json.loads((folder / "report.json").read_text())
        # How many rows a long compressed text has is not known before it is read.
        is_direct = name == "direct" and "not known" not in report["mode_reason"]
        assert report["mode"] == ("direct" if is_direct else "streaming"), f"{name}: {report['mode_reason']}"
        assert report["memory"]["drift"]["p99_bytes"] <= DRIFT_MAX, f"{name}: {report['memory']['drift']}"


@pytest.mark.parametrize("threads", [1, 2])
def test_same_rows_on_every_step_from_the_floor(headrace_binary, case, threads):
    """What passes with a budget passes with every larger one, with the same rows, and no peak passes its budget."""
    stored, folder = case
    expected = (stored / "expected.rows").read_text()

    def run(mib: int) -> measure.Measurement:
        return run_case(headrace_binary, folder, {"memory": f"{mib}MiB", "threads": threads})

    floor = smallest_accepted_mib(run)
    # The base of the process varies by 0.8 MiB from start to start, by more while its libraries are read from disk.
    below = run(floor - 4)
    assert below.exit_code == BUDGET_REFUSED, f"{floor} MiB is the floor, but {floor - 4}: {below.stderr}"
    assert not list(folder.glob("out*")), "published although refused"
    for mib in ladder_from(floor):
        done = run(mib)
        assert done.exit_code == 0, f"passes at {floor} MiB but not at {mib}: {done.stderr}"
        assert summary_of(rows_of(output_of(folder))) == expected, f"other rows with {mib} MiB, floor {floor}"
        assert summary_of(rejects_of(folder)) == expected_rejects(stored), f"other rejects with {mib} MiB"
        assert done.peak_rss_bytes <= mib * MIB, f"{done.peak_rss_bytes / MIB:.1f} MiB at the peak of {mib} MiB"
