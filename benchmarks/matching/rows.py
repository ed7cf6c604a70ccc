"""Made-up shops as raw rows: ``python -m benchmarks.matching.rows FOLDER SEED MEMBERS``.

In a process of its own, since the memory of the process that starts a measured one would count as its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.matching.names import PUBLISHED
from benchmarks.matching.sides import Truth, write_side, write_truth
from eccube_sync.linkage.people import People
from eccube_sync.population import CustomerPerson, MemberPerson, generate

TODAY = date(2026, 11, 23)
CUSTOMERS_PER_MEMBER = 0.63
CHUNK = 50_000
_FULL = 2  # EC-CUBE's status of a customer who may log in: only these are matched
_ACTIVE = 0

Row = TypeVar("Row")


def write_rows(folder: Path, seed: int, members: int) -> None:
    """Make the shop and write both sides and the truth."""
    shop = generate(seed, round(members * CUSTOMERS_PER_MEMBER), members, TODAY, names=PUBLISHED)
    customers = [customer for customer in shop.customers if customer.status == _FULL]
    write_side(folder, "customers", (_customers(start, part) for start, part in _parts(customers)))
    write_side(folder, "members", (_members(start, part) for start, part in _parts(shop.members)))
    write_truth(
        folder,
        Truth(
            np.array([one.person for one in customers]),
            np.array([one.person for one in shop.members]),
            np.array([one.status == _ACTIVE for one in shop.members]),
        ),
    )


def _parts(rows: Sequence[Row]) -> Iterator[tuple[int, Sequence[Row]]]:
    return ((start, rows[start : start + CHUNK]) for start in range(0, len(rows), CHUNK))


def _customers(start: int, rows: Sequence[CustomerPerson]) -> People:
    return People(
        ids=np.arange(start, start + len(rows)),
        family_name=[one.family_name for one in rows],
        given_name=[one.given_name for one in rows],
        family_kana=[one.family_kana or "" for one in rows],
        given_kana=[one.given_kana or "" for one in rows],
        postal_code=[one.postal_code or "" for one in rows],
        address=[f"{one.street or ''}{one.building or ''}" for one in rows],
        phones=[(one.phone,) if one.phone else () for one in rows],
        emails=[(one.email,) for one in rows],
        birth_date=[one.birth_date for one in rows],
    )


def _members(start: int, rows: Sequence[MemberPerson]) -> People:
    return People(
        ids=np.arange(start, start + len(rows)),
        family_name=[one.family_name for one in rows],
        given_name=[one.given_name for one in rows],
        family_kana=[one.family_kana for one in rows],
        given_kana=[one.given_kana for one in rows],
        postal_code=[one.postal_code for one in rows],
        address=[one.address for one in rows],
        phones=[tuple(filter(None, (one.phone, one.mobile))) for one in rows],
        emails=[one.emails for one in rows],
        birth_date=[one.birth_date for one in rows],
        live=[one.status == _ACTIVE for one in rows],
        last_visit=[one.last_visit_at.date() if one.last_visit_at else None for one in rows],
    )


if __name__ == "__main__":
    write_rows(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
