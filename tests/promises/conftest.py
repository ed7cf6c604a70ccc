"""What every promise's tests may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.promises.recording import FIGURES
from tests.promises.scale import SEED


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """What a test counts, to be told of with its promise: ``proof["kills"] += 1``."""
    figures: Counter[str] = Counter()
    request.node.stash[FIGURES] = figures
    yield figures
    print(f"seed {SEED}, so far: {dict(figures)}")  # noqa: T201 - shown with a failure
