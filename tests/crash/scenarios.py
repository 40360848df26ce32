"""What the crash sweep publishes through real processes: with the library alone, and with the whole command."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

LASTING = (".out.headrace", ".out.headrace/ledger", ".out.headrace/lock")
MODES = ("create", "append", "overwrite", "overwrite-partitions")


@dataclass(frozen=True)
class Programs:
    """The command and the test programs of one build directory."""

    build: Path

    @property
    def headrace(self) -> str:
        return str(self.build / "headrace")

    @property
    def tracer(self) -> str:
        return str(self.build / "tests/crash/fault_tracer")

    @property
    def publisher(self) -> str:
        return str(self.build / "tests/crash/crash_publisher")

    @property
    def faulty_job(self) -> str:
        return str(self.build / "tests/crash/faulty_job")

    @property
    def test_commit(self) -> str:
        return str(self.build / "test_commit")

    def missing(self) -> list[str]:
        programs = (self.headrace, self.tracer, self.publisher, self.faulty_job, self.test_commit)
        return [program for program in programs if not Path(program).is_file()]


@dataclass(frozen=True)
class Scenario:
    """One publish. Commands run in fresh processes; `target` stands in a directory of its own, `report` elsewhere."""

    program: str  # "library" or "command"
    kind: str  # "dataset" or "file"
    mode: str
    prepare: Callable[[Path], None] | None  # makes the old state; None when there is no target before
    publish: Callable[[Path, Path], list[str]]  # target, report -> command
    # The job for a target that already is new: overwriting gives the new state again.
    publish_again: Callable[[Path, Path], list[str]]
    read: Callable[[Path], Any]  # target -> comparable content; None when there is none
    acknowledged: Callable[[subprocess.CompletedProcess], bool]
    recover: Callable[[Path], list[str]] | None = None  # None: only a new run recovers
    # faulty_job's arguments for a target; None where there is no pipeline
    faulty: Callable[[Path, Path, str, int], list[str]] | None = None
    spilling: bool = False
    threads: int = 1
    target_name: str = "out"
    lasting: tuple[str, ...] = LASTING  # what may stand beside the target after success

    @property
    def name(self) -> str:
        parts = [self.program, self.kind, self.mode]
        if self.program == "command":
            parts += ["spilling" if self.spilling else "in memory", f"{self.threads} thread{'s'[: self.threads - 1]}"]
        return " ".join(parts)


# The library: crash_publisher writes small text files through src/commit alone.

OLD_TEXTS = ["y=1/a.parquet=one", "y=2/a.parquet=two"]
NEW_TEXTS = ["y=1/b.parquet=1", "y=3/b.parquet=3", "y=4/b.parquet=4"]


def read_texts(target: Path) -> dict[str, bytes] | None:
    if target.is_file():
        return {"": target.read_bytes()}
    if not target.exists():
        return None
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def library_scenario(programs: Programs, kind: str, mode: str) -> Scenario:
    old, new = (OLD_TEXTS, NEW_TEXTS) if kind == "dataset" else (["=old"], ["=new"])

    def command(run_id: str, with_mode: str, files: list[str]):
        return lambda target, _report: [programs.publisher, "publish", str(target), kind, with_mode, run_id, *files]

    def prepare(target: Path) -> None:
        subprocess.run(command("run-1", "create", old)(target, target), check=True, capture_output=True)

    # What a second run has to write so that an overwrite gives the new state.
    everything = [*old, *new] if mode == "append" else new
    if mode == "overwrite-partitions":
        everything = ["y=2/a.parquet=two", *new]
    return Scenario(
        program="library",
        kind=kind,
        mode=mode,
        prepare=prepare if mode != "create" else None,
        publish=command("run-2", mode, new),
        publish_again=command("run-3", "overwrite", everything),
        read=read_texts,
        acknowledged=lambda finished: "acknowledged" in finished.stdout,
        recover=lambda target: [programs.publisher, "recover", str(target)],
        lasting=LASTING if kind == "dataset" else (),
    )


# The command: tables with a filter that takes some rows away.

WHERE = "n >= 0"
OLD_ROWS = [(1, 10, "one"), (2, 20, "two"), (2, 21, "two and a half")]
NEW_ROWS = [(2, 30, "deux"), (3, 40, "trois"), (4, 50, "quatre"), (3, -1, "filtered")]
SPILLED_PARTITIONS = 24  # far more than a small budget has writers for


def table_of(rows: list[tuple[int, int, str]]) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(("y", "n", "t"))})


def wide_table(rows: int, width: int) -> pa.Table:
    """Rows whose partitions take turns, so that a sink has to hold them all: far more than its share of a budget."""
    numbers = range(rows)
    return pa.table(
        {
            "y": [2 + n * 7919 % SPILLED_PARTITIONS for n in numbers],
            "n": [n if n % 10 else -n - 1 for n in numbers],
            "t": [f"{n * 7919 % 1_000_003:06d}" + "x" * width for n in numbers],
        }
    )


_connections = threading.local()


def read_tables(target: Path) -> list[tuple] | None:
    """Rows, numbers and a hash of all values of every partition, as DuckDB reads them; torn files make it raise."""
    if not target.exists():
        return None
    files = [target] if target.is_file() else sorted(path for path in target.rglob("*") if path.is_file())
    foreign = [str(path) for path in files if path.suffix != ".parquet"]
    if foreign:
        raise ValueError(f"no Parquet: {foreign}")
    if not files:
        return []
    if not hasattr(_connections, "duckdb"):
        _connections.duckdb = duckdb.connect(config={"threads": 1})
    # The partition's column is no column of the files of a dataset.
    values = "n, t" if target.is_dir() else "y, n, t"
    partition = "parse_dirpath(filename)" if target.is_dir() else "''"
    rows = _connections.duckdb.execute(
        f"SELECT {partition} p, count(*), sum(n)::VARCHAR, sum(hash({values}))::VARCHAR "
        "FROM read_parquet($1, filename = true, hive_partitioning = false) GROUP BY p ORDER BY p",
        [[str(path) for path in files]],
    ).fetchall()
    return [(str(Path(p).relative_to(target)) if p else "", *counts) for p, *counts in rows]


@dataclass(frozen=True)
class Budgets:
    """What makes the wide input spill on this machine: --memory for one thread and for two."""

    memory: dict[int, str]


class Inputs:
    """The input files of the command's scenarios, written once."""

    def __init__(self, directory: Path):
        self.directory = directory

    def write(self, name: str, table: pa.Table) -> Path:
        path = self.directory / f"{name}.parquet"
        if not path.exists():
            pq.write_table(table, path, compression="zstd", row_group_size=5000)
        return path


