"""The engine as a whole: however the work is cut into pieces and handed out, the answer is the same."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from eccube_sync.linkage.engine import Matched, match_people
from eccube_sync.linkage.prepare import prepare, prepare_chunks
from tests.linkage.conftest import FIRST_MEMBER, Lists
from tests.linkage.crowd import Human, people


def matched(lists: Lists, *, piece: int = 10_000, workers: int = 1, seed: int | None = None) -> Matched:
    sides = []
    for records, first_id in ((lists.customer_records, 1), (lists.member_records, FIRST_MEMBER)):
        rows = list(enumerate(records, first_id))
        if seed is not None:
            Random(seed).shuffle(rows)
        sides.append(
            people([human for _, human in part], ids=[number for number, _ in part])
            for part in (rows[start : start + piece] for start in range(0, len(rows), piece))
        )
    return match_people(*sides, workers=workers)


@pytest.mark.parametrize(
    "cut", [{"piece": 777}, {"workers": 2, "piece": 2500}, {"seed": 5}, {"seed": 6, "piece": 1999}]
)
def test_pieces_processes_and_the_order_of_rows_make_no_difference(lists: Lists, cut: dict[str, int]) -> None:
    expected, found = matched(lists), matched(lists, **cut)  # type: ignore[arg-type]
    assert found.candidates == expected.candidates
    assert found.decisions == expected.decisions
    assert found.model.to_json() == expected.model.to_json()


def test_a_side_without_anybody_makes_no_pairs(lists: Lists) -> None:
    found = match_people([people(lists.customer_records[:50])], [people([])])
    assert (found.candidates, found.decisions) == (0, [])


def test_people_normalised_in_pieces_are_the_same_people(lists: Lists) -> None:
    records: Sequence[Human] = lists.member_records[:300]
    whole = prepare(people(records))
    pieces = prepare_chunks(people(records[k : k + 70], first_id=k + 1) for k in range(0, 300, 70))
    for names in ("written", "read"):
        for part in ("family", "given", "whole"):
            one, other = (getattr(getattr(side, names), part) for side in (whole, pieces))
            assert np.array_equal(one.hashed(), other.hashed())
            assert one.strings(np.arange(300)).tolist() == other.strings(np.arange(300)).tolist()
    for column in ("birth", "postal", "town", "house", "block", "last_visit"):
        assert np.array_equal(getattr(whole, column), getattr(pieces, column))
    assert [set(row) - {0} for row in whole.emails.hashed().tolist()] == [
        set(row) - {0} for row in pieces.emails.hashed().tolist()
    ]
