"""Keep the plugin's cards true: write those about whom something changed, and those that are missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

import eccube_sync
from eccube_sync.clock import from_database
from eccube_sync.db import reading
from eccube_sync.i18n import current_language
from eccube_sync.membership.facts import EC_ONLY, STORE
from eccube_sync.projections.customer_group import CustomerGroup
from eccube_sync.projections.plugin import (
    Card,
    Published,
    publish,
    published,
    read_digests,
    withdraw_answers,
    write_cards,
)
from eccube_sync.services.inbox.payloads import LARGEST_FILE, PART_SIZE
from eccube_sync.services.projection.heldrows import batches, write_unless_held
from eccube_sync.services.projection.plugincardfacts import last_night, touched_since
from eccube_sync.services.projection.plugincards import cards_of
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer
from eccube_sync.tables.inbox import card_state
from eccube_sync.tables.members import source
from eccube_sync.tables.runs import installation
from eccube_sync.tables.runs import run as run_table

GATHERED = 500
SHOP_ROW = "shop"
ANSWERS_KEPT = timedelta(days=2)


def refresh_cards(run: Run) -> None:
    """Write every card that no longer says what it should, and the row about the shop."""
    with reading(run.connection) as connection:
        front = _shop_front(run, None)
        due = _due(run, connection, front)
    waiting = _refresh(run, sorted(due))
    run.transaction(_finish, run, front, not waiting)


def refresh_cards_of(run: Run, eccube_ids: Sequence[int]) -> None:
    """Write the cards of these customers, whatever else is to be written later."""
    with reading(run.connection) as connection:
        ids = connection.execute(
            select(customer.c.id).where(customer.c.current == 1, customer.c.eccube_id.in_(list(eccube_ids)))
        ).scalars()
        known = sorted(ids)
    _refresh(run, known, nearest=True)


def tell_shop(run: Run, last_good_run: datetime | None) -> None:
    """Publish the row about the shop after a night; None leaves the time of the last good one as it was."""
    with reading(run.connection):
        front = _shop_front(run, last_good_run)
    run.transaction(_publish_shop, run, front)


def _due(run: Run, connection: Connection, front: dict[str, Any]) -> set[int]:
    since = connection.execute(select(installation.c.carded_run_id)).scalar_one()
    before = published(connection, SHOP_ROW)
    if not since or before is None or _words(json.loads(before)) != _words(front):
        # The first time, another version, other labels: every card may say something else.
        everybody = connection.execute(select(customer.c.id).where(customer.c.current == 1))
        return set(everybody.scalars())
    return touched_since(connection, since) | _differing(connection)


def _words(front: dict[str, Any]) -> tuple[Any, ...]:
    return front.get("program"), front.get("labels"), front.get("language")


def _differing(connection: Connection) -> set[int]:
    """Customers whose card is not the one we wrote last."""
    rows = connection.execute(
        select(card_state.c.customer_id, card_state.c.digest, customer.c.eccube_id).join(
            customer, customer.c.id == card_state.c.customer_id
        )
    ).all()
    standing = read_digests(connection)
    return {row.customer_id for row in rows if standing.get(row.eccube_id) != row.digest}


def _refresh(run: Run, customer_ids: Sequence[int], *, nearest: bool = False) -> int:
    """Write their cards; returns how many wait, for a new one needs a customer's row that the shop may hold."""
    settings, waiting = run.shop.settings, 0
    for ids in chunks(customer_ids, GATHERED):
        with reading(run.connection) as connection:
            cards = cards_of(settings, connection, ids, nearest=nearest)
            standing = read_digests(connection, [card.eccube_id for card in cards])
        changed = [card for card in cards if standing.get(card.eccube_id) != card.digest]
        waiting += len(write_unless_held(run, partial(_write, run), batches(changed)))
    run.counts["cards_held_by_shop"] += waiting
    return waiting


def _write(run: Run, cards: Sequence[Card]) -> None:
    run.counts["cards"] += write_cards(run.connection, cards, run.now)
    by_eccube_id = {card.eccube_id: card for card in cards}
    rows = run.connection.execute(
        select(customer.c.id, customer.c.eccube_id).where(
            customer.c.current == 1, customer.c.eccube_id.in_(list(by_eccube_id))
        )
    ).all()
    _remember(run, [(row.id, by_eccube_id[row.eccube_id].digest) for row in rows])


def _remember(run: Run, written: Iterable[tuple[int, str]]) -> None:
    rows = [{"customer_id": one, "digest": digest, "run_id": run.id} for one, digest in written]
    if rows:
        ids = [row["customer_id"] for row in rows]
        run.connection.execute(delete(card_state).where(card_state.c.customer_id.in_(ids)))
        run.connection.execute(insert(card_state), rows)


# --- the row about the shop --------------------------------------------------------------------------------


def _shop_front(run: Run, last_good_run: datetime | None) -> dict[str, Any]:
    settings, connection = run.shop.settings, run.connection
    before = json.loads(published(connection, SHOP_ROW) or "{}")
    night = last_night(connection)
    told = before.get("last_good_run") or (_iso(from_database(night)) if night else None)
    labels = settings.membership
    return {
        "v": 1,
        "program": eccube_sync.__version__,
        "last_good_run": _iso(last_good_run) if last_good_run else told,
        "labels": {STORE: labels.label_store, EC_ONLY: labels.label_ec_only},
        "facts": list(settings.cards.second_facts),
        "link_codes": True,
        "upload_limit": LARGEST_FILE,
        "part_size": PART_SIZE,
        "sources": _sources(settings, connection),
        "customer_group_id": _group_id(settings, connection),
        "language": current_language(),
    }


def _group_id(settings: Settings, connection: Connection) -> int | None:
    """The customer group of store members, which the plugin puts back when another plugin clears it at login."""
    groups = [one.group for one in settings.projections if one.kind == "customer_group" and one.group]
    return CustomerGroup(groups[0]).group_id(connection) if groups else None


def _sources(settings: Settings, connection: Connection) -> list[dict[str, str | None]]:
    taken = {
        row.source_key: row.taken_at
        for row in connection.execute(select(source.c.source_key, source.c.taken_at))
    }
    return [
        {
            "key": one.key,
            "label": one.label,
            "taken_at": _iso(from_database(taken[one.key])) if taken.get(one.key) else None,
        }
        for one in settings.sources
    ]


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _publish_shop(run: Run, front: dict[str, Any]) -> None:
    text = json.dumps(front, ensure_ascii=False, separators=(",", ":"))
    publish(run.connection, [Published(SHOP_ROW, "shop", front=text)], run.now)


def _finish(run: Run, front: dict[str, Any], all_written: bool) -> None:
    _publish_shop(run, front)
    withdraw_answers(run.connection, run.now - ANSWERS_KEPT)
    # Runs that go on beside this one journal under lower numbers; they are looked at again next time. So is everybody
    # when a card waits: why it was due, no table says.
    through = _settled_run(run) if all_written else 0
    run.connection.execute(update(installation).values(carded_run_id=through))


def _settled_run(run: Run) -> int:
    running = run.connection.execute(
        select(run_table.c.id).where(run_table.c.state == "running").order_by(run_table.c.id).limit(1)
    ).scalar_one_or_none()
    return (running or run.id) - 1
