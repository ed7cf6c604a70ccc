"""EC-CUBE 4.0 to 4.3, which share one mapping of customers and orders; every time is stored in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from hashlib import md5
from typing import Any

from sqlalchemy import Connection, Row, Select, TextClause, bindparam, column, select, table, text

from eccube_sync import resources
from eccube_sync.clock import TOKYO, to_database
from eccube_sync.dbcolumns import Column, Family, columns_of, columns_of_tables
from eccube_sync.eccube import (
    CustomerState,
    EccubeCustomer,
    Findable,
    Plugin,
    SchemaProblem,
    Sex,
    ShopIdentity,
)

_FULL = 2
_STATES: dict[int | None, CustomerState] = {1: "provisional", _FULL: "full", 3: "withdrawn"}
_CUSTOMERS = table("dtb_customer", column("id"), column("customer_status_id"))
_SEXES: dict[int | None, Sex] = {1: "male", 2: "female", 3: "other"}  # 4 is 回答しない: no information
_CONSENT_COLUMN = "plg_mailmagazine_flg"
_IDS_AT_ONCE = 5000  # SQLite takes 32,766 parameters; a packet of MySQL takes far more

#: They reassign groups or ranks at login or by purchases, in every generation's numbering (…4, …42, …43).
_GROUP_REWRITERS = re.compile(r"(?:CustomerGroup(?:LastMonth)?Rank|CustomerRank)\d*")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: What each needed column must be able to hold: its family and, for text, how many characters.
_NEEDED: dict[str, dict[str, tuple[Family, int]]] = {
    "dtb_customer": {
        "id": ("integer", 0),
        "create_date": ("moment", 0),
        "customer_status_id": ("integer", 0),
        "name01": ("text", 255),
        "name02": ("text", 255),
        "kana01": ("text", 255),
        "kana02": ("text", 255),
        "postal_code": ("text", 8),
        "pref_id": ("integer", 0),
        "addr01": ("text", 255),
        "addr02": ("text", 255),
        "phone_number": ("text", 14),
        "email": ("text", 255),
        "birth": ("moment", 0),
        "sex_id": ("integer", 0),
    },
    "mtb_pref": {"id": ("integer", 0), "name": ("text", 255)},
    "dtb_order": {
        "customer_id": ("integer", 0),
        "order_status_id": ("integer", 0),
        "order_date": ("moment", 0),
    },
    "dtb_base_info": {
        "id": ("integer", 0),
        "shop_name": ("text", 255),
        "phone_number": ("text", 14),
        "postal_code": ("text", 8),
        "email01": ("text", 255),
        "email02": ("text", 255),
        "email03": ("text", 255),
        "email04": ("text", 255),
    },
    "dtb_plugin": {"code": ("text", 255), "version": ("text", 255), "enabled": ("integer", 0)},
}

#: The needed columns that EC-CUBE never leaves empty.
_FILLED = {"dtb_customer": frozenset(("id", "create_date", "name01", "name02", "email"))}
#: Every EC-CUBE 4 was made in one of these; the others lose names.
_CHARSETS = frozenset(("utf8", "utf8mb3", "utf8mb4"))


def recognises(connection: Connection) -> bool:
    """EC-CUBE 4 keeps a customer's state in ``customer_status_id``; earlier ones have ``del_flg``."""
    return "customer_status_id" in columns_of(connection, "dtb_customer")


def customers(connection: Connection, after_id: int, limit: int) -> list[EccubeCustomer]:
    """Up to ``limit`` customers with an id above ``after_id``, by id; empty at the end."""
    rows = connection.execute(_statement("customers_after"), {"after_id": after_id, "limit": limit}).all()
    return _with_consents(connection, rows)


def customers_by_id(connection: Connection, ids: Sequence[int]) -> list[EccubeCustomer]:
    """Those of these customers that exist, by id."""
    rows = [
        row
        for chunk in _chunks(sorted(set(ids)))
        for row in connection.execute(_statement("customers_by_id"), {"ids": chunk})
    ]
    return _with_consents(connection, rows)


