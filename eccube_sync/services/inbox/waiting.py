"""Rows of the inbox that may be taken now: the parts of an uploaded file wait for each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from eccube_sync.db import AnyRow
from eccube_sync.pluginseal import PluginKeys
from eccube_sync.services.inbox.payloads import Upload, open_row
from eccube_sync.tables.inbox import received_at, sealed_rows

PATIENCE = timedelta(hours=1)
"""How long the parts of a file may take to come in."""


@dataclass(slots=True)
class _File:
    """The parts of one upload that are there."""

    parts: int = 0
    there: set[int] = field(default_factory=set)
    rows: list[AnyRow] = field(default_factory=list)

    def may_still_come(self, now: datetime) -> bool:
        """Whether a part is missing that is not overdue."""
        oldest = min(received_at(row, now) for row in self.rows)
        return len(self.there) < self.parts and oldest > now - PATIENCE


def without_unfinished(
    connection: Connection, keys: PluginKeys, rows: Sequence[AnyRow], now: datetime
) -> list[AnyRow]:
    """These rows but for those of files of which a part may still come. Opens one part at a time; writes nothing."""
    files: dict[str, _File] = defaultdict(_File)
    for row in rows:
        if row.kind == "upload":
            _look_into(connection, keys, row, files)
    unfinished = {row.id for one in files.values() if one.may_still_come(now) for row in one.rows}
    return [row for row in rows if row.id not in unfinished]


def _look_into(connection: Connection, keys: PluginKeys, row: AnyRow, files: dict[str, _File]) -> None:
    for sealed in sealed_rows(connection, [row.id]).values():
        part = open_row(keys, sealed).payload
        if isinstance(part, Upload):
            file = files[part.upload]
            file.parts = part.parts
            file.there.add(part.part)
            file.rows.append(row)
