"""How good an outcome is, counted in people: whoever has an account and a card is found once, or not.

A link is right when the same person is behind both sides, whichever of their cards it names. People with a second
account count once: the second one is a question by the product's own policy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.matching.outcome import Outcome, Pairs, Rows, mutually_best
from benchmarks.matching.sides import Truth

WANTED_PRECISION = 0.999


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares of one; ``review_*`` are questions per customer, ``None`` where that recall is out of reach."""

    candidate_recall: float
    recall: float  # by links at the contender's own threshold
    precision: float  # of these links
    best_f1: float  # by the order of the scores alone, without rules against linking
    best_recall: (
        float  # at 1 wrong in 1000, by the lowest threshold that has it: found with the truth in hand
    )
    review_97: float | None
    review_98: float | None
    other_card: float  # of the right links: those that name a card that no longer works though another does
    links: int
    wrong: int
    asked: float  # pairs shown to a human by its own rules, per customer
    asked_by_name: float


def measure(outcome: Outcome, truth: Truth) -> Quality:
    """All figures of one outcome."""
    people = len(np.intersect1d(truth.customers, truth.members))
    right = _right(outcome.linked, truth)
    precision = float(right.mean()) if len(right) else 1.0
    found = _found(outcome.linked, truth)
    recalls, precisions = _curve(outcome.linkable, truth, people)
    trusted = recalls[precisions >= WANTED_PRECISION]
    recall = len(found) / people
    return Quality(
        candidate_recall=len(_found(outcome.candidates, truth)) / people,
        recall=recall,
        precision=precision,
        best_f1=_best_f1(*_curve(mutually_best(outcome.scored), truth, people)),
        # A lower threshold makes ties as well as links: the contender's own one may be the best.
        best_recall=float(trusted.max(initial=recall if precision >= WANTED_PRECISION else 0.0)),
        review_97=questions_for(outcome, truth, 0.97),
        review_98=questions_for(outcome, truth, 0.98),
        other_card=_other_card(outcome.linked, truth),
        links=len(outcome.linked),
        wrong=int((~right).sum()),
        asked=outcome.asked / len(truth.customers),
        asked_by_name=outcome.asked_by_name / len(truth.customers),
    )


def questions_for(outcome: Outcome, truth: Truth, recall: float) -> float | None:
    """How many questions per customer a human answers until this share of the people is found.

    Pairs are asked in the order of their scores. Whoever is linked, or was recognised in an earlier answer, is
    not asked about again. ``None``: all answers together do not reach it.
    """
    wanted = recall * len(np.intersect1d(truth.customers, truth.members))
    settled_customers = set(outcome.linked.customers.tolist())
    settled_members = set(outcome.linked.members.tolist())
    found = set(_found(outcome.linked, truth).tolist())
    order = np.lexsort((outcome.scored.members, outcome.scored.customers, -outcome.scored.scores))
    asked = outcome.scored.take(order)
    questions = 0
    rows = zip(asked.customers.tolist(), asked.members.tolist(), _right(asked, truth).tolist(), strict=True)
    for customer, member, right in rows:
        if len(found) >= wanted:
            break
        if customer in settled_customers or member in settled_members:
            continue
        questions += 1
        if right:
            settled_customers.add(customer)
            settled_members.add(member)
            found.add(int(truth.customers[customer]))
    return questions / len(truth.customers) if len(found) >= wanted else None


def _right(pairs: Pairs, truth: Truth) -> Rows:
    right: Rows = truth.customers[pairs.customers] == truth.members[pairs.members]
    return right


def _found(pairs: Pairs, truth: Truth) -> Rows:
    """The people whom the right ones of these pairs name, each once."""
    return np.unique(truth.customers[pairs.customers[_right(pairs, truth)]])


def _curve(pairs: Pairs, truth: Truth, people: int) -> tuple[Rows, Rows]:
    """Recall and precision at every threshold, the highest first; pairs of one score stand or fall together."""
    order = np.argsort(-pairs.scores, kind="stable")
    pairs = pairs.take(order)
    right = _right(pairs, truth)
    first = np.zeros(len(pairs), bool)
    who = truth.customers[pairs.customers]
    rows = np.flatnonzero(right)
    first[rows[np.unique(who[rows], return_index=True)[1]]] = True
    recalls, precisions = np.cumsum(first) / people, np.cumsum(right) / np.arange(1, len(right) + 1)
    last = np.append(pairs.scores[1:] != pairs.scores[:-1], True)[: len(right)]
    return recalls[last], precisions[last]


def _best_f1(recalls: Rows, precisions: Rows) -> float:
    return float((2 * recalls * precisions / np.maximum(recalls + precisions, 1e-9)).max(initial=0.0))


def _other_card(pairs: Pairs, truth: Truth) -> float:
    """The share of right links that name a dead card of somebody who has a live one."""
    right = _right(pairs, truth)
    members = pairs.members[right]
    if not len(members):
        return 0.0
    has_live = np.isin(truth.members[members], truth.members[truth.live])
    return float((~truth.live[members] & has_live).mean())
