"""The whole way at once: two lists of people, as their owners keep them, and what to do about every pair.

What a shop's services do in steps, because they read from a database and remember what did not change, this does
for whoever has all rows at hand: a first classification, a benchmark, a machine of a cluster with its share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eccube_sync.linkage.assign import Decision
from eccube_sync.linkage.candidates import candidate_pairs
from eccube_sync.linkage.decide import Standing, decide
from eccube_sync.linkage.model import Model, Settings, fit_model
from eccube_sync.linkage.people import People
from eccube_sync.linkage.prepare import joined
from eccube_sync.linkage.score import ScoredPairs
from eccube_sync.linkage.thresholds import with_threshold
from eccube_sync.linkage.workers import Workers
from eccube_sync.matchers import Prepared


@dataclass(frozen=True, slots=True)
class Matched:
    """Everything that was found: the people normalised, the pairs worth keeping, one decision for each of them.

    ``candidates`` is how many pairs were looked at.
    """

    model: Model
    customers: Prepared
    members: Prepared
    candidates: int
    pairs: ScoredPairs
    decisions: list[Decision]


def match_people(
    customers: Iterable[People],
    members: Iterable[People],
    *,
    settings: Settings | None = None,
    model: Model | None = None,
    workers: int = 1,
    standing: Standing | None = None,
) -> Matched:
    """Decide about all customers and members; both come in pieces of, say, 50,000 rows.

    Without a ``model`` one is fitted to the two lists. The number of ``workers`` (processes) and the order of
    rows make no difference to what is found.
    """
    pool = Workers(workers)
    left, right = joined(pool.prepare(customers)), joined(pool.prepare(members))
    fitted = model or fit_model(1, left, right, settings)
    i, j = candidate_pairs(left, right, fitted.common)
    pairs = pool.match(fitted, left, right, (i, j))
    model = model or with_threshold(fitted, pairs)
    return Matched(model, left, right, len(i), pairs, decide(model, pairs, left, right, standing))
