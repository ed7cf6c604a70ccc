"""A shop remembered as it is, folder and databases, to be put back as often as wanted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymysql

from tests.support.installed import InstalledShop
from tests.support.mariadb import Server

PutBack = Callable[[], None]


def keep(shop: InstalledShop, folder: Path) -> PutBack:
    """Remember a shop; what is returned puts it back."""
    folder.mkdir()
    shutil.copytree(shop.folder, folder / "sync")
    databases = (
        _keep_file(Path(shop.eccube.database), folder)
        if shop.eccube.server is None
        else _keep_schemas(shop.eccube.server, shop.eccube.database, shop.settings().database.own)
    )

    def put_back() -> None:
        shutil.rmtree(shop.folder)
        shutil.copytree(folder / "sync", shop.folder)
        databases()

    return put_back


def _keep_file(database: Path, folder: Path) -> PutBack:
    shutil.copy2(database, folder / "eccube.db")

    def put_back() -> None:
        shutil.copy2(folder / "eccube.db", database)
        database.with_name(f"{database.name}-journal").unlink(missing_ok=True)

    return put_back


def _keep_schemas(server: Server, *schemas: str) -> PutBack:
    with server.connect() as connection, connection.cursor() as cursor:
        tables = _tables(cursor, *schemas)
        sums = _sums(cursor, tables)
        rows = {table: _rows(cursor, table) for table in tables}

    def put_back() -> None:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET foreign_key_checks = 0, sql_mode = ''")
            now = _sums(cursor, tables)
            connection.begin()
            for table in tables:
                if now[table] != sums[table]:
                    cursor.execute(f"DELETE FROM {table}")
                    if rows[table]:
                        marks = ", ".join(["%s"] * len(rows[table][0]))
                        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[table])
            connection.commit()

    return put_back


def content(server: Server, *schemas: str) -> dict[str, int]:
    """A sum over the content of each table, to see whether anything changed."""
    with server.connect() as connection, connection.cursor() as cursor:
        return _sums(cursor, _tables(cursor, *schemas))


def _tables(cursor: pymysql.cursors.Cursor, *schemas: str) -> list[str]:
    names = "', '".join(schemas)
    cursor.execute(
        "SELECT CONCAT('`', table_schema, '`.`', table_name, '`') FROM information_schema.tables "
        f"WHERE table_schema IN ('{names}') AND table_type = 'BASE TABLE'"
    )
    return [str(row[0]) for row in cursor.fetchall()]


def _rows(cursor: pymysql.cursors.Cursor, table: str) -> list[tuple[Any, ...]]:
    cursor.execute(f"SELECT * FROM {table}")
    return list(cursor.fetchall())


def _sums(cursor: pymysql.cursors.Cursor, tables: list[str]) -> dict[str, int]:
    cursor.execute(f"CHECKSUM TABLE {', '.join(tables)}")
    return {table: row[1] for table, row in zip(tables, cursor.fetchall(), strict=True)}
