"""A whole night on a whole shop: what it does, and that repeating, overlapping or killing it changes nothing."""

from __future__ import annotations

import pytest

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
