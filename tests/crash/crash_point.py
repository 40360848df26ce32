"""One point of the crash sweep: a publish that meets a fault, what a reader finds then, and whether all heals."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from power_disk import PowerDisk
from scenarios import Programs, Scenario

TRACING_REFUSED = 77
TIMEOUT_SECONDS = 120
STATE_UNKNOWN = "error E0621"  # the one failure after which the target may be old or new
INTERNAL = 1


class TracingRefused(Exception):
    """This machine does not let a process trace its children."""


@dataclass(frozen=True)
class Fault:
    """What happens at a point. `name` is the tracer's, or faulty_job's for a refused allocation."""

    fault_class: str
    name: str
    second: str = ""  # what the next run meets, which recovers first
    file_system: str = ""  # a disk whose power is cut; "" = wherever the sweep works
    allocation: bool = False

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.file_system, self.name, self.second and f"then {self.second}") if part)

    @property
    def kills(self) -> bool:
        return self.name in ("kill", "power", "power-log")


@dataclass
class Counts:
    points: int = 0
    faults: int = 0
    torn: int = 0
    lost: int = 0
    other: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, more: Counts) -> None:
        for name in ("points", "faults", "torn", "lost", "other"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.failures += more.failures

    @property
    def failed(self) -> int:
        return self.torn + self.lost + self.other


@dataclass
class Learned:
    """What an undisturbed publish of a scenario does."""

    base: Path  # a directory with the old state
    old: Any
    new: Any
    calls: dict[str, int]  # how many calls can meet each fault


@dataclass
class Ended:
    """How a run ended. `exit_code` is None when it was killed, or died of an exception."""

    exit_code: int | None
    acknowledged: bool
    stderr: str
    met: str  # the call that met the fault; "" = none did

    @property
    def says_old(self) -> bool:
        return self.exit_code not in (None, 0) and not self.acknowledged and STATE_UNKNOWN not in self.stderr


def point_id(scenario: Scenario, fault: Fault, at: int, seed: str) -> str:
    """What `sweep.py --replay` takes to run one point again."""
    return f"{scenario.name} | {fault.text} | {at} | {seed}"


class PointRunner:
    """Runs points in a workspace of its own. Threads: one; several runners work side by side."""

    def __init__(self, programs: Programs, workspace: Path, disks: dict[str, PowerDisk]):
        self.programs = programs
        self.workspace = workspace
        self.disks = disks
        self.tracer_report = workspace / "traced.json"
        self.run_report = workspace / "report.json"

    def learn(self, scenario: Scenario) -> Learned:
        base = self.workspace.parent / ("base " + scenario.name)
        base.mkdir()
        if scenario.prepare is not None:
            scenario.prepare(base / scenario.target_name)
        place = self._copy(base, self.workspace)
        ended = self._traced(scenario, place, "kill", 0)
        if not ended.acknowledged:
            raise AssertionError(f"{scenario.name} fails undisturbed: {ended.stderr}")
        calls = json.loads(self.tracer_report.read_text())["can_meet"]
        assert calls["kill"] > 0, "the publish never touched its directory"
        old, new = scenario.read(base / scenario.target_name), scenario.read(place / scenario.target_name)
        assert new != old, "the scenario changes nothing"
        learned = Learned(base, old, new, calls)
        return learned

    def learn_allocations(self, scenario: Scenario, learned: Learned) -> dict[str, int]:
        """How many grows and calls of operator new an undisturbed run makes."""

        def refused(number: int) -> bool:
            return bool(self._faulty(scenario, self._copy(learned.base, self.workspace), "grow", number).met)

        self._faulty(scenario, self._copy(learned.base, self.workspace), "new", 0)
        allocations = self._last_output["allocations"]
        high = 1
        while refused(high):
            high *= 2
        low = high // 2
        # About the last one: each further step of the search is a run.
        while high - low > 1 + low // 16:
            middle = (low + high) // 2
            low, high = (middle, high) if refused(middle) else (low, middle)
        return {"grow": low, "new": allocations}

    def run(self, scenario: Scenario, learned: Learned, fault: Fault, at: int, seed: str) -> Counts:
        """The point's counts; no points when the run had no such call."""
        counts = Counts()
        disk = self.disks.get(fault.file_system)
        place = self._copy(learned.base, disk.mount_point if disk else self.workspace)
        if disk:
            disk.sync()
        ended = self._first_run(scenario, place, fault, at)
        if disk:
            disk.mount_again()
        if not ended.met:
            return counts
        counts.points = counts.faults = 1
        judge = Judge(scenario, learned, counts, f"{point_id(scenario, fault, at, seed)} ({ended.met})")
        judge.check_ending(ended, fault)
        is_new = judge.check_target(place, ended, "at once")
        if scenario.recover is not None and not fault.second:
            self._recover(scenario, place, judge)
            is_new = judge.check_target(place, ended, "recovered")
            judge.check_leftovers(place, "recovered", lasting=is_new or learned.old is not None)
        if fault.second:
            is_new = self._second_fault(fault, place, judge, ended, seed)
        self._run_again(scenario, place, judge, is_new)
        return counts

    def _first_run(self, scenario: Scenario, place: Path, fault: Fault, at: int) -> Ended:
        if fault.allocation:
            return self._faulty(scenario, place, fault.name, at)
        return self._traced(scenario, place, fault.name, at)

    def _second_fault(self, fault: Fault, place: Path, judge: Judge, first: Ended, seed: str) -> bool:
        """The next run, which begins with a recovery, meets a fault somewhere, too."""
        scenario, learned = judge.scenario, judge.learned
        was_new = scenario.read(place / scenario.target_name) == learned.new
        at = random.Random(seed).randint(1, learned.calls[fault.second] + 30)
        disk = self.disks.get(fault.file_system)
        if disk:
            disk.sync()
        # Calls that a second publish makes beyond those that were counted are not met by every draw.
        ended = self._traced(scenario, place, fault.second, at, again=was_new)
        if disk:
            disk.mount_again()
        judge.counts.faults += 1 if ended.met else 0
        judge.where += f", then {fault.second} at {at} ({ended.met or 'not met'})"
        ended.acknowledged |= first.acknowledged or was_new
        return judge.check_target(place, ended, "after the second fault")

    def _recover(self, scenario: Scenario, place: Path, judge: Judge) -> None:
        recovered = self._command(scenario.recover(place / scenario.target_name))
        if recovered.returncode != 0:
            judge.fail("other", f"recovery failed: {recovered.stderr}")

    def _run_again(self, scenario: Scenario, place: Path, judge: Judge, is_new: bool) -> None:
        target = place / scenario.target_name
        command = (scenario.publish_again if is_new else scenario.publish)(target, self.run_report)
        again = self._command(command)
        if again.returncode != 0:
            return judge.fail("other", f"run again: exit {again.returncode}: {again.stderr}")
        if scenario.read(target) != judge.learned.new:
            judge.fail("other", "run again: the target is not the new one")
        judge.check_leftovers(place, "run again", lasting=True)
        if scenario.program == "command":
            judge.check_account(json.loads(self.run_report.read_text()))

    @staticmethod
    def _copy(base: Path, directory: Path) -> Path:
        place = directory / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(base, place, symlinks=True)
        return place

    @staticmethod
    def _command(command: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)

    def _traced(self, scenario: Scenario, place: Path, fault: str, at: int, again: bool = False) -> Ended:
        target = place / scenario.target_name
        command = [self.programs.tracer, "--directory", str(place), "--at", str(at), "--fault", fault]
        command += ["--report", str(self.tracer_report), "--"]
        command += (scenario.publish_again if again else scenario.publish)(target, self.run_report)
        finished = self._command(command)
        if finished.returncode == TRACING_REFUSED:
            raise TracingRefused
        assert finished.returncode == 0, finished.stderr
        traced = json.loads(self.tracer_report.read_text())
        exit_code = None if traced["exit_code"] < 0 else traced["exit_code"]
        met = f"{traced['syscall']} {Path(traced['path']).name}" if traced["met"] else ""
        return Ended(exit_code, scenario.acknowledged(finished), finished.stderr, met)

    def _faulty(self, scenario: Scenario, place: Path, what: str, number: int) -> Ended:
        target = place / scenario.target_name
        finished = self._command(scenario.faulty(target, self.workspace / "job.json", what, number))
        code = finished.returncode if finished.returncode >= 0 else None
        self._last_output = json.loads(finished.stdout) if code is not None else {}
        met = code != 0 or self._last_output["refused_grants" if what == "grow" else "allocations"] > 0
        text = f"{what}: {'died' if code is None else f'exit {code}'}"
        return Ended(code, code == 0, finished.stderr, text if met else "")


