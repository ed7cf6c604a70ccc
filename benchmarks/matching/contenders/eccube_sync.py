"""This project's engine, as ``classify`` uses it, without the database; in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from benchmarks.matching.outcome import Outcome, Pairs, unscored
from eccube_sync.linkage.assign import Action, Decision, Kind
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.decide import decide
from eccube_sync.linkage.engine import match_people
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.people import People
from eccube_sync.linkage.score import match_pairs
from eccube_sync.matchers import Integers, Prepared

_LOWEST = 0.0005
"""The probability below which a pair is not worth a place in the order in which pairs could be asked."""


def link(customers: Iterator[People], members: Iterator[People]) -> Callable[[], Outcome]:
    """Normalise, fit, join, score, decide, with the settings and the weights a shop has on the first day."""
    matched = match_people(customers, members)
    left, right, model = matched.customers, matched.members, matched.model
    return lambda: outcome(model, left, right, candidate_pairs(left, right, model.common), matched.decisions)


def outcome(
    model: Model,
    left: Prepared,
    right: Prepared,
    candidates: tuple[Integers, Integers],
    decisions: list[Decision],
) -> Outcome:
    """The decisions, and what they would be without a threshold."""
    settings = replace(model.settings, review_at=_LOWEST)
    lower = replace(model, link_at=_LOWEST, settings=settings)
    scored = match_pairs(lower, left, right, candidates)
    asked = [one.kind for one in decisions if one.action is Action.CASE]
    by_name = sum(kind is Kind.NAME_ONLY for kind in asked)
    return Outcome(
        unscored(*candidates),
        _links(decisions),
        _links(decide(lower, scored, left, right)),
        Pairs(scored.customer_ids, scored.member_ids, scored.bits.astype(np.float64)),
        len(asked) - by_name,
        by_name,
    )


def _links(decisions: list[Decision]) -> Pairs:
    links = [one for one in decisions if one.action is Action.LINK]
    return Pairs(
        np.array([one.customer_id for one in links], np.int64),
        np.array([one.member_id for one in links], np.int64),
        np.array([one.bits for one in links], np.float64),
    )
