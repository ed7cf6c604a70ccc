"""The SQL that makes our accounts, computed from the configuration and the live database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, event, text

from eccube_sync.configsections import Credentials
from eccube_sync.db import Database, reading
from eccube_sync.dbcolumns import columns_of
from eccube_sync.eccubeenv import EccubeDatabase, read_environment
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.services.setup.rights import Right, eccube_rights, generation_of, optional_rights, own_rights
from eccube_sync.settings import Settings

Account = Literal["setup", "runtime"]
ACCOUNTS: tuple[Account, ...] = ("setup", "runtime")
SETUP_PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES"


def grants_sql(settings: Settings, accounts: Sequence[Account] = ACCOUNTS) -> str:
    """The statements for the administrator of the database server; passwords are never in them."""
    if settings.database.kind == "sqlite":
        return "-- " + _("SQLite has no accounts: who may read the files may read everything.")
    with eccube_connection(settings) as connection:
        host = _our_host(settings, connection)
        lines = list(_header(settings, connection))
        if settings.database.accounts == "single":
            lines += _single_account(settings, connection, host)
        else:
            if "setup" in accounts:
                lines += _setup_account(settings, host)
            if "runtime" in accounts:
                lines += _runtime_account(settings, connection, host)
    return "\n".join(lines)


# --- looking at the live database ------------------------------------------------------------------


@contextmanager
def eccube_connection(settings: Settings) -> Iterator[Connection | None]:
    """A connection of an account that sees every table and column of EC-CUBE's, for reading; else None.

    That is EC-CUBE's own, from its .env, or our single one. An account with rights on columns sees those only.
    """
    with ExitStack() as opened:
        connection = None
        with suppress(ConfigurationError):
            if settings.shop.eccube_root is not None:
                database = as_eccube(settings, read_environment(settings.shop.eccube_root).database)
                connection = opened.enter_context(database.connect())
            elif settings.database.accounts == "single":
                connection = opened.enter_context(Database(settings).connect())
        if connection is not None:
            opened.enter_context(reading(connection))
        yield connection


def as_eccube(settings: Settings, environment: EccubeDatabase) -> Database:
    """The database as the account EC-CUBE itself uses, for looking only."""
    database = Database(settings)

    def as_that_user(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["user"], parameters["password"] = environment.user, environment.password

    event.listen(database.engine, "do_connect", as_that_user)
    return database


def _our_host(settings: Settings, connection: Connection | None) -> str:
    """The host the server sees us come from."""
    if connection is not None:
        return str(connection.execute(text("SELECT USER()")).scalar_one()).rpartition("@")[2]
    database = settings.database
    nearby = database.socket is not None or database.host in ("localhost", "127.0.0.1", "::1")
    return "localhost" if nearby else "%"


# --- the statements ----------------------------------------------------------------------------------


def _header(settings: Settings, connection: Connection | None) -> Iterator[str]:
    yield "-- " + _("Accounts of eccube-sync, made from {file}.").format(file=settings.path)
    yield "-- " + _("Run them as the administrator of the database server, one part after the other.")
    yield "-- " + _("Put the password into each <…>; until then that statement is an error on purpose.")
    if connection is None:
        yield "-- " + _(
            "EC-CUBE's tables could not be looked at: set shop.eccube_root, or remove -- from the last lines where "
            "the plugin is installed."
        )


def _setup_account(settings: Settings, host: str) -> Iterator[str]:
    account = _account(settings.database.setup, host, "database.setup")
    yield ""
    yield "-- " + _("1. The account that makes and changes our own tables; only migrate uses it.")
    yield _create_user(settings, settings.database.setup, account)
    yield f"GRANT {SETUP_PRIVILEGES} ON {_whole_database(settings)} TO {account};"
    yield ""
    yield "-- " + _("2. Now run: eccube-sync migrate. A right on a table that is not there cannot be given.")


def _runtime_account(settings: Settings, connection: Connection | None, host: str) -> Iterator[str]:
    account = _account(settings.database.runtime, host, "database.runtime")
    yield ""
    yield "-- " + _("3. The account of every day: it cannot change a table, and reads named columns only.")
    yield _create_user(settings, settings.database.runtime, account)
    yield from _table_grants(own_rights(settings), account)
    yield from _eccube_grants(settings, connection, account)


def _single_account(settings: Settings, connection: Connection | None, host: str) -> Iterator[str]:
    account = _account(settings.database.runtime, host, "database.runtime")
    yield ""
    yield "-- " + _("The one account, for migrate and for every day.")
    yield "-- " + _(
        "Where your host gave you an account that has all rights already, there is nothing to run."
    )
    yield _create_user(settings, settings.database.runtime, account)
    yield f"GRANT {SETUP_PRIVILEGES} ON {_whole_database(settings)} TO {account};"
    yield from _eccube_grants(settings, connection, account)


def _eccube_grants(settings: Settings, connection: Connection | None, account: str) -> Iterator[str]:
    generation = generation_of(connection)
    rights = eccube_rights(settings, generation)
    for name, of_table in groupby(rights, key=lambda right: right.table):
        if connection is not None and not columns_of(connection, name):
            yield "-- " + _("The table {table} is not there; install its plugin and run this again.").format(
                table=name
            )
        else:
            yield from _table_grants(list(of_table), account)
    for right in optional_rights(settings, generation, connection):
        (statement,) = _table_grants([right], account)
        yield statement if connection is not None else f"-- {statement}"


def _table_grants(rights: Sequence[Right], account: str) -> Iterator[str]:
    for (database, name), of_table in groupby(rights, key=lambda right: (right.database, right.table)):
        parts = []
        for privilege, same in groupby(of_table, key=lambda right: right.privilege):
            columns = [right.column for right in same]
            listed = ", ".join(_quoted(one) for one in columns if one is not None)
            parts.append(privilege if None in columns else f"{privilege} ({listed})")
        yield f"GRANT {', '.join(parts)} ON {_quoted(database)}.{_quoted(name)} TO {account};"


def _create_user(settings: Settings, credentials: Credentials, account: str) -> str:
    place = credentials.password_file or credentials.password_env
    password = _("the password in {place}").format(place=place) if place else _("a password")
    encrypted = " REQUIRE SSL" if settings.database.ssl_ca else ""
    return f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY <{password}>{encrypted};"


def _account(credentials: Credentials, host: str, key: str) -> str:
    if not credentials.user:
        raise ConfigurationError(_("{key}.user is missing; choose a name for that account").format(key=key))
    return f"{_literal(credentials.user)}@{_literal(host)}"


def _whole_database(settings: Settings) -> str:
    """Ours in a right on a database, whose name is a pattern: _ would stand for any letter."""
    name = settings.database.own.replace("_", r"\_").replace("%", r"\%")
    return f"{_quoted(name)}.*"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
