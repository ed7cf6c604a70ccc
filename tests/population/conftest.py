"""One made-up shop for all tests of this folder."""

from __future__ import annotations

from datetime import date

import pytest

from eccube_sync.population import Population, generate

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def shop() -> Population:
    return generate(7, 2000, 3000, TODAY)
