#!/usr/bin/env python3
"""Reading benchmarks: CSV read, converted to given types and dropped; headrace and the installed peers in turn.

    bench/reading.py --scale 1 --rounds 3 [--jobs all,two] [--only headrace,duckdb]

Jobs: all (every column), two (two projected columns), filter (all columns of about 1 % of the rows; headrace alone),
inferred (every column, types found by headrace itself; headrace alone), bad_values and bad_fields (every column of a
file whose every second row is put aside for a value that does not fit or a field too many; headrace alone). Beside
them what bounds them: copy (the file read into blocks) and index (that, and the structural index of every field).
Everyone reads a warm file once per round; figures are medians, peaks the largest. CPU seconds are those of the work,
without the start of the process. Prints one table per job with each figure's ratio to the best peer, and writes JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

import lineitem
from pipelines import read_through

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import measure

HERE = Path(__file__).resolve().parent
TWO_COLUMNS = "l_extendedprice,l_shipdate"
PREDICATE = "l_shipdate >= DATE '1998-09-20'"
PEERS = ("duckdb", "polars", "pyarrow")
BAD_JOBS = ("bad_values", "bad_fields")
JOBS = ("copy", "index", "all", "two", "filter", "inferred", *BAD_JOBS)


def reading_path() -> Path:
    return Path(os.environ.get("HEADRACE_READING", HERE.parent / "build/release/headrace_reading"))


def headrace_command(job: str, source: Path, arguments) -> list[str]:
    types = "" if job == "inferred" else lineitem.headrace_types()
    if job == "two":  # only these are typed
        types = ",".join(f"{name}:{lineitem.COLUMNS[name][0]}" for name in TWO_COLUMNS.split(","))
    kind = job if job in ("copy", "index") else "aside" if job in BAD_JOBS else "scan"
    command = [reading_path(), source, kind, arguments.threads, arguments.memory]
    command += [types, TWO_COLUMNS if job == "two" else "", PREDICATE if job == "filter" else ""]
    return list(map(str, command))


def peer_command(peer: str, job: str, source: Path, arguments) -> list[str]:
    columns = TWO_COLUMNS if job == "two" else ""
    return [sys.executable, str(HERE / "peers/reading_peer.py"), peer, str(source), columns, str(arguments.threads)]


def run_once(command: list[str], timeout: float) -> dict:
    done = measure.run(command, timeout_seconds=timeout)
    if done.exit_code != 0:
        return {"failed": done.error_line or f"exit {done.exit_code}"}
    told = json.loads(done.stdout.strip().splitlines()[-1])
    cpu = told["user"] + told["system"]
    return {"wall": done.wall_seconds, "cpu": cpu, "peak": done.peak_rss_bytes, "count": told["count"]}


def run_job(job: str, source: Path, arguments) -> dict[str, list[dict]]:
    field = [name for name in ("headrace", *PEERS) if name in arguments.only]
    if job not in ("all", "two"):
        field = ["headrace"]
    results: dict[str, list[dict]] = {name: [] for name in field}
    for number in range(arguments.rounds):
        for name in field:
            make = headrace_command if name == "headrace" else lambda *rest, name=name: peer_command(name, *rest)
            figures = run_once(make(job, source, arguments), arguments.timeout)
            results[name].append(figures)
            told = figures.get("failed") or f"{figures['cpu']:.2f} CPU s, {figures['wall']:.2f} s"
            print(f"bench: {job} {name} {number + 1}/{arguments.rounds}: {told}", file=sys.stderr)
    return results


def summarise(runs: list[dict]) -> dict:
    failed = next((run["failed"] for run in runs if "failed" in run), None)
    if failed is not None:
        return {"failed": failed}
    row = {key: statistics.median(run[key] for run in runs) for key in ("wall", "cpu")}
    return {**row, "peak": max(run["peak"] for run in runs), "count": runs[0]["count"]}


def with_ratios(job: dict[str, dict], source_bytes: int) -> dict[str, dict]:
    peers = [row["cpu"] for name, row in job.items() if name in PEERS and "failed" not in row]
    for row in job.values():
        if "failed" in row:
            continue
        row["gb_per_core_second"] = source_bytes / 1e9 / row["cpu"]
        if peers:
            row["cpu_ratio"] = row["cpu"] / min(peers)
    return job


def table_of(job: str, rows: dict[str, dict]) -> str:
    lines = [f"{job:12} {'CPU s':>8} {'ratio':>6} {'GB/s core':>10} {'wall s':>8} {'peak MiB':>9} {'rows':>10}"]
    for name, row in rows.items():
        if "failed" in row:
            lines.append(f"  {name:10} failed: {row['failed']}")
            continue
        ratio = f"{row['cpu_ratio']:6.2f}" if "cpu_ratio" in row else f"{'':6}"
        lines.append(
            f"  {name:10} {row['cpu']:8.3f} {ratio} {row['gb_per_core_second']:10.2f} {row['wall']:8.2f} "
            f"{row['peak'] / 2**20:9.1f} {row['count']:10}"
        )
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", default="1", help="TPC-H scale: 1 is 6 million rows, 766 MB of CSV")
    parser.add_argument("--memory", default="128MiB", help="headrace's budget; the peers take none for this")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--only", default=",".join(("headrace", *PEERS)))
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one run")
    parser.add_argument("--json", type=Path, default=lineitem.CACHE / "reading.json")
    arguments = parser.parse_args()
    arguments.jobs = arguments.jobs.split(",")
    arguments.only = arguments.only.split(",")
    if unknown := set(arguments.jobs) - set(JOBS):
        parser.error(f"unknown jobs {', '.join(sorted(unknown))}; known: {', '.join(JOBS)}")
    return arguments


def main() -> int:
    arguments = parse_arguments()
    if not os.access(reading_path(), os.X_OK):
        print(f"bench: no program at {reading_path()}; build headrace_reading first", file=sys.stderr)
        return 1
    summary = {}
    for job in arguments.jobs:
        source = lineitem.half_bad_path(arguments.scale, job) if job in BAD_JOBS else lineitem.csv_path(arguments.scale)
        read_through(source)
        rows = {name: summarise(runs) for name, runs in run_job(job, source, arguments).items()}
        summary[job] = with_ratios(rows, source.stat().st_size)
    for job, rows in summary.items():
        print(table_of(job, rows))
    for job in ("inferred", *BAD_JOBS):
        if {"all", job} <= summary.keys():
            base, other = summary["all"].get("headrace", {}), summary[job]["headrace"]
            if "cpu" in base and "cpu" in other:
                print(f"{job} / all: {other['cpu'] / base['cpu']:.2f}")
    budget = measure.parse_bytes(arguments.memory)
    over = [job for job, rows in summary.items() if rows.get("headrace", {}).get("peak", 0) > budget]
    if over:
        print(f"bench: peak above the budget in {', '.join(over)}", file=sys.stderr)
    arguments.json.write_text(json.dumps(summary, indent=2))
    failed = any("failed" in row for rows in summary.values() for row in rows.values())
    return 1 if failed or over else 0


if __name__ == "__main__":
    sys.exit(main())
