"""Decisions for scored pairs: which pairs may link taken alone, who is the same person on one side, assignment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eccube_sync.linkage.assign import Action, Decision, Kind, Pair, Situation, assign, judge_unlinked
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.score import AGAINST, Flag, ScoredPairs, score_pairs
from eccube_sync.matchers import Integers, Prepared

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
    clear = (pairs.probability >= model.link_at) & (pairs.flags & int(AGAINST) == 0)
    alone = _stand_alone(pairs, links, standing.apart)
    decisions = _decided_alone(pairs, clear, np.flatnonzero(alone))
    contested = _pairs(pairs, clear, np.flatnonzero(~alone))
    if contested:
        decisions += assign(contested, _situation(model, contested, customers, members, standing, links))
        decisions.sort()
    return decisions


def _stand_alone(pairs: ScoredPairs, links: Sequence[tuple[int, int]], apart: IdPairs) -> NDArray[np.bool_]:
    """Pairs whose customer and member stand in no other pair, in no link, and were not set apart."""
    busy_customers = np.array([customer for customer, _ in [*links, *apart]], np.int64)
    busy_members = np.array([member for _, member in links], np.int64)
    alone: NDArray[np.bool_] = (
        _once(pairs.customer_ids)
        & _once(pairs.member_ids)
        & ~np.isin(pairs.customer_ids, busy_customers)
        & ~np.isin(pairs.member_ids, busy_members)
    )
    return alone


def _once(ids: Integers) -> NDArray[np.bool_]:
    """Which of the ids stand there only once."""
    ordered = np.sort(ids)
    once: NDArray[np.bool_] = (
        np.searchsorted(ordered, ids, "right") - np.searchsorted(ordered, ids, "left") == 1
    )
    return once


def _decided_alone(pairs: ScoredPairs, clear: NDArray[np.bool_], rows: Integers) -> list[Decision]:
    """What ``assign`` would say of these pairs, without looking for rivals they do not have."""
    verdicts = {
        (may, flags): (Action.LINK, Kind.CLEAR) if may else judge_unlinked(Flag(flags))
        for may in (False, True)
        for flags in np.unique(pairs.flags[rows]).tolist()
    }
    columns = (pairs.customer_ids, pairs.member_ids, clear, pairs.flags, pairs.bits, pairs.probability)
    return [
        Decision(customer, member, *verdicts[may, flags], bits, probability)
        for customer, member, may, flags, bits, probability in zip(
            *(column[rows].tolist() for column in columns), strict=True
        )
    ]


def _pairs(pairs: ScoredPairs, clear: NDArray[np.bool_], rows: Integers) -> list[Pair]:
    columns = (pairs.customer_ids, pairs.member_ids, pairs.bits, pairs.probability, pairs.flags, clear)
    flag_of = {flags: Flag(flags) for flags in np.unique(pairs.flags[rows]).tolist()}
    return [
        Pair(customer, member, bits, probability, flag_of[flags], may)
        for customer, member, bits, probability, flags, may in zip(
            *(column[rows].tolist() for column in columns), strict=True
        )
    ]


def _situation(
    model: Model,
    pairs: Sequence[Pair],
    customers: Prepared,
    members: Prepared,
    standing: Standing,
    links: Sequence[tuple[int, int]],
) -> Situation:
    clear = [(pair.customer, pair.member) for pair in pairs if pair.clear]
    ranks = _card_ranks(members, [*(pair.member for pair in pairs), *(member for _, member in links)])
    return Situation(
        holder_of={member: customer for customer, member in links},
        held_by=dict(links),
        apart=frozenset(standing.apart),
        card_rank=lambda member: ranks.get(member, (True, 0)),
        same_card_holder=_same_people(model, members, _grouped(clear)),
        same_account_holder=_same_people(model, customers, _grouped((m, c) for c, m in [*clear, *links])),
        tie_bits=model.settings.tie_bits,
        several_accounts=model.settings.several_accounts,
    )


def _card_ranks(members: Prepared, member_ids: Sequence[int]) -> dict[int, tuple[bool, int]]:
    rows = np.flatnonzero(np.isin(members.ids, np.array(member_ids, np.int64)))
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
    concerned = np.flatnonzero(
        np.isin(people.ids, np.array([*{one for two in twos for one in two}], np.int64))
    )
    rows = dict(zip(people.ids[concerned].tolist(), concerned.tolist(), strict=True))
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
