"""A shop with our tables and everything a code goes through, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eccube_sync.services.migrating import needed_version
from eccube_sync.tables.version import schema_version
from tests.codes.counter import Counter
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop


@pytest.fixture
def counter(shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path) as ours:
        _mark_version(ours)
        yield Counter(ours, tmp_path)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter on SQLite, where the engine makes no difference."""
    with our_shop(sqlite_shop, tmp_path) as ours:
        _mark_version(ours)
        yield Counter(ours, tmp_path)


def _mark_version(ours: OurShop) -> None:
    """Say that the tables are this program's, as ``migrate`` does; commands look there first."""
    with ours.connect() as connection, connection.begin():
        schema_version.metadata.create_all(connection)
    ours.insert(schema_version, version_num=needed_version())
