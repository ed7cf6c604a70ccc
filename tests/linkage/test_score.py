"""Scores: what speaks for a pair, and what a household may not prove."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from eccube_sync.errors import ConfigurationError
from eccube_sync.linkage.model import Model, fit_model
from eccube_sync.linkage.prepare import prepare
from eccube_sync.linkage.score import Flag, match_pairs, score_pairs
from eccube_sync.linkage.weights import DEFAULT_WEIGHTS
from eccube_sync.matchers import MATCHERS
from tests.linkage.conftest import Lists
from tests.linkage.crowd import Human, people

HUSBAND = Human(
    person=1,
    family="長谷川",
    given="健一",
    family_kana="ハセガワ",
    given_kana="ケンイチ",
    postal="2230051",
    address="横浜市港北区箕輪町1-2-3",
    phones=("090-2345-6781", "045-456-7812"),
    emails=("kenichi.h@mail.example.jp",),
    birth=date(1975, 4, 12),
)
WIFE = replace(
    HUSBAND,
    given="由美",
    given_kana="ユミ",
    phones=("080-8765-4321", "045-456-7812"),
    emails=("yumi.h@mail.example.jp",),
    birth=date(1977, 9, 30),
)


def score(model: Model, one: Human, other: Human) -> tuple[float, Flag]:
    row = np.zeros(1, np.int64)
    scores = score_pairs(model, prepare(people([one])), prepare(people([other])), row, row)
    return float(scores.probability[0]), Flag(int(scores.flags[0]))


def test_a_wife_is_not_her_husband_though_name_house_and_landline_agree(lists: Lists) -> None:
    probability, flags = score(lists.model, HUSBAND, WIFE)
    assert probability < 0.01
    assert flags & Flag.GIVEN_DIFFERS
    assert flags & Flag.BIRTH_DIFFERS


def test_surname_house_and_landline_together_are_worth_less_than_a_link(lists: Lists) -> None:
    nameless = replace(WIFE, given="", given_kana="", phones=("045-456-7812",), emails=(), birth=None)
    probability, _ = score(lists.model, HUSBAND, nameless)
    assert probability < lists.model.link_at


def test_twins_are_never_clear(lists: Lists) -> None:
    twin = replace(HUSBAND, given="康二", given_kana="コウジ", phones=("045-456-7812",), emails=())
    assert score(lists.model, HUSBAND, twin)[1] & Flag.GIVEN_DIFFERS


def test_a_name_alone_is_flagged_however_rare_it_is(lists: Lists) -> None:
    rare = replace(HUSBAND, family="勅使河原", family_kana="テシガワラ", given="奏楽", given_kana="ソラ")
    elsewhere = replace(rare, postal="", address="", phones=(), emails=(), birth=None)
    probability, flags = score(lists.model, rare, elsewhere)
    assert probability > 0.5
    assert flags & Flag.NAME_ONLY
    assert flags & Flag.THIN


def test_a_rare_name_says_more_than_a_common_one(lists: Lists) -> None:
    families = [record.family for record in lists.customer_records]
    common = max(set(families), key=families.count)
    kept = {
        "postal": "",
        "address": "",
        "phones": (),
        "emails": (),
        "birth": None,
        "family_kana": "",
        "given_kana": "",
    }
    sato, rare = (replace(HUSBAND, family=family, **kept) for family in (common, "勅使河原"))
    assert score(lists.model, sato, sato)[0] < score(lists.model, rare, rare)[0]


def test_a_moved_person_with_a_new_phone_is_found_by_name_birth_and_mail(lists: Lists) -> None:
    moved = replace(HUSBAND, postal="5300001", address="大阪市北区梅田9-9", phones=("080-1111-2345",))
    probability, flags = score(lists.model, HUSBAND, moved)
    assert probability > lists.model.link_at
    assert not flags


def test_a_married_woman_is_found_by_given_name_birth_and_mobile(lists: Lists) -> None:
    before = replace(WIFE, family="三好", family_kana="ミヨシ", postal="", address="", emails=())
    probability, flags = score(lists.model, WIFE, before)
    assert probability > lists.model.link_at
    assert not flags


def test_a_phone_that_many_members_share_is_no_evidence() -> None:
    crowd = [replace(HUSBAND, given=f"人{n}", given_kana="", phones=("045-222-3333",)) for n in range(50)]
    everybody = prepare(people(crowd))
    model = fit_model(1, everybody, everybody)
    one = replace(HUSBAND, phones=("045-222-3333",))
    silent = score(model, one, replace(one, phones=()))
    assert score(model, one, one) == silent


def test_a_pairs_score_depends_on_that_pair_only(lists: Lists) -> None:
    random = np.random.default_rng(3)
    i, j = random.integers(0, 4000, 3000), random.integers(0, 4000, 3000)
    together = score_pairs(lists.model, lists.customers, lists.members, i, j).bits
    order = random.permutation(3000)
    shuffled = score_pairs(lists.model, lists.customers, lists.members, i[order], j[order]).bits
    assert np.array_equal(shuffled, together[order])
    halves = [
        score_pairs(lists.model, lists.customers, lists.members, i[part], j[part]).bits
        for part in (slice(0, 1234), slice(1234, None))
    ]
    assert np.array_equal(np.concatenate(halves), together)
    rows, place = np.unique(j, return_inverse=True)
    subset = score_pairs(lists.model, lists.customers, lists.members.take(rows), i, place).bits
    assert np.array_equal(subset, together)


def test_a_model_read_back_scores_the_same(lists: Lists) -> None:
    text = lists.model.to_json()
    again = Model.from_json(text)
    before = match_pairs(lists.model, lists.customers, lists.members)
    after = match_pairs(again, lists.customers, lists.members)
    assert again.to_json() == text
    assert np.array_equal(before.bits, after.bits)
    assert np.array_equal(before.probability, after.probability)


def test_a_model_holds_no_name_and_no_number(lists: Lists) -> None:
    text = lists.model.to_json()
    assert "佐藤" not in text
    assert "\\u" not in text
    assert all(phone.replace("-", "") not in text for phone in HUSBAND.phones)


def test_a_model_of_another_normaliser_is_refused(lists: Lists) -> None:
    with pytest.raises(ConfigurationError, match="matcher train"):
        Model.from_json(lists.model.to_json().replace('"normaliser": ', '"normaliser": 9'))


@pytest.mark.parametrize("field", MATCHERS)
def test_every_level_but_silence_has_a_weight(field: str) -> None:
    assert [level.name for level in MATCHERS[field].levels][1:] == list(DEFAULT_WEIGHTS[field])


def test_nobody_at_all_can_be_matched() -> None:
    nobody = prepare(people([]))
    assert len(match_pairs(fit_model(1, nobody, nobody), nobody, nobody)) == 0
