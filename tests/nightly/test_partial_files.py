"""A store that only ever sends the members that changed: its people's memberships end all the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from eccube_sync.tables.customers import customer_class
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.support.installed import TODAY, InstalledShop

pytestmark = ON_ONE_ENGINE
UNCONFIRMED = 7
"""So many days a class is kept while no newer data tells whether its member renewed; the default."""


def classes(shop: InstalledShop) -> Counter[str]:
    return Counter(row.membership_class for row in shop.rows(select(customer_class.c.membership_class)))


def night(shop: InstalledShop, days: int, *positions: int) -> int:
    """A night so many days later, with a file of these members only."""
    day = TODAY + timedelta(days=days)
    path = shop.drop_export(day, [shop.members[position] for position in positions])
    shop.at(day, 3)
    assert shop.run("members", "import", str(path), "--partial", "--apply") == 0
    path.unlink()
    return shop.run("nightly")


@pytest.fixture
def partial(installed: InstalledShop) -> InstalledShop:
    """30 members of whom all end on one day; everybody came in files of a part."""
    installed.fill(30, 30)
    installed.members = [replace(one, status=0, end_date=TODAY, unlimited=False) for one in installed.members]
    installed.configure()
    assert night(installed, -1, *range(30)) == 0
    assert classes(installed)["store"] > 5
    return installed


def test_a_class_falls_when_nobody_said_for_a_week_that_the_member_renewed(partial: InstalledShop) -> None:
    before = classes(partial)
    visitor = len(partial.members) - 1
    for days in (1, UNCONFIRMED):
        partial.members[visitor] = replace(partial.members[visitor], points=days)
        night(partial, days, visitor)
        assert classes(partial)["store"] >= before["store"] - 1
    partial.members[visitor] = replace(partial.members[visitor], points=99)
    assert night(partial, UNCONFIRMED + 2, visitor) == 0
    assert classes(partial)["store"] == 0


def test_no_class_falls_once_the_files_stop(partial: InstalledShop) -> None:
    before = classes(partial)
    partial.at(TODAY + timedelta(days=UNCONFIRMED + 2), 3)
    assert partial.run("nightly") == 70
    assert classes(partial) == before
