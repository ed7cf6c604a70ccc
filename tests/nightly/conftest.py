"""What the nights need; most of it every test may use."""

from __future__ import annotations

import pytest

ON_ONE_ENGINE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
"""For rules that do not hang on the database; whole nights are proved on both."""
