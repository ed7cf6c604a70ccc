"""Statements that read the members at hand and move a staged file into the tables, set by set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, insert, literal, null, or_, select, update

from eccube_sync.db import AnyRow, inserted_id
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import (
    member,
    member_code,
    member_import,
    member_version,
    record_columns,
    source,
    staged_member,
    store,
)

COPIED = tuple(column.name for column in record_columns())


def source_id(connection: Connection, key: str) -> int | None:
    """Our id of a source; None before its first import."""
    return connection.execute(select(source.c.id).where(source.c.source_key == key)).scalar_one_or_none()


def ensure_source(connection: Connection, key: str, name: str) -> int:
    """Our id of a source, made when it is new; its name follows the configuration."""
    found = source_id(connection, key)
    if found is None:
        return inserted_id(connection.execute(insert(source).values(source_key=key, name=name)))
    connection.execute(update(source).where(source.c.id == found).values(name=name))
    return found


def accepted_import(connection: Connection, of_source: int, sha256: str) -> bool:
    """Whether these very bytes were imported; an undone import's file may come again."""
    found = select(member_import.c.id).where(
        member_import.c.source_id == of_source,
        member_import.c.sha256 == sha256,
        member_import.c.state == "accepted",
    )
    return connection.execute(found.limit(1)).first() is not None


def imports_mark(connection: Connection, key: str) -> str:
    """Which imports a source has: changes with every import and every undone one."""
    row = connection.execute(
        select(func.count(), func.max(member_import.c.id))
        .join(source, source.c.id == member_import.c.source_id)
        .where(source.c.source_key == key, member_import.c.state == "accepted")
    ).one()
    return f"{row[0]}:{row[1]}"


def last_full_import(connection: Connection, key: str) -> AnyRow | None:
    """The newest accepted full import of a source."""
    return connection.execute(
        select(member_import)
        .join(source, source.c.id == member_import.c.source_id)
        .where(
            source.c.source_key == key,
            member_import.c.state == "accepted",
            member_import.c.partial.is_(False),
        )
        .order_by(member_import.c.id.desc())
        .limit(1)
    ).first()


def present_members(connection: Connection, of_source: int) -> dict[str, AnyRow]:
    """Store key → id, content hash and missing imports of every current member of a source."""
    rows = connection.execute(
        select(member.c.store_key, member.c.id, member.c.content_hash, member.c.missing_imports).where(
            member.c.source_id == of_source, member.c.current == 1
        )
    )
    return {row.store_key: row for row in rows}


def versions_of(connection: Connection, member_ids: Sequence[int]) -> dict[int, AnyRow]:
    """Member id → its current version."""
    if not member_ids:
        return {}
    rows = connection.execute(
        select(member_version)
        .join(member, member.c.version_id == member_version.c.id)
        .where(member.c.id.in_(member_ids))
    )
    return {row.member_id: row for row in rows}


def data_taken(connection: Connection, of_source: int, taken_at: datetime) -> None:
    """Remember how fresh the data of this source now is."""
    connection.execute(update(source).where(source.c.id == of_source).values(taken_at=taken_at))


def _staged_members(run_id: int) -> Select[Any]:
    return select(staged_member.c.member_id).where(
        staged_member.c.run_id == run_id, staged_member.c.member_id.is_not(None)
    )


def move_staged(connection: Connection, run_id: int, of_source: int, import_id: int) -> None:
    """Make the staged rows the members' current versions; one statement a step, whatever their number."""
    _add_members(connection, run_id, of_source, import_id)
    _add_versions(connection, run_id, import_id)
    _point_at_versions(connection, run_id, import_id)
    _close_taken_codes(connection, run_id, of_source, import_id)
    for kind in ("code", "number"):
        _close_codes(connection, run_id, import_id, kind)
        _add_codes(connection, run_id, of_source, import_id, kind)
    _add_stores(connection, run_id, of_source)


def _add_members(connection: Connection, run_id: int, of_source: int, import_id: int) -> None:
    replaced = select(staged_member.c.replaces_member_id).where(
        staged_member.c.run_id == run_id, staged_member.c.replaces_member_id.is_not(None)
    )
    connection.execute(update(member).where(member.c.id.in_(replaced)).values(current=null()))
    new_rows = select(
        literal(of_source),
        staged_member.c.store_key,
        literal(1),
        literal(0),
        staged_member.c.content_hash,
        staged_member.c.fingerprint,
        literal(import_id),
        literal(import_id),
        literal(run_id),
    ).where(staged_member.c.run_id == run_id, staged_member.c.member_id.is_(None))
    names = [
        "source_id", "store_key", "current", "version_id", "content_hash", "fingerprint",
        "first_import_id", "changed_import_id", "changed_run_id",
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


def _point_at_versions(connection: Connection, run_id: int, import_id: int) -> None:
    def of_version(name: str) -> Any:
        return (
            select(member_version.c[name])
            .where(member_version.c.member_id == member.c.id, member_version.c.import_id == import_id)
            .scalar_subquery()
        )

    of_import = member.c.id.in_(_staged_members(run_id))
    # Points and visits change every day; only what the matcher reads makes a member worth matching again.
    connection.execute(
        update(member)
        .where(of_import, member.c.fingerprint != of_version("fingerprint"))
        .values(changed_run_id=run_id)
    )
    connection.execute(
        update(member)
        .where(of_import)
        .values(
            version_id=of_version("id"),
            content_hash=of_version("content_hash"),
            fingerprint=of_version("fingerprint"),
            changed_import_id=import_id,
        )
    )


def _close_codes(connection: Connection, run_id: int, import_id: int, kind: str) -> None:
    written = staged_member.c[kind]
    still_there = exists().where(
        staged_member.c.run_id == run_id,
        staged_member.c.member_id == member_code.c.member_id,
        # an empty cell is "no information", never "the card is gone"
        or_(written.is_(None), written == member_code.c.code),
    )
    connection.execute(
        update(member_code)
        .where(
            member_code.c.kind == kind,
            member_code.c.to_import_id.is_(None),
            member_code.c.member_id.in_(_staged_members(run_id)),
            ~still_there,
        )
        .values(to_import_id=import_id)
    )


def _close_taken_codes(connection: Connection, run_id: int, of_source: int, import_id: int) -> None:
    """A barcode leads to one member at a time: given to another one, it ends for the one before.

    Second numbers are not unique in every POS, so theirs end only with the member whose code was given away.
    """
    # Found by a join first: as conditions of an UPDATE, MySQL would test them for every code there is.
    held = select(member_code.c.id).where(
        staged_member.c.run_id == run_id,
        member_code.c.source_id == of_source,
        member_code.c.to_import_id.is_(None),
    )
    taken = held.where(
        member_code.c.kind == "code",
        member_code.c.code == staged_member.c.code,
        member_code.c.member_id != staged_member.c.member_id,
    )
    of_replaced = held.where(member_code.c.member_id == staged_member.c.replaces_member_id)
    ended = [row.id for statement in (taken, of_replaced) for row in connection.execute(statement)]
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


def make_due(connection: Connection, run_id: int, today: date) -> None:
    """Queue every customer linked to a staged member for the computation of classes."""
    linked = select(link.c.customer_id).where(
        link.c.active == 1, link.c.member_id.in_(_staged_members(run_id))
    )
    connection.execute(
        update(customer_class).where(customer_class.c.customer_id.in_(linked)).values(due_on=today)
    )
