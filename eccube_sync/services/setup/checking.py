"""Look at everything a night depends on and say what is missing; never writes.

Each group of checks stands alone: one that cannot be carried out is a line, and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from eccube_sync.clock import Clock
from eccube_sync.config import SettingsError
from eccube_sync.db import Database
from eccube_sync.dberrors import error_number
from eccube_sync.errors import ConfigurationError, EccubeSyncError
from eccube_sync.i18n import _
from eccube_sync.services.running import Shop
from eccube_sync.services.setup.checks import database, eccube, files, history, mail, plugin, policy
from eccube_sync.services.setup.findings import Checkup, Finding, fine, note, wrong
from eccube_sync.settings import Settings

Check = Callable[[Shop, Connection], Iterator[Finding]]

WITHOUT_DATABASE: tuple[tuple[str, Callable[[Settings], Iterator[Finding]]], ...] = (
    ("folders", files.folders),
    ("secrets", files.secrets),
    ("dumps", files.last_dump),
    ("legal", policy.legal),
    ("expiry", policy.expiry),
    ("promotion", policy.promotion),
    ("templates", mail.templates),
    ("mail", mail.server),
    ("returned", mail.returned),
)
WITH_ECCUBE: tuple[tuple[str, Check], ...] = (
    ("rights", database.rights),
    ("generation", eccube.generation),
    ("eccube_schema", eccube.schema),
    ("plugins", eccube.plugins),
    ("clock", database.clock),
)
WITH_OUR_TABLES: tuple[tuple[str, Check], ...] = (
    ("identity", database.identity),
    ("projections", eccube.projections),
    ("plugin", plugin.plugin),
    ("inbox", plugin.inbox),
    ("bridge", plugin.bridge),
    ("store_data", history.store_data),
    ("nightly", history.nightly),
    ("runs", history.unfinished),
    ("in_doubt", history.in_doubt),
)


def check(load: Callable[[], Settings], clock: Clock, actor: str) -> Checkup:
    """Everything there is to say about this shop; ``load`` reads its configuration."""
    try:
        settings = load()
    except SettingsError as error:
        return Checkup.of([wrong("configuration", f"{error.path}: {fault}") for fault in error.faults])
    except ConfigurationError as error:
        return Checkup.of([wrong("configuration", str(error))])
    return Checkup.of(_all(settings, clock, actor))


def _all(settings: Settings, clock: Clock, actor: str) -> Iterator[Finding]:
    yield fine("configuration", str(settings.path))
    for name, look in WITHOUT_DATABASE:
        yield from _carried_out(name, partial(look, settings))
    if missing := database.missing_files(settings):
        yield wrong("connection", missing)
        return
    try:
        opened = Database(settings)
        with opened.connect() as connection:
            yield from _in_database(Shop(settings, opened, clock, actor), connection)
    except ConfigurationError as error:
        yield wrong("connection", str(error))


def _in_database(shop: Shop, connection: Connection) -> Iterator[Finding]:
    yield fine("connection", database.described(shop, connection))
    yield from database.encryption(shop.settings)
    for name, look in WITH_ECCUBE:
        yield from _carried_out(name, partial(look, shop, connection), connection)
    problem = database.schema_problem(connection)
    if problem:
        yield wrong("schema", problem)
        yield note("runs", _("not looked at without our tables"))
        return
    yield fine("schema", database.schema_version_of(connection))
    for name, look in WITH_OUR_TABLES:
        yield from _carried_out(name, partial(look, shop, connection), connection)


def _carried_out(
    name: str, look: Callable[[], Iterator[Finding]], connection: Connection | None = None
) -> list[Finding]:
    """What a check found; that it could not be carried out is a finding too."""
    try:
        return list(look())
    except EccubeSyncError as error:
        return [wrong(name, str(error))]
    except DBAPIError as error:
        words = _("the database refused to answer (error {number}); see the lines about rights and tables")
        return [wrong(name, words.format(number=error_number(error)))]
    finally:
        if connection is not None and connection.in_transaction():
            connection.rollback()
