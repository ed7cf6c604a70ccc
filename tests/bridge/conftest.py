"""A bridge beside a shop after its first night."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bridge.running import RunningBridge
from tests.plugin.conftest import plugged, plugged_sqlite  # noqa: F401 - the shop a bridge stands beside
from tests.plugin.test_inbox import start
from tests.support.installed import InstalledShop


@pytest.fixture
def bridge(plugged: InstalledShop) -> Iterator[RunningBridge]:  # noqa: F811
    """Beside a shop on SQLite and on MariaDB."""
    start(plugged)
    made = RunningBridge(plugged)
    made.configure()
    yield made
    made.end()


@pytest.fixture
def small(plugged_sqlite: InstalledShop) -> Iterator[RunningBridge]:  # noqa: F811
    """Beside a shop on SQLite only; to be configured by the test."""
    start(plugged_sqlite)
    made = RunningBridge(plugged_sqlite)
    yield made
    made.end()
