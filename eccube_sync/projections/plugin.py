"""The card of our EC-CUBE plugin: the class of a customer, and what my page and the admin's panel show.

The class is a projection like any other. What else a card says follows from our tables, is written by
``write_cards`` and may be rebuilt at any time: whoever reinstalls the plugin loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    String,
    bindparam,
    cast,
    column,
    delete,
    exists,
    insert,
    literal,
    select,
    table,
    update,
)

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
        def apply(alike: Sequence[Change]) -> int:
            ids = [change.eccube_id for change in alike]
            shown = {"membership_class": _STORE if alike[0].new == _STORE else _EC_ONLY}
            rows = update(_CARD).where(_CARD.c.customer_id.in_(ids))
            written = connection.execute(rows.values(shown)).rowcount
            return written if written == len(ids) else written + _add_cards(connection, ids, shown)

        present = self.read(connection, [change.eccube_id for change in changes])
        return compare_and_set(connection, present, changes, apply)


def _add_cards(connection: Connection, eccube_ids: Sequence[int], values: dict[str, Any]) -> int:
    """Add the rows of those customers who are still there and have none; returns how many."""
    values = {"kind": "customer", "discriminator_type": _DISCRIMINATOR, **values}
    name = literal("customer:").concat(cast(_CUSTOMERS.c.id, String))
    rows = select(_CUSTOMERS.c.id, name, *(literal(value) for value in values.values())).where(
        _CUSTOMERS.c.id.in_(eccube_ids),
        ~exists().where(_CARD.c.customer_id == _CUSTOMERS.c.id),
    )
    return connection.execute(insert(_CARD).from_select(["customer_id", "name", *values], rows)).rowcount


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
    if not cards:
        return 0
    moment = to_database(now)
    _add_cards(connection, [card.eccube_id for card in cards], {"create_date": moment})
    told = ("state", "front", "panel", "digest")
    row = update(_CARD).where(_CARD.c.customer_id == bindparam("whose"))
    return connection.execute(
        row.values({name: bindparam(f"new_{name}") for name in told} | {"update_date": moment}),
        [{f"new_{name}": getattr(card, name) for name in told} | {"whose": card.eccube_id} for card in cards],
    ).rowcount


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
