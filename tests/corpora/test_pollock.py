"""Polluted CSV files: what is spoilt as a whole is read as if it were not, one bad record costs that record alone, and
repaired it costs nearly nothing."""

from __future__ import annotations

import os

import pollock
import pytest

KINDS = ["row_less_sep", "row_more_sep", "row_extra_quote", "row_field_delimiter"]


@pytest.mark.parametrize("case", list(pollock.whole_file_cases()), ids=lambda case: case.kind)
def test_a_file_spoilt_as_a_whole(case, tmp_path):
    # Of two tables in one file the narrower one is bad rows of the other.
    expected = 9.7 if case.kind == "multitable_less" else 10.0
    assert pollock.score_of("quarantine", case, tmp_path) >= expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [(1, 1), (40, 6), (83, 8)])
def test_one_spoilt_record(kind, place, tmp_path):
    assert pollock.score_of("quarantine", pollock.spoil(kind, *place), tmp_path) >= 9.92


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", [(1, 1), (2, 5), (41, 6), (83, 8)])
def test_one_repaired_record(kind, place, tmp_path):
    # What another delimiter separates is one field in a row of empty ones.
    expected = 9.9 if kind == "row_field_delimiter" else 9.995
    assert pollock.score_of("repair", pollock.spoil(kind, *place), tmp_path) >= expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_repaired_header(kind, tmp_path):
    assert pollock.score_of("repair", pollock.spoil(kind, 0, 4), tmp_path) >= 9.4


def test_the_mean_of_what_is_repaired(tmp_path):
    seed = int(os.environ.get("HEADRACE_SEED", "0")) or int.from_bytes(os.urandom(4))
    print(f"HEADRACE_SEED={seed}")
    sample = pollock.draw(60, seed)
    scores = [pollock.score_of("repair", case, tmp_path) for case in sample.cases]
    assert sample.mean(scores) >= 9.99
