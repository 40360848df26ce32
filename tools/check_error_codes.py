#!/usr/bin/env python3
"""Checks that an error number means one thing: it is written in the files of one room only.

A number that several rooms need is a named constant of a header (`kDiskFull`) and does not appear as digits. 9xx is
internal and exempt: the message is for us. Prints one line per finding; exit code 1 if there is any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import defaultdict
from pathlib import Path

INTERNAL_FIRST = 900
# MakeError(ErrorKind::kX, 412, ...), ConfigError(file, node, 113, ...), constexpr ErrorCode kX = 702;
CALL = re.compile(r"ErrorKind::k\w+,\s*(\d{3})\b|\bConfigError\([^;\"]*?,\s*(\d{3}),|\bErrorCode k\w+\s*=\s*(\d{3});")


def places(root: Path) -> dict[int, dict[str, str]]:
    """Number -> room -> the first place there, as path:line."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for path in sorted([*root.glob("src/**/*.cc"), *root.glob("src/**/*.h"), *root.glob("cli/**/*.cc")]):
        relative = path.relative_to(root)
        room = relative.parts[1] if relative.parts[0] == "src" else relative.parts[0]
        text = path.read_text()
        for match in CALL.finditer(text):
            number = int(next(group for group in match.groups() if group))
            found[number].setdefault(room, f"{relative}:{text.count(chr(10), 0, match.start()) + 1}")
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
