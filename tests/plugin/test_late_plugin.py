"""A place that is configured later shows the classes decided before."""

from __future__ import annotations

from sqlalchemy import select

from eccube_sync.tables.customers import customer, customer_class
from tests.plugin.conftest import SECTIONS
from tests.plugin.tables import CARD
from tests.support.installed import TODAY, InstalledShop


def test_a_shop_that_gets_the_plugin_later_shows_the_members_it_has(plugged: InstalledShop) -> None:
    shop = plugged
    shop.sections = ""
    shop.configure()
    shop.fill(12, 30)
    shop.drop_export(TODAY)
    assert shop.run("-q", "nightly") == 0
    shop.sections = SECTIONS
    shop.configure()
    assert shop.run("project", "--apply") == 0
    shown = shop.eccube.rows(f"SELECT customer_id FROM {CARD} WHERE membership_class = 'store'")
    members = shop.rows(
        select(customer.c.eccube_id)
        .join(customer_class, customer_class.c.customer_id == customer.c.id)
        .where(customer_class.c.membership_class == "store")
    )
    assert members
    assert {row[0] for row in shown} == {row.eccube_id for row in members}
