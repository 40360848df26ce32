"""Who takes part in the benchmarks, and the command by which each does a job. None is favoured: same input, same types,
same codec and level, same row groups, same number of threads, its own way of being told a budget."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path

import lineitem

HERE = Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Task:
    """One job for one contestant. `output` does not exist yet; `temp` is an empty directory."""

    job: str
    source: Path
    output: Path
    budget_bytes: int
    threads: int
    temp: Path


@dataclasses.dataclass(frozen=True)
class Contestant:
    name: str
    command: Callable[[Task], list[str]]


def headrace_path() -> Path:
    return Path(os.environ.get("HEADRACE", HERE.parent / "build/release/headrace"))


def headrace_command(task: Task) -> list[str]:
    command = [str(headrace_path()), "convert", str(task.source), str(task.output)]
    command += ["--memory", f"{task.budget_bytes >> 20}MiB", "--threads", str(task.threads)]
    command += ["--compression", "zstd:1", "--spill-dir", str(task.temp)]
    if task.source.suffix in (".csv", ".jsonl"):
        command += ["--types", lineitem.headrace_types()]
    if task.job == "months":
        command += ["--derive", "ship_month=date_trunc('month', l_shipdate)", "--partition-by", "ship_month"]
    if task.job == "start":
        command += ["--durability", "none"]
    if task.job.startswith("bad_"):
        command += ["--bad-rows", "quarantine"]
    return command


def python_peer(script: str) -> Callable[[Task], list[str]]:
    def command(task: Task) -> list[str]:
        arguments = [task.job, task.source, task.output, task.budget_bytes, task.threads, task.temp]
        return [sys.executable, str(HERE / "peers" / script), *map(str, arguments)]

    return command


def duckdb_command_line(task: Task) -> list[str]:
    statement = (
        f"SET threads = {task.threads}; COPY (SELECT * FROM {lineitem.csv_relation(task.source)}) TO '{task.output}' "
        "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )
    return [str(duckdb_binary()), "-c", statement]


def duckdb_binary() -> Path | None:
    """The native program inside the duckdb-cli wheel, not the Python wrapper around it."""
    for folder in (Path(sys.prefix) / "lib").glob("python3*/site-packages"):
        for pattern in ("duckdb_cli/**/duckdb", "../../../bin/duckdb"):
            for path in folder.glob(pattern):
                if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
                    return path.resolve()
    return None


def contestants_of(job: str, wanted: list[str]) -> list[Contestant]:
    """The chosen contestants that can do `job`; those that are missing are named loudly."""
    known = [Contestant("headrace", headrace_command)]
    if job == "start":
        if duckdb_binary() is not None:
            known.append(Contestant("duckdb", duckdb_command_line))
        else:
            print("bench: SKIPPED duckdb command line: not in this environment", file=sys.stderr)
    elif not job.startswith("bad_"):
        known.append(Contestant("duckdb", python_peer("duckdb_job.py")))
        known.append(Contestant("polars", python_peer("polars_job.py")))
        known.append(Contestant("pyarrow", python_peer("pyarrow_job.py")))
    if not os.access(headrace_path(), os.X_OK):
        print(f"bench: SKIPPED headrace: no command at {headrace_path()}", file=sys.stderr)
        known = known[1:]
    return [contestant for contestant in known if contestant.name in wanted]
