"""When the data of an export was taken: a class may fall only on data taken after the end date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.clock import from_database, tokyo_midnight
from eccube_sync.configsources import Source
from eccube_sync.errors import BadInputError
from eccube_sync.i18n import _
from eccube_sync.tables.importing import newest_files

_DATE_IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_]?(\d\d)[-_]?(\d\d)(?:[-_T]?(\d\d)[-_:]?(\d\d)(?:[-_:]?(\d\d))?)?(?!\d)"
)

TELLS_OWN_AGE = frozenset({"name", "modified"})
"""The rules that tell when a file was exported, and not only what is newest in it."""


def taken_at_of(source: Source, path: Path, newest_inside: datetime | None, now: datetime) -> datetime:
    """The moment the data is from, by the source's rule; never later than ``now``.

    ``newest_inside`` is the newest time found in the file. Raises ``BadInputError`` when the rule finds none.
    """
    if source.taken_at == "modified":
        moment: datetime | None = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    elif source.taken_at == "name":
        moment = _from_name(path.name)
    else:
        moment = newest_inside
    if moment is None:
        raise BadInputError(
            _(
                "{file}: cannot tell when the data was taken (source {source}, taken_at = {rule}). Nothing was "
                "changed. Set taken_at to name or modified, or export a column with times."
            ).format(file=path.name, source=source.key, rule=source.taken_at)
        )
    return min(moment, now)


def _from_name(name: str) -> datetime | None:
    found = _DATE_IN_NAME.search(name)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        midnight = tokyo_midnight(date(year, month, day))
        return midnight.replace(hour=hour, minute=minute, second=second).astimezone(UTC)
    except ValueError:
        return None


def newest_data(sources: Iterable[Source], connection: Connection) -> dict[str, datetime | None]:
    """Source key → when its newest data was taken: its newest full file; any file where it sends none but of a part."""
    partial = {one.key for one in sources if one.partial}
    found: dict[str, datetime | None] = {}
    for row in newest_files(connection):
        moment = row.any if row.full is None or row.source_key in partial else row.full
        found[row.source_key] = from_database(moment) if moment else None
    return found
