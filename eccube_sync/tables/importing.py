"""Statements that read the members at hand and the imports they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, cast, func, insert, select, update

from eccube_sync.db import AnyRow, inserted_id
from eccube_sync.tables.members import (
    member,
    member_import,
    member_version,
    source,
)
from eccube_sync.tables.setting import set_by_id


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


def newest_import(connection: Connection, of_source: int) -> str | None:
    """The SHA-256 of the file a source's newest accepted import read."""
    found = select(member_import.c.sha256).where(
        member_import.c.source_id == of_source, member_import.c.state == "accepted"
    )
    newest: str | None = connection.execute(found.order_by(member_import.c.id.desc()).limit(1)).scalar()
    return newest


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


class PresentMember(NamedTuple):
    """A current member, and how its row is known again."""

    store_key: str
    id: int
    missing_imports: int
    row_digest: str | None
    row_repaired: bool
    row_newest: str | None


def present_members(connection: Connection, of_source: int) -> Iterator[PresentMember]:
    """Every current member of a source."""
    columns = (member.c[name] for name in PresentMember._fields if name != "row_newest")
    # As text: of a hundred thousand rows, the driver takes as long over the moments as over all the rest.
    newest = cast(member.c.row_newest, String(26))
    rows = connection.execute(
        select(*columns, newest).where(member.c.source_id == of_source, member.c.current == 1)
    )
    return map(PresentMember._make, rows)


def content_hashes(connection: Connection, member_ids: Sequence[int]) -> dict[int, str]:
    """Member id → the hash of what its current version says."""
    if not member_ids:
        return {}
    rows = connection.execute(select(member.c.id, member.c.content_hash).where(member.c.id.in_(member_ids)))
    return {row.id: row.content_hash for row in rows}


def left_members(connection: Connection, of_source: int) -> dict[str, int]:
    """Store key → the member that left when the import which brought it was undone."""
    undone = select(member_import.c.id).where(
        member_import.c.source_id == of_source, member_import.c.state == "undone"
    )
    found: dict[str, int] = {}
    for import_id in connection.execute(undone).scalars().all():
        rows = connection.execute(
            select(member.c.store_key, member.c.id)
            .join(member_version, member_version.c.id == member.c.version_id)
            .where(member_version.c.import_id == import_id, member.c.current.is_(None))
            .order_by(member.c.id)
        )
        found.update((row.store_key, row.id) for row in rows)
    return found


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


def remember_rows(connection: Connection, rows: Mapping[int, Sequence[Any]]) -> None:
    """Keep how the row of each of these members is known again: digest, newest moment, whether it was mended."""
    set_by_id(connection, member, (member.c.row_digest, member.c.row_newest, member.c.row_repaired), rows)


def newest_files(connection: Connection) -> list[AnyRow]:
    """Key of each source; when the data of its newest full file was taken (``full``), and of its newest (``any``)."""
    newest = (
        select(func.max(member_import.c.taken_at))
        .where(member_import.c.source_id == source.c.id, member_import.c.state == "accepted")
        .scalar_subquery()
    )
    columns = (source.c.source_key, source.c.taken_at.label("full"), newest.label("any"))
    return list(connection.execute(select(*columns)))


def data_taken(connection: Connection, of_source: int, taken_at: datetime) -> None:
    """Remember how fresh the data of this source now is."""
    connection.execute(update(source).where(source.c.id == of_source).values(taken_at=taken_at))
