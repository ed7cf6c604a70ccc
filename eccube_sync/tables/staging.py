"""Statements that move a staged file into the members' tables, inside one transaction.

What is new goes in by whole sets. What was there is changed by lists of our ids: as a subquery of an UPDATE,
the staged rows are looked up once for every row of the table, by whichever index a planner without statistics
takes, and a night over 100,000 members would not end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, and_, exists, func, insert, literal, null, or_, select, update

from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import (
    COPIED,
    member,
    member_code,
    member_version,
    staged_member,
    store,
)

KINDS = ("code", "number")


@dataclass(slots=True)
class Staged:
    """Who is staged: member id → code and number as written (None = not said), and whose codes were taken over."""

    codes: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    replaced: list[int] = field(default_factory=list)


def move_staged(connection: Connection, run_id: int, of_source: int, import_id: int) -> Staged:
    """Make the staged rows the members' current versions."""
    _retire_replaced(connection, run_id)
    _add_members(connection, run_id, of_source, import_id)
    staged = _staged(connection, run_id)
    _add_versions(connection, run_id, import_id)
    _point_at_versions(connection, staged.codes, run_id, import_id)
    _close_codes(connection, of_source, import_id, staged)
    for kind in KINDS:
        _add_codes(connection, run_id, of_source, import_id, kind)
    _add_stores(connection, run_id, of_source)
    return staged


def _retire_replaced(connection: Connection, run_id: int) -> None:
    replaced = select(staged_member.c.replaces_member_id).where(
        staged_member.c.run_id == run_id, staged_member.c.replaces_member_id.is_not(None)
    )
    for ids in chunks(connection.execute(replaced).scalars()):
        connection.execute(
            update(member).where(member.c.id.in_(ids)).values(current=null(), changed_run_id=run_id)
        )


def _staged(connection: Connection, run_id: int) -> Staged:
    staged = Staged()
    columns = staged_member.c
    for row in connection.execute(
        select(columns.member_id, columns.code, columns.number, columns.replaces_member_id).where(
            columns.run_id == run_id
        )
    ):
        staged.codes[row.member_id] = (row.code, row.number)
        if row.replaces_member_id is not None:
            staged.replaced.append(row.replaces_member_id)
    return staged


def _add_members(connection: Connection, run_id: int, of_source: int, import_id: int) -> None:
    new_rows = select(
        literal(of_source),
        staged_member.c.store_key,
        literal(1),
        literal(0),
        staged_member.c.content_hash,
        staged_member.c.fingerprint,
        staged_member.c.row_digest,
        staged_member.c.row_newest,
        staged_member.c.repairs != "",
        literal(import_id),
        literal(import_id),
        literal(run_id),
    ).where(staged_member.c.run_id == run_id, staged_member.c.member_id.is_(None))
    names = [
        "source_id", "store_key", "current", "version_id", "content_hash", "fingerprint", "row_digest",
        "row_newest", "row_repaired", "first_import_id", "changed_import_id", "changed_run_id",
    ]  # fmt: skip
    connection.execute(insert(member).from_select(names, new_rows))
    found = (
        select(member.c.id)
        .where(
            member.c.source_id == of_source,
            member.c.store_key == staged_member.c.store_key,
            member.c.current == 1,
        )
        .scalar_subquery()
    )
    connection.execute(
        update(staged_member)
        .where(staged_member.c.run_id == run_id, staged_member.c.member_id.is_(None))
        .values(member_id=found)
    )


def _add_versions(connection: Connection, run_id: int, import_id: int) -> None:
    rows = (
        select(
            staged_member.c.member_id,
            literal(import_id),
            func.nullif(member.c.version_id, 0),
            *(staged_member.c[name] for name in COPIED),
        )
        .join(member, member.c.id == staged_member.c.member_id)
        .where(staged_member.c.run_id == run_id)
    )
    connection.execute(
        insert(member_version).from_select(["member_id", "import_id", "previous_version_id", *COPIED], rows)
    )


