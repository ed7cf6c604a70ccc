"""From scored pairs to at most one member a customer and one customer a member; what is not clear is a case.

Everything is decided within connected components of pairs, and by values and ids, never by the order of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from eccube_sync.linkage.score import Flag
from eccube_sync.matchers import Integers


class Action(StrEnum):
    """What is to be done about a pair."""

    LINK = "link"  # link it, or keep the link it has
    MOVE = "move"  # move the customer's link from a card that can no longer be used to this one
    CASE = "case"  # ask a human
    NONE = "none"


class Kind(StrEnum):
    """Why: the kind of reason, and so the kind of case."""

    CLEAR = "clear"  # link: above the threshold, nothing against it
    HELD = "held"  # link: it stands already
    HELD_CONTRADICTED = "held_contradicted"  # link: it stands, but the data now contradict; ask
    SUCCESSOR = "successor"  # move or case: the linked card can no longer be used, this one can
    UNCERTAIN = "uncertain"  # case: between the thresholds, or too few independent facts
    CONTRADICTION = "contradiction"  # case: much agrees, but given name or birth date differs
    NAME_ONLY = "name_only"  # case, of a class of its own
    TIE = "tie"  # case: two different people fit about equally
    SEVERAL_ACCOUNTS = "several_accounts"  # case: another account of the same person has the member
    OTHER_CARD = "other_card"  # none: an older or unused card of the person just linked
    TAKEN = "taken"  # none: a better pair took the customer or the member
    RELATIVE = "relative"  # none: given name and birth date both differ
    APART = "apart"  # none: a human said 別人


class Decision(NamedTuple):
    """What is to be done about one pair, by our ids, with the score it rests on."""

    customer_id: int
    member_id: int
    action: Action
    kind: Kind
    bits: float
    probability: float


class Pair(NamedTuple):
    """A scored pair as assignment sees it. ``clear``: it may be linked, taken alone."""

    customer: int
    member: int
    bits: float
    probability: float
    flags: Flag
    clear: bool


@dataclass(frozen=True, slots=True)
class Situation:
    """What besides the pairs decides: standing links, cards, and which records may be one person."""

    holder_of: Mapping[int, int]  # member id → customer id that has it
    held_by: Mapping[int, int]  # customer id → member id it has
    apart: Set[tuple[int, int]]
    card_rank: Callable[[int], tuple[bool, int]]  # member id → (live, last visit): higher is better
    same_card_holder: Callable[[int, int], bool]  # two member ids: may be one person
    same_account_holder: Callable[[int, int], bool]  # two customer ids: may be one person
    tie_bits: float
    several_accounts: bool


Verdict = tuple[Action, Kind]


@dataclass(slots=True)
class _Working:
    """The verdicts found so far."""

    verdicts: dict[Pair, Verdict] = field(default_factory=dict)

    def say(self, pairs: Iterable[Pair], action: Action, kind: Kind) -> None:
        for pair in pairs:
            self.verdicts[pair] = (action, kind)


def assign(pairs: Iterable[Pair], situation: Situation) -> list[Decision]:
    """One decision for every pair, sorted by customer and member."""
    ordered = sorted(pairs, key=attrgetter("customer", "member"))
    working = _Working()
    working.say((p for p in ordered if (p.customer, p.member) in situation.apart), Action.NONE, Kind.APART)
    open_pairs = [pair for pair in ordered if pair not in working.verdicts]
    wanted: dict[int, list[Pair]] = defaultdict(list)
    for customer, group in groupby(open_pairs, attrgetter("customer")):
        of_customer = list(group)
        if customer in situation.held_by:
            _judge_held(of_customer, situation, working)
        else:
            choice = _choose_card([pair for pair in of_customer if pair.clear], situation, working)
            if choice:
                wanted[choice.member].append(choice)
    holders = {**situation.holder_of, **_settle_moves(working)}
    for member in sorted(wanted):
        _choose_account(wanted[member], holders.get(member), situation, working)
    _judge_rest(open_pairs, situation, working)
    return [_decision(pair, working.verdicts[pair]) for pair in ordered]


def components(customer_ids: Integers, member_ids: Integers) -> Integers:
    """For each pair the number of its connected component: pairs that share no person, not even over others,
    have different numbers. Decisions of one component never depend on another."""
    if not len(customer_ids):
        return np.empty(0, np.int64)
    customers = np.unique(customer_ids, return_inverse=True)[1]
    members = np.unique(member_ids, return_inverse=True)[1]
    label = np.arange(customers.max() + 1)
    while True:
        of_member = np.full(members.max() + 1, len(label))
        np.minimum.at(of_member, members, label[customers])
        lower = label.copy()
        np.minimum.at(lower, customers, of_member[members])
        lower = lower[
            lower
        ]  # every label points at a customer of the same component, so its label serves too
        if np.array_equal(lower, label):
            found: Integers = label[customers]
            return found
        label = lower


def _judge_held(pairs: list[Pair], situation: Situation, working: _Working) -> None:
    """The pairs of a customer who is linked: the link stands; a dead card's successor may take it over."""
    held = situation.held_by[pairs[0].customer]
    live = situation.card_rank(held)[0]
    others = []
    for pair in pairs:
        if pair.member == held:
            contradicted = pair.flags & (Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS)
            working.say([pair], Action.LINK, Kind.HELD_CONTRADICTED if contradicted else Kind.HELD)
        else:
            others.append(pair)
    free = [p for p in others if situation.card_rank(p.member)[0] and p.member not in situation.holder_of]
    if live or not free:
        return
    choice = _choose_card([pair for pair in free if pair.clear], situation, working)
    if choice:
        working.say([choice], Action.MOVE, Kind.SUCCESSOR)
    unclear = [pair for pair in free if pair not in working.verdicts and _may_succeed(pair)]
    working.say(unclear if not choice else [], Action.CASE, Kind.SUCCESSOR)


