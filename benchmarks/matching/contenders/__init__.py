"""The ways of matching that are compared, one a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from benchmarks.matching.outcome import Contender

CONTENDERS: Mapping[str, str] = {
    "eccube-sync": "eccube_sync",
    "eccube-sync, trained": "eccube_sync_trained",
    "Splink": "splink",
    "recordlinkage ECM": "ecm",
    "e-mail or phone": "naive",
}
"""Each contender by its name in the table, with its module."""


def contender(name: str) -> Contender:
    """The contender's ``link``; the libraries of the others are not loaded, their memory would count."""
    link: Contender = import_module(f"{__name__}.{CONTENDERS[name]}").link
    return link
