"""A dump: every row of our tables in one file outside the database, 0600, whole or not there at all.

Where our tables lie in EC-CUBE's database one is written after every run, since
``doctrine:schema:update --force --complete`` drops them; elsewhere before ``migrate`` changes a table.
"""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, text

import eccube_sync
from eccube_sync.csvwriter import atomic_file
from eccube_sync.db import OWN_SCHEMA, Database
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.settings import Settings
from eccube_sync.tables.links import match_key
from eccube_sync.tables.version import schema_version

Occasion = Literal["run", "migrate", "uninstall"]
FORMAT = 1
KEPT = 3
"""So many dumps of an occasion are kept; a forgotten person must not live on in old ones."""
COMPRESSION = 1
DERIVED = frozenset({match_key.name})
"""Tables without rows of their own: the index follows from the people, and is most of all rows. A restore makes it."""
STREAMED = {"stream_results": True, "yield_per": 1000}
_SNAPSHOT = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
)


@dataclass(frozen=True, slots=True)
class OwnTables:
    """How our tables are named in statements of the connected database."""

    kind: str
    schema: str
    prefix: str

    @classmethod
    def of(cls, settings: Settings) -> OwnTables:
        """As the configuration says."""
        database = settings.database
        schema = OWN_SCHEMA if database.kind == "sqlite" else database.own
        return cls(database.kind, schema, database.table_prefix)

    def alone(self) -> OwnTables:
        """The same on a connection to our schema alone, which SQLite calls main."""
        return replace(self, schema="main") if self.kind == "sqlite" else self

    def quoted(self, name: str) -> str:
        """A table by the name it has without prefix."""
        return f"{quoted(self.schema)}.{quoted(self.prefix + name)}"

    def present(self, connection: Connection) -> list[str]:
        """The names, without prefix, of all tables of ours that are there; also of those only another version knows."""
        if self.kind == "sqlite":
            found = connection.exec_driver_sql(
                f"SELECT name FROM {quoted(self.schema)}.sqlite_master WHERE type = 'table'"
            )
        else:
            statement = (
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = :schema AND table_type = 'BASE TABLE'"
            )
            found = connection.execute(text(statement), {"schema": self.schema})
        names = sorted(str(row[0]) for row in found)
        return [name.removeprefix(self.prefix) for name in names if name.startswith(self.prefix)]


def quoted(name: str) -> str:
    """An identifier, quoted as both databases understand it."""
    return "`" + name.replace("`", "``") + "`"


def write_dump(settings: Settings, database: Database, occasion: Occasion, moment: datetime) -> Path:
    """Write our tables as they stand in one moment, and delete all but the newest dumps of this occasion."""
    folder = settings.folders.dumps
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{occasion}-{moment:%Y%m%d-%H%M%S-%f}.jsonl.gz"
    try:
        with (
            database.connect() as connection,
            atomic_file(path) as file,
            closing(gzip.GzipFile("", "wb", COMPRESSION, file)) as packed,
        ):
            _write(connection, OwnTables.of(settings), packed)
    except OSError as error:
        raise ConfigurationError(
            _("The dump of our tables could not be written to {folder}: {reason}").format(
                folder=folder, reason=error.strerror
            )
        ) from None
    for old in dumps(settings, occasion)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def dumps(settings: Settings, occasion: Occasion | Literal["*"] = "*") -> list[Path]:
    """Dumps, newest first."""
    found = settings.folders.dumps.glob(f"{occasion}-*.jsonl.gz")
    return sorted(found, key=lambda path: path.name.partition("-")[2], reverse=True)


def _write(connection: Connection, ours: OwnTables, file: gzip.GzipFile) -> None:
    if ours.kind == "mysql":
        for statement in _SNAPSHOT:
            connection.exec_driver_sql(statement)
    names = ours.present(connection)
    stored = connection.exec_driver_sql(f"SELECT version_num FROM {ours.quoted(schema_version.name)}")
    _line(file, {"format": FORMAT, "version": stored.scalar_one(), "program": eccube_sync.__version__})
    names = [name for name in names if name not in DERIVED | {schema_version.name}]
    total = sum(_write_table(connection, ours, name, file) for name in names)
    _line(file, {"tables": len(names), "rows": total})


def _write_table(connection: Connection, ours: OwnTables, name: str, file: gzip.GzipFile) -> int:
    result = connection.exec_driver_sql(f"SELECT * FROM {ours.quoted(name)}", execution_options=STREAMED)
    _line(file, {"name": name, "columns": list(result.keys())})
    count = 0
    for rows in result.partitions():
        _line(file, *map(list, rows))
        count += len(rows)
    return count


def _line(file: gzip.GzipFile, *values: Any) -> None:
    file.write("".join(f"{_AS_TEXT(value)}\n" for value in values).encode())


def _plain(value: Any) -> Any:
    """What JSON has no kind for."""
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value))


_AS_TEXT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode
