"""The sweep on the model of a file system: runs the gtests of tests/commit and reads what they counted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from crash_point import Counts
from scenarios import Programs

FILTER = "*CrashSweepTest*:*MutationTest*"


@dataclass(frozen=True)
class Mutant:
    """A deliberate mistake: a call of a publish or a recovery that is left out or too late."""

    part: str
    what: str
    call: str
    scenario: str
    caught: bool | None  # None in a mere list


@dataclass
class ModelResult:
    cells: dict[tuple[str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))  # class, scenario
    mutants: list[Mutant] = field(default_factory=list)
    passed: bool = True

    def classes(self) -> dict[str, Counts]:
        totals: dict[str, Counts] = defaultdict(Counts)
        for (fault_class, _), counts in self.cells.items():
            totals[fault_class].add(counts)
        return totals

    @property
    def caught(self) -> int:
        return sum(mutant.caught is True for mutant in self.mutants)

    def read_log(self, log: Path, listed: bool = False) -> None:
        """`listed`: the mutants that are only named, instead of those that were tried."""
        for line in log.read_text().splitlines() if log.exists() else ():
            entry = json.loads(line)
            if "mutant" in entry and (entry["caught"] is None) != listed:
                continue
            if "mutant" in entry:
                call = entry.pop("mutant")
                self.mutants.append(Mutant(call=call_name(call), **entry))
            else:
                key = entry.pop("class"), entry.pop("scenario")
                self.cells[key].add(Counts(**entry))


def call_name(line: str) -> str:
    """A line of a trace without what differs between scenarios: "SyncDirectory .out.headrace/txn-*/gen/k=v"."""
    line = line.replace("/data/", "").replace("/data", "parent")
    line = re.sub(r"y=\d+/[ab]\.parquet", "k=v/file", line)
    line = re.sub(r"y=\d+", "k=v", line)
    return line.replace("-run-2", "-*")


def run_model(programs: Programs, seed: int, effort: int, jobs: int) -> ModelResult:
    result = ModelResult()
    with tempfile.TemporaryDirectory() as directory:

        def run_shard(shard: int) -> subprocess.CompletedProcess:
            environment = {
                **os.environ,
                "HEADRACE_SEED": str(seed),
                "HEADRACE_SWEEP_EFFORT": str(effort),
                "HEADRACE_SWEEP_LOG": f"{directory}/{shard}",
                "GTEST_TOTAL_SHARDS": str(jobs),
                "GTEST_SHARD_INDEX": str(shard),
            }
            command = [programs.test_commit, f"--gtest_filter={FILTER}"]
            return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

        with ThreadPoolExecutor(jobs) as pool:
            for shard, done in enumerate(pool.map(run_shard, range(jobs))):
                result.read_log(Path(directory) / str(shard))
                if done.returncode != 0:
                    result.passed = False
                    print(done.stdout[-20000:])
    return result


def list_mutants(programs: Programs) -> list[Mutant]:
    """What the mutation control would try, without trying it."""
    result = ModelResult()
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "log"
        environment = {**os.environ, "HEADRACE_SWEEP_LOG": str(log)}
        command = [programs.test_commit, "--gtest_filter=MutationListTest*"]
        subprocess.run(command, env=environment, capture_output=True, check=True)
        result.read_log(log, listed=True)
    return result.mutants
