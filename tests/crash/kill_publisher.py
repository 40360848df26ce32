"""The kill sweep over crash_publisher: four modes, a single file, and what a reader finds. Exit 1 on any failure."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from kill_sweep import TRACING_REFUSED, KillSweep, Scenario, TracingRefused

OLD = ["y=1/a.parquet=one", "y=2/a.parquet=two"]
NEW = ["y=1/b.parquet=1", "y=3/b.parquet=3", "y=4/b.parquet=4"]
LASTING = (".out.headrace", ".out.headrace/ledger", ".out.headrace/lock")


def read_target(target: Path) -> dict[str, bytes] | None:
    if target.is_file():
        return {"": target.read_bytes()}
    if not target.exists():
        return None
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def make_scenario(publisher: str, kind: str, mode: str, has_old: bool) -> Scenario:
    old, new = (OLD, NEW) if kind == "dataset" else (["=old"], ["=new"])

    def command(run_id: str, with_mode: str, files: list[str]):
        return lambda target: [publisher, "publish", str(target), kind, with_mode, run_id, *files]

    def prepare(target: Path) -> None:
        subprocess.run(command("run-1", "create", old)(target), check=True, capture_output=True)

    # What a second run has to write so that an overwrite gives the new state.
    everything = [*OLD, *NEW] if mode == "append" else new
    if mode == "overwrite-partitions":
        everything = ["y=2/a.parquet=two", *NEW]
    return Scenario(
        name=f"{kind} {mode}{'' if has_old else ' (nothing there)'}",
        target_name="out",
        prepare=prepare if has_old else None,
        publish=command("run-2", mode, new),
        recover=lambda target: [publisher, "recover", str(target)],
        publish_again=command("run-3", "overwrite", everything),
        read=read_target,
        acknowledged=lambda finished: "acknowledged" in finished.stdout,
        lasting=LASTING if kind == "dataset" else (),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--killer", type=Path, required=True)
    parser.add_argument("--publisher", type=Path, required=True)
    parser.add_argument(
        "--workspace", type=Path, help="where to work; default: a disk in memory, else the temp directory"
    )
    arguments = parser.parse_args()
    cases = [
        ("dataset", "create", False),
        ("dataset", "append", True),
        ("dataset", "overwrite", True),
        ("dataset", "overwrite-partitions", True),
        ("file", "create", False),
        ("file", "overwrite", True),
    ]
    failed = False
    for kind, mode, has_old in cases:
        scenario = make_scenario(str(arguments.publisher), kind, mode, has_old)
        try:
            counts = KillSweep(arguments.killer, scenario, workspace=arguments.workspace).run()
        except TracingRefused:
            print("SKIPPED: this machine does not allow tracing (ptrace)")
            return TRACING_REFUSED
        print(counts.summary(scenario.name), dict(counts.syscalls), flush=True)
        for failure in counts.failures[:5]:
            print("  " + failure)
        failed |= bool(counts.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
