"""A limit that falls while a run lasts: the run ends right, slower, or with a typed refusal; it is never killed."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from random import Random

import pytest
from budgets import BUDGET_REFUSED, MIB
from compare import fingerprint, relation_of

ROWS = 1_500_000
BUDGET_MIB = 240
SEEDS = 6


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    import duckdb

    path = tmp_path_factory.mktemp("input") / "in.csv"
    duckdb.execute(
        f"""COPY (SELECT i AS id, i * 7919 % 60 AS key, 'text ' || (i * 104729 % 99991) AS text, i * 0.5 AS amount
            FROM range({ROWS}) t(i)) TO '{path}' (HEADER)"""
    ).fetchall()
    return path


def lower_when_converting(
    group, limits: list[int], after_seconds: float, stop: threading.Event, done: list[int]
) -> None:
    """Waits until the process is in the cgroup and at work, then lowers in steps. A v1 kernel refuses a step (EBUSY)
    while it finds nothing to reclaim: then the process has to give back first, as it does when it is near its limit."""
    while not stop.is_set() and not group.procs_file.read_text().strip():
        time.sleep(0.005)
    if stop.wait(after_seconds):
        return
    name = "memory.max" if (group.path / "memory.max").exists() else "memory.limit_in_bytes"
    for limit in limits:
        while not stop.is_set():
            try:
                (group.path / name).write_text(str(limit))
            except OSError:
                time.sleep(0.02)
                continue
            done.append(limit)
            stop.wait(0.05)
            break


@pytest.mark.parametrize("seed", range(SEEDS))
def test_cgroup_limit_lowered_in_mid_run(headrace, database, tmp_path, table, cgroup_of, seed):
    random = Random(seed)
    limits = [BUDGET_MIB * MIB * percent // 100 for percent in range(95, 59, -5)]
    after = random.uniform(0.1, 1.2)
    partitioned = seed % 3 != 2
    target = "out" if partitioned else "out.parquet"
    arguments = ["--partition-by", "key"] if partitioned else []
    stop, lowered = threading.Event(), []
    with cgroup_of(BUDGET_MIB * MIB) as group:
        helper = threading.Thread(target=lower_when_converting, args=(group, limits, after, stop, lowered))
        helper.start()
        try:
            done = headrace(
                "convert",
                table,
                target,
                *arguments,
                *["--memory", f"{BUDGET_MIB}MiB", "--threads", "2", "--durability", "none", "--report", "report.json"],
                cgroup=group,
            )
        finally:
            stop.set()
            helper.join()
    where = f"seed {seed}: limit lowered after {after:.2f} s, steps taken: {len(lowered)} of {len(limits)}"
    assert done.oom_kills == 0, where
    assert done.exit_code in (0, BUDGET_REFUSED), f"{where}: {done.stderr}"
    report = json.loads((tmp_path / "report.json").read_text())
    if done.exit_code == BUDGET_REFUSED:
        assert not (tmp_path / target).exists(), where
        assert report["error_code"] in ("E0701", "E0707", "E0708"), where
        return
    columns = ["id", "key", "text", "amount"]
    expected = fingerprint(database, f"read_csv('{table}')", columns)
    assert fingerprint(database, relation_of(tmp_path / target), columns) == expected, where
    if len(lowered) == len(limits) and report["wall_seconds"] > after + 3:
        assert report["memory"]["actions"], f"{where}: the lower limit was not noticed"
