"""A shop with our tables and everything a code goes through, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.codes.counter import Counter
from tests.support.rows import our_shop
from tests.support.shop import Shop


@pytest.fixture
def counter(shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path) as ours:
        yield Counter(ours, tmp_path)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Counter]:
    """A shop's counter on SQLite, where the engine makes no difference."""
    with our_shop(sqlite_shop, tmp_path) as ours:
        yield Counter(ours, tmp_path)
