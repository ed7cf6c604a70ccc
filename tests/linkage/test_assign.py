"""Assignment: one member a customer, one customer a member, and cases where a machine should not choose."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.linkage.assign import Action, Decision, Kind, Pair, Situation, assign, components
from eccube_sync.linkage.score import Flag

FREE = Situation(
    holder_of={},
    held_by={},
    apart=frozenset(),
    card_rank=lambda _: (True, 0),
    same_card_holder=lambda _a, _b: False,
    same_account_holder=lambda _a, _b: False,
    tie_bits=8.0,
    several_accounts=False,
)


def pair(customer: int, member: int, bits: float = 30.0, flags: int = 0, clear: bool = True) -> Pair:
    return Pair(customer, member, bits, 0.999 if clear else 0.5, Flag(flags), clear)


def decided(pairs: list[Pair], situation: Situation = FREE) -> dict[tuple[int, int], str]:
    return {
        (d.customer_id, d.member_id): f"{d.action.value} {d.kind.value}" for d in assign(pairs, situation)
    }


def test_a_clear_pair_is_linked() -> None:
    assert decided([pair(1, 11)]) == {(1, 11): "link clear"}


def test_two_different_people_who_fit_equally_are_a_tie() -> None:
    assert decided([pair(1, 11, 30), pair(1, 12, 28)]) == {(1, 11): "case tie", (1, 12): "case tie"}
    assert decided([pair(1, 11, 30), pair(2, 11, 28)]) == {(1, 11): "case tie", (2, 11): "case tie"}


def test_whoever_is_better_by_just_as_much_as_is_asked_is_linked() -> None:
    assert decided([pair(1, 11, 38), pair(2, 11, 30)]) == {(1, 11): "link clear", (2, 11): "case tie"}

    assert decided([pair(1, 11, 38), pair(1, 12, 30)]) == {(1, 11): "link clear", (1, 12): "none taken"}


def test_the_live_card_is_linked_though_a_dead_one_is_newer_and_fits_better() -> None:
    cards = replace(FREE, card_rank=lambda m: (m == 11, 0), same_card_holder=lambda _a, _b: True)
    assert decided([pair(1, 11, 30), pair(1, 12, 50)], cards) == {
        (1, 11): "link clear",
        (1, 12): "none other_card",
    }


def test_whoever_is_linked_just_now_to_a_dead_card_is_asked_about_a_usable_one_that_is_free() -> None:
    cards = replace(FREE, holder_of={13: 2}, held_by={2: 13}, card_rank=lambda m: (m in (12, 13), 0))
    doubtful = [pair(1, member, 20, clear=False) for member in (12, 13, 14)]
    assert decided([pair(1, 11), *doubtful, pair(3, 11, 20, clear=False)], cards) == {
        (1, 11): "link clear",
        (1, 12): "case successor",
        (1, 13): "none taken",
        (1, 14): "none taken",
        (3, 11): "none taken",
    }


def test_of_two_accounts_that_fit_equally_the_older_one_is_linked() -> None:
    same = replace(FREE, same_account_holder=lambda _a, _b: True)
    assert decided([pair(1, 11), pair(2, 11)], same) == {
        (1, 11): "link clear",
        (2, 11): "case several_accounts",
    }


def test_a_much_better_pair_is_no_tie() -> None:
    assert decided([pair(1, 11, 50), pair(1, 12, 28)]) == {(1, 11): "link clear", (1, 12): "none taken"}


def test_the_live_card_is_preferred_to_a_better_fitting_dead_one() -> None:
    cards = replace(FREE, card_rank=lambda m: (m == 12, 0), same_card_holder=lambda _a, _b: True)
    assert decided([pair(1, 11, 50), pair(1, 12, 30)], cards) == {
        (1, 11): "none other_card",
        (1, 12): "link clear",
    }


def test_of_two_live_cards_the_one_used_last_is_linked() -> None:
    cards = replace(FREE, card_rank=lambda m: (True, m), same_card_holder=lambda _a, _b: True)
    assert decided([pair(1, 11, 50), pair(1, 12, 30)], cards) == {
        (1, 11): "none other_card",
        (1, 12): "link clear",
    }


def test_of_two_accounts_of_one_person_the_best_is_linked_and_the_other_a_case() -> None:
    same = replace(FREE, same_account_holder=lambda _a, _b: True)
    assert decided([pair(1, 11, 30), pair(2, 11, 31)], same) == {
        (1, 11): "case several_accounts",
        (2, 11): "link clear",
    }
    both = decided([pair(1, 11, 30), pair(2, 11, 31)], replace(same, several_accounts=True))
    assert set(both.values()) == {"link clear"}


def test_a_held_link_is_kept_whatever_fits_better() -> None:
    held = replace(FREE, holder_of={11: 1}, held_by={1: 11})
    pairs = [pair(1, 11, 5, clear=False), pair(1, 12, 60), pair(2, 11, 60)]
    assert decided(pairs, held) == {(1, 11): "link held", (1, 12): "none taken", (2, 11): "case tie"}


def test_a_held_link_that_the_data_now_contradict_is_kept_and_asked_about() -> None:
    held = replace(FREE, holder_of={11: 1}, held_by={1: 11})
    contradicted = pair(1, 11, 5, Flag.BIRTH_DIFFERS, clear=False)
    assert decided([contradicted], held) == {(1, 11): "link held_contradicted"}


def test_a_dead_card_moves_to_a_clear_live_successor_and_else_asks() -> None:
    dead = replace(FREE, holder_of={11: 1}, held_by={1: 11}, card_rank=lambda m: (m != 11, 0))
    assert decided([pair(1, 11), pair(1, 12)], dead) == {(1, 11): "link held", (1, 12): "move successor"}
    unclear = pair(1, 12, 20, clear=False)
    assert decided([pair(1, 11), unclear], dead) == {(1, 11): "link held", (1, 12): "case successor"}


def test_only_a_usable_card_that_nobody_has_succeeds_a_dead_one() -> None:
    dead = replace(FREE, holder_of={11: 1, 12: 2}, held_by={1: 11, 2: 12}, card_rank=lambda m: (m == 12, 0))
    of_another, unusable = pair(1, 12, 20, clear=False), pair(1, 13, 20, clear=False)
    assert decided([pair(1, 11), of_another, unusable], dead) == {
        (1, 11): "link held",
        (1, 12): "none taken",
        (1, 13): "none taken",
    }


def test_of_several_successors_a_clear_one_leaves_no_question_and_two_are_a_tie() -> None:
    dead = replace(FREE, holder_of={11: 1}, held_by={1: 11}, card_rank=lambda m: (m != 11, 0))
    assert decided([pair(1, 11), pair(1, 12), pair(1, 13, 20, clear=False)], dead) == {
        (1, 11): "link held",
        (1, 12): "move successor",
        (1, 13): "none taken",
    }
    assert decided([pair(1, 11), pair(1, 12), pair(1, 13)], dead) == {
        (1, 11): "link held",
        (1, 12): "case tie",
        (1, 13): "case tie",
    }


def test_a_new_card_that_two_dead_ones_would_move_to_is_a_question() -> None:
    dead = replace(FREE, holder_of={11: 1, 12: 2}, held_by={1: 11, 2: 12}, card_rank=lambda m: (m == 13, 0))
    assert decided([pair(1, 11), pair(1, 13), pair(2, 12), pair(2, 13)], dead) == {
        (1, 11): "link held",
        (1, 13): "case successor",
        (2, 12): "link held",
        (2, 13): "case successor",
    }


def test_a_card_that_a_link_moves_to_is_taken_for_everybody_else() -> None:
    dead = replace(FREE, holder_of={11: 1}, held_by={1: 11}, card_rank=lambda m: (m == 13, 0))
    assert decided([pair(1, 11), pair(1, 13), pair(2, 13)], dead) == {
        (1, 11): "link held",
        (1, 13): "move successor",
        (2, 13): "case tie",
    }


def test_a_name_alone_or_a_relative_is_no_question_about_a_new_card() -> None:
    dead = replace(FREE, holder_of={11: 1}, held_by={1: 11}, card_rank=lambda m: (m != 11, 0))
    for flags in (Flag.NAME_ONLY, Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS):
        assert decided([pair(1, 11), pair(1, 12, 20, flags, clear=False)], dead) == {
            (1, 11): "link held",
            (1, 12): "none taken",
        }


def test_a_pair_a_human_set_apart_is_never_linked() -> None:
    apart = replace(FREE, apart=frozenset({(1, 11)}))
    assert decided([pair(1, 11, 60), pair(1, 12, 30)], apart) == {
        (1, 11): "none apart",
        (1, 12): "link clear",
    }


def test_what_is_doubtful_is_a_case_that_says_why() -> None:
    doubts = {
        Flag(0): "case uncertain",
        Flag.NAME_ONLY | Flag.THIN: "case name_only",
        Flag.GIVEN_DIFFERS: "case contradiction",
        Flag.BIRTH_DIFFERS: "case contradiction",
        Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS: "none relative",
    }
    for flags, expected in doubts.items():
        assert decided([pair(1, 11, 20, flags, clear=False)]) == {(1, 11): expected}


Pairs = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(11, 16)),
    st.tuples(st.integers(10, 40), st.sampled_from([0, 0, 1, 2, 3, 12]), st.booleans()),
    max_size=20,
).map(
    lambda found: [
        pair(c, m, bits, flags, clear and not flags) for (c, m), (bits, flags, clear) in found.items()
    ]
)
Twos = st.frozensets(st.tuples(st.integers(1, 16), st.integers(1, 16)), max_size=10)
Held = st.lists(st.tuples(st.integers(1, 6), st.integers(11, 16)), max_size=3).map(
    lambda links: {member: customer for customer, member in dict(links).items()}
)


def situation(
    same: frozenset[tuple[int, int]], dead: set[int], links: dict[int, int], apart: frozenset
) -> Situation:
    return Situation(
        holder_of=links,
        held_by={customer: member for member, customer in links.items()},
        apart=apart,
        card_rank=lambda member: (member not in dead, member % 3),
        same_card_holder=lambda a, b: (min(a, b), max(a, b)) in same,
        same_account_holder=lambda a, b: (min(a, b), max(a, b)) in same,
        tie_bits=8.0,
        several_accounts=False,
    )


Situations = st.builds(situation, Twos, st.sets(st.integers(11, 16)), Held, Twos)


@given(Pairs, Situations)
def test_nobody_is_linked_twice_and_every_pair_is_decided(pairs: list[Pair], standing: Situation) -> None:
    decisions = assign(pairs, standing)
    assert {(d.customer_id, d.member_id) for d in decisions} == {(p.customer, p.member) for p in pairs}
    new = [d for d in decisions if d.action in {Action.LINK, Action.MOVE} and d.kind not in _HELD]
    customers, members = (Counter(getattr(d, side) for d in new) for side in ("customer_id", "member_id"))
    assert all(count == 1 for count in (*customers.values(), *members.values()))
    assert not members.keys() & standing.holder_of.keys()
    linked = {d.customer_id for d in new if d.action is Action.LINK}
    assert not linked & standing.held_by.keys()


_HELD = {Kind.HELD, Kind.HELD_CONTRADICTED}


@given(Pairs, Situations)
def test_a_machine_links_only_what_is_clear_and_no_human_set_apart(
    pairs: list[Pair], standing: Situation
) -> None:
    clear = {(p.customer, p.member) for p in pairs if p.clear}
    for decision in assign(pairs, standing):
        if decision.action in {Action.LINK, Action.MOVE} and decision.kind not in _HELD:
            assert (decision.customer_id, decision.member_id) in clear - standing.apart


@given(Pairs, Situations, st.randoms())
def test_the_order_of_pairs_does_not_matter(pairs: list[Pair], standing: Situation, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert assign(shuffled, standing) == assign(pairs, standing)


@given(Pairs, Situations)
def test_each_component_alone_is_decided_as_within_all(pairs: list[Pair], standing: Situation) -> None:
    label = components(np.array([p.customer for p in pairs]), np.array([p.member for p in pairs]))
    apart: list[Decision] = []
    for component in set(label.tolist()):
        apart += assign([p for p, own in zip(pairs, label, strict=True) if own == component], standing)
    assert sorted(apart) == assign(pairs, standing)


@given(Pairs)
def test_components_are_what_can_be_reached(pairs: list[Pair]) -> None:
    label = components(np.array([p.customer for p in pairs]), np.array([p.member for p in pairs])).tolist()
    for one, first in zip(pairs, label, strict=True):
        for other, second in zip(pairs, label, strict=True):
            if one.customer == other.customer or one.member == other.member:
                assert first == second
    assert len(set(label)) == _count_by_walking(pairs)


def _count_by_walking(pairs: list[Pair]) -> int:
    left = set(pairs)
    count = 0
    while left:
        count += 1
        reached = {left.pop()}
        while reached:
            now = reached.pop()
            near = {p for p in left if p.customer == now.customer or p.member == now.member}
            left -= near
            reached |= near
    return count
