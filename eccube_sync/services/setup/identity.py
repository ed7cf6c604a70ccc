"""Which database this is: the right one, a restored backup, or a copy; and whether this is production or staging.

The database and the state directory each say who they are and how many runs there were. What the state
directory says about staging no copy of the database can overwrite.
"""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, insert, select, text, update

from eccube_sync.clock import to_database
from eccube_sync.csvwriter import atomic_file
from eccube_sync.db import AnyRow, in_transaction
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.settings import Settings
from eccube_sync.tables.runs import installation

if TYPE_CHECKING:
    from eccube_sync.services.running import Shop

Role = Literal["production", "staging"]
ROLES: tuple[Role, ...] = ("production", "staging")
MAILS_TO = "mails_to"


def check_identity(shop: Shop, connection: Connection) -> None:
    """Refuse a database that was restored to an earlier state, or copied, behind our back.

    On staging a copy is what is to be expected, and it stays staging.
    """
    known = _read(shop.settings)
    here = _database_name(shop, connection)
    row = connection.execute(select(installation)).first()
    connection.rollback()
    if row is None:
        _install(shop, connection, here)
        return
    if row.database_name != here:
        if mails_to(shop.settings) is not None:
            return
        raise ConfigurationError(
            _(
                "This database says it is {recorded}, but it is reached as {here}: it looks like a copy. Nothing "
                "was written or mailed. On a copy made for tests run: eccube-sync adopt --as staging --mails-to "
                "ADDRESS; if shop and database moved here: eccube-sync adopt --as production"
            ).format(recorded=row.database_name, here=here)
        )
    if _never_seen(row, known):
        raise ConfigurationError(
            _(
                "This state directory has never seen this database, which stands at run {counter}: it looks like a "
                "copy, or the directory is a new one. Nothing was written or mailed. On a copy made for tests run: "
                "eccube-sync adopt --as staging --mails-to ADDRESS; if this is the real one: "
                "eccube-sync adopt --as production"
            ).format(counter=row.run_counter)
        )
    if _goes_back(row, known):
        raise ConfigurationError(
            _(
                "The database stands at run {counter}, this state directory at run {known}: it looks like a restored "
                "backup. Nothing was written or mailed. If it is right, run: eccube-sync adopt --as production"
            ).format(counter=row.run_counter, known=known["run_counter"])
        )


def _never_seen(row: AnyRow, known: dict[str, Any]) -> bool:
    """Whether others ran on this database, and this directory was not there; a first run may have been killed."""
    return "install_id" not in known and MAILS_TO not in known and row.run_counter > 1


def _goes_back(row: AnyRow, known: dict[str, Any]) -> bool:
    if "install_id" not in known:
        return False
    return bool(known["install_id"] != row.install_id or known["run_counter"] > row.run_counter)


def adopt(shop: Shop, connection: Connection, role: Role | None = None, mails_to: str | None = None) -> None:
    """Say that this database is the right one from now on, after a restore or a move; ``role`` None keeps what it is.

    ``mails_to`` gets every mail of a staging shop.
    """
    here = _database_name(shop, connection)
    connection.rollback()
    in_transaction(connection, lambda: connection.execute(update(installation).values(database_name=here)))
    if role is not None:
        _write(shop.settings, {MAILS_TO: mails_to} if role == "staging" else {})
    remember(shop, connection)


def remember(shop: Shop, connection: Connection) -> None:
    """Note in the state directory which database this is, and how many runs it has seen."""
    row = connection.execute(select(installation.c.install_id, installation.c.run_counter)).first()
    connection.rollback()
    known = {name: value for name, value in _read(shop.settings).items() if name == MAILS_TO}
    if row is not None:  # else no run ever was; the first one will note it
        known |= {"install_id": row.install_id, "run_counter": row.run_counter}
    _write(shop.settings, known)


def forget_identity(settings: Settings) -> None:
    """There is no such database any more."""
    _path(settings).unlink(missing_ok=True)


def mails_to(settings: Settings) -> str | None:
    """The one address that gets every mail of a staging shop; None in production."""
    address: str | None = _read(settings).get(MAILS_TO)
    return address


def _install(shop: Shop, connection: Connection, here: str) -> None:
    row = {
        "id": 1,
        "install_id": str(uuid.uuid4()),
        "database_name": here,
        "run_counter": 0,
        "created_at": to_database(shop.clock.now()),
    }
    in_transaction(connection, lambda: connection.execute(insert(installation), row))


def _database_name(shop: Shop, connection: Connection) -> str:
    if shop.database.kind == "sqlite":
        return shop.settings.sqlite_path("own").name
    host, name = connection.execute(text("SELECT @@hostname, DATABASE()")).one()
    return f"{host}/{name}/{shop.database.own_schema}"


def _path(settings: Settings) -> Path:
    return settings.folders.root / "installation.json"


def _read(settings: Settings) -> dict[str, Any]:
    path = _path(settings)
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _write(settings: Settings, content: dict[str, Any]) -> None:
    with atomic_file(_path(settings)) as file:
        file.write(json.dumps(content).encode())
