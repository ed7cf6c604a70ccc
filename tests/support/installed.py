"""A whole shop, installed as an integrator does it: tables by migrate, on MariaDB the accounts ``grants`` printed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from eccube_sync.application import Application
from eccube_sync.cli import run as run_program
from eccube_sync.clock import TOKYO, FixedClock
from eccube_sync.config import load
from eccube_sync.db import Database
from eccube_sync.population import (
    END_DATE_COLUMN,
    MemberPerson,
    Population,
    customer_rows,
    generate,
    write_smaregi_csv,
)
from eccube_sync.population.customers import CustomerPerson
from eccube_sync.services.running import Shop as ServiceShop
from eccube_sync.services.setup.granting import grants_sql
from eccube_sync.services.setup.migrating import migrate
from eccube_sync.settings import Settings
from eccube_sync.tables import metadata
from tests.support.shop import Shop, stored

TODAY = date(2026, 4, 10)
_numbers = count(1)
_MADE: list[bytes] = []

CONFIGURATION = """\
language = "en"
[shop]
name = "見本書店"
[database]
{database}
[[source]]
key = "smaregi"
format = "smaregi"
taken_at = "name"
[source.columns]
end_date = ["{end_date}"]
{columns}
[source.expiry]
policy = "{policy}"
{expiry}
[[projection]]
kind = "customer_group"
group = "店舗会員"
on_drift = "{drift}"
{mail}
[legal]
relation = "same_company"
[guards]
clock_seconds = 2000000000
{guards}
{sections}
"""

MAIL = """\
[mail]
host = "127.0.0.1"
port = {port}
security = "plain"
sender = "shop@shop.example.jp"
{further}"""


@dataclass(slots=True)
class InstalledShop:
    """EC-CUBE with customers, our tables beside it, and a folder; the clock stands where the test puts it."""

    eccube: Shop
    folder: Path
    clock: FixedClock
    database_lines: str
    policy: str = "column"
    mail_port: int | None = None
    mail: str = ""
    """Further lines of ``[mail]``."""
    columns: str = ""
    """Further lines of ``[source.columns]``."""
    expiry: str = ""
    """Further lines of ``[source.expiry]``, and what may follow it."""
    guards: str = "downgrades = 1000"
    sections: str = ""
    drift: str = "report"
    customers: list[CustomerPerson] = field(default_factory=list)
    members: list[MemberPerson] = field(default_factory=list)
    truth: list[tuple[int, int]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The configuration."""
        return self.folder / "eccube-sync.toml"

    def configure(self) -> None:
        """Write the configuration as it now should be."""
        mail = MAIL.format(port=self.mail_port, further=self.mail) if self.mail_port else ""
        self.path.write_text(
            CONFIGURATION.format(
                database=self.database_lines,
                end_date=END_DATE_COLUMN,
                policy=self.policy,
                columns=self.columns,
                expiry=self.expiry,
                mail=mail,
                guards=self.guards,
                sections=self.sections,
                drift=self.drift,
            ),
            encoding="utf-8",
        )
        self.path.chmod(0o600)

    def settings(self) -> Settings:
        """The configuration, read."""
        return load(self.path)

    def run(self, *arguments: str) -> int:
        """Run the program; the exit code."""
        return run_program(["--config", str(self.path), *arguments], Application(clock=self.clock))

    @contextmanager
    def connect(self) -> Iterator[tuple[ServiceShop, Connection]]:
        """What a command has: the shop and a connection as the runtime account."""
        settings = self.settings()
        shop = ServiceShop(settings, Database(settings), self.clock, "test")
        with shop.database.connect() as connection:
            yield shop, connection

    def at(self, day: date, hour: int, minute: int = 0) -> None:
        """Put the clock to a moment in Japan."""
        self.clock.moment = datetime.combine(day, time(hour, minute), TOKYO).astimezone(UTC)

    def drop_export(
        self, day: date, members: Sequence[MemberPerson] | None = None, at: time = time(0, 30)
    ) -> Path:
        """Put the store's export of ``day`` into the drop folder, as taken just after midnight, or ``at``."""
        folder = self.settings().folders.drop
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"members_{day:%Y%m%d}_{at:%H%M}.csv"
        write_smaregi_csv(self.members if members is None else members, path)
        moment = datetime.combine(day, at, TOKYO).timestamp()
        os.utime(path, (moment, moment))
        return path

    def fill(self, customers: int, members: int, *, seed: int = 3, register: int | None = None) -> None:
        """Make up people; the customers, or the first ``register`` of them, go into EC-CUBE."""
        population = _population(seed, customers, members)
        self.customers, self.members = list(population.customers), list(population.members)
        self.truth = list(population.truth)
        self.add_customers(0, len(self.customers) if register is None else register)

    def add_customers(self, start: int, end: int) -> None:
        """Register the made-up customers of these positions."""
        rows = customer_rows(self.customers)[start:end]
        for row in rows:
            row.update({name: stored(value) for name, value in row.items() if isinstance(value, datetime)})
        if rows:
            self.eccube.insert("dtb_customer", rows)

    def state(self, *without: Table) -> dict[str, list[tuple[Any, ...]]]:
        """Every table of ours but those named, whole; for comparing."""
        left_out = {table.name for table in without}
        with self.connect() as (_shop, connection):
            return {
                table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
                for table in metadata.sorted_tables
                if table.name not in left_out
            }

    def count(self, table: Table, *conditions: Any) -> int:
        """How many rows of one of our tables meet these conditions."""
        with self.connect() as (_shop, connection):
            statement = select(func.count()).select_from(table).where(*conditions)
            return int(connection.execute(statement).scalar_one())

    def rows(self, statement: Any) -> list[Any]:
        """All rows of a statement on our tables."""
        with self.connect() as (_shop, connection):
            return list(connection.execute(statement))