def customer_digests(
    connection: Connection, after_id: int, limit: int, how_read: str
) -> dict[int, str | None]:
    """A digest of each of up to ``limit`` customers with an id above ``after_id``, by id."""
    values = {"after_id": after_id, "limit": limit, "how_read": how_read}
    rows = connection.execute(_statement(f"customer_digests_after.{_flavour(connection)}"), values)
    if _flavour(connection) == "mysql":
        return {row[0]: row[1] for row in rows}
    # SQLite has no MD5 of its own.
    return {
        eccube_id: md5(said.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
        for eccube_id, said in rows
    }


def find(connection: Connection, what: Findable, patterns: Sequence[str], limit: int) -> list[int]:
    """Ids of customers whose name, phone number or e-mail address fits one of these patterns."""
    name = f"customers_by_name.{_flavour(connection)}" if what == "name" else f"customers_by_{what}"
    statement = _statement(name)
    found = [
        eccube_id
        for pattern in patterns
        for (eccube_id,) in connection.execute(statement, {"pattern": pattern, "limit": limit})
    ]
    return list(dict.fromkeys(found))


def full_customers() -> Select[int]:
    """The ids (``id``) of all full customers, as a statement to join with."""
    return select(_CUSTOMERS.c.id).where(_CUSTOMERS.c.customer_status_id == _FULL)


def identities(connection: Connection) -> dict[int, datetime]:
    """The id and the moment of creation of every customer."""
    rows = connection.execute(_statement("identities"))
    return {eccube_id: _moment(create_date) or _EPOCH for eccube_id, create_date in rows}


def count_by_state(connection: Connection) -> dict[CustomerState, int]:
    """How many customers are in each state; all four states are there."""
    counts: dict[CustomerState, int] = {"provisional": 0, "full": 0, "withdrawn": 0, "unknown": 0}
    for status_id, count in connection.execute(_statement("count_by_status")):
        counts[_STATES.get(status_id, "unknown")] += count
    return counts


def recent_orders(connection: Connection, ids: Sequence[int], since: datetime) -> dict[int, int]:
    """How many orders that count each of these customers placed since then; only those who did."""
    return {
        customer_id: count
        for chunk in _chunks(sorted(set(ids)))
        for customer_id, count in connection.execute(
            _statement("recent_orders_by_customer"),
            {"ids": chunk, "since": to_database(since).isoformat(sep=" ")},
        )
    }


def shop(connection: Connection) -> ShopIdentity:
    """What the shop says about itself; all empty before its basic settings were filled in."""
    row = connection.execute(_statement("shop")).one_or_none()
    if row is None:
        return ShopIdentity("", "", "", ())
    name, phone, postal_code, *emails = (value or "" for value in row)
    return ShopIdentity(name, phone, postal_code, tuple(dict.fromkeys(filter(None, emails))))


def group_rewriting_plugins(connection: Connection) -> tuple[Plugin, ...]:
    """Enabled plugins known to reassign a customer's group or rank on their own."""
    rows = connection.execute(_statement("enabled_plugins"))
    return tuple(Plugin(code, version) for code, version in rows if _GROUP_REWRITERS.fullmatch(code))


def server_time(connection: Connection) -> datetime:
    """The database server's clock, aware, to the second."""
    moment = _moment(connection.execute(_statement(f"server_time.{_flavour(connection)}")).scalar_one())
    if moment is None:
        raise RuntimeError("the database server gave no readable time")
    return moment


def needed_columns() -> dict[str, tuple[str, ...]]:
    """The columns this part reads in every shop, by table."""
    return {table: tuple(columns) for table, columns in _NEEDED.items()}


def optional_columns() -> dict[str, tuple[str, ...]]:
    """Columns of plugins that this part reads where they exist, by table."""
    return {"dtb_customer": (_CONSENT_COLUMN,)}


def check_schema(connection: Connection) -> tuple[SchemaProblem, ...]:
    """Needed tables and columns that are missing or can no longer hold what EC-CUBE stores."""
    present = columns_of_tables(connection, list(_NEEDED))
    return tuple(problem for table in _NEEDED for problem in _table_problems(table, present[table]))


def _table_problems(table: str, present: Mapping[str, Column]) -> Iterator[SchemaProblem]:
    if not present:
        yield SchemaProblem(table, None, "missing")
        return
    for name, (family, length) in _NEEDED[table].items():
        column = present.get(name)
        if column is None:
            yield SchemaProblem(table, name, "missing")
        elif column.family != family and name != "enabled":  # Doctrine's boolean differs by database
            yield SchemaProblem(table, name, "retyped")
        elif column.length is not None and column.length < length:
            yield SchemaProblem(table, name, "narrowed")
        elif column.charset is not None and column.charset not in _CHARSETS:
            yield SchemaProblem(table, name, "charset")
        elif column.nullable and name in _FILLED.get(table, ()):
            yield SchemaProblem(table, name, "nullable")


def _flavour(connection: Connection) -> str:
    """Which of two files of one query this database understands."""
    return "sqlite" if connection.dialect.name == "sqlite" else "mysql"


@cache
def _statement(name: str) -> TextClause:
    statement = text(resources.text("sql", "eccube", "v4", f"{name}.sql"))
    return statement.bindparams(bindparam("ids", expanding=True)) if ":ids" in statement.text else statement


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield list(ids[start : start + _IDS_AT_ONCE])


def _with_consents(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[EccubeCustomer]:
    consents: dict[int, bool | None] = {}
    if rows and _CONSENT_COLUMN in columns_of(connection, "dtb_customer"):
        for chunk in _chunks([row[0] for row in rows]):
            for eccube_id, flag in connection.execute(_statement("mail_consents_by_id"), {"ids": chunk}):
                consents[eccube_id] = None if flag is None else bool(flag)
    return [_customer(row, consents.get(row[0])) for row in rows]


def _customer(row: Row[*tuple[Any, ...]], mail_consent: bool | None) -> EccubeCustomer:
    eccube_id, create_date, status_id, name01, name02, kana01, kana02 = row[:7]
    postal_code, prefecture, addr01, addr02, phone_number, email, birth, sex_id = row[7:]
    return EccubeCustomer(
        eccube_id=eccube_id,
        created_at=_moment(create_date) or _EPOCH,
        state=_STATES.get(status_id, "unknown"),
        family_name=name01,
        given_name=name02,
        family_kana=kana01 or "",
        given_kana=kana02 or "",
        postal_code=postal_code or "",
        prefecture=prefecture or "",
        address=(addr01 or "") + (addr02 or ""),
        phone=phone_number or "",
        email=email,
        birth_date=_tokyo_day(birth),
        sex=_SEXES.get(sex_id, ""),
        mail_consent=mail_consent,
    )


def _moment(stored: datetime | str | None) -> datetime | None:
    """A stored UTC value as an aware moment; ``None`` where it is no date, such as 0000-00-00.

    MySQL's driver hands over datetimes, SQLite text, and both text for what is no date.
    """
    if isinstance(stored, str):
        try:
            stored = datetime.fromisoformat(stored)
        except ValueError:
            return None
    return None if stored is None else stored.replace(tzinfo=UTC)


def _tokyo_day(stored: datetime | str | None) -> date | None:
    """The day a stored UTC value falls on in Japan, summer time of 1948 to 1951 included."""
    moment = _moment(stored)
    if moment is None:
        return None
    try:
        return moment.astimezone(TOKYO).date()
    except OverflowError:  # the evening of 9999-12-31
        return None