WIDE = (90_000, 400)  # rows and width of the spilling input
THREADS = (1, 2)


def command_scenario(
    programs: Programs, inputs: Inputs, kind: str, mode: str, threads: int, budgets: Budgets | None
) -> Scenario:
    old = table_of(OLD_ROWS)
    spilling = budgets is not None
    new = wide_table(*WIDE) if spilling else table_of(NEW_ROWS)
    after = new
    if mode == "append":
        after = pa.concat_tables([old, new])
    elif mode == "overwrite-partitions":
        after = pa.concat_tables([old.slice(0, 1), new])
    label = "wide" if spilling else "small"
    sources = {
        "old": inputs.write("old", old),
        "new": inputs.write(f"{label}-new", new),
        "after": inputs.write(f"{label}-{mode if after is not new else 'overwrite'}-after", after),
    }
    partitions = ("--partition-by", "y") if kind == "dataset" else ()
    memory = budgets.memory[threads] if spilling else "512MiB"

    def convert(source: str, with_mode: str, memory: str):
        return lambda target, report: [
            programs.headrace, "convert", str(sources[source]), str(target), "--mode", with_mode, *partitions,
            "--where", WHERE, "--threads", str(threads), "--memory", memory, "--report", str(report),
        ]  # fmt: skip

    def prepare(target: Path) -> None:
        report = inputs.directory / "old.json"
        subprocess.run(convert("old", "create", "512MiB")(target, report), check=True, capture_output=True)

    def faulty(target: Path, pipeline: Path, what: str, number: int) -> list[str]:
        sink = {"path": str(target), "mode": mode.replace("-", "_")}
        if partitions:
            sink["partition_by"] = ["y"]
        job = {
            "version": 1,
            "resources": {"memory": memory, "threads": threads},
            "sources": [{"id": "new", "path": str(sources["new"])}],
            "steps": [{"filter": WHERE}],
            "sink": sink,
        }
        pipeline.write_text(json.dumps(job))
        return [programs.faulty_job, what, str(number), str(pipeline)]

    return Scenario(
        program="command",
        kind=kind,
        mode=mode,
        prepare=prepare if mode != "create" else None,
        publish=convert("new", mode, memory),
        publish_again=convert("after", "overwrite", "512MiB"),
        read=read_tables,
        acknowledged=lambda finished: "\npublished " in "\n" + finished.stderr,
        faulty=faulty,
        spilling=spilling,
        threads=threads,
        target_name="out" if kind == "dataset" else "out.parquet",
        lasting=LASTING if kind == "dataset" else (),
    )


