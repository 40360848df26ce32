#!/usr/bin/env python3
"""The proof of atomic publishing: every call of a publish met by every fault, on a model and in real processes.

sweep.py --short                 the short form: every class of faults, points drawn by the seed
sweep.py --seconds 3600 --seed 7 the long form: every point once, then again with other seeds until the time is up
sweep.py ... --page PAGE.md      writes the page from the run
sweep.py --replay 'ID' [...]     runs points again that a failure named

Exit code: 0 when nothing failed, 1 otherwise. What this machine does not allow is skipped, counted and printed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import queue
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from crash_point import Counts, Fault, Learned, PointRunner, TracingRefused, point_id
from model_sweep import ModelResult, run_model
from power_disk import FILE_SYSTEMS, DiskUnavailable, PowerDisk
from scenarios import Inputs, Programs, Scenario, all_scenarios
from sweep_page import write_page

KILLED = "process killed"
IO_ERROR = "I/O error"
DISK_FULL = "disk full"
INTERRUPTED = "call interrupted"
SHORT = "read or write in part"
ALLOCATION = "allocation refused"
SECOND = "second fault during recovery"
POWER = "power cut"

# The short form's points per fault: of a scenario of the library, of the command, of the command spilling.
SHORT_POINTS = {"library": 10, "command": 4, "spilling": 1}
# The long form's, in one pass: all, but where a run makes a hundred thousand allocations.
LONG_POINTS = 2000


def all_faults(file_systems: list[str]) -> list[Fault]:
    faults = [Fault(KILLED, "kill"), Fault(DISK_FULL, "enospc"), Fault(INTERRUPTED, "eintr"), Fault(SHORT, "short")]
    faults += [Fault(IO_ERROR, name) for name in ("eio", "eio-after", "eio-all")]
    faults += [Fault(ALLOCATION, name, allocation=True) for name in ("grow", "new")]
    faults += [Fault(SECOND, "kill", second) for second in ("kill", "eio", "enospc")]
    for file_system in file_systems:
        faults += [Fault(POWER, name, file_system=file_system) for name in ("power", "power-log")]
        faults.append(Fault(SECOND, "power", "power", file_system))
    return faults


@dataclass
class RealResult:
    """What the real processes showed."""

    cells: dict[tuple[str, str], Counts] = field(default_factory=lambda: defaultdict(Counts))  # fault class, scenario
    possible: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    skips: dict[str, str] = field(default_factory=dict)  # what -> why
    scenarios: list[Scenario] = field(default_factory=list)

    def totals(self) -> Counts:
        total = Counts()
        for counts in self.cells.values():
            total.add(counts)
        return total


@dataclass(frozen=True)
class Point:
    scenario: Scenario
    fault: Fault
    at: int
    seed: str


class Crew:
    """Runners with a workspace and disks each, and the threads that lend them out. One user; leaves nothing behind."""

    def __init__(self, programs: Programs, jobs: int, directory: Path):
        self.runners: queue.Queue[PointRunner] = queue.Queue()
        self.skips: dict[str, str] = {}
        self.file_systems: list[str] = []
        self.disks: list[PowerDisk] = []
        self.pool = ThreadPoolExecutor(jobs)
        for number in range(jobs):
            workspace = directory / str(number)
            workspace.mkdir()
            self.runners.put(PointRunner(programs, workspace, self._make_disks(workspace)))

    def _make_disks(self, workspace: Path) -> dict[str, PowerDisk]:
        disks = {}
        for file_system in FILE_SYSTEMS:
            if f"{POWER} on {file_system}" in self.skips:
                continue
            try:
                disks[file_system] = PowerDisk(file_system, workspace)
            except DiskUnavailable as reason:
                self.skips[f"{POWER} on {file_system}"] = str(reason)
        self.file_systems = list(disks)
        self.disks += disks.values()
        return disks

    def map(self, work, items: list) -> list:
        """`work(runner, item)` of every item, in order."""

        def lend(item):
            runner = self.runners.get()
            try:
                return work(runner, item)
            finally:
                self.runners.put(runner)

        return list(self.pool.map(lend, items))

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
        for disk in self.disks:
            disk.unmount()


class RealSweep:
    """The sweep over real processes: learns what undisturbed runs do, draws points, runs them."""

    def __init__(self, programs: Programs, crew: Crew, directory: Path, wanted: Callable[[str], bool]):
        inputs = Inputs(directory)
        self.crew = crew
        self.result = RealResult(skips=dict(crew.skips))
        self.scenarios = self.result.scenarios = all_scenarios(programs, inputs, wanted)
        learned = crew.map(lambda runner, scenario: runner.learn(scenario), self.scenarios)
        self.learned: dict[str, Learned] = {s.name: what for s, what in zip(self.scenarios, learned)}
        self._learn_allocations()
        for scenario, fault in self._pairs():
            self.result.possible[fault.fault_class, scenario.name] += self._calls(scenario, fault)

    def _learn_allocations(self) -> None:
        """Looking for the last one takes many runs: once for all modes, which differ after the last row only."""
        groups: dict[tuple, list[Scenario]] = defaultdict(list)
        for scenario in self.scenarios:
            if scenario.faulty is not None:
                groups[scenario.kind, scenario.spilling, scenario.threads].append(scenario)
        firsts = [group[0] for group in groups.values()]
        counted = self.crew.map(lambda runner, first: runner.learn_allocations(first, self.learned[first.name]), firsts)
        for group, counts in zip(groups.values(), counted):
            for scenario in group:
                self.learned[scenario.name].calls.update(counts)

    def _pairs(self):
        for scenario in self.scenarios:
            for fault in all_faults(self.crew.file_systems):
                if self._calls(scenario, fault) > 0:
                    yield scenario, fault

    def _calls(self, scenario: Scenario, fault: Fault) -> int:
        calls = self.learned[scenario.name].calls.get(fault.name, 0)
        # The power may also go right after the acknowledgement.
        return calls + 1 if fault.file_system else calls

    def draw_short(self, seed: int) -> list[Point]:
        """A few points of every scenario and fault."""
        points = []
        for scenario, fault in self._pairs():
            points += self._draw(
                scenario, fault, SHORT_POINTS["spilling" if scenario.spilling else scenario.program], seed
            )
            if fault.file_system:
                points.append(Point(scenario, fault, self._calls(scenario, fault), str(seed)))
        return points

    def draw_all(self, seed: int) -> list[Point]:
        """Every point of every scenario and fault, but for calls in hundreds of thousands, in a random order."""
        points = [
            point for scenario, fault in self._pairs() for point in self._draw(scenario, fault, LONG_POINTS, seed)
        ]
        random.Random(seed).shuffle(points)
        return points

    def _draw(self, scenario: Scenario, fault: Fault, count_max: int, seed: int) -> list[Point]:
        """Points evenly spread from a start that the seed draws."""
        calls = self._calls(scenario, fault)
        count = min(calls, count_max)
        step = calls / count
        start = random.Random(f"{seed} {scenario.name} {fault.text}").random() * step
        return [Point(scenario, fault, 1 + int(start + i * step), str(seed)) for i in range(count)]

    def find(self, identity: str) -> Point:
        scenario, fault, at, seed = identity.split(" | ")
        for known, known_fault in self._pairs():
            if (known.name, known_fault.text) == (scenario, fault):
                return Point(known, known_fault, int(at), seed)
        raise ValueError(f"no such point here: {identity}")

    def run(self, points: list[Point], deadline: float | None) -> None:
        ended = itertools.count(1)

        def run_one(runner: PointRunner, point: Point) -> Counts:
            if deadline is not None and time.monotonic() > deadline:
                return Counts()
            try:
                counts = runner.run(
                    point.scenario, self.learned[point.scenario.name], point.fault, point.at, point.seed
                )
            except Exception as error:
                where = point_id(point.scenario, point.fault, point.at, point.seed)
                counts = Counts(points=1, other=1, failures=[f"{where}: the sweep itself failed: {error!r}"])
            for failure in counts.failures:
                print(f"FAILED {failure}", flush=True)
            if (number := next(ended)) % 500 == 0:
                print(f"{number} of {len(points)} points in real processes", flush=True)
            return counts

        for point, counts in zip(points, self.crew.map(run_one, points)):
            self.result.cells[point.fault.fault_class, point.scenario.name].add(counts)


def in_own_mount_namespace() -> None:
    """Starts this script again where its mounts are its own and go with it."""
    if os.environ.get("HEADRACE_CRASH_NAMESPACE") or os.geteuid() != 0:
        return
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
        os.environ["HEADRACE_CRASH_NAMESPACE"] = "1"
        os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv])


def print_summary(model: ModelResult, real: RealResult, seconds: float) -> bool:
    rows: dict[str, Counts] = defaultdict(Counts)
    for (fault_class, _), counts in real.cells.items():
        rows[f"real processes: {fault_class}"].add(counts)
    for fault_class, counts in model.classes().items():
        rows[f"model: {fault_class}"].add(counts)
    total = Counts()
    for name, counts in sorted(rows.items()):
        total.add(counts)
        print(f"{name}: {counts.points} points, torn {counts.torn}, lost {counts.lost}, other {counts.other}")
    for what, why in real.skips.items():
        print(f"SKIPPED {what}: {why}")
    print(
        f"crash sweep: {total.points} points, {total.faults} faults, torn {total.torn}, lost acknowledged commits "
        f"{total.lost}, other {total.other}, mutants caught {model.caught} of {len(model.mutants)}, "
        f"{len(real.skips)} skipped, {seconds:.0f} s"
    )
    return total.failed == 0 and model.passed and model.caught == len(model.mutants) > 0


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    build = Path(os.environ.get("HEADRACE", "build/release/headrace")).parent
    parser.add_argument("--build", type=Path, default=build, help="build directory with the command and the tests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", metavar="REGEX", help="scenarios of real processes, by name")
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--model-log", type=Path, help="what the gtests of tests/commit have counted already")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--replay", nargs="+", metavar="ID", default=[])
    return parser.parse_args()


def sweep_processes(arguments: argparse.Namespace, programs: Programs, deadline: float) -> RealResult:
    # A kill leaves the kernel alive: what it leaves is the same on a disk in memory, without waiting for fsyncs.
    memory_disk = Path("/dev/shm") if os.access("/dev/shm", os.W_OK | os.X_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="headrace-crash-", dir=memory_disk)).resolve()
    crew = None
    try:
        crew = Crew(programs, arguments.jobs, directory)
        replayed = {identity.split(" | ")[0] for identity in arguments.replay}
        only = re.compile(arguments.only)
        sweep = RealSweep(
            programs, crew, directory, lambda name: name in replayed if replayed else bool(only.search(name))
        )
        if arguments.replay:
            sweep.run([sweep.find(identity) for identity in arguments.replay], None)
        elif arguments.short:
            sweep.run(sweep.draw_short(arguments.seed), None)
        else:
            seed = arguments.seed
            while time.monotonic() < deadline:
                sweep.run(sweep.draw_all(seed), deadline)
                seed += 1
        return sweep.result
    except TracingRefused:
        refused = "this machine does not let a process trace its children (ptrace)"
        return RealResult(skips={"real processes": refused})
    finally:
        if crew is not None:
            crew.close()
        shutil.rmtree(directory, ignore_errors=True)


def main() -> int:
    arguments = parse_arguments()
    programs = Programs(arguments.build.resolve())
    if programs.missing():
        print(f"missing: {', '.join(programs.missing())}; build with `make build-test`", file=sys.stderr)
        return 2
    start = time.monotonic()
    real = sweep_processes(arguments, programs, start + arguments.seconds)
    if arguments.replay:
        print(json.dumps({"points": real.totals().points, "failed": real.totals().failed}))
        return 1 if real.totals().failed else 0
    model = ModelResult()
    if arguments.model_log:
        model.read_log(arguments.model_log)
    else:
        model = run_model(programs, arguments.seed, 1 if arguments.short else 4, arguments.jobs)
    passed = print_summary(model, real, time.monotonic() - start)
    if arguments.page and passed:
        write_page(arguments.page, arguments.seed, "short" if arguments.short else "long", model, real)
    return 0 if passed else 1


if __name__ == "__main__":
    in_own_mount_namespace()
    sys.exit(main())
