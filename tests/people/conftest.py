"""The shop of the undo tests, whose people are known by name."""

from tests.undo.conftest import small, story

__all__ = ["small", "story"]
