"""Standard input larger than any buffer, limits before bad rows, and what the plan resolves for the sink."""

from __future__ import annotations

import subprocess

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from budgets import BUDGET_REFUSED

ROWS = 60_000


@pytest.fixture
def big_csv(tmp_path):
    """1.4 MB, so that standard input has to be kept on disk to be typed."""
    path = tmp_path / "big.csv"
    path.write_text("id,k,text\n" + "".join(f"{n},{n % 3},some text {n}\n" for n in range(ROWS)))
    return path


@pytest.mark.parametrize("target", ["out", "out.parquet", "deep/out"])
def test_standard_input_is_typed_and_published(headrace_binary, tmp_path, big_csv, target):
    (tmp_path / "deep").mkdir()
    with open(big_csv, "rb") as stdin:
        done = subprocess.run(
            [headrace_binary, "convert", "-", target], stdin=stdin, cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    table = pq.read_table(tmp_path / target)
    assert table.num_rows == ROWS
    assert table.schema.field("id").type == pa.int64()
    assert not [path for path in tmp_path.rglob("*") if "spill" in path.name], "scratch was left behind"


def test_standard_input_can_be_previewed(headrace_binary, tmp_path, big_csv):
    with open(big_csv, "rb") as stdin:
        done = subprocess.run(
            [headrace_binary, "preview", "-"], stdin=stdin, cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stderr
    assert "some text 3" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["big.csv"]


@pytest.mark.parametrize("threads", [1, 2, 4, 8])
@pytest.mark.parametrize("memory", ["64MiB", "512MiB"])
def test_a_bad_row_behind_the_limit_never_fails_the_run(headrace, tmp_path, threads, memory):
    rows = [str(n) for n in range(200_000)]
    rows[100_000] = "bad"
    (tmp_path / "in.csv").write_text("a\n" + "\n".join(rows) + "\n")
    common = ["convert", "in.csv", "out.parquet", "--all-strings", "--where", "cast(a as bigint) >= 0"]
    common += ["--threads", str(threads), "--memory", memory]
    done = headrace(*common, "--limit", "10")
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(tmp_path / "out.parquet").column("a").to_pylist() == rows[:10]
    done = headrace(*common, "--mode", "overwrite", "--limit", "150000")
    assert done.exit_code == 9 and "bad" in done.stderr, done.stderr


def test_partition_columns_are_found_whatever_their_case(headrace, tmp_path):
    (tmp_path / "in.csv").write_text("Key,v\na,1\nb,2\n")
    done = headrace("convert", "in.csv", "out", "--partition-by", "KEY")
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Key=a", "Key=b"]


def test_a_type_that_partitions_cannot_hold_is_refused_at_admission(headrace, tmp_path):
    values = pa.array([["x"], ["y"]], pa.list_(pa.dictionary(pa.int32(), pa.string())))
    pq.write_table(pa.table({"k": ["a", "b"], "v": values}), tmp_path / "in.parquet")
    done = headrace("convert", "in.parquet", "out", "--partition-by", "k", "--report", "r.json")
    assert done.exit_code in (3, 0), done.stderr
    if done.exit_code == 3:
        assert done.stderr.startswith("error E0214"), done.stderr
        assert not (tmp_path / "out").exists()


def test_what_a_budget_admits_every_larger_one_does(headrace, tmp_path):
    columns = {f"c{n}": pa.array(range(n, 120_000 + n), pa.int64()) for n in range(9)}
    pq.write_table(
        pa.table(columns), tmp_path / "in.parquet", data_page_size=1 << 24, use_dictionary=False, compression="none"
    )
    admitted = None
    for kib in range(48_000, 76_000, 500):
        for threads in (1, 4):
            done = headrace("plan", "in.parquet", "out.parquet", "--threads", str(threads), "--memory", f"{kib}KiB")
            assert done.exit_code in (0, BUDGET_REFUSED), done.stderr
            if done.exit_code == 0:
                admitted = admitted or kib
            assert admitted is None or done.exit_code == 0, f"{admitted} KiB is admitted, {kib} KiB is not"
    assert admitted is not None
