"""Candidates: who is looked at, by keys that can be stored."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.linkage.candidates import (
    blocking_keys,
    candidate_pairs,
    common_keys,
    followed,
    join_keys,
    shared_kinds,
)
from eccube_sync.linkage.model import Settings
from eccube_sync.linkage.prepare import prepare
from tests.linkage.conftest import Lists
from tests.linkage.crowd import Human, people

TARO = Human(
    1,
    "山田",
    "太郎",
    "ヤマダ",
    "タロウ",
    "1000001",
    "千代田区千代田1-2-3",
    ("090-2345-6781",),
    (),
    date(1980, 1, 2),
)
NOBODY = Human(2, "", "", "", "", "", "", (), (), None)

Keyed = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), max_size=30)


@given(Keyed, Keyed, st.sets(st.integers(1, 6), max_size=2))
def test_exactly_the_rows_that_share_a_followed_key_are_joined(
    left: list[tuple[int, int]], right: list[tuple[int, int]], excluded: set[int]
) -> None:
    columns = [np.array(side, np.int64).reshape(-1, 2).T for side in (left, right)]
    i, j = join_keys(*columns[0], *columns[1], excluded=np.array(sorted(excluded), np.int64))
    expected = sorted({(a, b) for x, a in left for y, b in right if x == y and x not in excluded})
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected


@given(st.lists(st.integers(-9, 9)), st.sets(st.integers(-9, 9)))
def test_all_keys_but_the_common_ones_are_followed(keys: list[int], common: set[int]) -> None:
    mask = followed(np.array(keys, np.int64), np.array(sorted(common), np.int64))
    assert mask.tolist() == [key not in common for key in keys]


def test_a_changed_row_has_the_same_keys_alone_as_among_all(lists: Lists) -> None:
    keys, rows = blocking_keys(lists.members)
    by_row = defaultdict(list)
    for key, row in zip(keys.tolist(), rows.tolist(), strict=True):
        by_row[row].append(key)
    for row in range(0, 4000, 371):
        alone = prepare(people([lists.member_records[row]]))
        assert blocking_keys(alone)[0].tolist() == by_row[row]
        assert blocking_keys(lists.members.take(np.array([row])))[0].tolist() == by_row[row]


def test_keys_never_change_because_they_are_stored() -> None:
    only_phone = replace(NOBODY, phones=("090-2345-6781",))
    assert blocking_keys(prepare(people([only_phone])))[0].tolist() == [KEY_OF_THE_PHONE]


def test_nearly_all_true_pairs_are_candidates(lists: Lists) -> None:
    i, j = join_keys(
        *blocking_keys(lists.customers), *blocking_keys(lists.members), excluded=lists.model.common
    )
    people_left = np.array([record.person for record in lists.customer_records])
    people_right = np.array([record.person for record in lists.member_records])
    found = len(np.unique(i[people_left[i] == people_right[j]]))
    assert found / lists.true_links() >= 0.99
    assert len(i) < 100_000


def test_any_two_weak_facts_make_a_candidate_and_one_does_not() -> None:
    weak = {"family": "family_kana", "given": "given_kana", "birth": "birth", "postal": "postal"}
    left = prepare(people([TARO]))
    for one in weak:
        alone = prepare(people([replace(NOBODY, **{one: getattr(TARO, one)})]))
        assert not shared_kinds(left, alone, 0, 0)
        for other in weak.keys() - {one}:
            both = replace(NOBODY, **{field: getattr(TARO, field) for field in (one, other)})
            assert shared_kinds(left, prepare(people([both])), 0, 0), (one, other)


def test_a_birth_date_and_a_town_make_a_candidate_where_the_postal_code_is_mistyped() -> None:
    moved = replace(NOBODY, birth=TARO.birth, address=TARO.address, postal="1000002")
    assert shared_kinds(prepare(people([TARO])), prepare(people([moved])), 0, 0) == ("birth_town",)


def test_a_person_without_any_information_is_nobodys_candidate() -> None:
    assert len(blocking_keys(prepare(people([NOBODY])))[0]) == 0


def test_a_key_that_too_many_share_is_not_followed() -> None:
    one = replace(NOBODY, phones=("03-3456-7812",))
    shared = blocking_keys(prepare(people([one])))[0].tolist()
    limits = Settings(max_block=4).key_limits()
    assert common_keys(prepare(people([one] * 4)), limits).tolist() == []
    assert common_keys(prepare(people([one] * 5)), limits).tolist() == shared


@pytest.mark.parametrize(
    ("shared", "limits"),
    [
        (("family", "given"), Settings(most_namesakes=2)),
        (("family_kana", "given_kana"), Settings(most_homophones=2)),
        (("family", "postal"), Settings(most_neighbours=2)),
        (("given_kana", "address"), Settings(most_neighbours=2)),
    ],
)
def test_a_name_is_followed_where_few_have_it(shared: tuple[str, ...], limits: Settings) -> None:
    one = replace(NOBODY, **{field: getattr(TARO, field) for field in shared})
    keys = blocking_keys(prepare(people([one])))[0].tolist()
    assert keys
    assert common_keys(prepare(people([one] * 2)), limits.key_limits()).tolist() == []
    assert common_keys(prepare(people([one] * 3)), limits.key_limits()).tolist() == keys


def test_finding_pairs_kind_by_kind_finds_what_stored_keys_find(lists: Lists) -> None:
    common = lists.model.common
    whole = candidate_pairs(lists.customers, lists.members, common)
    stored = join_keys(*blocking_keys(lists.customers), *blocking_keys(lists.members), excluded=common)
    assert np.array_equal(whole, stored)


KEY_OF_THE_PHONE = -5039330572453612166
