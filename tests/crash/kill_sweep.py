"""Kills a publishing process at every system call that touches its target's directory, and judges what it leaves.

Standard library only. What is published, and how its content is read back, is the caller's (a Scenario).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TRACING_REFUSED = 77


class TracingRefused(Exception):
    """This machine does not let a process trace its children."""


@dataclass
class Scenario:
    """One publish. The commands run in a fresh process; `target` stands in a directory of its own."""

    name: str
    target_name: str
    # Makes the old state below a directory; None when there is no target before.
    prepare: Callable[[Path], None] | None
    publish: Callable[[Path], list[str]]  # target -> command
    recover: Callable[[Path], list[str]] | None  # None: only a new run recovers
    # The job for a target that already is new: overwriting gives the new state again.
    publish_again: Callable[[Path], list[str]]
    read: Callable[[Path], Any]  # target -> comparable content; None when there is none
    acknowledged: Callable[[subprocess.CompletedProcess], bool]
    lasting: tuple[str, ...] = ()  # what may stand beside the target after success


@dataclass
class Counts:
    points: int = 0
    torn: int = 0
    lost_after_acknowledgement: int = 0
    other: int = 0
    syscalls: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def fail(self, kind: str, where: str, what: str) -> None:
        setattr(self, kind, getattr(self, kind) + 1)
        self.failures.append(f"{where}: {what}")

    def summary(self, name: str) -> str:
        return (
            f"{name}: {self.points} points, torn {self.torn}, "
            f"lost after acknowledgement {self.lost_after_acknowledgement}, other {self.other}"
        )


class KillSweep:
    """Runs one scenario at every point. Every point starts from a copy of the same old state."""

    def __init__(self, killer: Path, scenario: Scenario, stride: int = 1, workspace: Path | None = None):
        self.killer = killer
        self.scenario = scenario
        self.stride = stride
        self.counts = Counts()
        # A kill leaves the kernel alive: what it leaves is the same on a disk in memory, without waiting for fsyncs.
        if workspace is None and os.access("/dev/shm", os.W_OK | os.X_OK):
            workspace = Path("/dev/shm")
        self.workspace = Path(tempfile.mkdtemp(prefix="headrace-crash-", dir=workspace)).resolve()

    def run(self) -> Counts:
        try:
            self._learn_states()
            at = 1
            while self._kill_at(at):
                at += self.stride
            return self.counts
        finally:
            shutil.rmtree(self.workspace, ignore_errors=True)

    def _learn_states(self) -> None:
        old = self.workspace / "old"
        old.mkdir()
        if self.scenario.prepare is not None:
            self.scenario.prepare(old / self.scenario.target_name)
        self.old = self.scenario.read(old / self.scenario.target_name)
        new = self._fresh("new")
        finished, report = self._publish(new, at=0)
        if not self.scenario.acknowledged(finished):
            raise AssertionError(f"{self.scenario.name} fails undisturbed: {finished.stderr}")
        self.new = self.scenario.read(new / self.scenario.target_name)
        assert self.new != self.old, "the scenario changes nothing"
        assert report["seen"] > 0, "the publish never touched its directory"

    def _fresh(self, name: str) -> Path:
        place = self.workspace / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.workspace / "old", place, symlinks=True)
        return place

    def _publish(self, place: Path, at: int) -> tuple[subprocess.CompletedProcess, dict]:
        report = self.workspace / "report.json"
        command = [str(self.killer), "--directory", str(place), "--at", str(at), "--report", str(report), "--"]
        command += self.scenario.publish(place / self.scenario.target_name)
        finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if finished.returncode == TRACING_REFUSED:
            raise TracingRefused
        assert finished.returncode == 0, finished.stderr
        return finished, json.loads(report.read_text())

    def _kill_at(self, at: int) -> bool:
        place = self._fresh("place")
        target = place / self.scenario.target_name
        finished, report = self._publish(place, at)
        if not report["killed"]:
            return False
        self.counts.points += 1
        self.counts.syscalls[report["syscall"]] += 1
        where = f"{self.scenario.name}, killed at call {at} ({report['syscall']} {report['path']})"
        acknowledged = self.scenario.acknowledged(finished)
        self._judge(target, acknowledged, f"{where}, at once")
        if self.scenario.recover is not None:
            recovered = self._command(self.scenario.recover(target))
            if recovered.returncode != 0:
                self.counts.fail("other", where, f"recovery failed: {recovered.stderr}")
            is_new = self._judge(target, acknowledged, f"{where}, recovered")
            self._judge_leftovers(place, where, allow_lasting=is_new or self.old is not None)
        self._run_again(place, where)
        return True

    def _command(self, command: list[str]) -> subprocess.CompletedProcess:
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def _judge(self, target: Path, acknowledged: bool, where: str) -> bool:
        """Whether the target is new; counts it when it is neither, or old although acknowledged."""
        try:
            content = self.scenario.read(target)
        except Exception as error:  # whatever a reader says about a torn file
            self.counts.fail("torn", where, f"unreadable: {error}")
            return False
        if content not in (self.old, self.new):
            self.counts.fail("torn", where, f"neither old nor new: {content}")
        elif acknowledged and content != self.new:
            self.counts.fail("lost_after_acknowledgement", where, "acknowledged, but the target is old")
        return content == self.new

    def _judge_leftovers(self, place: Path, where: str, allow_lasting: bool) -> None:
        lasting = self.scenario.lasting if allow_lasting else ()
        names = (str(path.relative_to(place)) for path in place.rglob("*"))
        inside = self.scenario.target_name + "/"
        beside = sorted(n for n in names if n != self.scenario.target_name and not n.startswith(inside))
        leftovers = [name for name in beside if name not in lasting]
        if leftovers:
            self.counts.fail("other", where, f"left over: {leftovers}")

    def _run_again(self, place: Path, where: str) -> None:
        target = place / self.scenario.target_name
        is_new = self.scenario.read(target) == self.new
        command = (self.scenario.publish_again if is_new else self.scenario.publish)(target)
        again = self._command(command)
        if again.returncode != 0 or self.scenario.read(target) != self.new:
            self.counts.fail("other", where, f"run again: exit {again.returncode}: {again.stderr}")
        self._judge_leftovers(place, where + ", run again", allow_lasting=True)
