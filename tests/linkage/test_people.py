"""Raw columns: what may be left out, and fingerprints that say who changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from eccube_sync.linkage.people import People, fingerprint_rows
from eccube_sync.linkage.prepare import prepare
from eccube_sync.matchers import NO_DATE
from tests.linkage.crowd import Human, people

TARO = Human(
    1,
    "山田",
    "太郎",
    "ヤマダ",
    "タロウ",
    "1000001",
    "千代田区1-2-3",
    ("090-2345-6781",),
    ("a@b.jp",),
    date(1980, 1, 2),
)


def test_columns_that_a_side_does_not_have_may_be_left_out() -> None:
    prepared = prepare(People(np.array([5, 9]), emails=[("taro@mail.example.jp",), ()]))
    assert len(prepared) == 2
    assert prepared.live.all()
    assert (prepared.birth == NO_DATE).all()
    assert prepared.emails.hashed()[:, 0].astype(bool).tolist() == [True, False]


def test_dates_may_be_dates_or_text_or_numpy() -> None:
    written = [date(1980, 1, 2), None], ["1980-01-02", ""], np.array(["1980-01-02", "NaT"], "datetime64[D]")
    for column in written:
        assert prepare(People(np.arange(2), birth_date=column)).birth.tolist() == [3653, NO_DATE]


@pytest.mark.parametrize(
    "change",
    [
        {"family": "山本"},
        {"given_kana": "ジロウ"},
        {"postal": "1000002"},
        {"phones": ("090-2345-6782",)},
        {"phones": ()},
        {"emails": ("a@c.jp",)},
        {"birth": None},
        {"live": False},
    ],
)
def test_a_change_of_anything_the_matcher_reads_changes_the_fingerprint(change: dict[str, object]) -> None:
    before, after = fingerprint_rows(people([TARO, replace(TARO, **change)]))
    assert before != after


def test_a_visit_or_another_id_changes_no_fingerprint() -> None:
    before, after = fingerprint_rows(people([TARO, replace(TARO, visited=date(2026, 1, 1))]))
    assert before == after
    assert len(before) == 32


def test_a_value_moved_to_the_next_column_changes_the_fingerprint() -> None:
    before, after = fingerprint_rows(people([TARO, replace(TARO, family="", given="山田太郎")]))
    assert before != after
