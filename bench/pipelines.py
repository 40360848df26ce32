#!/usr/bin/env python3
"""Pipeline benchmarks: headrace and the installed peers in turn, each in a fresh process under the same memory limit.

    bench/pipelines.py --scale 1 --memory 512MiB --rounds 3 [--jobs months,one_file] [--only headrace,duckdb]

Jobs: one_file (CSV -> one Parquet), json (JSON lines -> one Parquet), months (CSV -> 84 month partitions), parquet
(Parquet -> Parquet), start (1,000 rows, durability off: cold start), bad_values and bad_fields (one_file of a CSV
whose every second row goes into quarantine, for a value that does not fit or a field too many; headrace alone, its
rows not checked). Everyone runs once per round, so that a noisy minute hits all alike; figures are medians, the peak
is the largest. Each result is checked against the input (row count and order-independent hash). Prints one table per
job, with each figure's ratio to the best peer, and writes JSON. † means killed, failed or timed out: the reason
stands below the table. WRONG means the rows were not the input's.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import contestants
import lineitem

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import measure

BAD_JOBS = ("bad_values", "bad_fields")
JOBS = ("one_file", "json", "months", "parquet", "start", *BAD_JOBS)
START_RUNS_PER_ROUND = 7


def source_of(job: str, scale: str) -> Path:
    if job == "start":
        return lineitem.small_csv_path()
    if job in BAD_JOBS:
        return lineitem.half_bad_path(scale, job)
    if job == "json":
        return lineitem.json_path(scale)
    return lineitem.parquet_path(scale) if job == "parquet" else lineitem.csv_path(scale)


def read_through(path: Path) -> None:
    """Brings the input into the page cache, outside any contestant's cgroup, so that nobody pays for being first."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass


def output_size(output: Path) -> tuple[int, int]:
    files = [output] if output.is_file() else [path for path in output.rglob("*") if path.is_file()]
    return len(files), sum(path.stat().st_size for path in files)


def reason_of(done: measure.Measurement) -> str:
    if done.oom_kills:
        return "killed by the kernel at the memory limit"
    if done.timed_out:
        return "not done in time"
    return f"exit {done.exit_code}: {done.error_line[:160]}"


def run_once(contestant, task: contestants.Task, arguments) -> dict:
    """Runs one contestant once and returns its figures, or its failure under 'failed'."""
    with contextlib.ExitStack() as stack:
        group = None
        if arguments.cgroup:
            group = stack.enter_context(measure.memory_cgroup(task.budget_bytes))
        command = contestant.command(task)
        done = measure.run(command, cgroup=group, timeout_seconds=arguments.timeout)
    figures = {
        "wall": done.wall_seconds,
        "cpu": done.cpu_seconds,
        "peak": done.peak_rss_bytes,
    }
    if done.exit_code != 0:
        return {**figures, "failed": reason_of(done)}
    files, size = output_size(task.output)
    return {**figures, "files": files, "bytes": size}


def run_job(job: str, arguments) -> dict[str, list[dict]]:
    source = source_of(job, arguments.scale)
    expected = None if job in ("start", *BAD_JOBS) else lineitem.expected_fingerprint(arguments.scale)
    read_through(source)
    field = contestants.contestants_of(job, arguments.only)
    results: dict[str, list[dict]] = {contestant.name: [] for contestant in field}
    rounds = arguments.rounds * (START_RUNS_PER_ROUND if job == "start" else 1)
    for number in range(rounds):
        for contestant in field:
            runs = results[contestant.name]
            if runs and "failed" in runs[0]:
                continue  # whoever cannot do it once is not asked again
            with tempfile.TemporaryDirectory(prefix="run-", dir=arguments.work) as folder:
                temp = Path(folder) / "temp"
                temp.mkdir()
                output = Path(folder) / ("out" if job == "months" else "out.parquet")
                task = contestants.Task(job, source, output, arguments.budget, arguments.threads, temp)
                figures = run_once(contestant, task, arguments)
                if number == 0 and "failed" not in figures and expected is not None:
                    figures["right"] = lineitem.output_fingerprint(output) == expected
            runs.append(figures)
            print(f"bench: {job} {contestant.name} {number + 1}/{rounds}: {describe(figures)}", file=sys.stderr)
    return results


