#!/usr/bin/env python3
"""Runs clang-tidy over the project's sources and remembers what was clean.

A file is skipped when nothing that decides its result has changed since it last came out clean: its own text, the text
of every project header it reaches, its compile command, .clang-tidy and clang-tidy's version. The marks stand in
.cache/clang-tidy. Prints the findings of failing files and one closing line; exit code 1 if there were any.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "clang-tidy"
INCLUDE = re.compile(rb'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)
INCLUDE_FOLDERS = (ROOT / "src", ROOT / "include", ROOT / "tests", ROOT)
CHECKED = ("src/", "cli/", "bench/")


def reached_files(start: Path, known: dict[Path, list[Path]]) -> list[Path]:
    """The file and every project file it includes, directly or not, sorted."""
    seen: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path not in known:
            names = [match.decode() for match in INCLUDE.findall(path.read_bytes())]
            candidates = (folder / name for name in names for folder in (path.parent, *INCLUDE_FOLDERS))
            known[path] = [candidate for candidate in candidates if candidate.is_file()]
        waiting.extend(known[path])
    return sorted(seen)


def key_of(entry: dict, common: bytes, known: dict[Path, list[Path]]) -> str:
    digest = hashlib.sha256(common)
    digest.update(entry.get("command", "").encode())
    for path in reached_files(Path(entry["file"]), known):
        digest.update(str(path).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def check(entry: dict, build: Path) -> tuple[str, str]:
    command = ["clang-tidy", "-p", str(build), "--quiet", "--extra-arg=-Wno-unknown-warning-option", entry["file"]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return entry["file"], ""
    return entry["file"], done.stdout.strip() or done.stderr.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="directory with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()

    entries = []
    for entry in json.loads((arguments.build / "compile_commands.json").read_text()):
        path = Path(entry["file"])
        if path.is_relative_to(ROOT) and str(path.relative_to(ROOT)).startswith(CHECKED):
            entries.append(entry)
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    known: dict[Path, list[Path]] = {}
    keys = {entry["file"]: key_of(entry, common, known) for entry in entries}
    CACHE.mkdir(parents=True, exist_ok=True)
    waiting = [entry for entry in entries if not (CACHE / keys[entry["file"]]).exists()]

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for file, findings in pool.map(lambda entry: check(entry, arguments.build), waiting):
            if findings:
                failed += 1
                print(findings, flush=True)
            else:
                (CACHE / keys[file]).touch()
    print(f"clang-tidy: {len(entries)} files, {len(waiting)} checked, {failed} with findings")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
