"""What must not have changed: the content of every table on both sides, as the database server itself sums it up."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.mariadb import Server


def checksums(server: Server, databases: Iterable[str]) -> dict[str, int]:
    """Table → checksum of all its rows."""
    connection = server.connect()
    try:
        with connection.cursor() as cursor:
            names: list[str] = []
            for database in databases:
                cursor.execute(f"SHOW TABLES FROM `{database}`")
                names += [f"`{database}`.`{name}`" for (name,) in cursor.fetchall()]
            cursor.execute(f"CHECKSUM TABLE {', '.join(names)}")
            return {str(name): int(checksum) for name, checksum in cursor.fetchall()}
    finally:
        connection.close()
