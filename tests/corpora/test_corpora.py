"""Real broken files: nothing wrong, nothing crashed, nothing hung, nothing half written.

The files are public but not ours, so they are not in this repository; the test runs where they lie beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPORA = Path(os.environ.get("HEADRACE_CORPORA", ROOT.parent / "shared" / "corpora"))
FAILURES = ("WRONG", "PARTIAL", "CRASH", "OOM", "HANG", "DIRTY", "RUNNER")


@pytest.mark.skipif(not (CORPORA / "accept.py").exists(), reason=f"SKIPPED: no corpora at {CORPORA}")
@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "ipc"])
def test_every_file_is_right_or_refused_cleanly(kind, tmp_path):
    binary = Path(os.environ.get("HEADRACE", ROOT / "build/release/headrace"))
    assert os.access(binary, os.X_OK), f"no headrace command at {binary}; run `make build` or set HEADRACE"
    report = tmp_path / "report.json"
    command = [sys.executable, str(CORPORA / "accept.py"), "run", "--corpus", str(CORPORA), "--kind", kind]
    command += ["--adapter", str(Path(__file__).with_name("adapter_headrace.py"))]
    command += ["--jobs", "2", "--mem", "512M", "--report", str(report)]
    environment = dict(os.environ, HEADRACE=str(binary.resolve()), ACCEPT_VENV=sys.prefix)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200)
    assert report.exists(), run.stdout[-3000:] + run.stderr[-3000:]
    cases = json.loads(report.read_text())["cases"]
    failed = [
        f"{c['outcome']} {c['id']} [{c['mode']}]: {c.get('why', '')[:200]}" for c in cases if c["outcome"] in FAILURES
    ]
    assert not failed, "\n".join(failed)
    assert sum(c["outcome"] == "PASS" for c in cases) > 0
