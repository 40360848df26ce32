"""Bad input is survived: one clear line on stderr, the documented exit code, and nothing left at the target."""

from __future__ import annotations

import gzip
import re
import subprocess
import time
from pathlib import Path

import measure
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

USAGE, INVALID, SOURCE, SINK, BUDGET, LOCKED, BAD_INPUT = 2, 3, 4, 6, 7, 8, 9

ERROR_LINE = re.compile(r"^error E\d{4} \([a-z ]+\): \S.{15,}")
GOOD = "id,name,amount\n1,ada,10.5\n2,bob,20.25\n3,eve,30.125\n"


def assert_one_error(done: measure.Measurement, exit_code: int, *parts: str) -> None:
    """Exit code and exactly one error line that contains every one of `parts`."""
    assert not done.timed_out, "the command hung"
    assert done.exit_code == exit_code, f"exit {done.exit_code} instead of {exit_code}: {done.stderr}"
    lines = [line for line in done.stderr.splitlines() if line.startswith("error")]
    assert len(lines) == 1, f"not exactly one error line: {done.stderr!r}"
    assert ERROR_LINE.match(lines[0]), f"not in the form of an error line: {lines[0]!r}"
    for part in parts:
        assert part in lines[0], f"{part!r} is not in {lines[0]!r}"


def assert_nothing_published(folder: Path, target: str = "out.parquet") -> None:
    assert not (folder / target).exists(), "a failed run left something at the target"
    leftovers = [path.name for path in folder.rglob("*.tmp")] + [path.name for path in folder.rglob("txn-*")]
    assert not leftovers, f"a failed run left staged files: {leftovers}"


@pytest.fixture
def refuses(headrace, tmp_path):
    """Runs `convert INPUT out.parquet ...` and checks the refusal and that nothing was published."""

    def check(exit_code: int, *parts: str, data: bytes | str | None = None, source: str = "in.csv", more=()):
        if data is not None:
            (tmp_path / source).write_bytes(data.encode() if isinstance(data, str) else data)
        done = headrace("convert", source, "out.parquet", *more)
        assert_one_error(done, exit_code, *parts)
        assert_nothing_published(tmp_path)
        return done

    return check


# --- inputs that cannot be opened -----------------------------------------------------------------------------------


def test_missing_file(refuses, tmp_path):
    (tmp_path / "trips.csv").write_text(GOOD)
    refuses(SOURCE, "trip.csv", source="trip.csv")


def test_directory_without_data(refuses, tmp_path):
    (tmp_path / "empty").mkdir()
    refuses(SOURCE, "empty", source="empty")


def test_glob_without_matches(refuses):
    refuses(SOURCE, "*.nothing", source="*.nothing", more=["--from", "csv"])


# --- text that is not what it says ----------------------------------------------------------------------------------


def test_empty_file(refuses):
    refuses(BAD_INPUT, "in.csv", data=b"")


def test_header_only_is_zero_rows(headrace, tmp_path):
    (tmp_path / "in.csv").write_text("id,name\n")
    done = headrace("convert", "in.csv", "out.parquet")
    assert done.exit_code == 0, done.stderr
    table = pq.read_table(tmp_path / "out.parquet")
    assert (table.num_rows, table.column_names) == (0, ["id", "name"])


def test_binary_file_as_csv(refuses):
    refuses(BAD_INPUT, "in.csv", data=bytes(range(256)) * 64)


