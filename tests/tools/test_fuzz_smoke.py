"""A smoke run that finds nothing where something was planted has to fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[2] / "tools" / "fuzz.py"
FINDS = "echo 'x.cc:1: fuzz check failed: planted'; exit 77"
PASSES = "echo 'stat::number_of_executed_units: 12'; exit 0"


def smoke(tmp_path: Path, **programs: str) -> tuple[int, str]:
    directory = tmp_path / "tests" / "fuzz"
    directory.mkdir(parents=True)
    for name, body in programs.items():
        path = directory / f"fuzz_{name}"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    command = [sys.executable, str(TOOL), "--build", str(tmp_path), "smoke", "--seconds", "1"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr


def test_all_good(tmp_path):
    code, output = smoke(tmp_path, csv=PASSES, canary=FINDS)
    assert code == 0, output
    assert "csv: 12 inputs" in output and "1 targets, 0 broken" in output


def test_a_canary_that_is_not_found_fails(tmp_path):
    code, output = smoke(tmp_path, csv=PASSES, canary=PASSES)
    assert code == 1 and "the canary was NOT found" in output


def test_a_canary_that_dies_of_something_else_is_not_found(tmp_path):
    code, output = smoke(tmp_path, csv=PASSES, canary="echo 'out of memory'; exit 77")
    assert code == 1 and "the canary was NOT found" in output


def test_a_broken_target_fails(tmp_path):
    code, output = smoke(tmp_path, csv="echo 'AddressSanitizer: heap-buffer-overflow'; exit 1", canary=FINDS)
    assert code == 1 and "BROKEN csv" in output and "heap-buffer-overflow" in output


def test_no_targets_fail(tmp_path):
    code, output = smoke(tmp_path, canary=FINDS)
    assert code == 1 and "no targets" in output
