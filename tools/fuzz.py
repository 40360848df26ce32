#!/usr/bin/env python3
"""Runs the libFuzzer programs of the preset `fuzz`.

  tools/fuzz.py run TARGET --seconds 60   one target; what it finds stays in build/fuzz/corpus, what breaks it in
                                          build/fuzz/artifacts
  tools/fuzz.py smoke --seconds 5         every target, so long each, and the canary, which has to be found

A file that broke a target becomes a regression test by being put into tests/fuzz/corpus/<target>/, where `make test`
runs it in every build.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
CANARY = "canary"
CANARY_SECONDS = 60  # it is found in a few; a run that does not find it is not worth its time
INPUT_BYTES_MAX = {"parquet": 32_768, "ipc": 32_768}


@dataclasses.dataclass(frozen=True)
class Outcome:
    target: str
    code: int
    seconds: float
    runs: int
    output: str

    @property
    def line(self) -> str:
        return f"{self.target}: {self.runs} inputs in {self.seconds:.1f} s"


def targets(build: Path) -> list[str]:
    """The targets that are built, the canary left out."""
    programs = sorted(build.glob("tests/fuzz/fuzz_*"))
    names = [p.name.removeprefix("fuzz_") for p in programs if os.access(p, os.X_OK) and p.is_file()]
    return [name for name in names if name != CANARY]


def fuzz(build: Path, target: str, seconds: int, seed: int | None = None) -> Outcome:
    found = build / "corpus" / target
    artifacts = build / "artifacts"
    found.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    seeds = CORPUS / target  # the canary has none: it is to be found, not replayed
    command = [build / "tests" / "fuzz" / f"fuzz_{target}", f"-max_total_time={seconds}", "-timeout=20"]
    command += ["-rss_limit_mb=2560", f"-max_len={INPUT_BYTES_MAX.get(target, 2048)}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={artifacts}/{target}-"]
    if seed is not None:
        command.append(f"-seed={seed}")
    command += [found, seeds] if seeds.is_dir() else [found]
    environment = dict(
        os.environ,
        ASAN_OPTIONS="allocator_may_return_null=1:detect_leaks=1:detect_stack_use_after_return=1",
        LSAN_OPTIONS=f"suppressions={ROOT / 'tools' / 'lsan.supp'}:print_suppressions=0",
        ARROW_DEFAULT_MEMORY_POOL="system",
    )
    begin = time.monotonic()
    try:
        run = subprocess.run(
            [str(part) for part in command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds + 120,
        )
        code, output = run.returncode, run.stdout
    except subprocess.TimeoutExpired as expired:
        raw = expired.stdout or b""
        text = raw if isinstance(raw, str) else raw.decode(errors="replace")
        code, output = 124, text + "\nnot at its end in time"
    runs = re.search(r"stat::number_of_executed_units: (\d+)", output)
    return Outcome(target, code, time.monotonic() - begin, int(runs[1]) if runs else 0, output)


def report(outcome: Outcome) -> bool:
    if outcome.code == 0:
        print(f"fuzz: {outcome.line}")
        return True
    print(outcome.output[-6000:])
    print(f"fuzz: BROKEN {outcome.line}, exit {outcome.code}; the input is the artifact named above")
    return False


def smoke(build: Path, seconds: int, jobs: int) -> int:
    names = targets(build)
    if not names:
        print(f"fuzz: no targets in {build}; run `make fuzz-smoke`, which builds them")
        return 1
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        canary = pool.submit(fuzz, build, CANARY, CANARY_SECONDS, 1)
        runs = [pool.submit(fuzz, build, name, seconds) for name in names]
        good = [report(run.result()) for run in runs]
        found = canary.result()
    # What libFuzzer exits with when a target aborts. Anything else (a missing program, too) is no find.
    caught = found.code == 77 and "fuzz check failed" in found.output
    print(f"fuzz: the canary was {'' if caught else 'NOT '}found ({found.line})")
    if not caught:
        print(found.output[-2000:])
    print(f"fuzz: {len(names)} targets, {len(names) - sum(good)} broken")
    return 0 if all(good) and caught else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "fuzz")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("target")
    one.add_argument("--seconds", type=int, default=60)
    every = commands.add_parser("smoke")
    every.add_argument("--seconds", type=int, default=5)
    every.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.command == "smoke":
        return smoke(arguments.build, arguments.seconds, arguments.jobs)
    if arguments.target not in [*targets(arguments.build), CANARY]:
        print(f"fuzz: no target '{arguments.target}'; there are {', '.join(targets(arguments.build))}")
        return 2
    return 0 if report(fuzz(arguments.build, arguments.target, arguments.seconds)) else 1


if __name__ == "__main__":
    sys.exit(main())