def test_truncated_gzip(refuses):
    rows = "".join(f"{i},name{i * 7919 % 100003},{i / 8}\n" for i in range(20_000))
    packed = gzip.compress(("id,name,amount\n" + rows).encode())
    refuses(BAD_INPUT, "in.csv.gz", data=packed[: len(packed) // 2], source="in.csv.gz")


def test_quote_never_closed(refuses):
    refuses(BAD_INPUT, "in.csv", "quote", data='id,name\n1,"ada\n2,bob\n3,eve\n')


def test_quote_never_closed_deep_in_a_file(refuses):
    rows = [f'{i},"name {i}"' for i in range(20_000)]
    rows[15_000] = '15000,"name'
    refuses(BAD_INPUT, "in.csv", "quote", data="id,name\n" + "\n".join(rows) + "\n")


def test_row_too_short(refuses):
    refuses(BAD_INPUT, "in.csv:3", data="a,b,c\n1,2,3\n4,5\n6,7,8\n", more=["--delimiter", ","])


def test_row_too_long(refuses):
    refuses(BAD_INPUT, "in.csv:3", data="a,b,c\n1,2,3\n4,5,6,7\n6,7,8\n", more=["--delimiter", ","])


def test_field_of_40_megabytes(headrace, tmp_path):
    field = "x" * (40 << 20)
    (tmp_path / "in.csv").write_text(f"id,text\n1,short\n2,{field}\n3,end\n")
    done = headrace("convert", "in.csv", "out.parquet", "--memory", "512MiB")
    if done.exit_code == 0:  # held in the budget: then whole
        lengths = [len(text) for text in pq.read_table(tmp_path / "out.parquet")["text"].to_pylist()]
        assert lengths == [5, 40 << 20, 3]
    else:
        assert done.exit_code in (BUDGET, BAD_INPUT), done.stderr
        assert_one_error(done, done.exit_code, "in.csv:3")
        assert_nothing_published(tmp_path)
    assert done.peak_rss_bytes <= 512 << 20


def test_invalid_utf8(refuses):
    refuses(BAD_INPUT, "in.csv:3", "UTF-8", "--encoding", data=b"id,name\n1,ada\n2,b\xe9b\n")


def test_value_that_does_not_fit_at_row_five_million(refuses, tmp_path):
    block = b"".join(b"%d\n" % (i % 997) for i in range(100_000))
    with open(tmp_path / "in.csv", "wb") as file:
        file.write(b"a\n")
        for _ in range(49):
            file.write(block)
        file.write(block[: block.rindex(b"\n", 0, -1) + 1] + b"many\n17\n")
    done = refuses(BAD_INPUT, "in.csv:5000001", "many", more=["--types", "a:int32"])
    assert "a" in done.error_line


# --- plans that cannot be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [["--select", "nmae"], ["--where", "nmae = 'ada'"], ["--derive", "x=upper(nmae)"]],
)
def test_unknown_column_suggests_the_nearest(refuses, more):
    refuses(INVALID, "nmae", "name", data=GOOD, more=more)


def test_unknown_partition_column_suggests_the_nearest(headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    assert_one_error(headrace("convert", "in.csv", "out", "--partition-by", "nmae"), INVALID, "nmae", "name")
    assert_nothing_published(tmp_path, "out")


@pytest.mark.parametrize(
    "expression",
    ["name + 1", "amount = 'ten'", "upper(id)", "no_such_function(id)", "id +", "(id", "id between 1", "amount"],
)
def test_wrong_expression(refuses, expression):
    refuses(INVALID, data=GOOD, more=["--where", expression])


@pytest.mark.parametrize(
    "arguments",
    [
        ["convert"],
        ["convert", "in.csv"],
        ["convret", "in.csv", "out.parquet"],
        ["convert", "in.csv", "out.parquet", "--partition", "a"],
        ["convert", "in.csv", "out.parquet", "--threads", "many"],
        ["convert", "in.csv", "out.parquet", "--mode", "sometimes"],
    ],
)
def test_usage(headrace, tmp_path, arguments):
    (tmp_path / "in.csv").write_text(GOOD)
    done = headrace(*arguments)
    assert done.exit_code == USAGE, done.stderr
    assert done.stderr.strip(), "a usage error said nothing"
    assert_nothing_published(tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\nsources: [{id: a, path: in.csv}]\nsink: {path: out}\nsurprise: 1\n", "p.yaml:4:1"),
        ("version: 1\nversion: 1\nsources: [{id: a, path: in.csv}]\nsink: {path: out}\n", "p.yaml:2:1"),
        ("version: 1\nsources: [{id: a, path: in.csv\nsink: {path: out}\n", "p.yaml:"),
        ("version: 9\nsources: [{id: a, path: in.csv}]\nsink: {path: out}\n", "p.yaml:1:"),
    ],
)
def test_wrong_pipeline_file(headrace, tmp_path, text, place):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "p.yaml").write_text(text)
    assert_one_error(headrace("run", "p.yaml"), INVALID, place)
    assert_nothing_published(tmp_path, "out")


# --- targets ----------------------------------------------------------------------------------------------------------


def test_target_file_exists(headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "out.parquet").write_text("someone's work")
    assert_one_error(headrace("convert", "in.csv", "out.parquet"), SINK, "out.parquet", "overwrite")
    assert (tmp_path / "out.parquet").read_text() == "someone's work"