class Judge:
    """Says what is wrong with what a point left."""

    def __init__(self, scenario: Scenario, learned: Learned, counts: Counts, where: str):
        self.scenario = scenario
        self.learned = learned
        self.counts = counts
        self.where = where

    def fail(self, kind: str, what: str) -> None:
        setattr(self.counts, kind, getattr(self.counts, kind) + 1)
        self.counts.failures.append(f"{self.where}: {what}")

    def check_ending(self, ended: Ended, fault: Fault) -> None:
        """A fault ends in a typed error, if in any; only a refused allocation may cost the process its life."""
        if ended.exit_code == 0 and not ended.acknowledged:
            self.fail("other", "exit 0 without an acknowledgement")
        if fault.kills or fault.name == "new":
            return
        if ended.exit_code is None:
            self.fail("other", f"the process died: {ended.stderr}")
        elif ended.exit_code == INTERNAL:
            self.fail("other", f"internal error: {ended.stderr}")

    def check_target(self, place: Path, ended: Ended, when: str) -> bool:
        """Whether the target is new."""
        try:
            content = self.scenario.read(place / self.scenario.target_name)
        except Exception as error:  # whatever a reader says about a torn file
            self.fail("torn", f"{when}: unreadable: {error}")
            return False
        if content not in (self.learned.old, self.learned.new):
            self.fail("torn", f"{when}: neither old nor new: {content}")
        elif ended.acknowledged and content != self.learned.new:
            self.fail("lost", f"{when}: acknowledged, but the target is old")
        elif ended.says_old and content != self.learned.old:
            self.fail("other", f"{when}: said to have failed, but the target is new: {ended.stderr}")
        return content == self.learned.new

    def check_leftovers(self, place: Path, when: str, lasting: bool) -> None:
        allowed = self.scenario.lasting if lasting else ()
        names = (str(path.relative_to(place)) for path in place.rglob("*"))
        inside = self.scenario.target_name + "/"
        beside = sorted(n for n in names if n != self.scenario.target_name and not n.startswith(inside))
        leftovers = [name for name in beside if name not in allowed]
        if leftovers:
            self.fail("other", f"{when}: left over: {leftovers}")

    def check_account(self, report: dict) -> None:
        gone = report["rows_filtered"] + report["rows_limited"] + report["rows_rejected"]
        if report["rows_in"] != report["rows_out"] + gone or report["rows_out"] == 0:
            rows = {key: value for key, value in report.items() if key.startswith("rows_")}
            self.fail("other", f"the account of rows is wrong: {rows}")
