"""How the benchmark counts: people found, wrong links, questions asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.matching.metrics import measure, questions_for
from benchmarks.matching.outcome import Outcome, Pairs, mutually_best, unscored
from benchmarks.matching.seeds import SPLITS
from benchmarks.matching.sides import Truth

# Four people have an account and a card (0–3); person 3 has two accounts, person 0 an old card beside the live one.
TRUTH = Truth(
    customers=np.array([0, 1, 2, 3, 3, 7]),
    members=np.array([0, 0, 1, 2, 3, 9]),
    live=np.array([True, False, True, True, True, True]),
)


def pairs(*rows: tuple[int, int, float]) -> Pairs:
    customers, members, scores = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(np.array(customers, np.int64), np.array(members, np.int64), np.array(scores, np.float64))


def outcome(linked: Pairs, scored: Pairs) -> Outcome:
    return Outcome(unscored(scored.customers, scored.members), linked, linked, scored)


def test_recall_counts_people_and_precision_counts_links() -> None:
    both_accounts_and_one_wrong = pairs((3, 4, 9.0), (4, 4, 8.0), (0, 0, 7.0), (5, 2, 1.0))
    quality = measure(outcome(both_accounts_and_one_wrong, both_accounts_and_one_wrong), TRUTH)
    assert quality.recall == 2 / 4
    assert quality.precision == 3 / 4
    assert (quality.links, quality.wrong) == (4, 1)
    assert quality.best_recall == 2 / 4  # above the score of the wrong one


def test_pairs_of_one_score_stand_or_fall_together() -> None:
    linked = pairs((0, 0, 5.0), (5, 2, 5.0), (1, 2, 4.0))
    assert measure(outcome(linked, linked), TRUTH).best_recall == 0


def test_a_dead_card_is_the_right_person_but_is_counted() -> None:
    linked = pairs((0, 1, 9.0), (1, 2, 9.0))
    quality = measure(outcome(linked, linked), TRUTH)
    assert quality.precision == 1
    assert quality.other_card == 1 / 2


def test_questions_by_its_own_rules_are_counted_per_customer() -> None:
    linked = pairs((0, 0, 9.0))
    quality = measure(replace(outcome(linked, linked), asked=3, asked_by_name=6), TRUTH)
    assert (quality.asked, quality.asked_by_name) == (3 / 6, 6 / 6)


def test_questions_are_asked_in_order_and_not_about_whoever_is_settled() -> None:
    linked = pairs((0, 0, 9.0))
    scored = pairs((0, 0, 9.0), (0, 2, 8.0), (5, 2, 7.0), (1, 2, 6.0), (1, 5, 5.0), (2, 3, 4.0), (3, 4, 3.0))
    asked = outcome(linked, scored)
    # (0, 2) names a linked customer. (5, 2) and (1, 2) are asked, then (1, 5) no more, then (2, 3) and (3, 4).
    assert questions_for(asked, TRUTH, 0.5) == 2 / 6
    assert questions_for(asked, TRUTH, 0.75) == 3 / 6
    assert questions_for(asked, TRUTH, 1.0) == 4 / 6


def test_a_recall_out_of_reach_is_said_to_be() -> None:
    linked = pairs((0, 0, 9.0))
    assert questions_for(outcome(linked, linked), TRUTH, 0.97) is None


def test_the_mutually_best_pairs_do_not_depend_on_the_order_of_rows() -> None:
    rows = [(0, 0, 3.0), (0, 1, 4.0), (1, 1, 5.0), (2, 2, 1.0), (2, 3, 1.0)]
    found = [mutually_best(pairs(*order)) for order in (rows, rows[::-1])]
    for best in found:
        chosen = set(zip(best.customers.tolist(), best.members.tolist(), strict=True))
        assert chosen == {(1, 1), (2, 2)}


@pytest.mark.parametrize(
    ("one", "other"), [("train", "validation"), ("train", "test"), ("validation", "test")]
)
def test_no_seed_is_in_two_splits(one: str, other: str) -> None:
    assert not set(SPLITS[one]) & set(SPLITS[other])
