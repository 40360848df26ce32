"""Pipeline files from outside: what validate refuses before a run does, and what a run says of itself."""

from __future__ import annotations

import json
import subprocess

import pytest
from test_cli_errors import BAD_INPUT, GOOD, INVALID, SINK, assert_one_error

SOURCE = "version: 1\nsources:\n  - { id: people, path: in.csv }\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\nsources: [{path: in.csv, format: exel}]\nsink: {path: out}\n", "p.yaml:2:34: 'exel'"),
        ("version: 1\nsources: [{path: in.csv, csv: {encoding: klingon}}]\nsink: {path: out}\n", "p.yaml:2:42:"),
        ("version: 1\nsources: [{path: in.csv, csv: {delimiter: '\"'}}]\nsink: {path: out}\n", "p.yaml:2:43:"),
        (SOURCE + "sink: {path: out, parquet: {compression: zstdd}}\n", "did you mean 'zstd'?"),
        (SOURCE + "sink: {path: out, mode: overwrite_partitions}\n", "p.yaml:4:7:"),
        (SOURCE + "sink: {path: 's3://bucket/out'}\n", "p.yaml:4:14:"),
        (SOURCE + "sink: {path: out.parquet, mode: append}\n", "p.yaml:4:33:"),
        (SOURCE + "sink: {path: out}\nresources: {streaming_threshold: few}\n", "p.yaml:5:34"),
        (SOURCE + "sink: {path: out}\nresources: {memory: {high: 70%}}\n", "out of order"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "run"])
def test_refused_with_its_place(headrace, tmp_path, command, text, place):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "p.yaml").write_text(text)
    assert_one_error(headrace(command, "p.yaml"), INVALID, place)
    assert not (tmp_path / "out").exists()


def test_a_filter_of_the_wrong_type_keeps_its_place(headrace, tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n2\n")
    (tmp_path / "q.yaml").write_text(SOURCE + "steps:\n  - filter: \"a = 'abc'\"\nsink: {path: out}\n")
    assert_one_error(headrace("run", "q.yaml"), INVALID, "q.yaml:5:13: filter:")


def test_a_value_that_cannot_be_computed_names_its_step(headrace, tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n0\n")
    (tmp_path / "q.yaml").write_text(SOURCE + "steps:\n  - derive: { b: 10 % a }\nsink: {path: out}\n")
    assert_one_error(headrace("run", "q.yaml"), BAD_INPUT, "q.yaml:5:", "10 % a", "a = 0")


def test_the_report_carries_the_names_of_pipeline_and_source(headrace, tmp_path):
    (tmp_path / "in.csv").write_text(GOOD)
    (tmp_path / "p.yaml").write_text("name: everyone\n" + SOURCE + "sink: {path: out}\n")
    done = headrace("run", "p.yaml", "--report", "report.json")
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["name"] == "everyone"
    assert [entry["source"] for entry in report["inputs"]] == ["people"]
    assert [stage["name"] for stage in report["stages"]] == ["source", "sink"]


def test_version_names_arrow(headrace_binary):
    done = subprocess.run([headrace_binary, "--version"], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("headrace 0.")
    assert lines[1].startswith("arrow ")


@pytest.mark.parametrize("json_wanted", [False, True])
def test_standard_output_that_cannot_be_written(headrace_binary, json_wanted):
    form = ["--log-format", "json"] if json_wanted else []
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [headrace_binary, *form, "completions", "bash"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == SINK, done.stderr
    if json_wanted:
        assert json.loads(done.stderr)["code"] == "E0690"
    else:
        assert done.stderr.startswith("error E0690 (sink): ")
