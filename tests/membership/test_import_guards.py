"""Which store files are refused before they become the store data."""

from __future__ import annotations

import pytest

from eccube_sync.membership.import_guards import (
    FileCounts,
    codes_change_hands,
    expiry_moved_backwards,
    filled_column_empties,
    import_shrinks,
    members_vanish,
)
from eccube_sync.membership.verdicts import GuardNumbers

NUMBERS = GuardNumbers()


@pytest.mark.parametrize(("rows", "refused"), [(98, False), (97, True), (150, False)])
def test_a_file_that_lost_more_than_two_per_cent_is_refused(rows: int, refused: bool) -> None:
    verdict = import_shrinks(FileCounts(rows), FileCounts(100), NUMBERS)
    assert verdict.refused is refused
    assert verdict.stops == "import"


def test_the_shrink_message_says_how_many_and_gives_way_to_the_exact_number() -> None:
    message = import_shrinks(FileCounts(50), FileCounts(100), NUMBERS).message
    assert "50 rows" in message
    assert "had 100" in message
    assert "98 percent" in message
    assert "--i-expect 50" in message
    assert import_shrinks(FileCounts(50), FileCounts(100), NUMBERS, 50).overruled


def test_the_first_file_and_a_partial_one_may_have_any_number_of_rows() -> None:
    assert not import_shrinks(FileCounts(1), None, NUMBERS).refused
    assert not import_shrinks(FileCounts(1), FileCounts(100), NUMBERS, partial=True).refused


@pytest.mark.parametrize("partial", [False, True])
def test_an_empty_file_is_refused_whatever_number_is_named(partial: bool) -> None:
    verdict = import_shrinks(FileCounts(0), None, NUMBERS, 0, partial=partial)
    assert verdict.refused
    assert verdict.count is None


@pytest.mark.parametrize(("filled", "refused"), [(85, False), (84, True), (100, False)])
def test_a_column_that_empties_by_more_than_five_points_is_refused(filled: int, refused: bool) -> None:
    before = FileCounts(100, {"end_date": 90, "phone": 50})
    after = FileCounts(100, {"end_date": filled, "phone": 50})
    assert filled_column_empties(after, before, NUMBERS).refused is refused


def test_the_columns_that_emptied_are_named() -> None:
    before = FileCounts(200, {"phone": 200, "end_date": 200, "code": 200})
    after = FileCounts(100, {"end_date": 10, "code": 100})
    verdict = filled_column_empties(after, before, NUMBERS)
    assert "end_date, phone (up to 100 percentage" in verdict.message
    assert verdict.figures["columns"] == 2
    assert verdict.count == 100


def test_fill_is_not_compared_with_nothing() -> None:
    assert not filled_column_empties(FileCounts(10, {"phone": 0}), None, NUMBERS).refused
    assert not filled_column_empties(FileCounts(10), FileCounts(0, {"phone": 0}), NUMBERS).refused


@pytest.mark.parametrize(("backwards", "refused"), [(0, False), (1, False), (2, True)])
def test_more_than_one_per_cent_of_end_dates_moving_back_is_refused(backwards: int, refused: bool) -> None:
    verdict = expiry_moved_backwards(backwards, FileCounts(100), NUMBERS)
    assert verdict.refused is refused


def test_the_backwards_message_says_how_many_of_how_many() -> None:
    verdict = expiry_moved_backwards(30, FileCounts(100), NUMBERS)
    assert "30 of 100 members" in verdict.message
    assert "1 percent" in verdict.message
    assert expiry_moved_backwards(30, FileCounts(100), NUMBERS, 100).overruled


@pytest.mark.parametrize(
    ("rows", "reused", "refused"), [(100, 5, False), (100, 6, True), (2000, 20, False), (2000, 21, True)]
)
def test_codes_that_name_other_people_are_refused_beyond_a_few(rows: int, reused: int, refused: bool) -> None:
    verdict = codes_change_hands(reused, FileCounts(rows), NUMBERS)
    assert verdict.refused is refused
    assert verdict.count == rows
    assert codes_change_hands(reused, FileCounts(rows), NUMBERS, rows).refused is False


@pytest.mark.parametrize(
    ("known", "missing", "refused"),
    [(100, 30, False), (100, 31, True), (2000, 200, False), (2000, 201, True)],
)
def test_a_file_without_many_of_the_members_that_were_there_is_refused(
    known: int, missing: int, refused: bool
) -> None:
    verdict = members_vanish(missing, known, FileCounts(known), NUMBERS)
    assert verdict.refused is refused
    assert verdict.count == known
    assert members_vanish(missing, known, FileCounts(known), NUMBERS, known).refused is False
