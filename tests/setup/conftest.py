"""A shop as an integrator finds it: EC-CUBE's database, and a folder for our configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.application import Application
from eccube_sync.cli import run
from eccube_sync.clock import FixedClock, SystemClock
from eccube_sync.config import load
from eccube_sync.db import Database
from eccube_sync.settings import Settings
from tests.support.accounts import single_account
from tests.support.mariadb import Server
from tests.support.shop import Shop, mariadb_shop

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
_numbers = count(1)


@dataclass
class Place:
    """A shop with a configuration; ``values`` are TOML lines by table, changed by a test before it runs."""

    shop: Shop
    folder: Path
    own: str
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    @property
    def path(self) -> Path:
        return self.folder / "eccube-sync.toml"

    def write(self) -> None:
        """Write the configuration as the values now are."""
        lines = ['language = "en"']
        for table, values in self.values.items():
            lines.append(f"[[{table}]]" if table in ("source", "projection") else f"[{table}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        self.path.write_text("\n".join(lines) + "\n")
        self.path.chmod(0o600)

    def settings(self) -> Settings:
        self.write()
        return load(self.path)

    def database(self) -> Database:
        return Database(self.settings())

    def run(self, *arguments: str) -> int:
        """Run the program as a user would; the exit code."""
        if not self.path.exists():
            self.write()
        return run(["--config", str(self.path), *arguments], Application(clock=self.clock))

    def root(self, *statements: str) -> None:
        """Run statements as the administrator of the database server."""
        assert self.shop.server is not None
        self.shop.server.execute(*statements)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def _place(shop: Shop, folder: Path, own: str, database: dict[str, Any]) -> Place:
    folder.mkdir(mode=0o700)
    values = {
        "shop": {"name": "見本書店"},
        "database": database | {"kind": shop.kind, "eccube": shop.database, "own": own},
        "source": {"key": "store", "name": "本店"},
        "legal": {"relation": "same_company"},
    }
    return Place(shop, folder, own, values)


@pytest.fixture
def sqlite_place(sqlite_shop: Shop, tmp_path: Path) -> Place:
    """A shop on SQLite."""
    return _place(sqlite_shop, tmp_path / "sync", "eccube_sync.db", {})


@pytest.fixture
def mariadb_place(mariadb_shop: Shop, tmp_path: Path) -> Iterator[Place]:
    """A shop on MariaDB with the single account of a rental server, until a test makes others."""
    assert mariadb_shop.server is not None
    own = f"sync_{next(_numbers)}"
    place = _place(mariadb_shop, tmp_path / "sync", own, {"socket": mariadb_shop.server.socket})
    place.values["database"]["accounts"] = "single"
    user = single_account(mariadb_shop.server, mariadb_shop.database, own)
    place.values["database.runtime"] = {"user": user}
    yield place
    # A test that borrowed another database leaves that one.
    place.root(f"DROP USER {user}@localhost", f"DROP DATABASE IF EXISTS {own}")


@pytest.fixture(params=["sqlite", "mariadb"])
def place(request: pytest.FixtureRequest) -> Place:
    """The test runs once on SQLite and once on MariaDB."""
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


@dataclass
class NewShop:
    """A shop on MariaDB that never heard of us: EC-CUBE's folder with its .env, and where ours will be."""

    shop: Shop
    server: Server
    eccube: Path
    folder: Path
    own: str
    clock: SystemClock = field(default_factory=SystemClock)

    @property
    def path(self) -> Path:
        return self.folder / "eccube-sync.toml"

    def run(self, *arguments: str) -> int:
        return run(
            ["--language", "en", "--config", str(self.path), *arguments], Application(clock=self.clock)
        )

    def init(self, *arguments: str) -> int:
        return self.run(
            "init", "--directory", str(self.folder), "--eccube-root", str(self.eccube), *arguments
        )

    def edit(self, **lines: str) -> None:
        """What the admin does after init: a name of our own database, and lines of his choice, ``table__key``."""
        number = self.own.removeprefix("sync_")
        text = self.path.read_text().replace('#own = "eccube_sync"', f'own = "{self.own}"')
        text = text.replace('user = "eccube_sync"', f'user = "ours_{number}"')
        text = text.replace('user = "eccube_sync_setup"', f'user = "setup_{number}"')
        for place, value in lines.items():
            table, _, key = place.rpartition("__")
            text = text.replace(f"[{table}]\n", f"[{table}]\n{key} = {value}\n", 1)
        self.path.write_text(text)

    def as_administrator(self, script: str) -> None:
        """Run what ``grants`` printed, with the passwords filled in."""
        filled = re.sub(
            r"<the password in ([^>]+)>", lambda found: f"'{Path(found[1]).read_text().strip()}'", script
        )
        lines = [line for line in filled.splitlines() if not line.startswith("--")]
        self.server.execute(*(part for part in "\n".join(lines).split(";\n") if part.strip()))

    def settings(self) -> Settings:
        return load(self.path)


@contextmanager
def a_new_shop(server: Server, folder: Path) -> Iterator[NewShop]:
    """EC-CUBE's own account may do anything in EC-CUBE's database, as usual."""
    number = next(_numbers)
    eccube = folder / "www" / "eccube"
    eccube.mkdir(parents=True)
    user, own = f"eccube_{number}", f"sync_{number}"
    with mariadb_shop(server) as shop:
        server.execute(
            f"CREATE USER {user}@localhost IDENTIFIED BY 'Q7''shop'",
            f"GRANT ALL ON `{shop.database}`.* TO {user}@localhost",
        )
        address = f"mysql://{user}:Q7%27shop@localhost/{shop.database}?unix_socket={server.socket}"
        (eccube / ".env").write_text(f'DATABASE_URL="{address}"\nMAILER_DSN=null://default\n')
        yield NewShop(shop, server, eccube, folder / "sync", own)
        accounts = (user, f"ours_{number}", f"setup_{number}")
        server.execute(
            f"DROP DATABASE IF EXISTS {own}", *(f"DROP USER IF EXISTS {name}@localhost" for name in accounts)
        )


@pytest.fixture
def new_shop(mariadb_server: Server, tmp_path: Path) -> Iterator[NewShop]:
    """A shop on MariaDB that never heard of us."""
    with a_new_shop(mariadb_server, tmp_path) as shop:
        yield shop
