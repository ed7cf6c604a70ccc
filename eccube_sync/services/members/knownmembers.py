"""The members of a source as they are known: how the rows of the next file are told from theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter

from sqlalchemy import Connection

from eccube_sync.clock import from_database, to_database
from eccube_sync.db import AnyRow
from eccube_sync.pos import KnownRows, MemberRecord
from eccube_sync.services.members.reusedcodes import names_another_person
from eccube_sync.tables import importing as statements
from eccube_sync.tables.importing import PresentMember
from eccube_sync.tables.members import record_columns

CONTENT = tuple(
    column.name
    for column in record_columns()
    if column.name not in {"repairs", "content_hash", "fingerprint"}
)
_content = attrgetter(*CONTENT)


@dataclass(frozen=True, slots=True)
class Known:
    """The members of a source by store key: those that are there, and those that left with an undone import."""

    present: Mapping[str, PresentMember] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, connection: Connection, source_id: int) -> Known:
        """Those of a source."""
        present = {one.store_key: one for one in statements.present_members(connection, source_id)}
        return cls(present, statements.left_members(connection, source_id))

    def rows(self) -> KnownRows:
        """The rows that need not be read again."""
        return {
            one.row_digest: (one.store_key, _moment(one.row_newest))
            for one in self.present.values()
            if one.row_digest
        }

    def read(self, connection: Connection, records: Sequence[MemberRecord]) -> dict[int, AnyRow]:
        """Member id → version, for every member whose row may not be what it was."""
        wanted = [self.left[one.store_key] for one in records if one.store_key in self.left]
        present = [(self.present[one.store_key].id, one) for one in records if one.store_key in self.present]
        before = statements.content_hashes(connection, [member_id for member_id, _record in present])
        wanted += [
            member_id for member_id, record in present if before.get(member_id) != content_hash(record)
        ]
        return statements.versions_of(connection, wanted)

    def returning(self, record: MemberRecord, before: Mapping[int, AnyRow]) -> int | None:
        """The member that left and is there again in this row."""
        left = self.left.get(record.store_key)
        return None if left is None or names_another_person(before[left], record) else left


def _moment(stored: str | None) -> datetime | None:
    return None if stored is None else from_database(datetime.fromisoformat(stored))


def stored_moment(moment: datetime | None) -> datetime | None:
    """A moment a row tells, as our tables store it."""
    return None if moment is None else to_database(moment)


def content_hash(record: MemberRecord) -> str:
    """What tells two versions of a row apart, as the file has it; the line and the repairs are no part of it."""
    pin = (record.pin_hash,) if record.pin_hash else ()
    content = repr((*_content(record), *pin))
    return blake2b(content.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
