"""headrace fsck: clean datasets are clean, also those of other writers, and each kind of damage is one line."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from test_cli_errors import SOURCE

PROBLEMS = 5
ROWS = 20_000


@pytest.fixture
def dataset(headrace, tmp_path):
    lines = [f"{n},{n % 3},{n / 7:.3f},text {n * 31 % 977}" for n in range(ROWS)]
    (tmp_path / "in.csv").write_text("id,k,x,text\n" + "\n".join(lines) + "\n")
    done = headrace("convert", "in.csv", "out", "--partition-by", "k", "--row-group-rows", "2000")
    assert done.exit_code == 0, done.stderr
    return tmp_path / "out"


@pytest.fixture
def fsck(headrace):
    def run(target, *more):
        done = headrace("fsck", target, "--format", "json", *more)
        assert done.exit_code in (0, PROBLEMS), done.stderr
        report = json.loads(done.stdout)
        assert (done.exit_code == 0) == report["clean"] == (report["problem_count"] == 0)
        return report

    return run


def kinds(report):
    return [problem["kind"] for problem in report["problems"]]


def part_of(dataset, key):
    return next((dataset / key).glob("*.parquet"))


@pytest.mark.parametrize("depth", [[], ["--deep"]])
def test_what_a_run_published_is_clean(headrace, dataset, fsck, depth):
    report = fsck(dataset, *depth)
    assert (report["problems"], report["rows"], report["partitions"]) == ([], ROWS, 3)
    assert report["last_run"] and report["notes"] == []
    assert headrace("convert", "in.csv", "out", "--partition-by", "k", "--mode", "append").exit_code == 0
    report = fsck(dataset, *depth)
    assert (report["problems"], report["rows"]) == ([], 2 * ROWS)
    again = ["--mode", "overwrite-partitions", "--where", "k = 1"]
    assert headrace("convert", "in.csv", "out", "--partition-by", "k", *again).exit_code == 0
    assert fsck(dataset, *depth)["problems"] == []


def test_text_is_one_line_each(headrace, dataset):
    done = headrace("fsck", "out")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"{dataset}: clean: 20,000 rows in 3 files") and done.stdout.count("\n") == 1
    (dataset / "k=1/x.tmp").write_text("")
    done = headrace("fsck", "out")
    lines = done.stdout.splitlines()
    assert done.exit_code == PROBLEMS and len(lines) == 3, done.stdout
    assert lines[0].startswith(f"leftover: {dataset}/k=1/x.tmp: ")
    assert lines[1].startswith("ledger: ") and "files in all" in lines[1]
    assert lines[2].startswith(f"{dataset}: 2 problems: ")


def test_every_page_has_a_checksum_that_deep_verifies(dataset, fsck):
    part = part_of(dataset, "k=2")
    content = bytearray(part.read_bytes())
    column = pq.ParquetFile(part).metadata.row_group(1).column(1)  # x: one bit inside a compressed page
    content[column.data_page_offset + column.total_compressed_size - 9] ^= 4
    part.write_bytes(content)
    assert fsck(dataset)["problems"] == []
    report = fsck(dataset, "--deep")
    assert kinds(report) == ["damaged_column"]
    message = report["problems"][0]["message"]
    assert "row group 1, column 'x'" in message and part.name in message and "CRC" in message, message


def test_no_flipped_byte_changes_a_value_unnoticed(headrace, tmp_path, fsck):
    (tmp_path / "in.csv").write_text("id,text\n" + "".join(f"{n},some text {n % 50}\n" for n in range(300)))
    assert headrace("convert", "in.csv", "one.parquet").exit_code == 0
    part = tmp_path / "one.parquet"
    content = part.read_bytes()
    rows = pq.read_table(part)
    metadata = pq.ParquetFile(part).metadata.row_group(0)
    found = 0
    for column in (metadata.column(0), metadata.column(1)):
        first = column.dictionary_page_offset or column.data_page_offset
        end = first + column.total_compressed_size
        for at in range(first, end, max(1, (end - first) // 12)):
            part.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
            # Some fields of page headers mean nothing to any reader.
            if fsck(part, "--deep")["clean"]:
                assert pq.read_table(part) == rows, f"byte {at} was changed unnoticed"
            else:
                found += 1
    assert found >= 15
    part.write_bytes(content)
    assert fsck(part, "--deep")["problems"] == []


def test_a_cut_file_and_a_missing_one(dataset, fsck):
    part = part_of(dataset, "k=0")
    part.write_bytes(part.read_bytes()[:-5])
    report = fsck(dataset)
    assert kinds(report)[0] == "damaged_file" and set(kinds(report)) == {"damaged_file", "ledger"}
    part.unlink()
    report = fsck(dataset)
    assert set(kinds(report)) == {"ledger"}
    assert any("files of the last run" in problem["message"] for problem in report["problems"])


def test_statistics_are_held_against_the_values(tmp_path, fsck):
    """The same file with another footer: its column is said to end at 5."""
    honest, liar = tmp_path / "honest.parquet", tmp_path / "liar.parquet"
    pq.write_table(pa.table({"n": pa.array([1, 2, 9], pa.int64())}), honest, use_dictionary=False)
    content = honest.read_bytes()
    nine, five = (9).to_bytes(8, "little"), (5).to_bytes(8, "little")
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    assert nine in content[footer:]
    liar.write_bytes(content[:footer] + content[footer:].replace(nine, five))
    assert fsck(honest, "--deep")["problems"] == []
    report = fsck(liar, "--deep")
    assert kinds(report) == ["wrong_statistics"]
    assert "no value is above 5, there is 9" in report["problems"][0]["message"]


def test_names_that_readers_disagree_about(dataset, fsck):
    part = part_of(dataset, "k=1")
    for name in ("k=", "k=01", "k=__hive_default_partition__", "plain", "_temporary/0", "j=1", "k=5/l=1", "k=%FF"):
        (dataset / name).mkdir(parents=True)
        shutil.copy(part, dataset / name / "a.parquet")
    (dataset / "k=1/link.parquet").symlink_to(part)
    (dataset / "notes.txt").write_text("hello")
    (dataset / "_SUCCESS").write_text("")
    found = {problem["path"].removeprefix(f"{dataset}/"): problem for problem in fsck(dataset)["problems"]}
    found.pop(str(dataset))  # the ledger's counts
    assert {path: problem["kind"] for path, problem in found.items()} == {
        "k=": "partition_path",
        "k=1": "partition_path",
        "k=__hive_default_partition__": "partition_path",
        "k=%FF": "partition_path",
        "plain": "partition_path",
        "j=1": "partition_path",
        "k=5/l=1": "partition_path",
        "_temporary": "leftover",
        "k=1/link.parquet": "foreign_entry",
        "notes.txt": "foreign_entry",
    }
    assert "k=01 is the other" in found["k=1"]["message"]


def test_files_of_other_schemas(tmp_path, fsck):
    (tmp_path / "out").mkdir()
    pq.write_table(pa.table({"id": [1], "x": [0.5]}), tmp_path / "out/a.parquet")
    pq.write_table(pa.table({"id": ["1"], "x": [0.5]}), tmp_path / "out/b.parquet")
    report = fsck("out")
    assert kinds(report) == ["other_schema"]
    assert "'id' is string here and int64 in" in report["problems"][0]["message"]
    pq.write_table(pa.table({"id": [1]}), tmp_path / "out/b.parquet")
    report = fsck("out")
    assert report["clean"] and any("column 'x' is in 1 of 2 files" in note for note in report["notes"])
    required = pa.schema([pa.field("id", pa.int64()), pa.field("x", pa.float64(), nullable=False)])
    pq.write_table(pa.table({"id": [1], "x": [0.5]}, required), tmp_path / "out/a.parquet")
    assert kinds(fsck("out")) == ["other_schema"]


def test_a_dataset_that_others_wrote(tmp_path, fsck):
    values = {
        "k": ["a", "b", None, "a"],
        "n": pa.array([1, None, -3, 4], pa.int16()),
        "u": pa.array([1, 2, 2**63, 4], pa.uint64()),
        "x": [float("nan"), -0.0, 0.0, 1.5],
        "t": pa.array([0, 1, 2, 3], pa.timestamp("ms", "Europe/Berlin")),
        "d": pa.array([0, 1, 2, 3], pa.date32()),
        "m": pa.array([1, 2, 3, None], pa.decimal128(20, 0)),
        "s": ["ä", "", None, "z"],
        "b": [True, False, None, True],
        "y": [b"\xff", b"", b"\x00", None],
        "l": [[1, 2], [], None, [None]],
        "st": [{"a": 1}, None, {"a": None}, {"a": 2}],
        "dict": pa.array(["p", "q", "p", None]).dictionary_encode(),
    }
    ds.write_dataset(
        pa.table(values), tmp_path / "out", format="parquet", partitioning=["k"], partitioning_flavor="hive"
    )
    report = fsck("out", "--deep")
    assert (report["problems"], report["rows"], report["last_run"]) == ([], 4, "")
    assert any("no ledger" in note for note in report["notes"])


def test_a_copied_dataset_is_not_held_against_a_ledger_of_another(dataset, tmp_path, fsck):
    shutil.copytree(dataset, tmp_path / "copy")
    shutil.copytree(tmp_path / ".out.headrace", tmp_path / ".copy.headrace")
    next((tmp_path / "copy/k=1").glob("*")).unlink()
    report = fsck("copy")
    assert report["clean"] and any("copied, restored or replaced" in note for note in report["notes"])


def test_a_big_file_is_read_in_little_memory(headrace, tmp_path):
    table = pa.table({"a": pa.array(range(2_000_000), pa.int64()), "b": pa.array(["x" * 50] * 2_000_000)})
    pq.write_table(table, tmp_path / "big.parquet", use_dictionary=False, compression="none", row_group_size=2_000_000)
    done = headrace("fsck", "big.parquet", "--deep", "--memory", "64MiB")
    assert done.exit_code == 0, done.stdout + done.stderr
    assert done.peak_rss_bytes < 64 << 20


def test_nothing_there(headrace):
    done = headrace("fsck", "nowhere")
    assert done.exit_code == SOURCE and done.stderr.startswith("error E0301"), done.stderr
