"""Every file with personal data is remembered: who wrote it, how many rows, and what for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from eccube_sync.services.privacy.exportlog import exports_report
from eccube_sync.services.review.export import export_cases
from tests.support.installed import InstalledShop, install, remove
from tests.support.rows import our_shop
from tests.support.shop import Shop

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """A shop on SQLite, still empty."""
    made = install(sqlite_shop, tmp_path / "sync")
    yield made
    remove(made)


def test_a_list_of_link_codes_is_remembered_with_who_wrote_it(small: InstalledShop, capsys: Captured) -> None:
    assert small.run("codes", "issue", "--count", "7", "--apply") == 0
    capsys.readouterr()
    assert small.run("runs", "exports", "--json") == 0
    (listing,) = json.loads(capsys.readouterr().out)["listings"]
    ((_run, _time, command, actor, rows, purpose),) = listing["rows"]
    assert (command, rows, purpose) == ("codes issue", 7, "link_codes")
    assert "@" in actor


def test_a_review_file_is_remembered_with_its_rows(sqlite_shop: Shop, tmp_path: Path) -> None:
    with our_shop(sqlite_shop, tmp_path) as ours:
        for _each in range(2):
            ours.add_case(ours.add_customer(), ours.add_member())
        ours.apply(export_cases, "review export")
        with ours.connect() as connection:
            (row,) = exports_report(connection, 5).listings[0].rows
    assert (row[2], row[4]) == ("review export", 2)
