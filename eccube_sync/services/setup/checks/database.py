"""The server: which one, what our account may do there, whether it is the right database, and its clock."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select, text

from eccube_sync.configchecks import is_loopback
from eccube_sync.db import reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.i18n import _
from eccube_sync.services.running import Shop
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.services.setup.granting import eccube_connection
from eccube_sync.services.setup.identity import check_identity, mails_to
from eccube_sync.services.setup.migrating import schema_state
from eccube_sync.services.setup.rights import (
    Right,
    eccube_rights,
    generation_of,
    held_rights,
    optional_rights,
    own_rights,
)
from eccube_sync.services.setup.soundness import rights_findings
from eccube_sync.settings import Settings
from eccube_sync.tables.runs import installation


def missing_files(settings: Settings) -> str | None:
    """What is missing of a SQLite shop; connecting to it would make empty files."""
    if settings.database.kind == "sqlite":
        if not settings.sqlite_path("eccube").exists():
            return _("{path} does not exist; correct database.eccube").format(
                path=settings.sqlite_path("eccube")
            )
        if not settings.sqlite_path("own").exists():
            return _("{path} does not exist; run: eccube-sync migrate").format(
                path=settings.sqlite_path("own")
            )
    return None


def described(shop: Shop, connection: Connection) -> str:
    """The server's own name for itself, and the two databases."""
    database = shop.settings.database
    if database.kind == "sqlite":
        return f"SQLite, {database.eccube}, {database.own}"
    with reading(connection):
        version = connection.execute(text("SELECT VERSION()")).scalar_one()
    return f"{version}, {database.eccube}, {database.own}"


def encryption(settings: Settings) -> Iterator[Finding]:
    """On the way to another machine anybody may listen, or answer in the server's place."""
    database = settings.database
    here = database.kind == "sqlite" or database.socket is not None or is_loopback(database.host)
    if not here and database.ssl_ca is None:
        words = _("nothing proves that {host} is the shop's server, and what is said may be read on the way")
        yield note("connection", words.format(host=database.host) + _("; set database.ssl_ca"))


# --- rights ----------------------------------------------------------------------------------------


def rights(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Too few: something will fail some night. Too many: a fault of ours could reach what is not ours."""
    settings = shop.settings
    if settings.database.kind == "sqlite":
        yield note("rights", _("SQLite has no accounts"))
        return
    with reading(connection):
        held = held_rights(connection)
    findings = list(rights_findings(settings, _needed(settings), held))
    yield from findings
    if not any(finding.state == "wrong" for finding in findings):
        yield fine("rights", _("enough, and none on the whole server"))


def _needed(settings: Settings) -> list[Right]:
    with eccube_connection(settings) as connection:
        generation = generation_of(connection)
        optional = optional_rights(settings, generation, connection) if connection is not None else ()
        return [*own_rights(settings), *eccube_rights(settings, generation), *optional]


# --- our tables, identity, clock -------------------------------------------------------------------


def schema_problem(connection: Connection) -> str | None:
    """Why our tables cannot be worked on."""
    return schema_state(connection).problem()


def schema_version_of(connection: Connection) -> str:
    """Their version, in words."""
    return _("version {version}").format(version=schema_state(connection).stored)


def identity(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether this is the database the state folder belongs to, neither restored nor copied."""
    with reading(connection):
        known = connection.execute(select(installation.c.database_name)).scalar_one_or_none()
    if known is None:
        yield note("identity", _("noted by the first run"))
        return
    check_identity(shop, connection)
    staging = _("; staging: every mail goes to one address") if mails_to(shop.settings) else ""
    yield fine("identity", known + staging)


def clock(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether the server and this machine agree on the time."""
    if shop.settings.database.kind == "sqlite":
        yield fine("clock", _("SQLite uses this machine's"))
        return
    with reading(connection):
        theirs = GENERATIONS[detect(connection)].server_time(connection)
    seconds = abs((theirs - shop.clock.now()).total_seconds())
    words = _("{seconds} s between this machine and the database server").format(seconds=round(seconds))
    if seconds > shop.settings.guards.clock_seconds:
        yield wrong("clock", words + _("; switch on time synchronisation (chrony, ntp) on both"))
    else:
        yield fine("clock", words)
