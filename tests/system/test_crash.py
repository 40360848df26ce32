"""The crash sweep (tests/crash, `make crash`) is no blind judge, and its page is in step with the code."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from crash_point import Fault, PointRunner, TracingRefused
from model_sweep import list_mutants
from scenarios import NEW_TEXTS, Programs, library_scenario
from sweep import all_faults
from sweep_page import mutation_rows, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/publishing-tests.md"


@pytest.fixture
def programs(headrace_binary) -> Programs:
    found = Programs(headrace_binary.parent)
    if found.missing():
        pytest.fail(f"not built: {found.missing()}; run `make build-test`", pytrace=False)
    return found


@pytest.fixture
def runner(programs, tmp_path) -> PointRunner:
    workspace = tmp_path / "0"
    workspace.mkdir()
    return PointRunner(programs, workspace, {})


def write_files(target: Path, files: list[str]) -> str:
    """Shell text that writes the files one after the other where they will stay: what nobody should do."""
    parts = []
    for file in files:
        path, text = file.rsplit("=", 1)
        parts.append(f"mkdir -p {shlex.quote(str(target / Path(path).parent))}")
        parts.append(f"printf %s {shlex.quote(text)} > {shlex.quote(str(target / path))}")
    return "; ".join(parts)


def sweep(runner: PointRunner, scenario, fault: Fault):
    try:
        learned = runner.learn(scenario)
    except TracingRefused:
        pytest.skip("SKIPPED: this machine does not allow tracing (ptrace)")
    return [runner.run(scenario, learned, fault, at, "1") for at in range(1, learned.calls[fault.name] + 1)]


def test_a_publisher_that_writes_in_place_is_torn(programs, runner):
    scenario = library_scenario(programs, "dataset", "append")
    in_place = dataclasses.replace(
        scenario,
        publish=lambda target, _: ["sh", "-c", f"{write_files(target, NEW_TEXTS)}; echo acknowledged"],
        publish_again=lambda target, _: ["sh", "-c", write_files(target, NEW_TEXTS)],
        recover=None,
    )
    counts = sweep(runner, in_place, Fault("killed", "kill"))
    assert sum(point.torn for point in counts) > 0
    assert sum(point.points for point in counts) == len(counts)


def test_a_publisher_that_acknowledges_too_early_loses(programs, runner):
    scenario = library_scenario(programs, "dataset", "append")

    def early(target: Path, report: Path) -> list[str]:
        return ["sh", "-c", "echo acknowledged; " + shlex.join(scenario.publish(target, report))]

    counts = sweep(runner, dataclasses.replace(scenario, publish=early), Fault("killed", "kill"))
    assert sum(point.lost for point in counts) > 0
    assert sum(point.torn for point in counts) == 0


def test_leftovers_and_a_run_that_does_not_converge_are_noticed(programs, runner):
    scenario = library_scenario(programs, "dataset", "append")
    stuck = dataclasses.replace(
        scenario,
        recover=lambda target: ["touch", f"{target.parent}/.out.headrace/forgotten"],
        publish_again=lambda target, _: ["sh", "-c", write_files(target, ["y=1/c.parquet=more"])],
    )
    failures = [failure for point in sweep(runner, stuck, Fault("killed", "kill")) for failure in point.failures]
    assert any("left over" in failure and "forgotten" in failure for failure in failures)
    assert any("the target is not the new one" in failure for failure in failures)


POWER_CONTROL = """
import dataclasses, sys
sys.path.insert(0, {folder!r})
from pathlib import Path
from crash_point import Fault, PointRunner
from power_disk import DiskUnavailable, PowerDisk
from scenarios import Inputs, Programs, command_scenario
directory = Path({directory!r})
programs = Programs(Path({build!r}))
try:
    disk = PowerDisk({file_system!r}, directory)
except DiskUnavailable as reason:
    print("SKIPPED:", reason)
    sys.exit()
scenario = command_scenario(programs, Inputs(directory), "dataset", "overwrite", 1, None)
careless = dataclasses.replace(
    scenario, publish=lambda target, report: [*scenario.publish(target, report), "--durability", {durability!r}])
runner = PointRunner(programs, directory / "0", {{{file_system!r}: disk}})
learned = runner.learn(careless)
fault = Fault("power cut", "power", file_system={file_system!r})
counts = runner.run(careless, learned, fault, learned.calls["power"] + 1, "1")
disk.unmount()
print("lost", counts.lost, "failed", counts.failed, "points", counts.points)
"""


@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
@pytest.mark.parametrize("durability", ["full", "none"])
def test_a_power_cut_takes_what_was_not_fsynced(headrace_binary, tmp_path, file_system, durability):
    (tmp_path / "0").mkdir()
    program = POWER_CONTROL.format(
        folder=str(ROOT / "tests/crash"), directory=str(tmp_path), build=str(headrace_binary.parent),
        file_system=file_system, durability=durability,
    )  # fmt: skip
    # In a mount namespace of its own, which takes the mounts with it.
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "SKIPPED" in done.stdout or "unshare" in done.stderr:
        pytest.skip(f"SKIPPED: no disk whose power can be cut: {done.stdout.strip() or done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert ("lost 0" in done.stdout) == (durability == "full"), done.stdout
    assert durability == "none" or "failed 0 points 1" in done.stdout


def test_the_page_is_in_step_with_the_code(programs):
    page = PAGE.read_text()
    listed = re.search(r"<!-- mutations -->\n(.*)<!-- end of mutations -->", page, re.S)
    mutants = list_mutants(programs)
    header = ["part", "call", "left out: caught", "too late: caught"]
    assert listed is not None and listed[1] == table(header, mutation_rows(mutants)), "run `make crash-docs`"
    numbers = re.search(
        r"\*\*([\d,]+) points, ([\d,]+) faults injected, torn datasets 0, lost acknowledged commits 0, "
        r"other failures 0, mutations caught (\d+) of (\d+)\*\*",
        page,
    )
    assert numbers is not None, "the page tells no complete success; run `make crash-docs`"
    assert int(numbers[1].replace(",", "")) >= 10_000
    assert numbers[3] == numbers[4] == str(len(mutants))
    for fault in all_faults(["ext4"]):
        assert f"| real processes | {fault.fault_class} |" in page or "SKIPPED" in page, fault.fault_class
