"""tools/check_error_codes.py tells numbers that two rooms use, and accepts named constants."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IN_SOURCE = 'return MakeError(ErrorKind::kSource,\n                 305, "no file matches");\n'


@pytest.mark.parametrize(
    ("room", "text", "code"),
    [
        ("source", 'MakeError(ErrorKind::kUsage, 305, "again, in the same room");', 0),
        ("sink", 'MakeError(ErrorKind::kSink, 305, "another meaning");', 1),
        ("pipeline", 'return ConfigError(file_, NodeAt(mark), 305, "another meaning");', 1),
        ("pipeline", 'return ConfigError(file_, At(value, "mode"), 305, "another meaning");', 1),
        ("commit", "inline constexpr ErrorCode kTargetExists = 305;", 1),
        ("commit", 'MakeError(ErrorKind::kSource, kNoMatch, "by name");', 0),
        ("runtime", 'MakeError(ErrorKind::kCancelled, signal == SIGTERM ? 306 : 305, "stopped");', 1),
        ("runtime", 'MakeError(ErrorKind::kCancelled, signal == SIGTERM ? 305 : 306, "stopped");', 1),
        ("runtime", 'MakeError(ErrorKind::kCancelled, signal == SIGTERM ? 306 : 307, "took 305 s");', 0),
        ("base", 'PrintLine("error E0305 (usage): " + message);', 1),
        ("base", 'Print("E0305", "usage");', 1),
        ("base", '// One line: "error E0305 (usage): message".\n', 0),
    ],
)
def test_a_number_belongs_to_one_room(tmp_path, room, text, code):
    for name, content in {"source/a.cc": IN_SOURCE, f"{room}/b.cc": text}.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    done = subprocess.run(
        [sys.executable, ROOT / "tools/check_error_codes.py", "--root", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert ("E0305" in done.stdout) == (code == 1)
