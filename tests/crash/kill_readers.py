"""Kills a writer at random times while it overwrites a partitioned dataset, with readers at work all the while.

Every row carries the number of the generation that wrote it, so a read tells whether it saw one generation whole.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dataset_reader

READER = Path(dataset_reader.__file__)
PARTITIONS = 200
ROWS_PER_PARTITION = 50
ROWS = PARTITIONS * ROWS_PER_PARTITION

# Gives the command that overwrites the dataset `target` with `input` and this generation.
Overwrite = Callable[[Path, Path, int], list[str]]


@dataclass
class Outcome:
    name: str
    kills: int = 0
    finished: int = 0  # runs that ended before their kill came
    damaged: list[str] = field(default_factory=list)  # after a kill the dataset was neither old nor new
    reads: Counter = field(default_factory=Counter)  # what readers saw, by kind
    failures: list[str] = field(default_factory=list)  # reads that no reader of a sound dataset has

    def row(self) -> list[str]:
        kinds = [str(self.reads[kind]) for kind in ("whole", "stale", "missing", "mixed", "damaged")]
        return [self.name, str(self.kills), str(self.finished), str(len(self.damaged)), *kinds]


COLUMNS = ["writer", "kills", "ended first", "dataset damaged", "whole reads", "stale listing", "no dataset", "mixed",
           "damaged reads"]  # fmt: skip


def write_input(path: Path) -> Path:
    rows = "".join(f"{i % PARTITIONS},{i}\n" for i in range(ROWS))
    path.write_text("p,value\n" + rows)
    return path


class KillLoop:
    """One writer's loop. Readers are processes of their own and run from the first generation to the last."""

    def __init__(self, name: str, overwrite: Overwrite, folder: Path, kills: int, seed: int):
        self.outcome = Outcome(name)
        self.overwrite = overwrite
        self.folder = folder
        self.target = folder / "out"
        self.kills = kills
        self.random = random.Random(seed)
        # When each generation may be seen: from the start of its run on, and up to the end of the first run after it
        # that is known to have published.
        self.begun: dict[int, float] = {}
        self.replaced: dict[int, float] = {}

    def run(self) -> Outcome:
        self.folder.mkdir(parents=True)
        source = write_input(self.folder / "in.csv")
        standing = 1
        self.usual_seconds = min(self._finish(source, 1), self._finish(source, 1))
        readers = [self._start_reader(engine) for engine in dataset_reader.READERS]
        try:
            generation = 1
            while self.outcome.kills < self.kills:
                generation += 1
                acknowledged = self._kill(source, generation)
                standing = self._judge_target(generation, standing, acknowledged)
        finally:
            (self.folder / "stop").touch()
            for reader in readers:
                reader.wait(timeout=60)
        for engine in dataset_reader.READERS:
            self._judge_reads(engine)
        return self.outcome

    def _finish(self, source: Path, generation: int) -> float:
        begin = time.monotonic()
        done = subprocess.run(self.overwrite(source, self.target, generation), capture_output=True, text=True)
        assert done.returncode == 0, f"{self.outcome.name} fails undisturbed: {done.stderr}"
        self.begun.setdefault(generation, begin)
        return time.monotonic() - begin

    def _start_reader(self, engine: str) -> subprocess.Popen:
        log = self.folder / f"{engine}.log"
        command = [sys.executable, READER, engine, self.target, ROWS, PARTITIONS, log, self.folder / "stop"]
        reader = subprocess.Popen([str(word) for word in command])
        while not (log.exists() and log.read_text()):
            assert reader.poll() is None, f"the {engine} reader ended at once"
            time.sleep(0.01)
        return reader

    def _kill(self, source: Path, generation: int) -> bool:
        """Whether the run ended well before the kill came. Half of the kills aim at the later part of a run."""
        wait = self.usual_seconds * self.random.uniform(self.random.choice([0.0, 0.6]), 1.2)
        self.begun[generation] = time.monotonic()
        writer = subprocess.Popen(
            self.overwrite(source, self.target, generation), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            output = writer.communicate(timeout=wait)[0]
        except subprocess.TimeoutExpired:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
            self.outcome.kills += 1
            return False
        assert writer.returncode == 0, f"{self.outcome.name}, generation {generation}: {output}"
        self.outcome.finished += 1
        self.usual_seconds = min(self.usual_seconds, time.monotonic() - self.begun[generation])
        return True

    def _judge_target(self, generation: int, standing: int, acknowledged: bool) -> int:
        """With no writer at work: the generation that stands, which must be whole, and new if it was acknowledged."""
        read = dataset_reader.READERS["pyarrow"](str(self.target))
        seen = dataset_reader.judge(str(self.target), ROWS, PARTITIONS, read)
        allowed = {generation} if acknowledged else {generation, standing}
        if seen.get("generation") in allowed:
            if seen["generation"] == generation:
                self.replaced[standing] = time.monotonic()
            return seen["generation"]
        self.outcome.damaged.append(f"generation {generation} over {standing}: {seen}")
        # Whoever leaves a damaged dataset gets a sound one to go on with.
        shutil.rmtree(self.target, ignore_errors=True)
        self._finish(self.folder / "in.csv", generation)
        return generation

    def _judge_reads(self, engine: str) -> None:
        for line in (self.folder / f"{engine}.log").read_text().splitlines():
            seen = json.loads(line)
            self.outcome.reads[seen["saw"]] += 1
            if seen["saw"] == "whole":
                number = seen["generation"]
                too_early = seen["end"] < self.begun.get(number, float("inf"))
                too_late = seen["begin"] > self.replaced.get(number, float("inf"))
                if too_early or too_late:
                    self.outcome.failures.append(f"a generation that did not stand then: {line}")
            elif seen["saw"] != "stale":
                self.outcome.failures.append(line)


def headrace_overwrite(binary: Path) -> Overwrite:
    def command(source: Path, target: Path, generation: int) -> list[str]:
        words = [binary, "convert", source, target, "--types", "p:int64,value:int64"]
        words += ["--derive", f"generation={generation}", "--partition-by", "p", "--mode", "overwrite"]
        return [str(word) for word in [*words, "--memory", "256MiB", "--progress", "never"]]

    return command


def duckdb_overwrite(source: Path, target: Path, generation: int) -> list[str]:
    query = (
        f"COPY (SELECT *, {generation} AS generation FROM read_csv('{source}')) "
        f"TO '{target}' (FORMAT parquet, PARTITION_BY (p), OVERWRITE true)"
    )
    return [sys.executable, "-c", f"import duckdb; duckdb.execute({query!r})"]
