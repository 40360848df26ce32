"""A disk that is or becomes full: the run ends as any failure does, says so in its report, and leaves nothing."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_cli_errors import BUDGET, assert_one_error

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a file system of so many bytes and gives its directory; skipped where that is forbidden."""
    mounted = []

    def mount(size):
        directory = tmp_path / f"disk{len(mounted)}"
        directory.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "headrace-test", directory]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"SKIPPED: no file system can be mounted here: {done.stderr.strip()}")
        mounted.append(directory)
        return directory

    yield mount
    for directory in mounted:
        subprocess.run(["umount", directory], check=True)


def free_bytes(directory):
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


def fill(directory, leave=0):
    """Takes all space of the disk but `leave` bytes."""
    with open(directory / "filler", "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, max(4096, free_bytes(directory) - leave) // 4096 * 4096)


def random_rows(path, rows, seed=7):
    """Rows that no codec makes much smaller: at least 12 bytes each."""
    print(f"rows are of seed {seed}")
    noise = pa.py_buffer(random.Random(seed).randbytes(12 * rows))
    values = pa.FixedSizeBinaryArray.from_buffers(pa.binary(12), rows, [None, noise])
    pq.write_table(pa.table({"id": range(rows), "k": [n % 4 for n in range(rows)], "noise": values}), path)


def assert_clean_failure(disk, done, before):
    assert_one_error(done, BUDGET, "E07")
    report = json.loads((disk / "report.json").read_text())
    assert (report["status"], report["exit_code"]) == ("failed", BUDGET)
    left = sorted(path.name for path in disk.iterdir() if path.name not in ("report.json", "filler"))
    assert left == before, "a failed run left something behind"


@pytest.mark.parametrize("target", ["out", "out.parquet"])
@pytest.mark.parametrize("size_kib", [1100, 1600, 2100, 2700])
def test_a_disk_too_small_for_the_output(headrace, tmp_path, small_disk, target, size_kib):
    disk = small_disk(size_kib * 1024)
    random_rows(tmp_path / "in.parquet", 250_000)  # 3 MB
    more = ["--partition-by", "k"] if target == "out" else []
    done = headrace(
        "convert", "in.parquet", disk / target, "--report", disk / "report.json", "--memory", "96MiB", *more
    )
    assert_clean_failure(disk, done, [])


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite-partitions"])
def test_the_old_dataset_survives(headrace, tmp_path, small_disk, database, mode):
    disk = small_disk(4 * MIB)
    random_rows(tmp_path / "old.parquet", 50_000)
    random_rows(tmp_path / "in.parquet", 400_000)  # 4.8 MB
    more = ["--partition-by", "k", "--memory", "96MiB"]
    assert headrace("convert", "old.parquet", disk / "out", *more).exit_code == 0
    before = sorted(disk.rglob("*"))
    done = headrace("convert", "in.parquet", disk / "out", "--mode", mode, "--report", disk / "report.json", *more)
    assert_clean_failure(disk, done, [".out.headrace", "out"])
    assert sorted(path for path in disk.rglob("*") if path.name != "report.json") == before
    assert database.execute(f"SELECT count(*) FROM '{disk}/out/**/*.parquet'").fetchone() == (50_000,)


def test_what_cannot_fit_is_refused_before_the_first_byte(headrace, tmp_path, small_disk):
    disk = small_disk(4 * MIB)
    random_rows(tmp_path / "in.parquet", 1000)
    fill(disk, leave=600 * 1024)
    done = headrace("convert", "in.parquet", disk / "out", "--report", disk / "report.json")
    assert_one_error(done, BUDGET, "E0716", "are free below", "1.0 MiB are needed")
    assert json.loads((disk / "report.json").read_text())["rows_in"] == 0
    assert sorted(path.name for path in disk.iterdir()) == ["filler", "report.json"]
    (disk / "filler").unlink()
    assert headrace("convert", "in.parquet", disk / "out").exit_code == 0


def test_a_disk_that_may_not_suffice_is_noted(headrace, tmp_path, small_disk):
    disk = small_disk(4 * MIB)
    (tmp_path / "in.csv").write_text("a,b\n" + "1,the same text in every row\n" * 600_000)
    done = headrace("convert", "in.csv", disk / "out")
    assert done.exit_code == 0, done.stderr
    assert "note: the disk may not suffice" in done.stderr


@pytest.mark.parametrize("leave_kib", [0, 256])
def test_a_disk_that_others_fill_meanwhile(headrace_binary, small_disk, leave_kib):
    """The report goes to the same disk: it fits because the run held some of it back."""
    disk = small_disk(12 * MIB)
    source = random.Random(11)
    block = "".join(f"{n},{source.randbytes(24).hex()}\n" for n in range(20_000)).encode()
    command = [headrace_binary, "convert", "-", disk / "out", "--all-strings", "--report", disk / "report.json"]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        run.stdin.write(b"n,noise\n" + block)
        run.stdin.flush()
        end = time.monotonic() + 60
        while not list(disk.glob(".out.headrace/txn-*/ballast")):
            assert time.monotonic() < end and run.poll() is None, "no ballast was taken"
            time.sleep(0.01)
            run.stdin.write(block)
            run.stdin.flush()
        fill(disk, leave=leave_kib * 1024)
        for _ in range(40):
            run.stdin.write(block)
        run.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already
    stderr = run.stderr.read().decode()
    assert run.wait(60) == BUDGET, stderr
    assert stderr.startswith("error E0702"), stderr
    report = json.loads((disk / "report.json").read_text())
    assert (report["status"], report["error_code"]) == ("failed", "E0702")
    assert sorted(path.name for path in disk.iterdir()) == ["filler", "report.json"]


def test_nothing_of_the_ballast_stays(headrace, tmp_path):
    random_rows(tmp_path / "in.parquet", 1000)
    assert headrace("convert", "in.parquet", "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / ".out.headrace").iterdir()) == ["ledger", "lock"]
