"""Files that travel with the package: SQL, mail templates, catalogues."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable


def folder(*parts: str) -> Traversable:
    """A folder of the package's data, the same in a checkout, an editable install and a wheel."""
    return resources.files("eccube_sync").joinpath(*parts)


def text(*parts: str) -> str:
    """The UTF-8 text of one data file."""
    return folder(*parts).read_text(encoding="utf-8")
