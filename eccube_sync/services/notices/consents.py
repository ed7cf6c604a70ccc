"""The ledger of consents: who agreed to mails of the store, since when, and how a person says it was given.

A row holds from its first day until the day before ``valid_to``. What the store's own data say about mails is no
consent; it only ever forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from eccube_sync.services.running import Run
from eccube_sync.services.undo.facts import UNDO, Finding
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.later import consent

EMAIL = "email"
STATED = "stated"


def agreed(connection: Connection, member_ids: Iterable[int], today: date) -> set[int]:
    """Those of these members whose consent to mails holds today."""
    found: set[int] = set()
    for ids in chunks(member_ids):
        rows = connection.execute(
            select(consent.c.member_id).where(_holds(today), consent.c.member_id.in_(ids))
        )
        found.update(rows.scalars())
    return found


def all_agreed(connection: Connection, today: date) -> list[int]:
    """Every member whose consent to mails holds today."""
    statement = select(consent.c.member_id).where(_holds(today), consent.c.member_id.is_not(None))
    return sorted(set(connection.execute(statement).scalars()))


def _holds(today: date) -> ColumnElement[bool]:
    return and_(
        consent.c.channel == EMAIL,
        consent.c.valid_from <= today,
        or_(consent.c.valid_to.is_(None), consent.c.valid_to > today),
    )


def record_consents(run: Run, member_ids: Sequence[int], statement: str) -> None:
    """Record that these members agreed, inside the transaction under way; who says so is the run's actor."""
    standing = agreed(run.connection, member_ids, run.today)
    fresh = [one for one in member_ids if one not in standing]
    rows: list[dict[str, Any]] = [
        {
            "member_id": one,
            "channel": EMAIL,
            "basis": STATED,
            "statement": statement,
            "valid_from": run.today,
            "run_id": run.id,
        }
        for one in fresh
    ]
    if rows:
        run.connection.execute(insert(consent), rows)
    for one in fresh:
        run.record("member", one, "mail_consent", None, "given", "stated_by_person")
    run.counts["consents_recorded"] += len(fresh)


def find_given(connection: Connection, run_id: int) -> list[Finding]:
    """Consents the run recorded that still hold; part of an undo."""
    rows = connection.execute(
        select(consent.c.id)
        .where(consent.c.run_id == run_id, consent.c.valid_to.is_(None))
        .order_by(consent.c.id)
    )
    return [Finding("consent", consent_id, found="given", back_to="ended") for consent_id in rows.scalars()]


def take_back(run: Run, findings: Sequence[Finding]) -> Iterator[Finding]:
    """End them today, inside the transaction under way."""
    for one in findings:
        done = run.connection.execute(
            update(consent)
            .where(consent.c.id == one.subject_id, consent.c.valid_to.is_(None))
            .values(valid_to=run.today)
        )
        if done.rowcount == 1:
            run.record("consent", one.subject_id, "state", one.found, one.back_to, UNDO)
            yield one
        else:
            yield one.keep("ended_since")
