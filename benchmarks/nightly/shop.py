"""The files of the benchmark shop: two exports, two customer tables, and the truth."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from dateutil.relativedelta import relativedelta

from eccube_sync.population import (
    SELECTABLE_COLUMNS,
    CustomerPerson,
    MemberPerson,
    Population,
    customer_rows,
    write_smaregi_csv,
)

SEED = 2026
TODAY = date(2026, 11, 23)


def write_shop(shop: Population, folder: Path) -> None:
    """``members.csv`` (Smaregi), ``customers.csv`` (``dtb_customer``), ``truth.csv`` (customer id, code)."""
    write_smaregi_csv(shop.members, folder / "members.csv", columns=SELECTABLE_COLUMNS)
    _write_rows(customer_rows(shop.customers), folder / "customers.csv")
    truth = (
        {"customer": customer + 1, "member": shop.members[member].code} for customer, member in shop.truth
    )
    _write_rows(truth, folder / "truth.csv")


def write_next_night(shop: Population, folder: Path, changes: int, today: date) -> None:
    """``members-next.csv``: the whole export again; ``customers-next.csv``: only the rows that changed."""
    random = Random("next night")
    members, customers = list(shop.members), list(shop.customers)
    for position in random.sample(range(len(members)), min(changes, len(members))):
        members[position] = _renewed(members[position], today)
    changed = sorted(random.sample(range(len(customers)), min(changes, len(customers))))
    for position in changed:
        customers[position] = _new_phone(customers[position], random)
    write_smaregi_csv(members, folder / "members-next.csv", columns=SELECTABLE_COLUMNS)
    rows = customer_rows(customers)
    _write_rows((rows[position] for position in changed), folder / "customers-next.csv")


def _renewed(member: MemberPerson, today: date) -> MemberPerson:
    end = max(member.end_date or today, today) + relativedelta(years=1)
    return replace(member, end_date=end, unlimited=False, last_visit_at=datetime.combine(today, time(12)))


def _new_phone(customer: CustomerPerson, random: Random) -> CustomerPerson:
    phone = f"0900{random.randrange(1_000_000, 10_000_000)}"
    return replace(customer, phone=phone, updated_at=customer.updated_at + timedelta(hours=1))


def _write_rows(rows: Iterable[Mapping[str, object]], path: Path) -> None:
    r"""UTF-8 CSV with a header; NULL is ``\N``, as ``LOAD DATA`` reads it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(row)
            writer.writerow(r"\N" if value is None else value for value in row.values())
