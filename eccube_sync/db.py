"""Connections to the shop's database: EC-CUBE's tables unqualified, ours in their own schema."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Literal, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Engine, NullPool, Row, create_engine, event
from sqlalchemy.exc import DBAPIError

from eccube_sync.dberrors import ACCESS_DENIED, DUPLICATE, LOST, error_number, lock_conflict
from eccube_sync.errors import ConfigurationError, DatabaseUnavailableError
from eccube_sync.i18n import _
from eccube_sync.settings import Settings

OWN_SCHEMA = "eccube_sync"
AMONG_EC_CUBES = "eccube_sync_prefix"
"""Stands for our schema in statements where ours are prefixed tables of EC-CUBE's database."""
Account = Literal["runtime", "setup"]
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
"""A row of any statement; its columns are read by name."""

Result = TypeVar("Result")

ATTEMPTS = 5
CHUNK = 500
WRITES = "eccube_sync_writes"
"""Set in a connection's ``info`` while it begins a transaction that writes."""

# A run whose machine or network died keeps its locks for so long. Between two statements of a run lies at most the
# scoring of all pairs, a mail server's silence of ten minutes, or a wait for a cap of two.
LONGEST_SILENCE = 3600
LONGEST_ANSWER = 900
"""A statement without an answer for so many seconds is a network that died."""

LOCK_PATIENCE = 2
"""Seconds a statement waits for a row somebody else holds."""

SQLITE_PATIENCE = 5000
"""Milliseconds SQLite waits for another transaction before it says that it is in the way."""

SESSION = (
    f"SET SESSION wait_timeout = {LONGEST_SILENCE}",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_PATIENCE}",
    "SET SESSION lock_wait_timeout = 5",
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
)


class Database:
    """The one database server (or pair of SQLite files) of a shop."""

    def __init__(self, settings: Settings, account: Account = "runtime") -> None:
        self.settings = settings
        self.kind = settings.database.kind
        self.own_schema = OWN_SCHEMA if self.kind == "sqlite" else settings.database.own
        self.engine = _sqlite_engine(settings) if self.kind == "sqlite" else _mysql_engine(settings, account)
        self.table_prefix = settings.database.table_prefix
        if self.table_prefix:
            event.listen(self.engine, "before_cursor_execute", _prefixing(self.table_prefix), retval=True)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """One connection for one run; a lost one is never replaced behind the run's back."""
        try:
            connection = self.engine.connect()
        except DBAPIError as error:
            raise ConfigurationError(_refusal(self.settings, error)) from None
        schema = AMONG_EC_CUBES if self.table_prefix else self.own_schema
        try:
            yield connection.execution_options(schema_translate_map={OWN_SCHEMA: schema})
        finally:
            connection.close()


def _prefixing(prefix: str) -> Callable[..., tuple[str, Any]]:
    """A listener that writes ``<prefix>customer`` where a statement says ``eccube_sync_prefix.customer``."""
    ours = re.compile(rf"\b{AMONG_EC_CUBES}\.(`?)")

    def rewrite(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return ours.sub(rf"\g<1>{prefix}", statement), parameters

    return rewrite


def _refusal(settings: Settings, error: DBAPIError) -> str:
    number = error_number(error)
    database = settings.database
    if number == ACCESS_DENIED:
        return _(
            "The database server refused the user and password of [database.runtime] or [database.setup]; check both "
            "in {file} and the password files it names."
        ).format(file=settings.path)
    where = database.eccube if database.kind == "sqlite" else (database.socket or database.host)
    return _(
        "Cannot connect to the database at {where} (error {number}); check [database] in {file} and that the "
        "server runs."
    ).format(where=where, number=number, file=settings.path)


def _mysql_engine(settings: Settings, account: Account) -> Engine:
    database = settings.database
    options: dict[str, Any] = {"charset": "utf8mb4", "connect_timeout": 30, "local_infile": False}
    options |= {"read_timeout": LONGEST_ANSWER, "write_timeout": LONGEST_ANSWER}
    if database.socket:
        options["unix_socket"] = str(database.socket)
    if database.ssl_ca:
        options |= {"ssl_ca": str(database.ssl_ca), "ssl_verify_cert": True, "ssl_verify_identity": True}
    url = URL.create(
        "mysql+pymysql",
        username=settings.account(account).user,
        password=settings.secret("database.setup" if account == "setup" else "database.runtime"),
        host=None if database.socket else database.host,
        port=None if database.socket else database.port,
        database=database.eccube,
    )
    engine = create_engine(url, poolclass=NullPool, connect_args=options, hide_parameters=True)
    event.listen(engine, "connect", _prepare_mysql_session)
    event.listen(engine, "begin", _refuse_another_connection)
    return engine


def _refuse_another_connection(connection: Connection) -> None:
    # SQLAlchemy would connect again; but the locks of the run were lost with the connection.
    if connection.invalidated:
        raise DatabaseUnavailableError(_(LOST))


def _prepare_mysql_session(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)


def _sqlite_engine(settings: Settings) -> Engine:
    eccube, own = settings.sqlite_path("eccube"), settings.sqlite_path("own")

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy's begin event below opens transactions; the driver must not do it in its own way.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA busy_timeout = {SQLITE_PATIENCE}")
        connection.execute(f"ATTACH DATABASE ? AS {OWN_SCHEMA}", (str(own),))

    engine = create_engine(f"sqlite:///{eccube}", poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its turn at once; a reader waits for nobody, so that a run that comes second can say so.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.info.get(WRITES) else "BEGIN")


def in_transaction(connection: Connection, work: Callable[[], Result], attempts: int = ATTEMPTS) -> Result:
    """Do ``work`` in one transaction; on a lock conflict roll back and do all of it again.

    A lock wait timeout rolls back the statement only, so a commit after it would keep half of the
    work: whatever the error, the whole transaction goes (dev.mysql.com, InnoDB error handling).
    """
    for attempt in count(1):
        try:
            with _writing(connection):
                return work()
        except DBAPIError as error:
            if error_number(error) == DUPLICATE and attempt == 1:
                continue
            if not lock_conflict(error) or attempt >= attempts:
                raise
            time.sleep(0.2 * 2 ** (attempt - 1))
    raise AssertionError("the loop returns or raises")


@contextmanager
def without_waiting(connection: Connection) -> Iterator[None]:
    """Between transactions: a row somebody else holds is not waited for, so that nobody waits for ours meanwhile.

    A second is the least MySQL can wait; SQLite has no rows that are held.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    _wait_for_locks(connection, 0 if getattr(connection.dialect, "is_mariadb", False) else 1)
    try:
        yield
    finally:
        if not connection.invalidated:
            _wait_for_locks(connection, LOCK_PATIENCE)


def _wait_for_locks(connection: Connection, seconds: int) -> None:
    with connection.begin():
        connection.exec_driver_sql(f"SET SESSION innodb_lock_wait_timeout = {seconds}")


@contextmanager
def _writing(connection: Connection) -> Iterator[None]:
    connection.info[WRITES] = True
    try:
        transaction = connection.begin()
    finally:
        del connection.info[WRITES]
    with transaction:
        yield


@contextmanager
def reading(connection: Connection) -> Iterator[Connection]:
    """A read-only stretch: whatever it began is rolled back, so a plan leaves nothing behind."""
    with connection.begin() as transaction:
        yield connection
        transaction.rollback()


def inserted_id(result: CursorResult[*tuple[Any, ...]]) -> int:
    """Our id of the one row just inserted."""
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])
