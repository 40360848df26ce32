#!/usr/bin/env python3
"""The partitioned sink at scale: many keys, skewed keys, keys in order, each in a memory cgroup as large as the budget.

    bench/partitions.py [--cases ten_thousand,days] [--share 0.1] [--peers duckdb,polars,pyarrow] [--binary PATH]

Cases: one_key (few rows, all wide, spill disk 0), ten_thousand and fifty_thousand (20 M rows, shuffled keys, 256 files
open at most), million (a million keys of 20 rows; a quarter of it first, for how time grows), days (3,000 days in
order), skew (nine tenths of 50 M rows in one key), counts (peak memory over 1 to 10,000 keys), size (peak memory over
the bytes of the output). `--share` takes that share of the rows. Peers run the cases of shuffled keys, at twice the
memory.

What is checked of every result with DuckDB and pyarrow: number of rows and order-independent hash of all values, rows
of a partition in the order of the input, files per partition. One line per run; exit 1 when something did not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import contestants
import duckdb
import lineitem
import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import measure

INPUTS = lineitem.CACHE / "partitions"
MIB = 1 << 20
TARGET = 512 * MIB  # of a file, unless told otherwise
SHUFFLED = "CAST(hash(seq) % {keys} AS INTEGER)"
# Beside key and seq: a number that hardly compresses, a word of few, a text of some length.
VALUES = "(hash(seq + 7) % 1000000007) / 1000.0 AS price, ['red', 'green', 'blue', 'grey'][1 + seq % 4] AS colour, \
'note ' || CAST(hash(seq + 1) % 100000 AS VARCHAR) || ' of row ' || CAST(seq AS VARCHAR) AS note"


@dataclass
class Case:
    name: str
    rows: int
    key: str  # SQL of the key from `seq`, the number of the row
    memory: int
    flags: list[str] = field(default_factory=list)
    values: str = VALUES
    open_files: int | None = None
    spill_share: float | None = None  # most bytes spilled, as a share of the input's bytes in memory
    target: int = TARGET
    peers: bool = False


def cases(share: float) -> list[Case]:
    def rows(count: int) -> int:
        return max(1000, int(count * share))

    shuffled = {
        "rows": rows(20_000_000),
        "memory": 256 * MIB,
        "open_files": 256,
        "spill_share": 1.2,
        "peers": True,
    }
    skewed = f"CASE WHEN seq % 10 < 9 THEN -1 ELSE {SHUFFLED.format(keys=20_000)} END"
    found = [
        Case(
            "one_key",
            rows(524_288),
            "0",
            128 * MIB,
            ["--row-group-rows", "2048", "--threads", "4", "--spill-max", "0B"],
            "array_to_string(list_transform(range(16), lambda i: sha256(CAST(seq * 16 + i AS VARCHAR))), '') AS text",
        ),
        Case("ten_thousand", key=SHUFFLED.format(keys=10_000), **shuffled),
        Case("fifty_thousand", key=SHUFFLED.format(keys=50_000), **shuffled),
        Case("quarter_million", rows(5_000_000), f"CAST(hash(seq) % {rows(250_000)} AS INTEGER)", 512 * MIB),
        Case("million", rows(20_000_000), f"CAST(hash(seq) % {rows(1_000_000)} AS INTEGER)", 512 * MIB),
        Case("days", rows(60_000_000), "DATE '2010-01-01' + CAST(seq // 20000 AS INTEGER)", 128 * MIB, spill_share=0),
        Case("skew", rows(50_000_000), skewed, 256 * MIB, ["--target-file-size", "64MiB"], target=64 * MIB),
    ]
    for keys in (1, 10, 100, 1_000, 10_000):
        found.append(Case(f"counts_{keys}", rows(10_000_000), SHUFFLED.format(keys=keys), 512 * MIB))
    for factor in (1, 10):
        found.append(Case(f"size_{factor}", rows(20_000_000) * factor, SHUFFLED.format(keys=8), 256 * MIB))
    return found


def input_of(case: Case) -> Path:
    """The input as zstd Parquet, made once; 122,880 rows a row group."""
    path = INPUTS / f"{case.name}_{case.rows}.parquet"
    if not path.exists():
        INPUTS.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        print(f"bench: making {path.name}", file=sys.stderr)
        with duckdb.connect() as connection:
            connection.execute("SET memory_limit = '4GB'")
            connection.execute(
                f"COPY (SELECT {case.key} AS key, seq, {case.values} FROM range({case.rows}) AS t(seq)) TO '{making}' "
                "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880)"
            )
        making.rename(path)
    return path


def fingerprint(relation: str) -> tuple:
    """Rows, and order-independent hashes of all values."""
    with duckdb.connect() as connection:
        connection.execute("SET memory_limit = '4GB'")
        names = sorted(row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall())
        row = ", ".join(f"CAST({name} AS VARCHAR)" for name in names)
        query = f"SELECT count(*), bit_xor(h), sum(h % 1000003) FROM (SELECT hash({row}) AS h FROM {relation})"
        return connection.execute(query).fetchone()


def faults_of(case: Case, source: Path, output: Path, report: dict | None) -> list[str]:
    """What does not hold of a result."""
    faults = []
    if fingerprint(f"read_parquet('{source}')") != fingerprint(
        f"read_parquet('{output}/**/*.parquet', hive_partitioning = true)"
    ):
        faults.append("WRONG ROWS")
    if report is None:
        return faults
    unordered, crowded = 0, 0
    for folder in (path for path in output.iterdir() if path.is_dir() and "=" in path.name):
        last = -1
        files = sorted(folder.glob("*.parquet"))
        for path in files:
            seq = pq.read_table(path, columns=["seq"], use_threads=False)["seq"].to_numpy()
            unordered += int(len(seq) == 0 or seq[0] <= last or np.any(np.diff(seq) <= 0))
            last = seq[-1] if len(seq) else last
        size = sum(path.stat().st_size for path in files)
        crowded += int(len(files) > max(1, -(-size // case.target)))
    if unordered:
        faults.append(f"{unordered} files out of order")
    if crowded:
        faults.append(f"{crowded} partitions with more files than size / target")
    return faults


def headrace_line(
    case: Case, source: Path, output: Path, temp: Path, report: Path, how: argparse.Namespace
) -> list[str]:
    command = [str(how.binary), "convert", str(source), str(output), "--partition-by", "key", "--compression", "zstd:1"]
    command += ["--memory", f"{case.memory // MIB}MiB", "--spill-dir", str(temp), "--report", str(report)]
    command += ["--durability", how.durability]
    if "--threads" not in case.flags:
        command += ["--threads", "2"]
    if case.open_files:
        command = ["prlimit", f"--nofile={case.open_files}", *command]
    return command + case.flags


def run_headrace(case: Case, source: Path, folder: Path, how: argparse.Namespace) -> tuple[str, list[str]]:
    output, report = folder / "out", folder / "report.json"
    command = headrace_line(case, source, output, folder / "temp", report, how)
    with cgroup(case.memory) as group:
        done = measure.run(command, cgroup=group, timeout_seconds=3600)
    if done.exit_code != 0:
        return describe(case.name, "headrace", done), [f"exit {done.exit_code}: {done.error_line[:300]}"]
    told = json.loads(report.read_text())
    faults = faults_of(case, source, output, told)
    if done.peak_rss_bytes > case.memory:
        faults.append("peak above the budget")
    written = told["outputs"][0]
    spilled = sum(stage["spilled_bytes"] for stage in told["stages"])
    whole = sum(stage["bytes_out"] for stage in told["stages"] if stage["name"] == "source")
    if case.spill_share is not None and spilled > case.spill_share * whole:
        faults.append("more spilled than allowed")
    line = describe(case.name, "headrace", done)
    line += f" {written['files']:8} {written['row_groups']:9} {written['bytes'] / 1e6:9.1f} {spilled / 1e6:9.1f}"
    line += f" {spilled / max(1, source.stat().st_size):6.2f} {spilled / max(1, whole):6.2f}"
    return line, faults


def run_peer(name: str, case: Case, source: Path, folder: Path) -> tuple[str, list[str]]:
    output = folder / "out"
    memory = 2 * case.memory
    command = [sys.executable, str(Path(__file__).with_name("peers") / f"{name}_job.py"), "keys"]
    command += [str(source), str(output), str(memory), "2", str(folder / "temp")]
    with cgroup(memory) as group:
        done = measure.run(command, cgroup=group, timeout_seconds=600)
    line = describe(case.name, name, done)
    if done.exit_code != 0:
        how = "killed at the limit" if done.oom_kills else "not done in 600 s" if done.timed_out else done.error_line
        return f"{line}  † {how[:160]}", []
    return f"{line} {sum(1 for _ in output.rglob('*.parquet')):8}", faults_of(case, source, output, None)


@contextlib.contextmanager
def cgroup(limit: int):
    try:
        with measure.memory_cgroup(limit) as group:
            yield group
    except measure.CgroupUnavailable as reason:
        print(f"bench: NO MEMORY LIMIT IS ENFORCED: {reason}", file=sys.stderr)
        yield None


def describe(case: str, who: str, done: measure.Measurement) -> str:
    return f"{case:16} {who:8} {done.wall_seconds:8.1f} {done.cpu_seconds:8.1f} {done.peak_rss_bytes / MIB:8.1f}"


def in_turn(case: Case, arguments: argparse.Namespace) -> list[str]:
    source = input_of(case)
    runs: list[Callable[[Path], tuple[str, list[str]]]] = [lambda folder: run_headrace(case, source, folder, arguments)]
    if case.peers:
        for name in arguments.peers:
            runs.append(lambda folder, name=name: run_peer(name, case, source, folder))
    faults = []
    for run in runs:
        with tempfile.TemporaryDirectory(prefix="run-", dir=arguments.work) as name:
            (Path(name) / "temp").mkdir()
            line, found = run(Path(name))
        print(line, *(f"  ! {fault}" for fault in found), sep="", flush=True)
        faults += found
    if not arguments.keep_inputs:
        source.unlink()
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", help="names, or beginnings of names; all unless given")
    parser.add_argument("--share", type=float, default=1.0, help="of the rows of every case")
    parser.add_argument("--peers", default="duckdb,polars,pyarrow", help="'none': headrace alone")
    parser.add_argument("--binary", type=Path, default=contestants.headrace_path())
    parser.add_argument("--durability", default="full", help="of headrace; the peers do not wait for the disk")
    parser.add_argument("--work", type=Path, default=lineitem.CACHE / "partitions_work")
    parser.add_argument("--keep-inputs", action="store_true", help="some gigabytes, for the next time")
    arguments = parser.parse_args()
    arguments.peers = [] if arguments.peers == "none" else arguments.peers.split(",")
    wanted = (arguments.cases or "").split(",")
    chosen = [case for case in cases(arguments.share) if any(case.name.startswith(name) for name in wanted)]
    if not chosen:
        parser.error(f"no case is called {arguments.cases}")
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    print(
        f"{'case':16} {'who':8} {'wall s':>8} {'CPU s':>8} {'peak MiB':>8} {'files':>8} {'groups':>9} {'MB':>9} "
        f"{'spill MB':>9} {'/file':>6} {'/memory':>6}"
    )
    faults = [fault for case in chosen for fault in in_turn(case, arguments)]
    shutil.rmtree(arguments.work, ignore_errors=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
