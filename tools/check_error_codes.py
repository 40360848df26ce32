#!/usr/bin/env python3
"""Checks that an error number means one thing: it is written in the files of one room only.

A number that several rooms need is a named constant of a header (`kDiskFull`) and does not appear as digits. Seen are
the calls that make an error, also with a choice of two numbers, and texts that hold one (`"error E0690 ..."`). 9xx is
internal and exempt: the message is for us. Prints one line per finding; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

INTERNAL_FIRST = 900
# MakeError(ErrorKind::kX, 412, ...), ConfigError(file, node, 113, ...), constexpr ErrorCode kX = 702; instead of 412
# also `wrong ? 412 : 413`. Read after texts are blanked out.
NUMBER = r"(?:[^,;{}]*?\?\s*(\d{3})\s*:\s*)?(\d{3})\b"
CALLS = [
    re.compile(rf"ErrorKind::k\w+,\s*{NUMBER}"),
    re.compile(rf"\bConfigError\([^;]*?,\s*{NUMBER}\s*,"),
    re.compile(rf"\bErrorCode k\w+\s*=\s*{NUMBER}\s*;"),
]
IN_TEXT = re.compile(r"\bE0(\d{3})\b")
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def numbers(source: str) -> list[tuple[int, int]]:
    """Every error number in a source text, with its offset; comments do not count."""
    code = COMMENT_OR_TEXT.sub(blank, source)
    found = [(call, group) for pattern in CALLS for call in pattern.finditer(code) for group in call.groups() if group]
    texts = [literal for literal in COMMENT_OR_TEXT.finditer(source) if literal.group().startswith('"')]
    return [(int(group), call.start()) for call, group in found] + [
        (int(digits), literal.start()) for literal in texts for digits in IN_TEXT.findall(literal.group())
    ]


def places(root: Path) -> dict[int, dict[str, str]]:
    """Number -> room -> the first place there, as path:line."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for path in sorted(
        [*root.glob("src/**/*.cc"), *root.glob("src/**/*.h"), *root.glob("cli/**/*.cc"), *root.glob("cli/**/*.h")]
    ):
        relative = path.relative_to(root)
        room = relative.parts[1] if relative.parts[0] == "src" else relative.parts[0]
        text = path.read_text()
        for number, offset in numbers(text):
            found[number].setdefault(room, f"{relative}:{text.count(chr(10), 0, offset) + 1}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1])
    found = places(parser.parse_args().root)
    shared = {number: rooms for number, rooms in found.items() if len(rooms) > 1 and number < INTERNAL_FIRST}
    for number, rooms in sorted(shared.items()):
        print(f"E{number:04d} is used by several rooms: {', '.join(rooms.values())}; one of them needs another number")
    return 1 if shared else 0


if __name__ == "__main__":
    sys.exit(main())