def spilled_bytes(report: Path) -> int:
    return sum(stage["spilled_bytes"] for stage in json.loads(report.read_text())["stages"])


def find_budgets(programs: Programs, inputs: Inputs) -> Budgets:
    """Budgets with which the wide input spills with as many threads as asked for, and 2 MiB to either side, too."""
    target, report = inputs.directory / "trial", inputs.directory / "trial.json"
    source = inputs.write("wide-new", wide_table(*WIDE))

    def attempt(threads: int, memory: str) -> subprocess.CompletedProcess:
        command = [programs.headrace, "convert", str(source), str(target), "--partition-by", "y", "--where", WHERE,
                   "--durability", "none", "--mode", "overwrite", "--report", str(report),
                   "--threads", str(threads), "--memory", memory]  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def spills(threads: int, budget: int) -> bool:
        done = attempt(threads, f"{budget}MiB")
        return (
            done.returncode == 0 and json.loads(report.read_text())["threads"] == threads and spilled_bytes(report) > 0
        )

    refused = attempt(1, "1MiB").stderr
    floor = re.search(r"to at least (\d+)MiB", refused)
    if floor is None:
        raise RuntimeError(f"no floor in: {refused}")
    found = {}
    for threads in THREADS:
        in_a_row = 0
        for budget in range(int(floor[1]) + 2, 3 * int(floor[1]), 2):
            in_a_row = in_a_row + 1 if spills(threads, budget) else 0
            if in_a_row == 3:
                found[threads] = f"{budget - 2}MiB"
                break
        else:
            raise RuntimeError(f"the wide input does not spill with {threads} threads; give it more rows")
    return Budgets(found)


def all_scenarios(programs: Programs, inputs: Inputs, wanted: Callable[[str], bool]) -> list[Scenario]:
    """Those whose names are wanted. Budgets to spill with take a search, which is made only where they are needed."""
    kinds = [("dataset", mode) for mode in MODES] + [("file", mode) for mode in ("create", "overwrite")]
    scenarios = [library_scenario(programs, kind, mode) for kind, mode in kinds]
    scenarios += [
        command_scenario(programs, inputs, kind, mode, threads, None) for threads in THREADS for kind, mode in kinds
    ]
    budgets = Budgets(dict.fromkeys(THREADS, ""))
    names = [command_scenario(programs, inputs, "dataset", mode, n, budgets).name for n in THREADS for mode in MODES]
    if any(wanted(name) for name in names):
        budgets = find_budgets(programs, inputs)
        scenarios += [
            command_scenario(programs, inputs, "dataset", mode, threads, budgets)
            for threads in THREADS
            for mode in MODES
        ]
    return [scenario for scenario in scenarios if wanted(scenario.name)]
