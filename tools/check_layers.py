#!/usr/bin/env python3
"""Checks what may include what, and that files stay readable.

Rules, each with the reason it exists in DESIGN and ARCHITECTURE:
  * src/<room> includes only itself and the rooms that cmake/room_edges.txt allows it; the table has no cycle.
  * include/headrace includes only itself; cli/ only include/headrace and itself.
  * A library that is wrapped by one room is included nowhere else (CONFINED).
  * A source file has at most 400 lines and a header 250; a function above 120 lines is warned about.

Prints one line per finding, `path:line: message`; exit code 1 if any is an error.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import sys
from pathlib import Path

SOURCE_LINES_MAX = 400
HEADER_LINES_MAX = 250
FUNCTION_LINES_MAX = 120

# First part of an include path -> the places that may use it.
CONFINED = {
    "parquet": {"source", "sink"},
    "yaml-cpp": {"pipeline"},
    "CLI": {"cli"},
    "curl": {"fetch"},
    "httplib.h": {"observe"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


@dataclasses.dataclass(frozen=True)
class Finding:
    path: str
    line: int
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'error' if self.is_error else 'warning'}: {self.message}"


def read_edges(text: str) -> dict[str, set[str]]:
    """Parses `room: room room` lines; raises ValueError on an unknown room or a cycle."""
    edges: dict[str, set[str]] = {}
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            room, _, allowed = line.partition(":")
            edges[room.strip()] = set(allowed.split())
    for room, allowed in edges.items():
        if unknown := allowed - edges.keys():
            raise ValueError(f"room {room} names rooms that have no line: {', '.join(sorted(unknown))}")
    settled: set[str] = set()
    while len(settled) < len(edges):
        ready = {room for room, allowed in edges.items() if room not in settled and allowed <= settled}
        if not ready:
            raise ValueError(f"cycle among the rooms {', '.join(sorted(edges.keys() - settled))}")
        settled |= ready
    return edges


def place_of(path: Path) -> str:
    """The room of a file below src/, `cli`, `include` or `tests`."""
    return path.parts[1] if path.parts[0] == "src" else path.parts[0]


def check_include(place: str, target: str, quote: str, rooms: dict[str, set[str]]) -> str | None:
    """Says why `place` may not include `target`, or returns None."""
    head, slash, _ = target.partition("/")
    if not slash:  # <memory> is the standard library's, not the room's
        return None
    if head in CONFINED:
        if place in CONFINED[head] or place == "tests":
            return None
        return f"<{target}> is confined to {', '.join(sorted(CONFINED[head]))}; use that room's interface"
    is_public = head == "headrace"
    if place == "include":
        if quote == '"' and not is_public:
            return f'a public header may not include "{target}"; only headrace/... and libraries'
        if head in rooms:
            return f"a public header may not include the room {head}"
        return None
    if place == "cli":
        if head in rooms and head != "cli":
            return f"cli/ may not include the room {head}; what it needs belongs into include/headrace"
        return None
    if place in rooms and head in rooms and head != place and head not in rooms[place]:
        return f"room {place} may not include room {head}; allowed: {' '.join(sorted(rooms[place])) or 'none'}"
    return None


def check_size(path: Path, lines: list[str]) -> list[Finding]:
    limit = HEADER_LINES_MAX if path.suffix == ".h" else SOURCE_LINES_MAX
    findings = []
    if len(lines) > limit:
        kind = "header" if path.suffix == ".h" else "source file"
        findings.append(
            Finding(str(path), limit + 1, f"{kind} of {len(lines)} lines; at most {limit}: split it by purpose")
        )
    start = 1  # the last line that began at the margin: where a function that ends at the margin began
    for number, line in enumerate(lines, 1):
        if line[:1].isalpha():
            start = number
        elif line.rstrip() == "}" and number - start > FUNCTION_LINES_MAX:
            message = f"function of {number - start} lines; above {FUNCTION_LINES_MAX} it no longer fits in a head"
            findings.append(Finding(str(path), start, message, is_error=False))
    return findings


def check_file(root: Path, path: Path, rooms: dict[str, set[str]]) -> list[Finding]:
    lines = (root / path).read_text(encoding="utf-8").splitlines()
    place = place_of(path)
    findings = [] if place == "tests" else check_size(path, lines)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match and (reason := check_include(place, match[2], match[1], rooms)):
            findings.append(Finding(str(path), number, reason))
    if path.suffix == ".h" and not any(line.strip() == "#pragma once" for line in lines):
        findings.append(Finding(str(path), 1, "header without #pragma once"))
    return findings


def check_tree(root: Path) -> list[Finding]:
    table = root / "cmake" / "room_edges.txt"
    try:
        rooms = read_edges(table.read_text(encoding="utf-8"))
    except ValueError as error:
        return [Finding("cmake/room_edges.txt", 1, str(error))]
    findings = []
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in rooms:
            findings.append(Finding(f"src/{folder.name}", 1, "room without a line in cmake/room_edges.txt"))
    for base in ("src", "include", "cli", "tests"):
        for path in sorted((root / base).rglob("*")):
            if path.suffix in (".h", ".cc") and path.is_file():
                findings.extend(check_file(root, path.relative_to(root), rooms))
    return findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    findings = check_tree(parser.parse_args().root)
    for finding in findings:
        print(finding)
    errors = sum(finding.is_error for finding in findings)
    print(f"check_layers: {errors} errors, {len(findings) - errors} warnings")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
