"""What is added to a dataset fits it: a difference of schema or layout is refused before anything is written."""

from __future__ import annotations

import os

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_cli_errors import BAD_INPUT, SINK, assert_one_error

FIRST = "id,name,fare\n1,ada,10.5\n2,bob,20.25\n"


@pytest.fixture
def dataset(headrace, tmp_path):
    """`out` with one file of columns id, name and fare, and a function that adds a text to it."""
    (tmp_path / "in.csv").write_text(FIRST)
    done = headrace("convert", "in.csv", "out")
    assert done.exit_code == 0, done.stderr

    def add(text: str, *more: str, mode: str = "append"):
        (tmp_path / "in.csv").write_text(text)
        return headrace("convert", "in.csv", "out", "--mode", mode, *more)

    return add


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def rows(folder):
    return (
        duckdb.connect()
        .sql(f"SELECT count(*) FROM read_parquet('{folder}/**/*.parquet', union_by_name = true)")
        .fetchall()[0][0]
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("id,name,fare\nx,ada,1.5\n", ("E0653", "'id' is int64 in ", "/out/part-", "string now")),
        ("id,name\n3,eve\n", ("E0652", "'fare' is double in ", "/out/part-")),
        ("id,name,fare,tip\n3,eve,1.5,2\n", ("E0654", "'tip' is int64 now", "--allow-new-columns")),
        ("id,Name,fare\n3,eve,1.5\n", ("E0652", "'name' is string", "'Name'")),
    ],
)
def test_another_schema_is_refused_and_nothing_changes(dataset, tmp_path, text, parts):
    before = tree(tmp_path / "out"), tree(tmp_path / ".out.headrace")
    done = dataset(text, "--report", "-")
    assert_one_error(done, SINK, *parts)
    assert (tree(tmp_path / "out"), tree(tmp_path / ".out.headrace")) == before
    assert '"rows_in": 0' in done.stdout, "rows were read before the refusal"


def test_the_plan_says_it_before_the_run(headrace, dataset, tmp_path):
    (tmp_path / "in.csv").write_text("id,name\n3,eve\n")
    assert_one_error(headrace("plan", "in.csv", "out", "--mode", "append"), SINK, "E0652", "'fare'")


def test_the_same_columns_in_another_order_are_added(dataset, tmp_path):
    done = dataset("fare,name,id\n1.5,eve,3\n")
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(tmp_path / "out").sort_by("id").column("name").to_pylist() == ["ada", "bob", "eve"]


def test_a_new_column_can_be_allowed(dataset, headrace, tmp_path):
    text = "id,name,fare,tip\n3,eve,1.5,2\n"
    done = dataset(text, "--allow-new-columns", "-v")
    assert done.exit_code == 0, done.stderr
    assert "column 'tip' is new to the dataset" in done.stderr
    relation = f"read_parquet('{tmp_path}/out/*.parquet', union_by_name = true)"
    assert duckdb.connect().sql(f"SELECT id, tip FROM {relation} ORDER BY id").fetchall() == [
        (1, None),
        (2, None),
        (3, 2),
    ]
    # From now on it is a column of the dataset: the same again needs no flag, and leaving it out is refused.
    assert dataset(text).exit_code == 0
    assert_one_error(dataset(FIRST), SINK, "E0652", "'tip'")


def test_a_pipeline_allows_new_columns(dataset, headrace, tmp_path):
    (tmp_path / "in.csv").write_text("id,name,fare,tip\n3,eve,1.5,2\n")
    pipeline = "version: 1\nsources: [{path: in.csv}]\nsink: {path: out, mode: append, allow_new_columns: %s}\n"
    (tmp_path / "p.yaml").write_text(pipeline % "false")
    assert_one_error(headrace("run", "p.yaml"), SINK, "E0654")
    (tmp_path / "p.yaml").write_text(pipeline % "true")
    assert headrace("run", "p.yaml").exit_code == 0


@pytest.mark.parametrize("mode", ["append", "overwrite-partitions"])
def test_other_partition_keys_are_refused(headrace, tmp_path, mode):
    (tmp_path / "in.csv").write_text(FIRST)
    assert headrace("convert", "in.csv", "out", "--partition-by", "id,name").exit_code == 0
    for keys in ("name,id", "id", "name"):
        done = headrace("convert", "in.csv", "out", "--mode", mode, "--partition-by", keys)
        assert_one_error(done, SINK, "E0650", "partitions by id, name in ", "/out/id=1/name=ada")
    done = headrace("convert", "in.csv", "out", "--mode", mode, "--partition-by", "id,name")
    assert done.exit_code == 0, done.stderr
    (tmp_path / "in.csv").write_text(FIRST.replace("1,", "x,"))
    done = headrace("convert", "in.csv", "out2", "--partition-by", "id,name")
    done = headrace("convert", "in.csv", "out2", "--mode", mode, "--partition-by", "id,name", "--types", "id:string")
    assert done.exit_code == 0, done.stderr
    (tmp_path / "in.csv").write_text(FIRST)
    done = headrace("convert", "in.csv", "out2", "--mode", mode, "--partition-by", "id,name")
    assert_one_error(done, SINK, "E0651", "'x' in ", "/out2/id=x")


def test_a_dataset_without_partitions_gets_none(headrace, dataset):
    done = dataset(FIRST, "--partition-by", "name")
    assert_one_error(done, SINK, "E0650", "/out/part-")
    assert dataset(FIRST, "--partition-by", "name", mode="overwrite").exit_code == 0
    assert_one_error(dataset(FIRST), SINK, "E0650", "no partitions now")


def test_files_of_other_writers_fit(headrace, tmp_path):
    table = pa.table({"id": [1], "name": pa.array(["x"], pa.large_string()), "fare": [0.5]})
    (tmp_path / "out").mkdir()
    pq.write_table(table, tmp_path / "out/a.parquet")
    (tmp_path / "in.csv").write_text(FIRST)
    done = headrace("convert", "in.csv", "out", "--mode", "append")
    assert done.exit_code == 0, done.stderr
    # What headrace adds to it can read as well.
    done = headrace("convert", "out", "again.parquet")
    assert done.exit_code == 0, done.stderr
    assert pq.read_table(tmp_path / "again.parquet").num_rows == 3


def test_a_damaged_file_of_the_dataset_stops_the_run(dataset, tmp_path):
    part = next((tmp_path / "out").glob("part-*"))
    os.truncate(part, part.stat().st_size - 3)
    assert_one_error(dataset(FIRST), SINK, "E0656", part.name, "headrace fsck")
    assert dataset(FIRST, mode="overwrite").exit_code == 0
    assert rows(tmp_path / "out") == 2


def test_bad_rows_are_still_the_inputs_fault(dataset, tmp_path):
    assert_one_error(dataset("id,name,fare\n3,eve,abc\n", "--types", "fare:double"), BAD_INPUT, "'abc'")
