"""A run with several sinks is killed at random times: all of its outputs are new, or all are old."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

KILLS = 60 if os.environ.get("HEADRACE_LONG") else 12
ROWS = 60_000

PIPELINE = """
version: 1
name: several
resources: {{ memory: 256MiB, threads: 2 }}
sources:
  - {{ id: rows, path: "{folder}/rows{generation}.csv" }}
sink:
  - {{ path: "{folder}/by_key", partition_by: [key], mode: overwrite }}
  - {{ path: "{folder}/all", mode: overwrite }}
  - {{ path: "{folder}/one.parquet", mode: overwrite }}
"""


def write_input(folder: Path, generation: int) -> Path:
    lines = ["n,key,generation"]
    lines += [f"{n},{n % 40},{generation}" for n in range(ROWS)]
    (folder / f"rows{generation}.csv").write_text("\n".join(lines) + "\n")
    pipeline = folder / f"p{generation}.yaml"
    pipeline.write_text(PIPELINE.format(folder=folder, generation=generation))
    return pipeline


def generations(folder: Path) -> list[set[int]]:
    """What each output holds, read by another engine; every row is there once."""
    found = []
    for name in ("by_key", "all"):
        table = dataset.dataset(folder / name, partitioning="hive").to_table(columns=["n", "generation"])
        found.append(table)
    found.append(parquet.read_table(folder / "one.parquet", columns=["n", "generation"]))
    for table in found:
        assert sorted(table["n"].to_pylist()) == list(range(ROWS))
    return [set(table["generation"].to_pylist()) for table in found]


def test_killed_at_random_times(headrace_binary, tmp_path):
    seed = int(os.environ.get("HEADRACE_SEED", random.randrange(2**31)))
    print(f"seed {seed}; replay: HEADRACE_SEED={seed} pytest {__file__}")
    source = random.Random(seed)
    pipelines = [write_input(tmp_path, generation) for generation in (0, 1)]
    start = time.monotonic()
    subprocess.run([headrace_binary, "run", pipelines[0], "-q"], check=True)
    usual = time.monotonic() - start
    current = 0
    published = 0
    for kill in range(KILLS):
        run = subprocess.Popen([headrace_binary, "run", pipelines[1 - current], "-q"])
        try:
            # Half of the kills where the outputs are switched, at the end.
            share = source.uniform(0.8, 1.1) if kill % 2 else source.uniform(0, 1)
            run.wait(timeout=usual * share)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGKILL)
            run.wait()
        acknowledged = run.returncode == 0
        recovered = subprocess.run(
            [headrace_binary, "recover", tmp_path / source.choice(["by_key", "all", "one.parquet"])]
        )
        assert recovered.returncode == 0
        held = generations(tmp_path)
        assert all(one == held[0] for one in held), f"kill {kill}: {held}"
        assert len(held[0]) == 1
        if acknowledged:
            assert held[0] == {1 - current}
        if held[0] == {1 - current}:
            current = 1 - current
            published += 1
    print(f"{KILLS} kills, {published} published, none torn")


def test_sinks_of_a_pipeline_are_checked(headrace, tmp_path):
    pipeline = write_input(tmp_path, 0)
    pipeline.write_text(pipeline.read_text().replace("/all", "/by_key"))
    refused = headrace("run", pipeline)
    assert refused.exit_code == 3
    assert "E0159" in refused.stderr
    assert not (tmp_path / "by_key").exists()
