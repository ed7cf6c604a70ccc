"""The whole engine on two made-up lists: precision, recall, and the same answer however it is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pytest

from eccube_sync.linkage import decide as deciding
from eccube_sync.linkage.assign import Action, Decision, Kind, components
from eccube_sync.linkage.candidates import blocking_keys, join_keys
from eccube_sync.linkage.decide import Standing, decide
from eccube_sync.linkage.model import fit_model
from eccube_sync.linkage.prepare import prepare
from eccube_sync.linkage.score import ScoredPairs, match_pairs
from eccube_sync.matchers import Prepared
from tests.linkage.conftest import FIRST_MEMBER, Lists
from tests.linkage.crowd import Human, damaged, people, two_lists


def run(lists: Lists, customers: Prepared | None = None, members: Prepared | None = None) -> list[Decision]:
    customers, members = customers or lists.customers, members or lists.members
    return decide(lists.model, match_pairs(lists.model, customers, members), customers, members)


def links(decisions: list[Decision]) -> dict[int, int]:
    return {d.customer_id: d.member_id for d in decisions if d.action is Action.LINK}


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_one_link_in_a_thousand_is_wrong_at_most_and_most_are_found(seed: int) -> None:
    customer_records, member_records = two_lists(seed, 4000)
    customers, members = prepare(people(customer_records)), prepare(people(member_records, FIRST_MEMBER))
    made_up = Lists(customer_records, member_records, customers, members, fit_model(1, customers, members))
    found = links(run(made_up))
    right = sum(made_up.same_person(customer, member) for customer, member in found.items())
    assert right / len(found) >= 0.999
    assert right / made_up.true_links() >= 0.85


def test_what_is_left_to_people_is_little(lists: Lists) -> None:
    asked = {d.customer_id for d in run(lists) if d.action is Action.CASE}
    assert 0 < len(asked) <= 0.02 * len(lists.customer_records)


def test_the_order_of_rows_does_not_matter(lists: Lists) -> None:
    random = np.random.default_rng(6)
    customers = lists.customers.take(random.permutation(len(lists.customers)))
    members = lists.members.take(random.permutation(len(lists.members)))
    assert run(lists, customers, members) == run(lists)


def test_a_night_that_looks_at_changes_only_ends_like_a_full_run(lists: Lists) -> None:
    """Changed rows are compared with all others; components they touch, before or after, are decided anew."""
    random = Random(8)
    yesterday, pairs_before = run(lists), match_pairs(lists.model, lists.customers, lists.members)
    records = list(lists.member_records)
    changed = sorted(random.sample(range(len(records)), 150))
    for row in changed:
        records[row] = damaged(records[row], random) if row % 3 else _newcomer(row)
    members = prepare(people(records, FIRST_MEMBER))
    full = run(lists, members=members)

    pairs = _with_changes(lists, members, pairs_before, np.array(changed))
    gone = np.isin(pairs_before.member_ids, members.ids[changed])
    customers_touched = set(pairs_before.customer_ids[gone].tolist())
    label = components(pairs.customer_ids, pairs.member_ids)
    touched = np.isin(pairs.member_ids, members.ids[changed]) | np.isin(
        pairs.customer_ids, sorted(customers_touched | _near(pairs_before, gone))
    )
    anew = np.isin(label, label[touched])
    decisions = decide(lists.model, pairs.take(np.flatnonzero(anew)), lists.customers, members)
    decided = {(d.customer_id, d.member_id) for d in decisions}
    still = set(zip(pairs.customer_ids.tolist(), pairs.member_ids.tolist(), strict=True)) - decided
    kept = [d for d in yesterday if (d.customer_id, d.member_id) in still]
    assert sorted([*decisions, *kept]) == full
    assert len(decisions) < 0.2 * len(full)


def _near(pairs: ScoredPairs, gone: np.ndarray) -> set[int]:
    """Customers whose component lost a pair."""
    label = components(pairs.customer_ids, pairs.member_ids)
    return set(pairs.customer_ids[np.isin(label, label[gone])].tolist())


def _newcomer(row: int) -> Human:
    return replace(two_lists(99, 300)[0][row % 300], person=1_000_000 + row)


def _with_changes(lists: Lists, members: Prepared, before: ScoredPairs, changed: np.ndarray) -> ScoredPairs:
    subset = members.take(changed)
    i, j = join_keys(*blocking_keys(lists.customers), *blocking_keys(subset), excluded=lists.model.common)
    fresh = match_pairs(lists.model, lists.customers, subset, (i, j))
    old = before.take(np.flatnonzero(~np.isin(before.member_ids, subset.ids)))
    columns = ("customer_ids", "member_ids", "bits", "probability", "flags")
    return ScoredPairs(*(np.concatenate([getattr(old, c), getattr(fresh, c)]) for c in columns))


def test_one_customer_alone_is_decided_as_among_all(lists: Lists) -> None:
    whole = links(run(lists))
    contested = Counter(d.member_id for d in run(lists))
    for customer in [c for c, m in whole.items() if contested[m] == 1][:200:10]:
        alone = lists.customers.take(np.array([customer - 1]))
        assert links(run(lists, customers=alone)) == {customer: whole[customer]}


def test_standing_links_survive_and_pairs_set_apart_stay_apart(lists: Lists) -> None:
    found = sorted(links(run(lists)).items())
    held, apart = found[:5], found[5:10]
    pairs = match_pairs(lists.model, lists.customers, lists.members)
    decisions = decide(lists.model, pairs, lists.customers, lists.members, Standing(held, apart))
    reasons = {(d.customer_id, d.member_id): d.kind for d in decisions}
    assert {reasons[pair] for pair in held} == {Kind.HELD}
    assert {reasons[pair] for pair in apart} == {Kind.APART}


FATHER = Human(
    1, "山田", "太郎", "ヤマダ", "タロウ", "2230051", "横浜市港北区箕輪町1-2-3",
    ("045-456-7812",), ("family@mail.example.jp",), date(1960, 4, 12),
)  # fmt: skip


@pytest.mark.parametrize(
    "relative",
    [
        {"given": "花子", "given_kana": "ハナコ", "birth": date(1962, 8, 1)},
        {"given": "花子", "given_kana": "", "birth": None},
        {"given": "次郎", "given_kana": "ジロウ"},  # a twin
        {"given": "太一", "given_kana": "タイチ", "birth": date(1990, 5, 5)},
        {"given": "", "given_kana": "", "birth": None},
        {"given": "ハナコ", "given_kana": "ハナコ", "birth": None, "family": "ヤマダ"},
        {"given": "さやか", "given_kana": "", "emails": ()},  # a twin whose name cannot be compared with 太郎
    ],
)
def test_no_relative_is_ever_linked(lists: Lists, relative: dict[str, object]) -> None:
    customers = prepare(people([replace(FATHER, given_kana="")]))
    members = prepare(people([replace(FATHER, person=2, **relative)], FIRST_MEMBER))  # type: ignore[arg-type]
    pairs = match_pairs(lists.model, customers, members)
    assert not links(decide(lists.model, pairs, customers, members))


def test_a_name_alone_never_links_but_asks(lists: Lists) -> None:
    rare = replace(FATHER, family="勅使河原", family_kana="テシガワラ", given="奏楽", given_kana="ソラ")
    named = replace(rare, postal="", address="", phones=(), emails=(), birth=None)
    customers, members = prepare(people([rare])), prepare(people([named], FIRST_MEMBER))
    (decision,) = decide(lists.model, match_pairs(lists.model, customers, members), customers, members)
    assert (decision.action, decision.kind) == (Action.CASE, Kind.NAME_ONLY)


def test_of_two_cards_the_live_one_is_linked_though_they_share_only_the_name(lists: Lists) -> None:
    old = replace(FATHER, phones=(), emails=FATHER.emails, postal="", address="", live=False)
    new = replace(FATHER, emails=(), birth=None)
    customers, members = prepare(people([FATHER])), prepare(people([old, new], FIRST_MEMBER))
    found = links(decide(lists.model, match_pairs(lists.model, customers, members), customers, members))
    assert found == {1: FIRST_MEMBER + 1}


def test_a_link_to_a_card_out_of_use_asks_about_the_usable_one_at_once_and_again_when_it_stands(
    lists: Lists,
) -> None:
    old = replace(FATHER, live=False)
    new = replace(FATHER, phones=(), emails=(), postal="", address="", birth=date(1960, 4, 13))
    customers, members = prepare(people([FATHER])), prepare(people([old, new], FIRST_MEMBER))
    pairs = match_pairs(lists.model, customers, members)
    first = decide(lists.model, pairs, customers, members)
    assert [d.kind for d in first] == [Kind.CLEAR, Kind.SUCCESSOR]
    again = decide(lists.model, pairs, customers, members, Standing([(1, FIRST_MEMBER)]))
    assert [d.kind for d in again] == [Kind.HELD, Kind.SUCCESSOR]


def test_a_second_account_of_the_same_person_is_a_case(lists: Lists) -> None:
    customers = prepare(people([FATHER, replace(FATHER, emails=("second@mail.example.jp",))]))
    members = prepare(people([FATHER], FIRST_MEMBER))
    decisions = decide(lists.model, match_pairs(lists.model, customers, members), customers, members)
    assert [d.kind for d in decisions] == [Kind.CLEAR, Kind.SEVERAL_ACCOUNTS]


def test_a_shop_that_allows_several_accounts_has_both_linked(lists: Lists) -> None:
    customers = prepare(people([FATHER, replace(FATHER, emails=("second@mail.example.jp",))]))
    members = prepare(people([FATHER], FIRST_MEMBER))
    model = replace(lists.model, settings=replace(lists.model.settings, several_accounts=True))
    decisions = decide(model, match_pairs(model, customers, members), customers, members)
    assert [(d.action, d.kind) for d in decisions] == [(Action.LINK, Kind.CLEAR)] * 2


def test_how_much_better_the_best_must_be_is_the_shops_choice(lists: Lists) -> None:
    """Two members of one name, mail and address who were born on different days; the customer tells no birthday."""
    customers = prepare(people([replace(FATHER, birth=None)]))
    other = replace(FATHER, person=2, birth=date(1990, 5, 5), postal="", address="")
    members = prepare(people([FATHER, other], FIRST_MEMBER))
    for tie_bits, kinds in ((1000.0, {Kind.TIE}), (0.0, {Kind.CLEAR, Kind.TAKEN})):
        model = replace(lists.model, settings=replace(lists.model.settings, tie_bits=tie_bits))
        decisions = decide(model, match_pairs(model, customers, members), customers, members)
        assert {d.kind for d in decisions} == kinds


def test_a_pair_exactly_at_the_line_is_linked(lists: Lists) -> None:
    customers, members = prepare(people([FATHER])), prepare(people([FATHER], FIRST_MEMBER))
    (found,) = decide(lists.model, match_pairs(lists.model, customers, members), customers, members)
    for line, action in ((found.probability, Action.LINK), (np.nextafter(found.probability, 2), Action.CASE)):
        model = replace(lists.model, link_at=line)
        (decision,) = decide(model, match_pairs(model, customers, members), customers, members)
        assert decision.action is action


def test_pairs_without_rivals_are_decided_as_if_rivals_had_been_looked_for(
    lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = sorted(links(run(lists)).items())
    standing = Standing(found[:50], found[50:60])
    pairs = match_pairs(lists.model, lists.customers, lists.members)
    quick = decide(lists.model, pairs, lists.customers, lists.members, standing)
    scores = zip(pairs.bits.tolist(), pairs.probability.tolist(), strict=True)
    of_pair = dict(
        zip(zip(pairs.customer_ids.tolist(), pairs.member_ids.tolist(), strict=True), scores, strict=True)
    )
    assert {(d.customer_id, d.member_id): (d.bits, d.probability) for d in quick} == of_pair

    monkeypatch.setattr(deciding, "_stand_alone", lambda pairs, *_: np.zeros(len(pairs.bits), np.bool_))
    assert decide(lists.model, pairs, lists.customers, lists.members, standing) == quick


def test_a_member_somebody_else_has_is_linked_to_nobody_else(lists: Lists) -> None:
    customers, members = prepare(people([FATHER])), prepare(people([FATHER], FIRST_MEMBER))
    pairs = match_pairs(lists.model, customers, members)
    (decision,) = decide(lists.model, pairs, customers, members, Standing([(99, FIRST_MEMBER)]))
    assert decision.action is Action.CASE


def test_another_account_of_whoever_has_the_member_is_linked_where_the_shop_allows_it(lists: Lists) -> None:
    customers = prepare(people([FATHER, replace(FATHER, emails=("second@mail.example.jp",))]))
    members = prepare(people([FATHER], FIRST_MEMBER))
    for allowed, kind in ((True, Kind.CLEAR), (False, Kind.SEVERAL_ACCOUNTS)):
        model = replace(lists.model, settings=replace(lists.model.settings, several_accounts=allowed))
        pairs = match_pairs(model, customers, members)
        decisions = decide(model, pairs, customers, members, Standing([(1, FIRST_MEMBER)]))
        assert [d.kind for d in decisions] == [Kind.HELD, kind]
