"""Runs a command from outside, in a memory cgroup if wished, and tells what it took: wall, CPU, peak memory, its end.

The tests and the benchmarks share this. Nothing here looks inside the command or trusts what it says of itself.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launcher.py")
_cgroup_numbers = itertools.count(1)


class CgroupUnavailable(Exception):
    """No memory cgroup can be made here; the message says why."""


@dataclasses.dataclass(frozen=True)
class Measurement:
    """How a command went. `exit_code` is negative for a signal, as in subprocess."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool
    wall_seconds: float
    user_seconds: float
    system_seconds: float
    peak_rss_bytes: int
    read_blocks: int
    written_blocks: int
    oom_kills: int = 0
    cgroup_peak_bytes: int = 0

    @property
    def cpu_seconds(self) -> float:
        return self.user_seconds + self.system_seconds

    @property
    def error_line(self) -> str:
        """The last line of stderr: what the command ended with."""
        lines = self.stderr.strip().splitlines()
        return lines[-1] if lines else ""


@dataclasses.dataclass
class MemoryCgroup:
    """A memory cgroup with a hard limit, of either version. Made by `memory_cgroup`, which also removes it."""

    path: Path
    version: int

    @property
    def procs_file(self) -> Path:
        return self.path / "cgroup.procs"

    def oom_kills(self) -> int:
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        for line in (self.path / name).read_text().splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
        return 0

    def peak_bytes(self) -> int:
        name = "memory.max_usage_in_bytes" if self.version == 1 else "memory.peak"
        try:
            return int((self.path / name).read_text())
        except (OSError, ValueError):
            return 0


def _cgroup_mount() -> tuple[Path, int]:
    """Where memory cgroups can be made: version 1's controller if it is mounted, else version 2."""
    unified = None
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        mount = Path(left.split()[4])
        kind, _, options = right.split(" ", 2)
        if kind == "cgroup" and "memory" in options.split(" ")[-1].split(","):
            return mount, 1
        if kind == "cgroup2":
            unified = mount
    if unified is not None and "memory" in (unified / "cgroup.controllers").read_text().split():
        return unified, 2
    raise CgroupUnavailable("no cgroup hierarchy with the memory controller is mounted")


@contextlib.contextmanager
def memory_cgroup(limit_bytes: int) -> Iterator[MemoryCgroup]:
    """A new cgroup whose processes together get `limit_bytes`, page cache included, and no swap beyond it."""
    mount, version = _cgroup_mount()
    path = mount / f"headrace-{os.getpid()}-{next(_cgroup_numbers)}"
    group = MemoryCgroup(path, version)
    try:
        if version == 2:
            with contextlib.suppress(OSError):
                (mount / "cgroup.subtree_control").write_text("+memory")
        path.mkdir()
        name = "memory.limit_in_bytes" if version == 1 else "memory.max"
        (path / name).write_text(str(limit_bytes))
        if version == 2:
            with contextlib.suppress(OSError):
                (path / "memory.swap.max").write_text("0")
    except OSError as error:
        with contextlib.suppress(OSError):
            path.rmdir()
        raise CgroupUnavailable(f"a memory cgroup cannot be made below {mount}: {error}") from error
    try:
        yield group
    finally:
        for _ in range(50):  # the kernel keeps a group busy for a moment after its last process
            with contextlib.suppress(OSError):
                path.rmdir()
                break
            time.sleep(0.02)


def run(
    command: Sequence[str | Path],
    *,
    timeout_seconds: float = 120,
    cgroup: MemoryCgroup | None = None,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
) -> Measurement:
    """Runs `command` to its end, or kills it after `timeout_seconds`. Never raises for what the command does."""
    with tempfile.TemporaryDirectory(prefix="headrace-measure-") as folder:
        result = Path(folder) / "result.json"
        procs = str(cgroup.procs_file) if cgroup else "-"
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER), str(result), str(timeout_seconds), procs]
        done = subprocess.run(
            [*launcher, *map(str, command)],
            capture_output=True,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            stdin=stdin,
            check=False,
        )
        if not result.exists():
            raise RuntimeError(f"the launcher itself failed: {done.stderr.decode(errors='replace')}")
        values = json.loads(result.read_text())
    return Measurement(
        stdout=done.stdout.decode(errors="replace"),
        stderr=done.stderr.decode(errors="replace"),
        oom_kills=cgroup.oom_kills() if cgroup else 0,
        cgroup_peak_bytes=cgroup.peak_bytes() if cgroup else 0,
        **values,
    )


def parse_bytes(text: str) -> int:
    """'512MiB', '1GB', '4096': the sizes that the command line takes."""
    units = {"": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "kb": 10**3, "mb": 10**6, "gb": 10**9}
    digits = text.rstrip("BbIiKkMmGg ")
    unit = text[len(digits) :].strip().lower()
    if unit == "b":
        unit = ""
    if unit not in units or not digits:
        raise ValueError(f"not a size: {text!r}; write for example 512MiB")
    return int(float(digits) * units[unit])
