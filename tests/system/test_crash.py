"""The real command killed at every system call that it makes on its target: old or new, never between, never lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "crash"))
from kill_sweep import KillSweep, Scenario, TracingRefused

OLD_ROWS = [(1, "one"), (2, "two"), (2, "two and a half")]
NEW_ROWS = [(2, "deux"), (3, "trois"), (4, "quatre")]
LASTING = (".out.headrace", ".out.headrace/ledger", ".out.headrace/lock")

# mode, whether a target is there before, the rows afterwards
DATASET_CASES = {
    "create": (False, NEW_ROWS),
    "append": (True, OLD_ROWS + NEW_ROWS),
    "overwrite": (True, NEW_ROWS),
    "overwrite-partitions": (True, [(1, "one"), *NEW_ROWS]),
}
FILE_CASES = {"create": (False, NEW_ROWS), "overwrite": (True, NEW_ROWS)}


@pytest.fixture
def killer(headrace_binary) -> Path:
    """The tracing tool: $HEADRACE_SYSCALL_KILLER, else the one built beside the command."""
    built = headrace_binary.parent / "tests/crash/syscall_killer"
    tool = Path(os.environ.get("HEADRACE_SYSCALL_KILLER", built))
    if not os.access(tool, os.X_OK):
        pytest.fail(f"no syscall_killer at {tool}; build the tests or set HEADRACE_SYSCALL_KILLER", pytrace=False)
    return tool.resolve()


def read_target(target: Path) -> list[tuple] | None:
    """Sorted (partition, row) of every file; whatever is torn makes the reader raise."""
    if not target.exists():
        return None
    files = [target] if target.is_file() else sorted(target.rglob("*.parquet"))
    rows = []
    for file in files:
        partition = "" if target.is_file() else str(file.parent.relative_to(target))
        rows += [(partition, *row.values()) for row in pq.ParquetFile(file).read().to_pylist()]
    return sorted(rows)


def write_csv(path: Path, rows: list[tuple[int, str]]) -> Path:
    path.write_text("y,v\n" + "".join(f"{y},{v}\n" for y, v in rows))
    return path


def make_scenario(binary: Path, inputs: Path, name: str, mode: str, case, arguments: tuple[str, ...]) -> Scenario:
    has_old, rows_after = case
    files = {
        "old": write_csv(inputs / "old.csv", OLD_ROWS),
        "new": write_csv(inputs / "new.csv", NEW_ROWS),
        "after": write_csv(inputs / "after.csv", rows_after),
    }

    def convert(source: str, with_mode: str):
        return lambda target: [
            str(binary), "convert", str(files[source]), str(target), "--mode", with_mode, *arguments
        ]  # fmt: skip

    def prepare(target: Path) -> None:
        subprocess.run(convert("old", "create")(target), check=True, capture_output=True)

    return Scenario(
        name=f"{name} {mode}",
        target_name=name,
        prepare=prepare if has_old else None,
        publish=convert("new", mode),
        recover=None,
        publish_again=convert("after", "overwrite"),
        read=read_target,
        acknowledged=lambda finished: "\npublished " in "\n" + finished.stderr,
        lasting=LASTING if name == "out" else (),
    )


def sweep(killer: Path, scenario: Scenario) -> None:
    try:
        counts = KillSweep(killer, scenario).run()
    except TracingRefused:
        pytest.skip("SKIPPED: this machine does not allow tracing (ptrace)")
    print(counts.summary(scenario.name), dict(counts.syscalls))
    assert not counts.failures, "\n".join([counts.summary(scenario.name), *counts.failures[:10]])
    assert counts.points > 10
    assert counts.syscalls["renameat2"] + counts.syscalls["rename"] > 0


@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("mode", DATASET_CASES)
def test_dataset_killed_at_every_system_call(headrace_binary, killer, tmp_path, mode, threads):
    arguments = ("--partition-by", "y", "--threads", threads)
    sweep(killer, make_scenario(headrace_binary, tmp_path, "out", mode, DATASET_CASES[mode], arguments))


@pytest.mark.parametrize("mode", FILE_CASES)
def test_single_file_killed_at_every_system_call(headrace_binary, killer, tmp_path, mode):
    arguments = ("--threads", "1")
    sweep(killer, make_scenario(headrace_binary, tmp_path, "out.parquet", mode, FILE_CASES[mode], arguments))
