"""Decisions for scored pairs: which pairs may link taken alone, who is the same person on one side, assignment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from eccube_sync.linkage.assign import Decision, Pair, Situation, assign
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.score import Flag, ScoredPairs, score_pairs
from eccube_sync.matchers import Integers, Prepared

_AGAINST = Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS | Flag.NAME_ONLY | Flag.THIN | Flag.ANY_RELATIVE
_UNLIKE = Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS

IdPairs = Iterable[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands already, as (customer id, member id): active links of one source, and pairs a human set apart."""

    links: IdPairs = ()
    apart: IdPairs = ()


def decide(
    model: Model, pairs: ScoredPairs, customers: Prepared, members: Prepared, standing: Standing | None = None
) -> list[Decision]:
    """One decision for every pair, sorted by customer and member.

    ``customers`` and ``members`` hold at least the people of these pairs, in any order. Deciding a whole set of
    pairs or each of its connected components alone (with the links that touch it) gives the same.
    """
    standing = standing or Standing()
    links = list(standing.links)
    scored = _pairs(model, pairs)
    clear = [pair for pair in scored if pair.clear]
    ranks = _card_ranks(members, pairs.member_ids, links)
    situation = Situation(
        holder_of={member: customer for customer, member in links},
        held_by=dict(links),
        apart=frozenset(standing.apart),
        card_rank=lambda member: ranks.get(member, (True, 0)),
        same_card_holder=_same_people(model, members, _grouped((p.customer, p.member) for p in clear)),
        same_account_holder=_same_people(
            model, customers, _grouped((m, c) for c, m in [*((p.customer, p.member) for p in clear), *links])
        ),
        tie_bits=model.settings.tie_bits,
        several_accounts=model.settings.several_accounts,
    )
    return assign(scored, situation)


def _pairs(model: Model, pairs: ScoredPairs) -> list[Pair]:
    clear = (pairs.probability >= model.settings.link_at) & (pairs.flags & int(_AGAINST) == 0)
    columns = (pairs.customer_ids, pairs.member_ids, pairs.bits, pairs.probability, pairs.flags, clear)
    return [
        Pair(customer, member, bits, probability, Flag(flags), may)
        for customer, member, bits, probability, flags, may in zip(
            *(c.tolist() for c in columns), strict=True
        )
    ]


def _card_ranks(members: Prepared, member_ids: Integers, links: IdPairs) -> dict[int, tuple[bool, int]]:
    wanted = np.union1d(member_ids, np.array([member for _, member in links], np.int64))
    rows = np.flatnonzero(np.isin(members.ids, wanted))
    ranks = zip(members.live[rows].tolist(), members.last_visit[rows].tolist(), strict=True)
    return dict(zip(members.ids[rows].tolist(), ranks, strict=True))


def _grouped(pairs: IdPairs) -> set[tuple[int, int]]:
    """All twos of ids that stand beside the same first id."""
    groups: dict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        groups[first].add(second)
    return {two for group in groups.values() if len(group) > 1 for two in combinations(sorted(group), 2)}


def _same_people(model: Model, people: Prepared, twos: set[tuple[int, int]]) -> Callable[[int, int], bool]:
    """Which of these twos, of one side, may be one person: those that do not contradict each other.

    Both are taken for the same person of the other side already, on facts of their own; they need not share
    them. People who are not among ``people`` count as different.
    """
    rows = {person: row for row, person in enumerate(people.ids.tolist())} if twos else {}
    known = sorted(two for two in twos if two[0] in rows and two[1] in rows)
    same: set[tuple[int, int]] = set()
    if known:
        chosen = np.array([[rows[a], rows[b]] for a, b in known])
        used, place = np.unique(chosen, return_inverse=True)
        subset = people.take(used)
        i, j = place.reshape(-1, 2).T
        alike = score_pairs(model, subset, subset, i, j).flags & int(_UNLIKE) == 0
        same = {two for two, may_be in zip(known, alike.tolist(), strict=True) if may_be}
    return lambda a, b: (min(a, b), max(a, b)) in same
