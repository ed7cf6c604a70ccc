"""A shop with our tables, on both engines or on SQLite where the engine makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop


@pytest.fixture
def ours(shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
    """Our tables beside a shop, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path) as found:
        yield found


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
    """Our tables beside a shop on SQLite."""
    with our_shop(sqlite_shop, tmp_path) as found:
        yield found
