"""A small EC-CUBE 4.3 shop on SQLite or MariaDB that stores customers and orders as EC-CUBE does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text

from eccube_sync import resources
from eccube_sync.clock import to_database, tokyo_midnight
from tests.support.mariadb import Server

MARIADB_SCHEMA = Path(__file__).parents[1] / "eccube" / "schema" / "v4.mariadb.sql"
OPENED = datetime(2024, 1, 1, tzinfo=UTC)
_database_numbers = count(1)


@dataclass(slots=True)
class Shop:
    """One shop; ``database`` is the name of its database, on SQLite the path of its file."""

    engine: Engine
    database: str
    server: Server | None = None
    _customers: int = field(default=0, repr=False)

    @property
    def kind(self) -> str:
        """``sqlite`` or ``mysql``, as the configuration calls it."""
        return "sqlite" if self.server is None else "mysql"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection as the shop's own account; uncommitted work is rolled back at the end."""
        with self.engine.connect() as connection:
            yield connection

    def execute(self, statement: str, **parameters: Any) -> None:
        """Run one statement as EC-CUBE or its admin would, and commit it."""
        with self.engine.begin() as connection:
            connection.execute(text(statement), parameters)

    def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(statement), parameters)]

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Insert rows with the same keys in one transaction."""
        columns = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        with self.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)

    def add_customer(self, **values: Any) -> int:
        """Store one customer; see ``customer_row`` for what may be said. Returns the id."""
        row = self.customer_row(**values)
        self.insert("dtb_customer", [row])
        return int(row["id"])

    def customer_row(
        self,
        *,
        birth_date: date | None = date(1985, 4, 5),
        created_at: datetime = OPENED,
        status: int | None = 2,
        **columns: Any,
    ) -> dict[str, Any]:
        """The row EC-CUBE would store: ``birth_date`` as the UTC moment of midnight in Japan.

        ``columns`` overrides any column of dtb_customer by its name.
        """
        self._customers = int(columns.get("id", self._customers + 1))
        created = stored(created_at)
        row = {
            "id": self._customers,
            "customer_status_id": status,
            "sex_id": 2,
            "pref_id": 27,
            "name01": "山田",
            "name02": "花子",
            "kana01": "ヤマダ",
            "kana02": "ハナコ",
            "postal_code": "5300001",
            "addr01": "大阪市北区梅田",
            "addr02": "2-4-9",
            "email": f"customer{self._customers}@example.com",
            "phone_number": "0612345678",
            "birth": None if birth_date is None else stored(tokyo_midnight(birth_date)),
            "password": "$2y$13$notarealhash",
            "secret_key": f"{self._customers:032d}",
            "create_date": created,
            "update_date": created,
            "discriminator_type": "customer",
        }
        return row | columns

    def add_order(self, customer_id: int | None, ordered_at: datetime | None, status: int = 1) -> None:
        """Store an order; without a moment it is a cart that was never checked out."""
        order_date = None if ordered_at is None else stored(ordered_at)
        row = {
            "customer_id": customer_id,
            "order_status_id": status,
            "order_date": order_date,
            "name01": "山田",
            "name02": "花子",
            "create_date": order_date or stored(OPENED),
            "update_date": order_date or stored(OPENED),
            "discriminator_type": "order",
        }
        self.insert("dtb_order", [row])

    def add_plugin(self, code: str, *, enabled: bool = True) -> None:
        """Install a plugin in the shop's list."""
        row = {
            "name": code,
            "code": code,
            "enabled": int(enabled),
            "version": "4.3.0",
            "source": "1",
            "create_date": stored(OPENED),
            "update_date": stored(OPENED),
            "discriminator_type": "plugin",
        }
        self.insert("dtb_plugin", [row])

    def add_mail_magazine(self) -> None:
        """Add the mail magazine plugin's column, which holds the customers' consent."""
        self.execute("ALTER TABLE dtb_customer ADD COLUMN plg_mailmagazine_flg SMALLINT DEFAULT 0")


def stored(moment: datetime) -> str:
    """A moment as EC-CUBE 4 stores it: UTC, to the second."""
    return to_database(moment).isoformat(sep=" ")


@contextmanager
def sqlite_shop(file: Path) -> Iterator[Shop]:
    """A new shop in one SQLite file."""
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def check_foreign_keys(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    _fill(engine, resources.text("sql", "eccube", "v4", "demo_schema.sqlite.sql"))
    try:
        yield Shop(engine, str(file))
    finally:
        engine.dispose()


@contextmanager
def mariadb_shop(server: Server) -> Iterator[Shop]:
    """A new shop in a database of its own on a private server; dropped afterwards."""
    shop = open_shop(server, f"eccube_{next(_database_numbers)}")
    try:
        yield shop
    finally:
        shop.engine.dispose()
        server.execute(f"DROP DATABASE IF EXISTS {shop.database}")


def open_shop(server: Server, database: str) -> Shop:
    """The shop in this database of a private server; a new one where there is none."""
    engine = create_engine(server.url(database), poolclass=NullPool)
    if not (server.data / database).exists():
        server.execute(f"CREATE DATABASE {database}")
        _fill(engine, MARIADB_SCHEMA.read_text(encoding="utf-8"))
    return Shop(engine, database, server)


def _fill(engine: Engine, schema: str) -> None:
    """Make the tables and what a new shop holds; ``;`` at the end of a line ends a statement."""
    rows = resources.text("sql", "eccube", "v4", "demo_rows.sql")
    with engine.begin() as connection:
        for script in (schema, rows):
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