def install(eccube: Shop, folder: Path, sections: str = "") -> InstalledShop:
    """Install beside ``eccube``; on MariaDB the program then runs as the account that ``grants`` printed.

    ``sections`` are further lines of the configuration.
    """
    folder.mkdir(mode=0o700)
    eccube.add_mail_magazine()
    number = next(_numbers)
    clock = FixedClock(datetime.combine(TODAY, time(12), TOKYO).astimezone(UTC))
    if eccube.server is None:
        lines = f'kind = "sqlite"\neccube = "{eccube.database}"\nown = "eccube_sync.db"'
        shop = InstalledShop(eccube, folder, clock, lines, sections=sections)
        shop.configure()
        settings = shop.settings()
        settings.folders.create()
        own = settings.sqlite_path("own")
        own.touch(0o600)
        own.write_bytes(_migrated(settings, clock))
        return shop
    password = folder / "password"
    password.write_text("only-for-tests\n")
    password.chmod(0o600)
    lines = (
        f'socket = "{eccube.server.socket}"\neccube = "{eccube.database}"\nown = "own_{number}"\n'
        f'[database.runtime]\nuser = "runtime_{number}"\npassword_file = "password"\n'
        f'[database.setup]\nuser = "setup_{number}"\npassword_file = "password"'
    )
    shop = InstalledShop(eccube, folder, clock, lines, sections=sections)
    shop.configure()
    settings = shop.settings()
    settings.folders.create()
    _as_administrator(shop, grants_sql(settings, ("setup",)))
    migrate(settings, clock, "test")
    _as_administrator(shop, grants_sql(settings, ("runtime",)))
    return shop


def install_prefixed(eccube: Shop, folder: Path) -> InstalledShop:
    """Install on a host with one account and one database: our tables stand among EC-CUBE's, with a prefix."""
    assert eccube.server is not None
    folder.mkdir(mode=0o700)
    eccube.add_mail_magazine()
    user = f"only_{next(_numbers)}"
    eccube.server.execute(
        f"CREATE USER {user}@localhost IDENTIFIED BY 'only-for-tests'",
        f"GRANT ALL ON `{eccube.database}`.* TO {user}@localhost",
    )
    password = folder / "password"
    password.write_text("only-for-tests\n")
    password.chmod(0o600)
    lines = (
        f'socket = "{eccube.server.socket}"\neccube = "{eccube.database}"\nown = "{eccube.database}"\n'
        f'table_prefix = "sync_"\naccounts = "single"\n'
        f'[database.runtime]\nuser = "{user}"\npassword_file = "password"'
    )
    clock = FixedClock(datetime.combine(TODAY, time(12), TOKYO).astimezone(UTC))
    shop = InstalledShop(eccube, folder, clock, lines)
    shop.configure()
    shop.settings().folders.create()
    return shop


def _migrated(settings: Settings, clock: FixedClock) -> bytes:
    """Our tables as ``migrate`` makes them, in one file; made once, since every shop begins with the same."""
    if not _MADE:
        migrate(settings, clock, "test")
        _MADE.append(settings.sqlite_path("own").read_bytes())
    return _MADE[0]


@lru_cache(maxsize=8)
def _population(seed: int, customers: int, members: int) -> Population:
    return generate(seed, customers, members, TODAY)


def _as_administrator(shop: InstalledShop, script: str) -> None:
    """Run what ``grants`` printed, with the password filled in; nothing else is granted."""
    assert shop.eccube.server is not None
    filled = re.sub(r"<the password in [^>]+>", "'only-for-tests'", script)
    # Without EC-CUBE's own account the optional columns are printed as comments, to be checked by a person.
    kept = [
        line.removeprefix("-- ")
        for line in filled.splitlines()
        if line.startswith("-- GRANT ") or not line.startswith("--")
    ]
    shop.eccube.server.execute(*(part for part in "\n".join(kept).split(";\n") if part.strip()))


def remove(shop: InstalledShop) -> None:
    """Drop what ``install`` made on the server."""
    server = shop.eccube.server
    if server is None:
        return
    database = shop.settings().database
    accounts = [one.user for one in (database.runtime, database.setup) if one.user]
    if not database.table_prefix:
        server.execute(f"DROP DATABASE IF EXISTS `{database.own}`")
    server.execute(*(f"DROP USER IF EXISTS {user}@localhost" for user in accounts))