def _may_succeed(pair: Pair) -> bool:
    """Whether a person is asked if this is the new card of somebody whose linked card cannot be used."""
    return not pair.flags & Flag.NAME_ONLY and not _kin(pair.flags)


def _settle_moves(working: _Working) -> dict[int, int]:
    """Member → the customer whose link moves to it; a card that two links would move to is a question."""
    moving: dict[int, list[Pair]] = defaultdict(list)
    for pair, (action, _) in working.verdicts.items():
        if action is Action.MOVE:
            moving[pair.member].append(pair)
    for pairs in moving.values():
        if len(pairs) > 1:
            working.say(pairs, Action.CASE, Kind.SUCCESSOR)
    return {member: pairs[0].customer for member, pairs in moving.items() if len(pairs) == 1}


def _choose_card(clear: list[Pair], situation: Situation, working: _Working) -> Pair | None:
    """Among the clear pairs of one customer the one to link; ``None`` if there is none or they tie."""
    if not clear:
        return None
    best = max(clear, key=lambda pair: (pair.bits, *situation.card_rank(pair.member), pair.member))
    own = [p for p in clear if p is best or situation.same_card_holder(best.member, p.member)]
    rivals = [p for p in clear if p not in own and p.bits > best.bits - situation.tie_bits]
    if rivals:
        working.say([*own, *rivals], Action.CASE, Kind.TIE)
        return None
    choice = max(own, key=lambda pair: (*situation.card_rank(pair.member), pair.bits, pair.member))
    working.say((pair for pair in own if pair is not choice), Action.NONE, Kind.OTHER_CARD)
    return choice


def _choose_account(pairs: list[Pair], holder: int | None, situation: Situation, working: _Working) -> None:
    """Among the customers who want one member the one to link; ``holder`` has it already, or takes it over."""
    same = situation.same_account_holder
    if holder is not None:
        for pair in pairs:
            _say_second_account(pair, same(holder, pair.customer), situation, working)
        return
    best = max(pairs, key=lambda pair: (pair.bits, -pair.customer))
    others = [pair for pair in pairs if pair is not best]
    rivals = [pair for pair in others if not same(best.customer, pair.customer)]
    if any(pair.bits > best.bits - situation.tie_bits for pair in rivals):
        working.say(pairs, Action.CASE, Kind.TIE)
        return
    working.say([best], Action.LINK, Kind.CLEAR)
    for pair in others:
        _say_second_account(pair, pair not in rivals, situation, working)


def _say_second_account(pair: Pair, same: bool, situation: Situation, working: _Working) -> None:
    if same and situation.several_accounts:
        working.say([pair], Action.LINK, Kind.CLEAR)
    else:
        working.say([pair], Action.CASE, Kind.SEVERAL_ACCOUNTS if same else Kind.TIE)


def _judge_rest(pairs: list[Pair], situation: Situation, working: _Working) -> None:
    """Whatever was not linked: a case where both sides are still free, else nothing."""
    linked = [pair for pair, (action, _) in working.verdicts.items() if action in {Action.LINK, Action.MOVE}]
    customers = {pair.customer for pair in linked} | set(situation.held_by)
    members = {pair.member for pair in linked} | set(situation.holder_of)
    # Whoever is linked just now to a card that cannot be used is asked about as if the link had stood before.
    without_card = {pair.customer for pair in linked if not situation.card_rank(pair.member)[0]}
    without_card -= set(situation.held_by)
    for pair in pairs:
        if pair in working.verdicts:
            continue
        usable = situation.card_rank(pair.member)[0] and pair.member not in members
        if pair.customer in without_card and usable and _may_succeed(pair):
            working.say([pair], Action.CASE, Kind.SUCCESSOR)
        elif pair.customer in customers or pair.member in members:
            working.say([pair], Action.NONE, Kind.TAKEN)
        else:
            working.say([pair], *judge_unlinked(pair.flags))


def judge_unlinked(flags: Flag) -> Verdict:
    """What becomes of a pair that is not clear and whose people are both free."""
    if _kin(flags):
        return Action.NONE, Kind.RELATIVE
    if flags & (Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS):
        return Action.CASE, Kind.CONTRADICTION
    return Action.CASE, Kind.NAME_ONLY if flags & Flag.NAME_ONLY else Kind.UNCERTAIN


def _kin(flags: Flag) -> bool:
    both = Flag.GIVEN_DIFFERS | Flag.BIRTH_DIFFERS
    return flags & both == both


def _decision(pair: Pair, verdict: Verdict) -> Decision:
    return Decision(pair.customer, pair.member, *verdict, pair.bits, pair.probability)
