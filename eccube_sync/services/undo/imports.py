"""What undoing an import would do: which members step back, leave or come back, and which are kept as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from eccube_sync.db import AnyRow
from eccube_sync.services.undo.facts import Finding
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.members import member, member_import, member_version

ACCEPTED, UNDONE = "accepted", "undone"


@dataclass(slots=True)
class ImportUndo:
    """One import of the run: what becomes of each member whose data it brought."""

    row: AnyRow
    later_full: int
    """Accepted full imports of the same source after this one."""
    stepping: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Member → the version this import wrote, and the one to go back to."""
    leaving: list[int] = field(default_factory=list)
    """Members this import was the first to have."""
    returning: list[int] = field(default_factory=list)
    """Members whose code this import gave to one of the leaving."""
    kept: list[Finding] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """The import, its members, and those that are kept."""
        return [
            Finding("import", self.row.id),
            *(Finding("member_new", one) for one in self.leaving),
            *(Finding("member_changed", one) for one in self.stepping),
            *self.kept,
        ]


def find_imports(connection: Connection, run_id: int) -> list[ImportUndo]:
    """The imports of a run that still count, newest first."""
    rows = connection.execute(
        select(member_import)
        .where(member_import.c.run_id == run_id, member_import.c.state == ACCEPTED)
        .order_by(member_import.c.id.desc())
    ).all()
    return [_look_at(connection, row) for row in rows]


def _look_at(connection: Connection, row: AnyRow) -> ImportUndo:
    later = connection.execute(
        select(member_import.c.run_id)
        .where(
            member_import.c.source_id == row.source_id,
            member_import.c.id > row.id,
            member_import.c.state == ACCEPTED,
            member_import.c.partial.is_(False),
        )
        .order_by(member_import.c.id.desc())
    ).all()
    undo = ImportUndo(row, len(later))
    versions = _versions(connection, row.id)
    runs = _runs_of(connection, {one.changed_import_id for one in versions})
    open_ones = []
    for one in versions:
        what = "member_changed" if one.previous_version_id else "member_new"
        if one.version_id < one.id or one.current is None:
            continue  # an undo that was interrupted came this far, or the code is another person's by now
        if one.version_id > one.id:
            kept = Finding(what, one.member_id).keep("changed_since", runs.get(one.changed_import_id))
            undo.kept.append(kept)
        elif one.missing_imports < len(later):
            # A newer file still holds the very same data: taking it back would contradict that file.
            undo.kept.append(Finding(what, one.member_id).keep("confirmed_since", later[0].run_id))
        else:
            open_ones.append(one)
    before = versions_before(connection, open_ones, row.id)
    undo.stepping = {one.member_id: (one.id, before[one.id]) for one in open_ones if one.id in before}
    undo.leaving = [one.member_id for one in open_ones if one.id not in before]
    undo.returning = predecessors(connection, undo.leaving, row)
    return undo


def _versions(connection: Connection, import_id: int) -> Sequence[AnyRow]:
    """What the import wrote, beside what its members are now."""
    return connection.execute(
        select(
            member_version.c.id,
            member_version.c.member_id,
            member_version.c.previous_version_id,
            member.c.version_id,
            member.c.current,
            member.c.missing_imports,
            member.c.changed_import_id,
        )
        .join(member, member.c.id == member_version.c.member_id)
        .where(member_version.c.import_id == import_id)
        .order_by(member_version.c.member_id)
    ).all()


def _runs_of(connection: Connection, import_ids: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for ids in chunks(import_ids):
        rows = connection.execute(
            select(member_import.c.id, member_import.c.run_id).where(member_import.c.id.in_(ids))
        )
        found.update((row.id, row.run_id) for row in rows)
    return found


def versions_before(connection: Connection, versions: Sequence[AnyRow], import_id: int) -> dict[int, int]:
    """Version → the newest one before it whose import still counts; versions without one are left out."""
    found: dict[int, int] = {}
    asked = {one.id: one.previous_version_id for one in versions if one.previous_version_id}
    while asked:
        rows: dict[int, AnyRow] = {}
        for ids in chunks(asked.values()):
            statement = (
                select(member_version.c.id, member_version.c.previous_version_id, member_import.c.state)
                .join(member_import, member_import.c.id == member_version.c.import_id)
                .where(member_version.c.id.in_(ids), member_version.c.import_id != import_id)
            )
            rows.update((row.id, row) for row in connection.execute(statement))
        further: dict[int, int] = {}
        for version, previous in asked.items():
            row = rows.get(previous)
            if row is not None and row.state == ACCEPTED:
                found[version] = previous
            elif row is not None and row.previous_version_id:
                further[version] = row.previous_version_id
        asked = further
    return found


def predecessors(connection: Connection, leaving: Sequence[int], row: AnyRow) -> list[int]:
    """Who held the codes of leaving members before this import, and was real enough to have them again."""
    found: dict[str, int] = {}
    for ids in chunks(leaving):
        keys = select(member.c.store_key).where(member.c.id.in_(ids))
        rows = connection.execute(
            select(member.c.store_key, func.max(member.c.id).label("member_id"))
            .join(member_version, member_version.c.id == member.c.version_id)
            .join(member_import, member_import.c.id == member_version.c.import_id)
            .where(
                member.c.source_id == row.source_id,
                member.c.current.is_(None),
                member.c.store_key.in_(list(connection.execute(keys).scalars())),
                member_import.c.state == ACCEPTED,
                member_import.c.id < row.id,
            )
            .group_by(member.c.store_key)
        )
        found.update((one.store_key, one.member_id) for one in rows)
    return sorted(found.values())
