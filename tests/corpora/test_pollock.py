"""Polluted CSV files: what is spoilt as a whole is read as if it were not, one bad record costs that record alone."""

from __future__ import annotations

import pollock
import pytest


@pytest.mark.parametrize("case", list(pollock.whole_file_cases()), ids=lambda case: case.kind)
def test_a_file_spoilt_as_a_whole(case, tmp_path):
    # Of two tables in one file the narrower one is bad rows of the other.
    expected = 9.7 if case.kind == "multitable_less" else 10.0
    assert pollock.score_of("headrace", case, tmp_path) >= expected


@pytest.mark.parametrize("kind", ["row_less_sep", "row_more_sep", "row_extra_quote", "row_field_delimiter"])
@pytest.mark.parametrize("place", [(1, 1), (40, 6), (83, 8)])
def test_one_spoilt_record(kind, place, tmp_path):
    assert pollock.score_of("headrace", pollock.spoil(kind, *place), tmp_path) >= 9.92
