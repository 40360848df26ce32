"""Writes the table of docs/csv-compatibility.md: headrace and other readers over the same CSV files.

    python tests/corpora/compare_readers.py --corpus DIR [--peer duckdb]... [--write docs/csv-compatibility.md]

DIR holds accept.py, its manifest, what independent readers agree on, and the files. Every reader gets each file
without options and finds everything itself, and where the dialect is known it is told that too. --reports DIR keeps the
runner's reports and takes those that are there instead of running again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODES = {
    "auto": "Each reader finds dialect, header and types itself:",
    "told": "Delimiter, quote, escape and whether there is a header are told:",
}
MARK = "<!-- table: tests/corpora/compare_readers.py -->"
HARM = ("WRONG", "PARTIAL", "CRASH", "OOM", "HANG")
# Better first; what is missing in a reader's outcomes is as bad as the last.
GRADES = {"PASS": 0, "REFUSED": 1, "DIRTY": 2, "ODD": 2}


def run_reader(corpus: Path, name: str, report: Path) -> list[dict]:
    """Runs one reader over the CSV files of a corpus, unless its report is there already."""
    if not report.exists():
        adapter = str(Path(__file__).with_name("adapter_headrace.py")) if name == "headrace" else f"builtin:{name}"
        binary = os.environ.get("HEADRACE", str(ROOT / "build/release/headrace"))
        command = [sys.executable, str(corpus / "accept.py"), "run", "--corpus", str(corpus), "--kind", "csv"]
        command += ["--adapter", adapter, "--report", str(report)]
        environment = dict(os.environ, HEADRACE=binary, ACCEPT_VENV=os.environ.get("ACCEPT_VENV", sys.prefix))
        subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL)
    return json.loads(report.read_text())["cases"]


def counts_of(cases: list[dict]) -> str:
    outcomes = Counter(case["outcome"] for case in cases)
    harm = sum(outcomes[outcome] for outcome in HARM)
    clean = sum(case["outcome"] == "PASS" and "clean-error" in case.get("notes", []) for case in cases)
    right = outcomes["PASS"] - clean
    return f"{right} / {clean} / {outcomes['REFUSED']} / {outcomes['ODD'] + outcomes['DIRTY']} / {harm}"


def table_of(results: dict[str, list[dict]]) -> list[str]:
    """One line per origin of files, one column per reader."""
    origins: dict[str, dict[str, list[dict]]] = defaultdict(dict)
    for reader, cases in results.items():
        for case in cases:
            origins[case["source"]].setdefault(reader, []).append(case)
    lines = ["| files of | " + " | ".join(["number", *results]) + " |", "|---" * (len(results) + 2) + "|"]
    for origin in sorted(origins):
        cells = [counts_of(origins[origin].get(reader, [])) for reader in results]
        number = max(len(cases) for cases in origins[origin].values())
        lines.append(f"| {origin} | {number} | " + " | ".join(cells) + " |")
    totals = [counts_of(cases) for cases in results.values()]
    lines.append(f"| all | {max(map(len, results.values()))} | " + " | ".join(totals) + " |")
    return lines


def of_mode(results: dict[str, list[dict]], mode: str) -> dict[str, list[dict]]:
    return {reader: [case for case in cases if case["mode"] == mode] for reader, cases in results.items()}


def better_peers(results: dict[str, list[dict]]) -> list[str]:
    """Files on which another reader does better, by the grade of its outcome."""
    ours = {(case["id"], case["mode"]): case for case in results["headrace"]}
    lines = []
    for reader, cases in results.items():
        for case in cases:
            mine = ours.get((case["id"], case["mode"]))
            if mine is None or reader == "headrace":
                continue
            if GRADES.get(case["outcome"], 3) < GRADES.get(mine["outcome"], 3):
                outcomes = f"{reader} {case['outcome']}, headrace {mine['outcome']}"
                lines.append(f"- `{case['id']}` ({case['mode']}): {outcomes}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--peer", action="append", default=[], help="duckdb, polars or pyarrow; repeatable")
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--write", type=Path, help="a page whose part after the mark is replaced")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.reports or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        readers = ["headrace", *(arguments.peer or ["duckdb"])]
        results = {name: run_reader(arguments.corpus, name, folder / f"{name}.json") for name in readers}
    lines = []
    for mode, words in MODES.items():
        lines += [words, "", *table_of(of_mode(results, mode)), ""]
    better = better_peers(results)
    lines += ["Files on which another reader does better:", ""] + (better or ["none."])
    text = "\n".join(lines) + "\n"
    print(text)
    if arguments.write is not None:
        head = arguments.write.read_text().split(MARK)[0]
        arguments.write.write_text(f"{head}{MARK}\n\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
