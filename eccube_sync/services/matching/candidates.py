"""The pairs a classification looks at: changed people against everybody, found over the stored index of keys.

A first run finds all pairs in memory. A later one looks up only the keys of the rows that changed, then adds the
stored pairs of everybody they are connected to, because assignment is decided within connected components.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from eccube_sync.eccube import Generation
from eccube_sync.linkage.candidates import blocking_keys, candidate_pairs, followed, join_keys
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.prepare import joined, nobody, prepare_chunks
from eccube_sync.linkage.score import ScoredPairs, match_pairs
from eccube_sync.linkage.workers import Workers
from eccube_sync.matchers import Prepared
from eccube_sync.services.customers.customersync import ChangedCustomer
from eccube_sync.services.matching.everybody import PIECE
from eccube_sync.services.matching.people import Ignored, people_of_customers, people_of_members
from eccube_sync.tables import classes, matching
from eccube_sync.tables.matching import CUSTOMER, MEMBER, Integers


@dataclass(frozen=True, slots=True)
class Keys:
    """Blocking keys and whose they are, by our ids."""

    keys: Integers
    owners: Integers

    @classmethod
    def of(cls, people: Prepared) -> Keys:
        """All keys of these people."""
        keys, rows = blocking_keys(people)
        return cls(keys, people.ids[rows])

    @classmethod
    def of_some(cls, people: Prepared, ids: Sequence[int]) -> Keys:
        """All keys of those among these people who have one of these ids."""
        return cls.of(people.take(np.flatnonzero(np.isin(people.ids, np.array(ids, np.int64)))))

    def without(self, common: Integers) -> Keys:
        """Without the keys that are not followed."""
        chosen = followed(self.keys, common)
        return Keys(self.keys[chosen], self.owners[chosen])


@dataclass(slots=True)
class Side:
    """One side of the matching: the changed people, and how to read others of that side."""

    changed: Prepared
    keys: Keys


class Reader:
    """Reads people by our ids. Customers without an id yet go by their EC-CUBE id below zero."""

    def __init__(
        self,
        connection: Connection,
        generation: Generation,
        changed: Sequence[ChangedCustomer],
        ignored: Ignored,
    ) -> None:
        self._connection = connection
        self._generation = generation
        self._changed = {one.key: one.seen for one in changed}
        self._ignored = ignored

    def customers(self, ids: Iterable[int]) -> Prepared:
        """Full customers, sorted by id."""
        wanted = sorted(set(ids))
        seen = {one: self._changed[one] for one in wanted if one in self._changed}
        eccube_ids: dict[int, int] = {}
        for chunk in classes.chunks(one for one in wanted if one not in seen):
            eccube_ids.update(classes.eccube_ids(self._connection, chunk))
        read = {
            one.eccube_id: one
            for one in self._generation.customers_by_id(self._connection, list(eccube_ids.values()))
        }
        for ours, theirs in eccube_ids.items():
            if theirs in read:
                seen[ours] = read[theirs]
        # The index may still hold the keys of one who withdrew since.
        ordered = [one for one in wanted if one in seen and seen[one].state == "full"]
        if not ordered:
            return nobody()
        pieces = (ordered[start : start + PIECE] for start in range(0, len(ordered), PIECE))
        return prepare_chunks(
            people_of_customers(piece, [seen[one] for one in piece], self._ignored) for piece in pieces
        )

    def members(self, ids: Iterable[int]) -> Prepared:
        """Current members, sorted by id."""
        wanted = sorted(set(ids))
        if not wanted:
            return nobody()
        pieces = (wanted[start : start + PIECE] for start in range(0, len(wanted), PIECE))
        return prepare_chunks(people_of_members(self._connection, piece, self._ignored) for piece in pieces)


def with_further(known: Prepared, ids: Integers, read: Callable[[Iterable[int]], Prepared]) -> Prepared:
    """``known`` and those of ``ids`` that it lacks, sorted by id; only these are read and normalised."""
    missing = np.setdiff1d(ids, known.ids)
    if not len(missing):
        return known
    people = joined([known, read(missing.tolist())]) if len(known) else read(missing.tolist())
    return people.take(np.argsort(people.ids))


def changed_pairs(
    connection: Connection,
    model: Model,
    reader: Reader,
    changed: tuple[Side, Side],
    workers: Workers,
    *,
    everything: bool,
) -> tuple[ScoredPairs, Prepared, Prepared]:
    """The scored pairs with at least one changed person, and the people in them (changed ones first read).

    ``everything``: both sides are whole, so nothing is looked up.
    """
    customers, members = changed
    if everything:
        found = candidate_pairs(customers.changed, members.changed, model.common)
        pairs = workers.match(model, customers.changed, members.changed, found)
        return pairs, customers.changed, members.changed
    ids = _candidate_ids(connection, model, customers, members)
    left = with_further(customers.changed, ids[:, 0], reader.customers)
    right = with_further(members.changed, ids[:, 1], reader.members)
    present = np.isin(ids[:, 0], left.ids) & np.isin(ids[:, 1], right.ids)
    ids = ids[present]
    rows = np.searchsorted(left.ids, ids[:, 0]), np.searchsorted(right.ids, ids[:, 1])
    return match_pairs(model, left, right, rows), left, right


def _candidate_ids(connection: Connection, model: Model, customers: Side, members: Side) -> Integers:
    """(customer id, member id) of every candidate pair with a changed person, each once."""
    ours, theirs = customers.keys.without(model.common), members.keys.without(model.common)
    stored_members = Keys(*matching.who_has_keys(connection, MEMBER, ours.keys))
    stored_customers = Keys(*matching.who_has_keys(connection, CUSTOMER, theirs.keys))
    stored_members = _unchanged(stored_members, members.changed.ids)
    stored_customers = _unchanged(stored_customers, customers.changed.ids)
    found = [
        _join(ours, theirs),
        _join(ours, stored_members),
        _join(stored_customers, theirs),
    ]
    return np.unique(np.concatenate(found), axis=0)


def _unchanged(stored: Keys, changed: Integers) -> Keys:
    # What is stored of a changed person is what it was before.
    chosen = ~np.isin(stored.owners, changed)
    return Keys(stored.keys[chosen], stored.owners[chosen])


def _join(left: Keys, right: Keys) -> Integers:
    """Pairs of owners that share a key; ids may be negative, so rows stand for them meanwhile."""
    left_ids, left_rows = np.unique(left.owners, return_inverse=True)
    right_ids, right_rows = np.unique(right.owners, return_inverse=True)
    i, j = join_keys(left.keys, left_rows, right.keys, right_rows)
    return np.column_stack([left_ids[i], right_ids[j]]).astype(np.int64).reshape(-1, 2)


@dataclass(frozen=True, slots=True)
class Stirred:
    """Where assignment is decided anew, by our ids."""

    changed_customers: set[int]
    """Those whose stored pairs are out of date: they changed, or are gone."""
    changed_members: set[int]
    freed_customers: set[int] = field(default_factory=set)
    """Those who are as they were, but about whose links or cases something was decided."""
    freed_members: set[int] = field(default_factory=set)


def connected_pairs(
    connection: Connection, fresh: ScoredPairs, stirred: Stirred
) -> tuple[ScoredPairs, set[int]]:
    """``fresh`` with the stored pairs of everybody connected to somebody stirred, and all customers concerned.

    A stored pair of a changed person is out of date: it still connects, since who lost a pair must be decided
    about again too, but it is not kept.
    """
    stale_customers, stale_members = stirred.changed_customers, stirred.changed_members
    customers = set(fresh.customer_ids.tolist()) | stale_customers | stirred.freed_customers
    members = set(fresh.member_ids.tolist()) | stale_members | stirred.freed_members
    done_customers: set[int] = set()
    done_members: set[int] = set()
    kept: dict[tuple[int, int], tuple[float, float, int]] = {}
    while customers - done_customers or members - done_members:
        rows = matching.pairs_touching(connection, customers - done_customers, members - done_members)
        done_customers |= customers
        done_members |= members
        for row in rows:
            customers.add(row.customer_id)
            members.add(row.member_id)
            if row.customer_id not in stale_customers and row.member_id not in stale_members:
                kept[row.customer_id, row.member_id] = (row.bits, row.probability, row.flags)
    return _together(fresh, kept), customers


def _together(fresh: ScoredPairs, kept: dict[tuple[int, int], tuple[float, float, int]]) -> ScoredPairs:
    if not kept:
        return fresh
    ids = np.array(list(kept), np.int64)
    values = list(kept.values())
    customer_ids = np.concatenate([fresh.customer_ids, ids[:, 0]])
    member_ids = np.concatenate([fresh.member_ids, ids[:, 1]])
    order = np.lexsort((member_ids, customer_ids))
    return ScoredPairs(
        customer_ids[order],
        member_ids[order],
        np.concatenate([fresh.bits, np.array([one[0] for one in values], np.float32)])[order],
        np.concatenate([fresh.probability, np.array([one[1] for one in values], np.float64)])[order],
        np.concatenate([fresh.flags, np.array([one[2] for one in values], np.uint8)])[order],
    )
