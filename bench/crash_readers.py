#!/usr/bin/env python3
"""Kills writers at random times while they overwrite a dataset of 200 partitions, with readers at work all the while.

    bench/crash_readers.py --kills 100 --seed 1 [--only headrace,duckdb]

Readers: DuckDB and pyarrow, a process each, which glob and read the dataset over and over. Prints one row per writer:
what stood there after the kills, and what the readers saw. docs/publishing.md says what the columns mean.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/crash"))
import kill_readers

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--only", default="headrace,duckdb")
    arguments = parser.parse_args()
    binary = Path(os.environ.get("HEADRACE", ROOT / "build/release/headrace")).resolve()
    writers = {"headrace": kill_readers.headrace_overwrite(binary), "duckdb": kill_readers.duckdb_overwrite}
    print(f"seed {arguments.seed}, {kill_readers.PARTITIONS} partitions, {kill_readers.ROWS} rows")
    print("| " + " | ".join(kill_readers.COLUMNS) + " |")
    print("|---|" + "---:|" * (len(kill_readers.COLUMNS) - 1))
    sound = True
    for name in arguments.only.split(","):
        folder = Path(tempfile.mkdtemp(prefix="headrace-crash-readers-"))
        try:
            outcome = kill_readers.KillLoop(name, writers[name], folder / "loop", arguments.kills, arguments.seed).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print("| " + " | ".join(outcome.row()) + " |", flush=True)
        for failure in [*outcome.damaged, *outcome.failures][:3]:
            print(f"    {failure}", file=sys.stderr)
        sound = sound and (name != "headrace" or not (outcome.damaged or outcome.failures))
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
