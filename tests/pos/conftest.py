"""Shared by the tests of member exports: messages are compared in English, files are written as bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eccube_sync import i18n

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines as a file with the given encoding and line end and returns its path."""

    def _write(*lines: str, encoding: str = "utf-8", end: str = "\r\n", name: str = "members.csv") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(line + end for line in lines).encode(encoding))
        return path

    return _write
