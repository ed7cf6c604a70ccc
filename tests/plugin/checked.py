"""What ``check`` says about one thing."""

from __future__ import annotations

import json

import pytest

from tests.support.installed import InstalledShop


def found(shop: InstalledShop, capsys: pytest.CaptureFixture[str], name: str) -> tuple[str, str]:
    """State and words of one check."""
    capsys.readouterr()
    shop.run("check", "--json")
    rows = json.loads(capsys.readouterr().out)["checks"]
    (one,) = [row for row in rows if row["check"] == name]
    return one["state"], one["message"]
