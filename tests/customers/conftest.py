"""A shop with one store, and a terminal in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.members.exports import CONFIGURATION
from tests.members.terminal import Terminal
from tests.support.rows import our_shop
from tests.support.shop import Shop


@pytest.fixture
def terminal(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """A terminal in a new shop, once on SQLite and once on MariaDB."""
    with our_shop(shop, tmp_path, CONFIGURATION) as ours:
        yield Terminal(ours, tmp_path, capsys)


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Terminal]:
    """A terminal in a new shop on SQLite, where the engine makes no difference."""
    with our_shop(sqlite_shop, tmp_path, CONFIGURATION) as ours:
        yield Terminal(ours, tmp_path, capsys)
