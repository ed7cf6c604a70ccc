"""Customers as rows of EC-CUBE 4's ``dtb_customer``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from eccube_sync.population.customers import CustomerPerson

_TOKYO = ZoneInfo("Asia/Tokyo")
# The form of a bcrypt hash that no password has: nobody can log in.
_NO_PASSWORD = "$2y$13$" + "." * 53

Row = dict[str, object]


def customer_rows(customers: Sequence[CustomerPerson], *, mail_magazine: bool = False) -> list[Row]:
    """One row a customer, ids from 1 in list order, values as EC-CUBE stores them (naive UTC datetimes).

    ``mail_magazine`` adds ``plg_mailmagazine_flg``, the column of EC-CUBE's mail magazine plugin.
    """
    rows = [_row(position + 1, customer) for position, customer in enumerate(customers)]
    if mail_magazine:
        for row, customer in zip(rows, customers, strict=True):
            row["plg_mailmagazine_flg"] = int(customer.wants_mail)
    return rows


def _row(customer_id: int, customer: CustomerPerson) -> Row:
    return {
        "id": customer_id,
        "customer_status_id": customer.status,
        "sex_id": customer.sex_id,
        "job_id": None,
        "country_id": None,
        "pref_id": customer.prefecture_id,
        "name01": customer.family_name,
        "name02": customer.given_name,
        "kana01": customer.family_kana,
        "kana02": customer.given_kana,
        "company_name": None,
        "postal_code": customer.postal_code,
        "addr01": customer.street,
        "addr02": customer.building,
        "email": customer.email,
        "phone_number": customer.phone,
        "birth": _birth(customer.birth_date),
        "password": _NO_PASSWORD,
        "salt": None,
        "secret_key": sha256(f"{customer_id} {customer.email}".encode()).hexdigest()[:32],
        "first_buy_date": _utc(customer.first_bought_at),
        "last_buy_date": _utc(customer.last_bought_at),
        "buy_times": customer.orders,
        "buy_total": customer.spent_yen,
        "note": None,
        "reset_key": None,
        "reset_expire": None,
        "point": customer.points,
        "create_date": _utc(customer.created_at),
        "update_date": _utc(customer.updated_at),
        "discriminator_type": "customer",
    }


def _birth(born: date | None) -> datetime | None:
    """The first moment of the day in Japan: the day before in UTC, and by summer time until 1951."""
    return _utc(datetime(born.year, born.month, born.day, tzinfo=_TOKYO)) if born else None


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