def test_target_dataset_exists(headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept.parquet").write_text("someone's work")
    assert_one_error(headrace("convert", "in.csv", "out", "--partition-by", "name"), SINK, "out", "overwrite")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept.parquet"]


def test_target_below_a_file(headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "file").write_text("not a directory")
    assert_one_error(headrace("convert", "in.csv", "file/out.parquet"), SINK, "file")


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB below tmp_path; needs the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "headrace-test", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"SKIPPED: no small file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("target", ["disk/out.parquet", "disk/out"])
def test_disk_full(headrace, tmp_path, small_disk, target):
    state = 1
    with open(tmp_path / "in.csv", "w") as file:
        file.write("a,b\n")
        for _ in range(300_000):  # numbers that do not compress
            state = state * 6364136223846793005 % (1 << 64)
            file.write(f"{state >> 2},{state & 0xFFFFFFF}\n")
    done = headrace("convert", "in.csv", target, "--types", "a:int64,b:int64")
    assert_one_error(done, BUDGET, "disk")
    assert_nothing_published(tmp_path, target)
    used = sum(path.stat().st_size for path in small_disk.rglob("*") if path.is_file())
    assert used < 4096, "the failed run kept its staged bytes on the full disk"


def test_read_only_target(headrace, tmp_path, small_disk):
    (tmp_path / "in.csv").write_text(GOOD)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert_one_error(headrace("convert", "in.csv", "disk/out.parquet"), SINK, "disk")


def test_two_runs_on_one_target(headrace_binary, headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    command = [headrace_binary, "convert", "-", "out", "--from", "csv", "--all-strings", "--partition-by", "name"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as first:
        try:
            first.stdin.write(GOOD.encode())
            first.stdin.flush()
            deadline = time.monotonic() + 10
            while not (tmp_path / ".out.headrace" / "lock").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(0.2)
            assert_one_error(headrace("convert", "in.csv", "out", "--partition-by", "name"), LOCKED, "out")
            first.stdin.close()
            assert first.wait(timeout=30) == 0, first.stderr.read()
        finally:
            if first.poll() is None:
                first.kill()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["name=ada", "name=bob", "name=eve"]


def test_budget_below_the_floor(refuses):
    done = refuses(BUDGET, "MiB", data=GOOD, more=["--memory", "8MiB"])
    assert "--memory" in done.stderr or "memory" in done.error_line


# --- Parquet inputs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def parquet_bytes(tmp_path) -> bytes:
    table = pa.table({"a": list(range(50_000)), "b": [f"text {i * 7919 % 10007}" for i in range(50_000)]})
    pq.write_table(table, tmp_path / "good.parquet", compression="zstd", row_group_size=10_000)
    return (tmp_path / "good.parquet").read_bytes()


def test_parquet_cut_short(refuses, parquet_bytes):
    refuses(BAD_INPUT, "in.parquet", data=parquet_bytes[: len(parquet_bytes) * 2 // 3], source="in.parquet")


def test_parquet_corrupted_footer(refuses, parquet_bytes):
    broken = bytearray(parquet_bytes)
    length = int.from_bytes(broken[-8:-4], "little")
    for at in range(len(broken) - 8 - length, len(broken) - 8, 3):
        broken[at] ^= 0x5A
    refuses(BAD_INPUT, "in.parquet", data=bytes(broken), source="in.parquet")


def test_parquet_footer_length_out_of_range(refuses, parquet_bytes):
    broken = parquet_bytes[:-8] + (0x7FFFFFF0).to_bytes(4, "little") + b"PAR1"
    refuses(BAD_INPUT, "in.parquet", data=broken, source="in.parquet")


def test_parquet_corrupted_page(refuses, parquet_bytes, tmp_path):
    column = pq.ParquetFile(tmp_path / "good.parquet").metadata.row_group(2).column(1)
    broken = bytearray(parquet_bytes)
    middle = column.data_page_offset + column.total_compressed_size // 3
    for at in range(middle, middle + 200):
        broken[at] ^= 0xFF
    refuses(BAD_INPUT, "in.parquet", data=bytes(broken), source="in.parquet")


def test_parquet_that_is_none(refuses):
    refuses(BAD_INPUT, "in.parquet", data=GOOD, source="in.parquet")
