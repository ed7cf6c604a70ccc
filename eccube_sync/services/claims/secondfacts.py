"""The fact that must agree besides the code: a found or photographed label alone opens nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import StrEnum

import numpy as np
from sqlalchemy import Connection

from eccube_sync.eccube import EccubeCustomer
from eccube_sync.linkage.prepare import prepare
from eccube_sync.matchers import NO_DATE, Prepared
from eccube_sync.services.matching.people import Ignored, people_of_customers, people_of_members


class Agreement(StrEnum):
    """What the facts of two people say together."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"  # no fact is known on both sides


def compare_facts(
    connection: Connection,
    pairs: Collection[tuple[EccubeCustomer, int]],
    facts: Sequence[str],
    ignored: Ignored,
) -> dict[tuple[int, int], Agreement]:
    """For each (customer, member id): whether one of ``facts`` agrees, by (EC-CUBE id, member id).

    Values are compared after the matcher's own normalising, so フリガナ in any script and width agree, and values
    in ``ignored`` (the shop's own phone) say nothing.
    """
    customers = {one.eccube_id: one for one, _member in pairs}
    left = prepare(people_of_customers(list(customers), list(customers.values()), ignored))
    right = prepare(people_of_members(connection, [member_id for _one, member_id in pairs], ignored))
    rows = {eccube_id: row for row, eccube_id in enumerate(customers)}
    member_rows = {member_id: row for row, member_id in enumerate(right.ids.tolist())}
    return {
        (one.eccube_id, member_id): _agreement(
            left, rows[one.eccube_id], right, member_rows[member_id], facts
        )
        for one, member_id in pairs
        if member_id in member_rows
    }


def _agreement(left: Prepared, i: int, right: Prepared, j: int, facts: Sequence[str]) -> Agreement:
    known = False
    for fact in facts:
        ours, theirs = _values(left, i, fact), _values(right, j, fact)
        if ours & theirs:
            return Agreement.AGREES
        known = known or bool(ours and theirs)
    return Agreement.DIFFERS if known else Agreement.UNKNOWN


def _values(people: Prepared, row: int, fact: str) -> set[int] | set[str]:
    if fact == "kana":
        return set(people.read.full(np.array([row]))) - {""}
    if fact == "birth_date":
        return {int(people.birth[row])} - {int(NO_DATE)}
    numbers = [*people.mobiles[row].tolist(), *people.landlines[row].tolist()]
    return {number % 10_000 for number in numbers if number}
