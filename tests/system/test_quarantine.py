"""Bad rows put aside: where they go, what they cost, and what a run says of them."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import measure
import pyarrow.parquet as pq
import pytest
from budgets import MIB, smallest_accepted_mib

BAD_INPUT = 9


def convert(binary: Path, folder: Path, *arguments: object) -> measure.Measurement:
    return measure.run(
        [binary, "convert", *map(str, arguments), "--bad-rows", "quarantine", "--report", "report.json"], cwd=folder
    )


def rejects_beside(output: Path) -> list[Path]:
    return sorted((output.parent / f".{output.name}.headrace" / "quarantine").glob("*"))


def write_rows(path: Path, rows: int, bad_share: float) -> None:
    """Eight columns of a usual width; a bad row has no number in its third."""
    seed = int(os.environ.get("HEADRACE_SEED", "7"))
    rng = random.Random(seed)
    with path.open("w") as file:
        file.write("id,day,fare,tip,zone,note,a,b\n")
        for i in range(rows):
            fare = "n/a" if rng.random() < bad_share else f"{i % 9000}.{i % 100:02}"
            file.write(
                f"{i},2024-01-{1 + i % 28:02},{fare},{i % 70}.5,zone {i % 260},some words on row {i},{i * 7},{i % 3}\n"
            )


TYPES = "id:int64,day:date,fare:decimal(9,2),tip:double,zone:string,note:string,a:int64,b:int32"


@pytest.mark.parametrize("output", ["out", "out.parquet"])
def test_rejects_are_published_with_the_output(headrace_binary, tmp_path, output):
    (tmp_path / "in.csv").write_bytes(b"a,b\n1,x\n2\n3,\xff\n4,y\n")
    done = convert(headrace_binary, tmp_path, "in.csv", output)
    assert done.exit_code == 0, done.stderr
    assert "2 rows, " in done.stderr and ", 2 rows quarantined, " in done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["rows_in"], report["rows_out"], report["rows_rejected"]) == (4, 2, 2)
    assert report["inputs"][0]["rejects"] == 2
    assert report["quarantine"]["reasons"] == [
        {"reason": "invalid_utf8", "rows": 1},
        {"reason": "too_few_fields", "rows": 1},
    ]
    [file] = rejects_beside(tmp_path / output)
    assert Path(report["quarantine"]["path"]).samefile(file)
    assert file.name == f"{report['run_id']}.parquet"
    assert pq.read_table(file).to_pydict() == {
        "file": ["in.csv", "in.csv"],
        "line": [3, 4],
        "byte_offset": [8, 10],
        "column": [None, None],
        "reason_code": ["too_few_fields", "invalid_utf8"],
        "reason": ["1 fields instead of 2", "byte 0xff at byte 12 is not UTF-8"],
        "raw": [b"2", b"3,\xff"],
    }
    # A second run has a file of its own; a clean one has none.
    again = convert(headrace_binary, tmp_path, "in.csv", output, "--mode", "overwrite")
    assert again.exit_code == 0 and len(rejects_beside(tmp_path / output)) == 2
    (tmp_path / "clean.csv").write_text("a,b\n1,x\n")
    clean = convert(headrace_binary, tmp_path, "clean.csv", output, "--mode", "overwrite")
    assert clean.exit_code == 0 and len(rejects_beside(tmp_path / output)) == 2
    vacuum = measure.run([headrace_binary, "vacuum", output, "--older-than", "0s"], cwd=tmp_path)
    if output == "out":
        assert vacuum.exit_code == 0, vacuum.stderr
        assert rejects_beside(tmp_path / output) == []


@pytest.mark.parametrize(
    ("limit", "code"),
    [("2", None), ("1", "E0430"), ("0", "E0430"), ("50%", None), ("49.9%", "E0431"), ("100%", None), (None, None)],
)
def test_limits(headrace_binary, tmp_path, limit, code):
    (tmp_path / "in.csv").write_text("a,b\n1,x\n2\n3,y,z\n4,y\n")
    done = convert(headrace_binary, tmp_path, "in.csv", "out", *([] if limit is None else ["--max-bad-rows", limit]))
    assert done.exit_code == (BAD_INPUT if code else 0), done.stderr
    assert (tmp_path / "out").exists() == (code is None)
    if code:
        assert code in done.stderr and "in.csv:3 (byte 8)" in done.stderr
        assert not (tmp_path / ".out.headrace").exists(), "a refused run leaves nothing behind"


def test_not_one_good_row(headrace_binary, tmp_path):
    (tmp_path / "in.csv").write_text("a,b\n1\n2\n")
    done = convert(headrace_binary, tmp_path, "in.csv", "out", "--delimiter", ",")
    assert done.exit_code == BAD_INPUT and "E0432" in done.stderr
    allowed = convert(headrace_binary, tmp_path, "in.csv", "out", "--delimiter", ",", "--max-bad-rows", "100%")
    assert allowed.exit_code == 0, allowed.stderr


def check_what_half_bad_costs(headrace_binary, tmp_path, ending: str, types: str, *more) -> None:
    """`clean` and `half` with this ending, side by side: within the budget, and not many times the CPU seconds."""
    seconds = {}
    for name in ["clean", "half"]:
        flags = ["--types", types, "--memory", "128MiB", *more]
        done = convert(headrace_binary, tmp_path, f"{name}{ending}", f"{name}.parquet", *flags)
        assert done.exit_code == 0, done.stderr
        assert done.peak_rss_bytes <= 128 * MIB
        seconds[name] = json.loads((tmp_path / "report.json").read_text())["cpu_seconds"]
    print(f"CPU: clean {seconds['clean']:.2f} s, half bad {seconds['half']:.2f} s")
    assert seconds["half"] <= 8 * seconds["clean"], seconds


def test_what_half_bad_costs(headrace_binary, tmp_path):
    """Each reject is written with its text and a reason of its own, which is more than such a good row takes."""
    write_rows(tmp_path / "clean.csv", 150_000, 0)
    write_rows(tmp_path / "half.csv", 150_000, 0.5)
    check_what_half_bad_costs(headrace_binary, tmp_path, ".csv", TYPES)


def test_the_budget_holds_from_the_floor_on(headrace_binary, tmp_path):
    write_rows(tmp_path / "half.csv", 60_000, 0.5)

    def run(mib: int) -> measure.Measurement:
        for old in tmp_path.glob("out.parquet"):
            old.unlink()
        return convert(
            headrace_binary,
            tmp_path,
            "half.csv",
            "out.parquet",
            "--types",
            TYPES,
            "--memory",
            f"{mib}MiB",
            "--threads",
            2,
        )

    floor = smallest_accepted_mib(run)
    for mib in [floor, floor + 8, 128]:
        done = run(mib)
        assert done.exit_code == 0, done.stderr
        assert done.peak_rss_bytes <= mib * MIB, f"{done.peak_rss_bytes / MIB:.1f} MiB at the peak of {mib} MiB"


def test_a_huge_bad_field(headrace_binary, tmp_path):
    huge = b"x" * (40 << 20)
    (tmp_path / "in.csv").write_bytes(b"a,b\n1,2\n" + huge + b",3\n4,5\n")
    done = convert(
        headrace_binary, tmp_path, "in.csv", "out.parquet", "--types", "a:int64,b:int64", "--memory", "256MiB"
    )
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 256 * MIB
    [file] = rejects_beside(tmp_path / "out.parquet")
    assert pq.read_table(file)["raw"].to_pylist() == [huge + b",3"]


JSON_KINDS = (
    b'{"a": 1, "b": {"c": ["x"]}}\n'
    b'{"a": 2, "b"}\n'
    b'{"a": "three"}\n'
    b'{"a": 4, "a": 5}\n'
    b"\n[6]\r\n"
    b'{"a": 7, "b": {"c": ["\xff"]}}\n'
    b'{"a": 8}'
)


def test_json_rows_are_put_aside(headrace_binary, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(JSON_KINDS)
    done = convert(headrace_binary, tmp_path, "in.jsonl", "out.parquet", "--types", "a:int64", "--line-column", "line")
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["rows_in"], report["rows_out"], report["rows_rejected"]) == (7, 2, 5)
    assert report["inputs"][0]["rejects"] == 5
    rows = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert rows == [{"a": 1, "b": {"c": ["x"]}, "line": 1}, {"a": 8, "b": None, "line": 8}]
    [file] = rejects_beside(tmp_path / "out.parquet")
    table = pq.read_table(file)
    assert table["line"].to_pylist() == [2, 3, 4, 6, 7]
    assert table["column"].to_pylist() == [None, "a", None, None, None]
    codes = ["invalid_json", "bad_value", "repeated_key", "not_an_object", "invalid_utf8"]
    assert table["reason_code"].to_pylist() == codes
    lines = JSON_KINDS.split(b"\n")
    assert table["raw"].to_pylist() == [lines[1], lines[2], lines[3], b"[6]", lines[6]]
    for offset, raw in zip(table["byte_offset"].to_pylist(), table["raw"].to_pylist(), strict=True):
        assert JSON_KINDS[offset:].startswith(raw)
    limited = convert(headrace_binary, tmp_path, "in.jsonl", "two.parquet", "--types", "a:int64", "--max-bad-rows", "4")
    assert limited.exit_code == BAD_INPUT and not (tmp_path / "two.parquet").exists()
    # Without a quarantine the first of them ends the run.
    failed = measure.run([headrace_binary, "convert", "in.jsonl", "three.parquet", "--types", "a:int64"], cwd=tmp_path)
    assert failed.exit_code == BAD_INPUT and not (tmp_path / "three.parquet").exists()


def test_half_bad_json_within_the_budget(headrace_binary, tmp_path):
    """As for CSV: of five rows three are bad, each with a text and a reason that are written."""
    for name, share in [("clean", 0), ("half", 2)]:
        with (tmp_path / f"{name}.jsonl").open("w") as file:
            for i in range(100_000):
                fare = '"n/a"' if share and i % share else f"{i % 9000}.{i % 100:02}"
                broken = "" if share and i % 5 == 0 else "}"
                file.write(
                    f'{{"id":{i},"day":"2024-01-{1 + i % 28:02}","fare":{fare},'
                    f'"place":{{"zone":"zone {i % 260}","x":{i}}},"notes":["some words","on row {i}"]{broken}\n'
                )
    check_what_half_bad_costs(headrace_binary, tmp_path, ".jsonl", "fare:decimal(9,2)", "--threads", 2)


def test_a_huge_bad_json_row(headrace_binary, tmp_path):
    huge = b'{"a": "' + b"x" * (40 << 20) + b'"}'
    (tmp_path / "in.jsonl").write_bytes(b'{"a": 1}\n' + huge + b'\n{"a": 2}\n')
    done = convert(headrace_binary, tmp_path, "in.jsonl", "out.parquet", "--types", "a:int64", "--memory", "256MiB")
    assert done.exit_code == 0, done.stderr
    assert done.peak_rss_bytes <= 256 * MIB
    [file] = rejects_beside(tmp_path / "out.parquet")
    assert pq.read_table(file)["raw"].to_pylist() == [huge]


def test_a_preview_says_what_it_left_out(headrace_binary, tmp_path):
    (tmp_path / "in.csv").write_bytes(b"a,b\n1,x\n2\n3,\xff\n4,y\n5,z\n6\n")
    looked = measure.run([headrace_binary, "preview", "in.csv", "-n", "2", "--bad-rows", "quarantine"], cwd=tmp_path)
    assert "note: 2 bad rows were left out" in looked.stderr, looked.stderr


def test_recovery_leaves_no_lock_beside_bad_rows(headrace_binary, tmp_path):
    (tmp_path / "in.csv").write_bytes(b"a,b\n1,x\n2\n")
    assert convert(headrace_binary, tmp_path, "in.csv", "out.parquet").exit_code == 0
    done = measure.run([headrace_binary, "recover", "out.parquet"], cwd=tmp_path)
    assert (done.exit_code, done.stdout) == (0, "nothing to do\n"), done.stderr
    assert [entry.name for entry in (tmp_path / ".out.parquet.headrace").iterdir()] == ["quarantine"]
    assert len(rejects_beside(tmp_path / "out.parquet")) == 1
