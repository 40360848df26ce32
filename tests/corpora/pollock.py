"""How much of polluted CSV files is read: the measure of the Pollock benchmark over files polluted the same ways.

    python tests/corpora/pollock.py [--files 200] [--seed 1] [--peer duckdb] [--keep DIR]

A table of 84 records and 9 columns is spoilt in one place at a time: a delimiter too few or too many, a stray quote,
another delimiter in one record (each for any record and column), or in the ways a whole file can be spoilt (line ends,
delimiter, quote, escape, header, preamble, several tables). The reader is told delimiter, quote, escape and lines
before the table, as in the benchmark, and to go on over bad rows: headrace puts them aside, or repairs what it can. A
file scores up to 10: success, and precision, recall and F1 of header, records and cells. Of those spoilt in one record
`--files` are drawn; what concerns the header or the whole file is always read. The mean weighs all as the benchmark
does.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[2]
RECORDS, COLUMNS = 84, 9
HEADER = ["DATE", "TIME", "Qty", "PRODUCTID", "Price", "ProductType", "ProductDescription", "URL", "Comments"]


@dataclass
class Case:
    """One file, how it is described to the reader, and what stands in it."""

    kind: str
    data: bytes
    clean: list[list[str]]  # header first
    options: dict = field(default_factory=dict)


def table() -> list[list[str]]:
    """Dates, codes, amounts, words with delimiters and quotes, an empty column: what shops export."""
    rows = [HEADER]
    for i in range(1, RECORDS):
        name = ["Trail Shoes", "Throw Pillow, Wooden", "Men's Vest", 'Table, Round 48"'][i % 4]
        text = ["Light, quick and warm, even when wet.", "Made to hold up heavy wool pants.", "A 8'9\" rod, for her."][
            i % 3
        ]
        rows.append(
            [
                f"{1 + i % 28:02}/{1 + i % 12:02}/2018",
                f"{i % 24:02}:15",
                str(i % 30),
                f"RI-{3000 + i}",
                f"${i}.{i % 10}9",
                name,
                f"{text} {i}",
                f"https://www.example.com/product/RI_{3000 + i}.html",
                "",
            ]
        )
    return rows


def cell(text: str, column: int, quote: str = '"', escape: str = '"', delimiter: str = ",") -> str:
    # Descriptions and addresses are always in quotes, the rest where it has to be.
    if column in (6, 7) or delimiter in text or quote in text:
        return quote + text.replace(quote, escape + quote) + quote
    return text


def line(row: list[str], delimiter: str = ",", end: str = "\r\n", **how: str) -> str:
    return delimiter.join(cell(text, c, delimiter=delimiter, **how) for c, text in enumerate(row)) + end


def text_of(rows: list[list[str]], **how: str) -> str:
    return "".join(line(row, **how) for row in rows)


def whole_file_cases() -> Iterator[Case]:
    rows = table()

    def case(kind: str, text: str, clean: list[list[str]] | None = None, **options: object) -> Case:
        return Case(kind, text.encode(), rows if clean is None else clean, options)

    yield case("source", text_of(rows))
    yield case("no_payload", "", [])
    yield case("no_trailing_newline", text_of(rows)[:-2])
    yield case("double_trailing_newline", text_of(rows) + "\r\n")
    names = [f"column_{c + 1}" for c in range(COLUMNS)]
    yield case("no_header", text_of(rows[1:]), [names, *rows[1:]], header=False)
    yield case("header_only", text_of(rows[:1]), rows[:1])
    yield case("one_data_row", text_of(rows[:2]), rows[:2])
    yield case("preamble", "A preamble\r\n\r\n" + text_of(rows), skip=2)
    yield case("record_delimiter_lf", text_of(rows, end="\n"))
    yield case("record_delimiter_cr", text_of(rows, end="\r"))
    for name, delimiter in (("space", " "), ("semicolon", ";"), ("tab", "\t")):
        yield case(f"field_delimiter_{name}", text_of(rows, delimiter=delimiter), delimiter=delimiter)
    yield case("quotation_char", text_of(rows, quote="'", escape="'"), quote="'", escape="'")
    yield case("escape_char_backslash", text_of(rows, escape="\\"), escape="\\")
    other = [["NAME", "CODE"], *[[f"row {i}", str(i)] for i in range(10)]]
    yield case("multitable_same", text_of(rows) + text_of(rows), [*rows, *rows])
    yield case("multitable_less", text_of(rows) + text_of(other), [*rows, *other])


def spoil(kind: str, row: int, column: int) -> Case:
    """The table with one mistake in this record and column."""
    rows = table()
    cells = [cell(text, c) for c, text in enumerate(rows[row])]
    changed = list(rows[row])
    if kind == "row_less_sep":  # not of column 0
        text = ",".join(cells[:column]) + cells[column]
        text += "".join("," + other for other in cells[column + 1 :])
        changed = next(csv.reader([text]))
    elif kind == "row_more_sep":
        text = ",".join([*cells[:column], "", *cells[column:]])
        changed.insert(column, "")
    elif kind == "row_extra_quote":
        cells[column] = '"' + cells[column]
        text = ",".join(cells)
        changed[column] = '"' + changed[column]
    else:
        text = " ".join(cell(text, c, delimiter=" ") for c, text in enumerate(rows[row]))
    data = text_of(rows[:row]) + text + "\r\n" + text_of(rows[row + 1 :])
    return Case(kind, data.encode(), [*rows[:row], changed, *rows[row + 1 :]])


def places() -> list[tuple[str, int, int]]:
    found = [("row_less_sep", row, column) for row in range(RECORDS) for column in range(1, COLUMNS)]
    for kind in ("row_more_sep", "row_extra_quote"):
        found += [(kind, row, column) for row in range(RECORDS) for column in range(COLUMNS)]
    return found + [("row_field_delimiter", row, 0) for row in range(RECORDS)]


def run_headrace(source: Path, target: Path, case: Case, bad_rows: str = "quarantine") -> bool:
    options = case.options
    binary = os.environ.get("HEADRACE", str(ROOT / "build/release/headrace"))
    command = [binary, "convert", str(source), str(target), "--from", "csv", "--all-strings", "--durability", "none"]
    command += ["--delimiter", options.get("delimiter", ","), "--quote", options.get("quote", '"')]
    command += ["--escape", options.get("escape", '"'), "--header" if options.get("header", True) else "--no-header"]
    command += ["--skip-rows", str(options.get("skip", 0)), "--bad-rows", bad_rows, "--max-bad-rows", "100%"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def run_duckdb(source: Path, target: Path, case: Case) -> bool:
    """With the settings of its own run of the benchmark: the names are told too."""
    import duckdb

    options = case.options
    names = [name or f"column_{c + 1}" for c, name in enumerate(case.clean[0] if case.clean else HEADER)]
    try:
        duckdb.read_csv(
            str(source),
            delimiter=options.get("delimiter", ","),
            quotechar=options.get("quote", '"'),
            escapechar=options.get("escape", '"'),
            header=False,
            skiprows=options.get("skip", 0) + int(options.get("header", True)),
            columns=dict.fromkeys(names, "VARCHAR"),
            auto_detect=False,
            ignore_errors=True,
            null_padding=True,
            strict_mode=False,
            parallel=False,
        ).write_parquet(str(target))
    except duckdb.Error:
        return False
    return True


def run_repairing(source: Path, target: Path, case: Case) -> bool:
    return run_headrace(source, target, case, "repair")


READERS = {"quarantine": run_headrace, "repair": run_repairing, "duckdb": run_duckdb}
OURS = ("quarantine", "repair")


def agreement(wanted: list, got: list) -> float:
    """Precision, recall and their harmonic mean, summed."""
    if not wanted:
        return 3.0
    common = sum((Counter(wanted) & Counter(got)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(wanted), common / len(got)
    return precision + recall + 2 * precision * recall / (precision + recall)


def score(case: Case, read: pa.Table | None) -> float:
    if not case.clean:
        return 10.0 if read is None or read.num_rows == 0 else 0.0
    if read is None:
        return 0.0
    rows = [[value or "" for value in row] for row in zip(*(c.to_pylist() for c in read.columns), strict=True)]
    header, body = case.clean[0], case.clean[1:]
    total = 1.0 + agreement(header, read.column_names)
    total += agreement(["".join(row) for row in body], ["".join(row) for row in rows])
    cells = [value for row in case.clean for value in row]
    return total + agreement(cells, read.column_names + [value for row in rows for value in row])


def score_of(reader: str, case: Case, folder: Path) -> float:
    source, target = folder / "in.csv", folder / "out.parquet"
    target.unlink(missing_ok=True)
    source.write_bytes(case.data)
    done = READERS[reader](source, target, case)
    return score(case, pq.read_table(target) if done and target.exists() else None)


@dataclass
class Sample:
    """Files to read: those that are certain, then those drawn."""

    cases: list[Case]
    certain: int
    everywhere: list[tuple[str, int, int]]  # of what could be drawn
    drawn: list[tuple[str, int, int]]

    def mean(self, scores: list[float]) -> float:
        """Every file once; those that were not drawn as the drawn ones of their kind."""
        total, number = sum(scores[: self.certain]), self.certain
        for kind, places_of_kind in Counter(place[0] for place in self.everywhere).items():
            drawn = zip(self.drawn, scores[self.certain :], strict=True)
            points = [score for place, score in drawn if place[0] == kind]
            if points:
                total += sum(points) / len(points) * places_of_kind
                number += places_of_kind
        return total / number


def draw(files: int, seed: int) -> Sample:
    cases = list(whole_file_cases()) + [spoil(*place) for place in places() if place[1] == 0]
    everywhere = [place for place in places() if place[1] > 0]
    drawn = random.Random(seed).sample(everywhere, min(files, len(everywhere)))
    return Sample([*cases, *(spoil(*place) for place in drawn)], len(cases), everywhere, drawn)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200, help="drawn of those spoilt in one record")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--peer", action="append", default=[], choices=sorted(set(READERS) - set(OURS)))
    parser.add_argument("--keep", type=Path, help="a folder for the spoilt files")
    arguments = parser.parse_args()
    sample = draw(arguments.files, arguments.seed)
    cases, certain = sample.cases, sample.certain
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
        for number, case in enumerate(cases):
            (arguments.keep / f"{number:04}_{case.kind}.csv").write_bytes(case.data)
    for reader in [*OURS, *arguments.peer]:
        with tempfile.TemporaryDirectory() as folder:
            scores = [score_of(reader, case, Path(folder)) for case in cases]
        kinds: dict[str, list[float]] = defaultdict(list)
        for number, (case, points) in enumerate(zip(cases, scores, strict=True)):
            header = case.kind.startswith("row_") and number < certain
            kinds[case.kind + " of the header" * header].append(points)
        for kind, points in kinds.items():
            print(f"  {reader} {kind}: {sum(points) / len(points):.3f} ({len(points)} files, least {min(points):.3f})")
        mean = sample.mean(scores)
        print(f"{reader}: {mean:.3f} of 10 (seed {arguments.seed}, {len(cases)} files)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
