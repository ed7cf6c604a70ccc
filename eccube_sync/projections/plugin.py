"""The card of our EC-CUBE plugin: the class of a customer, and what my page and the admin's panel show.

The class is a projection like any other. What else a card says follows from our tables, is written by
``write_cards`` and may be rebuilt at any time: whoever reinstalls the plugin loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, column, delete, exists, insert, literal, select, table, update

from eccube_sync.clock import to_database
from eccube_sync.dbcolumns import columns_of
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.projections import (
    IDS_AT_ONCE,
    Change,
    Grant,
    MembershipClass,
    Outcome,
    Projection,
    Settings,
    compare_and_set,
)

NAME = "plg_eccube_sync42_card"
_COLUMNS = (
    "name", "kind", "customer_id", "membership_class", "state", "front", "panel", "sealed", "digest",
    "create_date", "update_date", "discriminator_type",
)  # fmt: skip
_CARD = table(NAME, *(column(name) for name in _COLUMNS))
_CUSTOMERS = table("dtb_customer", column("id"))
_DISCRIMINATOR = "card"
_STORE, _EC_ONLY = "store", "ec_only"


@dataclass(frozen=True, slots=True)
class Card:
    """One customer's card: ``front`` for the customer's eyes, ``panel`` for the admin's, both JSON."""

    eccube_id: int
    state: str
    front: str
    panel: str
    digest: str


@dataclass(frozen=True, slots=True)
class Published:
    """Something the plugin reads that is no customer's card: the shop's row, an answer, a part of a file."""

    name: str
    kind: str
    state: str | None = None
    front: str | None = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True)
class PluginCard:
    """The class on a customer's card; a customer without one is in ``ec_only``."""

    @property
    def key(self) -> str:
        return "plugin"

    def value_of(self, membership_class: MembershipClass) -> str | None:
        return _STORE if membership_class == _STORE else None

    def validate(self, connection: Connection) -> None:
        missing = set(_COLUMNS) - columns_of(connection, NAME).keys()
        if missing:
            raise ConfigurationError(
                _(
                    "The plugin's table {table} lacks {columns}: is the plugin EccubeSync42 installed, and were the "
                    "grants made?"
                ).format(table=NAME, columns=", ".join(sorted(missing)))
            )

    def needed_grants(self) -> tuple[Grant, ...]:
        written = ("SELECT", "INSERT", "UPDATE")
        return (
            Grant("SELECT", "dtb_customer", ("id", "customer_status_id")),
            *(Grant(privilege, NAME, _COLUMNS) for privilege in written),  # type: ignore[arg-type]
            Grant("DELETE", NAME),
            Grant("SELECT", "plg_eccube_sync42_inbox"),
        )

    def read(self, connection: Connection, eccube_ids: Sequence[int]) -> dict[int, str | None]:
        values: dict[int, str | None] = {}
        for start in range(0, len(eccube_ids), IDS_AT_ONCE):
            ids = eccube_ids[start : start + IDS_AT_ONCE]
            statement = (
                select(_CUSTOMERS.c.id, _CARD.c.membership_class)
                .select_from(_CUSTOMERS.outerjoin(_CARD, _CARD.c.customer_id == _CUSTOMERS.c.id))
                .where(_CUSTOMERS.c.id.in_(ids))
            )
            for eccube_id, found in connection.execute(statement):
                values[eccube_id] = _STORE if found == _STORE else None
        return values

    def write(self, connection: Connection, changes: Sequence[Change]) -> list[Outcome]:
        def apply(change: Change) -> bool:
            wanted = _STORE if change.new == _STORE else _EC_ONLY
            if _set(connection, change.eccube_id, {"membership_class": wanted}):
                return True
            return _insert(connection, change.eccube_id, {"membership_class": wanted})

        present = self.read(connection, [change.eccube_id for change in changes])
        return compare_and_set(present, changes, apply)


def _set(connection: Connection, eccube_id: int, values: dict[str, Any]) -> bool:
    row = update(_CARD).where(_CARD.c.customer_id == eccube_id)
    return connection.execute(row.values(values)).rowcount == 1


def _insert(connection: Connection, eccube_id: int, values: dict[str, Any]) -> bool:
    """Add the customer's row, provided that the customer is still there."""
    values = {
        "name": f"customer:{eccube_id}",
        "kind": "customer",
        "discriminator_type": _DISCRIMINATOR,
        **values,
    }
    row = select(_CUSTOMERS.c.id, *(literal(value) for value in values.values())).where(
        _CUSTOMERS.c.id == eccube_id,
        ~exists().where(_CARD.c.customer_id == eccube_id),
    )
    return connection.execute(insert(_CARD).from_select(["customer_id", *values], row)).rowcount == 1


# --- the rest of the card --------------------------------------------------------------------------------


def is_installed(connection: Connection) -> bool:
    """Whether the plugin's tables are there for us to use."""
    return set(_COLUMNS) <= columns_of(connection, NAME).keys()


def read_digests(connection: Connection, eccube_ids: Sequence[int] | None = None) -> dict[int, str]:
    """EC-CUBE id → the digest its card was written with; of all customers, or of these."""
    statement = select(_CARD.c.customer_id, _CARD.c.digest).where(
        _CARD.c.kind == "customer", _CARD.c.digest.is_not(None)
    )
    if eccube_ids is None:
        return {row.customer_id: row.digest for row in connection.execute(statement)}
    found: dict[int, str] = {}
    for ids in _parts(eccube_ids):
        found |= {
            row.customer_id: row.digest
            for row in connection.execute(statement.where(_CARD.c.customer_id.in_(ids)))
        }
    return found


def write_cards(connection: Connection, cards: Sequence[Card], now: datetime) -> int:
    """Write these cards, leaving the class to the projection; returns how many customers were still there."""
    moment = to_database(now)
    written = 0
    for card in cards:
        values = {
            "state": card.state,
            "front": card.front,
            "panel": card.panel,
            "digest": card.digest,
            "update_date": moment,
        }
        written += _set(connection, card.eccube_id, values) or _insert(
            connection, card.eccube_id, values | {"create_date": moment}
        )
    return written


def publish(connection: Connection, rows: Sequence[Published], now: datetime) -> None:
    """Put these rows there for the plugin to read, in place of earlier ones of the same name."""
    moment = to_database(now)
    for row in rows:
        values: dict[str, Any] = {"kind": row.kind, "state": row.state, "front": row.front}
        values |= {"sealed": row.sealed, "update_date": moment}
        changed = connection.execute(update(_CARD).where(_CARD.c.name == row.name).values(values))
        if changed.rowcount == 0:
            values |= {"name": row.name, "create_date": moment, "discriminator_type": _DISCRIMINATOR}
            connection.execute(insert(_CARD).values(values))


def published(connection: Connection, name: str) -> str | None:
    """The ``front`` of a row we published; None where there is none."""
    return connection.execute(select(_CARD.c.front).where(_CARD.c.name == name)).scalar_one_or_none()


def withdraw_answers(connection: Connection, older_than: datetime) -> int:
    """Delete answers and parts of files made before a moment; returns how many rows."""
    old = delete(_CARD).where(
        _CARD.c.kind.in_(["answer", "part"]), _CARD.c.create_date < to_database(older_than)
    )
    return connection.execute(old).rowcount


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), IDS_AT_ONCE):
        yield ids[start : start + IDS_AT_ONCE]


def build(_settings: Settings) -> Projection:
    """The plugin's card; it needs no further key."""
    return PluginCard()