def _point_at_versions(
    connection: Connection, member_ids: Iterable[int], run_id: int, import_id: int
) -> None:
    # The version just added is the member's newest.
    newest = (
        select(func.max(member_version.c.id))
        .where(member_version.c.member_id == member.c.id)
        .scalar_subquery()
    )
    of_version = {
        name: select(member_version.c[name])
        .where(member_version.c.id == member.c.version_id)
        .scalar_subquery()
        for name in ("content_hash", "fingerprint")
    }
    for ids in chunks(member_ids):
        these = update(member).where(member.c.id.in_(ids))
        # Each on its own: MySQL would read the new values in the same statement, SQLite the old ones.
        connection.execute(these.values(version_id=newest, changed_import_id=import_id))
        # Points and visits change every day; only what the matcher reads makes a member worth matching again.
        another = member.c.fingerprint != of_version["fingerprint"]
        connection.execute(these.where(another).values(changed_run_id=run_id))
        connection.execute(these.values(of_version))


def _close_codes(connection: Connection, of_source: int, import_id: int, staged: Staged) -> None:
    """End what a code led to: where its member has another one now, and where another member has it now.

    An empty cell is "no information", never "the card is gone". Second numbers are not unique in every POS, so
    they end for the holder before only with the member whose code was given to another person.
    """
    held = select(member_code.c.id, member_code.c.member_id, member_code.c.kind, member_code.c.code).where(
        member_code.c.source_id == of_source, member_code.c.to_import_id.is_(None)
    )
    ended: list[int] = []
    for ids in chunks(staged.codes):
        for row in connection.execute(held.where(member_code.c.member_id.in_(ids))):
            written = staged.codes[row.member_id][KINDS.index(row.kind)]
            if written is not None and written != row.code:
                ended.append(row.id)
    holders = {code: member_id for member_id, (code, _number) in staged.codes.items() if code is not None}
    for codes in chunks(holders):
        same = held.where(member_code.c.kind == "code", member_code.c.code.in_(codes))
        ended += [row.id for row in connection.execute(same) if row.member_id != holders[row.code]]
    for ids in chunks(staged.replaced):
        ended += [row.id for row in connection.execute(held.where(member_code.c.member_id.in_(ids)))]
    for ids in chunks(ended):
        connection.execute(
            update(member_code).where(member_code.c.id.in_(ids)).values(to_import_id=import_id)
        )


def _add_codes(connection: Connection, run_id: int, of_source: int, import_id: int, kind: str) -> None:
    written = staged_member.c[kind]
    known = exists().where(
        and_(
            member_code.c.member_id == staged_member.c.member_id,
            member_code.c.kind == kind,
            member_code.c.code == written,
            # one that just ended was given to another member, though this one's row is silent about it
            or_(member_code.c.to_import_id.is_(None), member_code.c.to_import_id == import_id),
        )
    )
    rows = select(
        staged_member.c.member_id, literal(of_source), literal(kind), written, literal(import_id)
    ).where(staged_member.c.run_id == run_id, written.is_not(None), ~known)
    connection.execute(
        insert(member_code).from_select(["member_id", "source_id", "kind", "code", "from_import_id"], rows)
    )


def _add_stores(connection: Connection, run_id: int, of_source: int) -> None:
    known = exists().where(store.c.source_id == of_source, store.c.code == staged_member.c.store_code)
    rows = (
        select(literal(of_source), staged_member.c.store_code)
        .where(staged_member.c.run_id == run_id, staged_member.c.store_code != "", ~known)
        .distinct()
    )
    connection.execute(insert(store).from_select(["source_id", "code"], rows))


def make_due(connection: Connection, member_ids: Iterable[int], today: date) -> None:
    """Queue every customer linked to one of these members for the computation of classes."""
    linked: list[int] = []
    for ids in chunks(member_ids):
        statement = select(link.c.customer_id).where(link.c.active == 1, link.c.member_id.in_(ids))
        linked += connection.execute(statement).scalars()
    for ids in chunks(linked):
        connection.execute(
            update(customer_class).where(customer_class.c.customer_id.in_(ids)).values(due_on=today)
        )