def describe(figures: dict) -> str:
    if "failed" in figures:
        return figures["failed"]
    return f"{figures['wall']:.2f} s, {figures['cpu']:.2f} CPU s, {figures['peak'] / 2**20:.0f} MiB"


def summarise(runs: list[dict]) -> dict:
    if not runs or any("failed" in run for run in runs):
        return {"failed": next((run["failed"] for run in runs if "failed" in run), "did not run")}
    return {
        "wall": statistics.median(run["wall"] for run in runs),
        "cpu": statistics.median(run["cpu"] for run in runs),
        "peak": max(run["peak"] for run in runs),
        "files": runs[0]["files"],
        "bytes": runs[0]["bytes"],
        "right": runs[0].get("right", True),
        "runs": len(runs),
    }


def with_ratios(job: dict[str, dict]) -> dict[str, dict]:
    """Adds wall_ratio and cpu_ratio: a contestant's figure over that of the best peer (headrace itself not counted)."""
    peers = [row for name, row in job.items() if name != "headrace" and "failed" not in row]
    for row in job.values():
        if "failed" not in row and peers:
            row["wall_ratio"] = row["wall"] / min(peer["wall"] for peer in peers)
            row["cpu_ratio"] = row["cpu"] / min(peer["cpu"] for peer in peers)
    return job


def table_of(title: str, job: dict[str, dict]) -> str:
    lines = [
        title,
        f"{'':10} {'wall s':>8} {'ratio':>6} {'CPU s':>8} {'ratio':>6} {'peak MiB':>9} {'files':>6} {'MB':>8}  rows",
    ]
    notes = []
    for name, row in job.items():
        if "failed" in row:
            lines.append(f"{name:10} {'†':>8}")
            notes.append(f"  † {name}: {row['failed']}")
            continue
        ratios = [f"{row[key]:6.2f}" if key in row else f"{'':6}" for key in ("wall_ratio", "cpu_ratio")]
        lines.append(
            f"{name:10} {row['wall']:8.3f} {ratios[0]} {row['cpu']:8.3f} {ratios[1]} {row['peak'] / 2**20:9.1f} "
            f"{row['files']:6} {row['bytes'] / 1e6:8.1f}  {'right' if row['right'] else 'WRONG'}"
        )
    return "\n".join(lines + notes)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="1", help="TPC-H scale: 1 is 6 million rows, 766 MB of CSV")
    parser.add_argument("--memory", default="512MiB", help="budget and cgroup limit of every contestant")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--only", default="headrace,duckdb,polars,pyarrow")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run")
    parser.add_argument("--work", type=Path, default=lineitem.CACHE / "work", help="where outputs and temp files go")
    parser.add_argument("--json", type=Path, default=lineitem.CACHE / "pipelines.json")
    arguments = parser.parse_args()
    arguments.budget = measure.parse_bytes(arguments.memory)
    arguments.jobs = arguments.jobs.split(",")
    arguments.only = arguments.only.split(",")
    if unknown := set(arguments.jobs) - set(JOBS):
        parser.error(f"unknown jobs {', '.join(sorted(unknown))}; known: {', '.join(JOBS)}")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    arguments.cgroup = True
    try:
        with measure.memory_cgroup(arguments.budget):
            pass
    except measure.CgroupUnavailable as reason:
        arguments.cgroup = False
        print(f"bench: NO MEMORY LIMIT IS ENFORCED in this run: {reason}", file=sys.stderr)
    report = {"scale": arguments.scale, "memory": arguments.memory, "threads": arguments.threads, "jobs": {}}
    report["limit_enforced"] = arguments.cgroup
    tables = []
    for job in arguments.jobs:
        runs = run_job(job, arguments)
        report["jobs"][job] = with_ratios({name: summarise(figures) for name, figures in runs.items()})
        limit = f"limit {arguments.memory}" if arguments.cgroup else f"budget {arguments.memory}, NOT enforced"
        size = "1,000 rows" if job == "start" else f"SF{arguments.scale}"
        title = f"\n{job}: lineitem {size}, {limit}, {arguments.threads} threads"
        tables.append(table_of(title, report["jobs"][job]))
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    print("\n".join(tables))
    wrong = [
        f"{job} by {name}"
        for job, rows in report["jobs"].items()
        for name, row in rows.items()
        if row.get("right") is False
    ]
    if wrong:
        print(f"bench: WRONG ROWS: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
