"""For ``make mutation``: quick tests first, fewer examples, and no time spent on shortening what was found."""

from __future__ import annotations

import pytest
from hypothesis import Phase, settings


def pytest_configure() -> None:
    """The same examples each time, so that a change is noticed or not whenever it is tried."""
    settings.register_profile(
        "mutation",
        deadline=None,
        database=None,
        derandomize=True,
        max_examples=25,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutation")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of many examples last."""
    items.sort(key=lambda item: hasattr(getattr(item, "obj", None), "hypothesis"))
