"""A shop whose first night is over: three of its four members have accounts, two are linked already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import AOKI, BABA, CONFIGURATION, DAY, Story


def _settle(shop: Shop, folder: Path) -> Iterator[Story]:
    with our_shop(shop, folder, CONFIGURATION) as ours:
        story = Story(ours, folder)
        story.at(DAY)
        story.register(AOKI, BABA)
        story.night(AOKI, BABA)
        yield story


@pytest.fixture
def story(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """Once on SQLite, once on MariaDB."""
    yield from _settle(shop, tmp_path)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """On SQLite, where the engine makes no difference."""
    yield from _settle(sqlite_shop, tmp_path)
