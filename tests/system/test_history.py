"""The past of a dataset, by the real command: retention, rollback, vacuum, recover, history, runs that publish once."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

USAGE, INVALID, SINK, LOCKED = 2, 3, 6, 8
MONDAY, TUESDAY, WEDNESDAY = ({1: "one"}, {1: "uno", 2: "dos"}, {3: "drei"})


@pytest.fixture
def published(headrace, tmp_path):
    """Publishes rows to out, partitioned by y, and returns what was printed."""

    def publish(rows: dict[int, str], *arguments: str, mode: str = "overwrite", exit_code: int = 0) -> str:
        (tmp_path / "in.csv").write_text("y,v\n" + "".join(f"{y},{v}\n" for y, v in rows.items()))
        done = headrace("convert", "in.csv", "out", "--partition-by", "y", "--mode", mode, *arguments)
        assert done.exit_code == exit_code, done.stderr
        return done.stderr

    return publish


@pytest.fixture
def ask(headrace):
    """Runs a command to its end and returns its standard output, or what it complained about."""

    def run(*arguments: str | Path, exit_code: int = 0) -> str:
        done = headrace(*arguments)
        assert done.exit_code == exit_code, done.stdout + done.stderr
        if exit_code != 0:
            assert re.fullmatch(r"error E\d{4} \([a-z ]+\): [^\n]{15,}\n", done.stderr), done.stderr
            return done.stderr
        return done.stdout or done.stderr

    return run


def rows_of(dataset: Path) -> dict[int, str]:
    table = ds.dataset(dataset, format="parquet", partitioning="hive").to_table()
    return dict(zip(table["y"].to_pylist(), table["v"].to_pylist(), strict=True))


def history_of(ask, dataset: str = "out") -> list[dict]:
    return json.loads(ask("history", dataset, "--format", "json"))["runs"]


def generations_of(tmp_path: Path) -> list[Path]:
    directory = tmp_path / ".out.headrace/generations"
    return sorted(directory.iterdir()) if directory.exists() else []


def test_without_a_grace_period_nothing_is_kept(published, ask, tmp_path):
    published(MONDAY)
    published(TUESDAY)
    assert rows_of(tmp_path / "out") == TUESDAY
    assert generations_of(tmp_path) == []
    assert [run["state"] for run in history_of(ask)] == ["current", "gone"]
    monday = history_of(ask)[1]["run_id"]
    assert "E0625" in ask("rollback", "out", monday, exit_code=SINK)


def test_rollback_and_forward_again(published, ask, tmp_path):
    published(MONDAY)
    published(TUESDAY, "--retain", "24h")
    (kept,) = generations_of(tmp_path)
    assert rows_of(kept) == MONDAY
    tuesday, monday = history_of(ask)
    assert [tuesday["state"], monday["state"]] == ["current", "retained"]
    assert kept.name.startswith(monday["run_id"] + ".")

    line = ask("rollback", "out", monday["run_id"])
    said = rf"rolled back out to run {monday['run_id']}: 1 files, as run \S+; run \S+ can be rolled back to until \S+\n"
    assert re.fullmatch(said, line), line
    assert rows_of(tmp_path / "out") == MONDAY
    back, tuesday, monday = history_of(ask)
    assert back["mode"] == "rollback"
    assert back["rolled_back_to"] == monday["run_id"]
    assert [back["state"], tuesday["state"], monday["state"]] == ["current", "retained", "retained"]
    assert tuesday["rolled_back"]

    ask("rollback", "out", tuesday["run_id"], "--retain", "0s")
    assert rows_of(tmp_path / "out") == TUESDAY
    assert len(generations_of(tmp_path)) == 2, "the rollback that was undone should have gone at once"


def test_a_reader_that_holds_the_directory_goes_on_reading_what_is_retained(published, tmp_path):
    published(MONDAY)
    (file,) = (tmp_path / "out").rglob("*.parquet")
    held = os.open(tmp_path / "out", os.O_RDONLY | os.O_DIRECTORY)
    try:
        published(TUESDAY, "--retain", "1h")
        inside = os.open(file.relative_to(tmp_path / "out"), os.O_RDONLY, dir_fd=held)
        with os.fdopen(inside, "rb") as opened:
            assert pq.read_table(opened)["v"].to_pylist() == list(MONDAY.values())
    finally:
        os.close(held)
    assert rows_of(tmp_path / "out") == TUESDAY


def test_rollback_after_append_and_overwrite_partitions(published, ask, tmp_path):
    published(MONDAY, mode="append")
    published(WEDNESDAY, "--retain", "1h", mode="append")
    published(TUESDAY, "--retain", "1h", mode="overwrite-partitions")
    assert rows_of(tmp_path / "out") == {**TUESDAY, **WEDNESDAY}
    third, second, first = history_of(ask)
    ask("rollback", "out", second["run_id"])
    assert rows_of(tmp_path / "out") == {**MONDAY, **WEDNESDAY}
    ask("rollback", "out", first["run_id"])
    assert rows_of(tmp_path / "out") == MONDAY
    ask("rollback", "out", third["run_id"])
    assert rows_of(tmp_path / "out") == {**TUESDAY, **WEDNESDAY}


def test_rollback_refusals(published, ask, tmp_path):
    assert "E0626" in ask("rollback", "out", "x", exit_code=SINK)
    assert list(tmp_path.iterdir()) == []
    published(MONDAY)
    (monday,) = history_of(ask)
    assert "E0622" in ask("rollback", "out", "nobody", exit_code=USAGE)
    assert "E0624" in ask("rollback", "out", monday["run_id"], exit_code=SINK)
    published(TUESDAY, "--retain", "1h")
    with open(tmp_path / ".out.headrace/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "E0801" in ask("rollback", "out", monday["run_id"], exit_code=LOCKED)
    ask("vacuum", "out", "--older-than", "0s")
    assert "E0625" in ask("rollback", "out", monday["run_id"], exit_code=SINK)
    assert rows_of(tmp_path / "out") == TUESDAY


def test_vacuum(published, ask, tmp_path):
    assert "E0626" in ask("vacuum", "out", exit_code=SINK)
    published(MONDAY)
    published(TUESDAY, "--retain", "1h", mode="append")
    published(WEDNESDAY, "--retain", "1h")
    rescued = tmp_path / ".out.headrace/rescued-x"
    rescued.mkdir()
    kept = generations_of(tmp_path)
    first, second = sorted(kept, key=lambda generation: len(list(generation.rglob("*.parquet"))))
    size = sum(file.stat().st_size for file in second.rglob("*.parquet"))
    freed = f"{size / 1024:.1f} KiB would be freed"

    assert "0 generations removed" in ask("vacuum", "out")
    told = ask("vacuum", "out", "--older-than", "0s", "--dry-run")
    assert told.count("would remove") == 2
    assert str(rescued) in told
    assert generations_of(tmp_path) == kept
    # The first one's file stands in the second as well.
    assert f"2 generations would be removed, {freed}; 0 kept" in told
    shutil.rmtree(first)
    assert f"1 generations would be removed, {freed}; 0 kept" in ask("vacuum", "out", "--older-than", "0s", "--dry-run")
    with open(tmp_path / ".out.headrace/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "E0801" in ask("vacuum", "out", exit_code=LOCKED)
    assert "1 generations removed" in ask("vacuum", "out", "--older-than", "0s")
    assert generations_of(tmp_path) == []
    assert rescued.exists()
    assert rows_of(tmp_path / "out") == WEDNESDAY


def test_the_next_run_removes_what_expired(published, tmp_path):
    published(MONDAY)
    published(TUESDAY, "--retain", "1h")
    (kept,) = generations_of(tmp_path)
    kept.rename(kept.with_name("x.20200101T000000Z.20200102T000000Z"))
    published(WEDNESDAY)
    assert generations_of(tmp_path) == []


def test_recover(published, ask, tmp_path):
    assert ask("recover", "out") == "nothing to do\n"
    published(MONDAY)
    assert ask("recover", "out") == "nothing to do\n"
    dead = tmp_path / ".out.headrace/txn-dead"
    (dead / "gen/y=9").mkdir(parents=True)
    (dead / "gen/y=9/half.parquet").write_bytes(b"PAR1")
    with open(tmp_path / ".out.headrace/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "E0801" in ask("recover", "out", exit_code=LOCKED)
    assert ask("recover", "out") == "undid run dead: the dataset is as it was before it\n"
    assert not dead.exists()
    assert rows_of(tmp_path / "out") == MONDAY


def test_recover_of_a_single_file(headrace, ask, tmp_path):
    (tmp_path / "in.csv").write_text("y\n1\n")
    assert headrace("convert", "in.csv", "out.parquet").exit_code == 0
    before = (tmp_path / "out.parquet").read_bytes()
    left = tmp_path / ".out.parquet.headrace-dead.tmp"
    left.write_bytes(b"half")
    said = ask("recover", "out.parquet")
    assert said.startswith("undid run dead:")
    assert said.count("\n") == 1
    assert not left.exists()
    assert (tmp_path / "out.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.parquet"]
    assert ask("recover", "out.parquet") == "nothing to do\n"


def test_history_and_show(published, ask, tmp_path):
    assert "E0626" in ask("history", "out", exit_code=SINK)
    published(MONDAY)
    published(TUESDAY, "--retain", "1h")
    lines = ask("history", "out").splitlines()
    assert lines[0].split() == ["published", "run", "rows", "files", "bytes", "mode", "state"]
    assert lines[1].endswith("overwrite  current")
    assert re.search(r"overwrite  retained until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", lines[2])
    newest = ask("history", "out", "-n", "1").splitlines()
    assert newest[1].split() == lines[1].split()
    assert newest[2:] == ["and 1 older ones; --rows shows more"]

    tuesday, monday = history_of(ask)
    shown = json.loads(ask("show", tuesday["run_id"], "out", "--format", "json"))
    assert shown["inputs"] == [{"path": "in.csv", "size_bytes": 16, "rows": 2}]
    assert shown["partitions"] == ["y=1", "y=2"]
    assert shown["replaced_run"] == monday["run_id"]
    assert re.fullmatch(r"[0-9a-f]{16}", shown["plan_hash"])
    text = ask("show", tuesday["run_id"], "out")
    assert f"replaced    {monday['run_id']}\n" in text
    assert "input       in.csv: 2 rows, 16 B\n" in text
    assert "E0622" in ask("show", "nobody", "out", exit_code=USAGE)


def test_a_run_id_is_published_once(published, ask, headrace, tmp_path):
    published(MONDAY, "--run-id", "nightly-1")
    # Neither the mode nor the input matters then: nothing is looked at.
    shutil.move(tmp_path / "in.csv", tmp_path / "away.csv")
    again = headrace("convert", "in.csv", "out", "--run-id", "nightly-1", "--report", "report.json")
    assert again.exit_code == 0, again.stderr
    assert re.fullmatch(r"already published out: run nightly-1 wrote 1 rows, 1 files, [^\n]*\n", again.stderr)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["status"] == "already published"
    assert report["run_id"] == "nightly-1"
    assert report["outputs"][0]["rows"] == 1
    assert len(history_of(ask)) == 1
    published(TUESDAY, "--run-id", "nightly-2")
    assert [run["run_id"] for run in history_of(ask)] == ["nightly-2", "nightly-1"]
    assert "E0618" in published(MONDAY, "--run-id", "../x", exit_code=USAGE)
    assert "E0629" in ask("convert", "away.csv", "one.parquet", "--run-id", "a", exit_code=USAGE)
    shutil.rmtree(tmp_path / "out")
    assert "E0627" in published(MONDAY, "--run-id", "nightly-2", exit_code=SINK)


def test_a_killed_run_that_was_published_counts(published, headrace, tmp_path):
    published(MONDAY, "--run-id", "nightly-1")
    # As if it had been killed after the rename: the journal stands, the ledger has no line of it.
    side = tmp_path / ".out.headrace"
    (side / "txn-nightly-1").mkdir()
    (side / "ledger").rename(side / "txn-nightly-1/journal")
    again = headrace("convert", "in.csv", "out", "--run-id", "nightly-1")
    assert again.exit_code == 0, again.stderr
    assert "already published out: run nightly-1" in again.stderr
    assert rows_of(tmp_path / "out") == MONDAY
    assert not (side / "txn-nightly-1").exists()


def test_pipeline_keys(headrace, ask, tmp_path, monkeypatch):
    (tmp_path / "in.csv").write_text("y,v\n1,one\n")
    pipeline = tmp_path / "p.yaml"
    pipeline.write_text(
        'version: 1\nrun_id: "${DAY:-}"\nsources: [{ id: t, path: in.csv }]\n'
        "sink: { path: out, partition_by: [y], mode: overwrite, retain: 2h }\n"
    )
    for day in ["2026-11-22", "2026-11-22", "2026-11-23"]:
        monkeypatch.setenv("DAY", day)
        assert headrace("run", "p.yaml").exit_code == 0
    assert [run["run_id"] for run in history_of(ask)] == ["2026-11-23", "2026-11-22"]
    assert len(generations_of(tmp_path)) == 1
    monkeypatch.setenv("DAY", "a b")
    assert "E0618" in ask("validate", "p.yaml", exit_code=INVALID)
    pipeline.write_text(pipeline.read_text().replace("path: out, partition_by: [y]", "path: out.parquet"))
    monkeypatch.setenv("DAY", "")
    assert "E0157" in ask("validate", "p.yaml", exit_code=INVALID)
