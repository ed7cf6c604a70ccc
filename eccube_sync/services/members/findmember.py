"""Find a member by whatever a person has at hand: a code, current or old, a second number, the POS's own id."""

from __future__ import annotations

import unicodedata

from sqlalchemy import Connection, or_, select

from eccube_sync.db import AnyRow
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.tables.members import member, member_code, member_version, source


def find_members(connection: Connection, code: str) -> list[AnyRow]:
    """Members this code leads or led to, the likeliest first; each with its source and current version.

    Raises ``UsageError`` when there is none.
    """
    wanted = unicodedata.normalize("NFKC", code).strip()
    held = select(member_code.c.member_id).where(member_code.c.code == wanted)
    holders = {row.member_id for row in connection.execute(held.where(member_code.c.to_import_id.is_(None)))}
    statement = (
        select(
            member.c.current,
            member.c.store_key,
            member.c.missing_imports,
            source.c.source_key,
            source.c.name.label("source_name"),
            member_version,
        )
        .join(member_version, member_version.c.id == member.c.version_id)
        .join(source, source.c.id == member.c.source_id)
        .where(or_(member.c.store_key == wanted, member.c.id.in_(held)))
    )
    found = sorted(
        connection.execute(statement),
        key=lambda row: (row.current != 1, row.member_id not in holders, row.member_id),
    )
    if not found:
        raise UsageError(_("No member has or had this code, number or id."))
    return found


def find_member(connection: Connection, code: str, source_key: str | None = None) -> AnyRow:
    """The one current member this code leads to. Raises ``UsageError`` when there is none, or more than one."""
    found = [row for row in find_members(connection, code) if source_key in (None, row.source_key)]
    current = [row for row in found if row.current == 1]
    if not current:
        raise UsageError(_("The code {code} leads to nobody who has it now.").format(code=code))
    if len(current) == 1:
        return current[0]
    exact = [row for row in current if code in (row.code, row.store_key)]
    if len(exact) == 1:
        return exact[0]
    raise UsageError(
        _("The code {code} leads to {count} members ({ids}); name one by the POS's own id.").format(
            code=code,
            count=len(current),
            ids=", ".join(f"{row.source_key}: {row.store_key}" for row in current),
        )
    )
