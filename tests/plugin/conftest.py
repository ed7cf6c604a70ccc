"""A shop with our plugin installed in EC-CUBE."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin.tables import install_plugin
from tests.support.installed import InstalledShop, install, remove
from tests.support.shop import Shop

SECTIONS = """\
[[projection]]
kind = "plugin"
"""


@pytest.fixture
def plugged(shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """An empty shop with the plugin, once on SQLite and once on MariaDB as the runtime account."""
    install_plugin(shop)
    made = install(shop, tmp_path / "sync", SECTIONS)
    yield made
    remove(made)


@pytest.fixture
def plugged_sqlite(sqlite_shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """The same on SQLite only, for rules that do not hang on the database."""
    install_plugin(sqlite_shop)
    made = install(sqlite_shop, tmp_path / "sync", SECTIONS)
    yield made
    remove(made)
