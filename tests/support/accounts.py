"""Accounts on the private MariaDB that hold exactly the rights a test names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count

from sqlalchemy import Connection, NullPool, create_engine

from tests.support.mariadb import Server

_numbers = count(1)


def single_account(server: Server, *databases: str, user: str | None = None) -> str:
    """The name of an account without a password that may do anything in these databases, as on a rental server.

    A new one, or ``user``, whom the server may know already.
    """
    user = user or f"single_{next(_numbers)}"
    server.execute(
        f"CREATE USER IF NOT EXISTS {user}@localhost",
        *(f"GRANT ALL ON `{database}`.* TO {user}@localhost" for database in databases),
    )
    return user


@contextmanager
def restricted(
    server: Server, database: str, rights: Iterable[tuple[str, str, tuple[str, ...]]]
) -> Iterator[Connection]:
    """A connection with these rights alone: (privilege, table, columns; no columns = whole table)."""
    user = f"restricted_{next(_numbers)}"
    server.execute(f"CREATE USER {user}@localhost IDENTIFIED BY 'secret'")
    for privilege, table, columns in rights:
        named = f"({', '.join(columns)})" if columns else ""
        server.execute(f"GRANT {privilege} {named} ON {database}.{table} TO {user}@localhost")
    engine = create_engine(server.url(database, user, "secret"), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
        server.execute(f"DROP USER {user}@localhost")
