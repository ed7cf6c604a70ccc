"""A whole night on a whole shop: what it does, and that repeating, overlapping or killing it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from tests.support.installed import TODAY, InstalledShop


@pytest.fixture
def peopled(installed: InstalledShop) -> InstalledShop:
    """120 customers, 180 members, and the store's first export."""
    installed.fill(120, 180)
    installed.drop_export(TODAY)
    installed.at(TODAY, 3)
    return installed


def test_a_first_night_links_and_shows_and_mails_nobody(peopled: InstalledShop) -> None:
    assert peopled.run("nightly") == 0
    assert peopled.count(link, link.c.active == 1) > 30
    current = peopled.count(customer_class, customer_class.c.membership_class == "store")
    shown = peopled.eccube.rows("SELECT COUNT(*) FROM plg_customer_group_customers_groups")
    assert shown == [(current,)]
    assert peopled.count(notice, notice.c.state != "baseline") == 0


def test_the_same_content_exported_again_confirms_that_a_membership_ended(installed: InstalledShop) -> None:
    installed.fill(60, 90)
    ending = [
        replace(one, end_date=TODAY, unlimited=False) if one.end_date and one.end_date > TODAY else one
        for one in installed.members
    ]
    installed.drop_export(TODAY, ending)
    installed.at(TODAY, 3)
    assert installed.run("nightly") == 0
    tomorrow = TODAY + timedelta(days=1)
    installed.drop_export(tomorrow, ending)  # byte for byte the same, but dated anew by its name
    installed.at(tomorrow, 3)
    assert installed.run("nightly") in {0, 1}
    left = select(customer_class).where(
        customer_class.c.membership_class == "store", customer_class.c.end_date == TODAY
    )
    assert installed.rows(left) == []
