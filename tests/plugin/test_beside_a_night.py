"""``inbox`` beside a night: whoever comes second finds what the first one did, and nothing happens twice."""

from __future__ import annotations

from sqlalchemy import func, select

from eccube_sync.services.inbox.inboxing import apply_inbox, plan_inbox
from eccube_sync.services.matching.classifying import apply_classify
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.running import applied_run
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from tests.plugin.shopside import Plugin
from tests.plugin.test_inbox import code_of, member_of, new_customer, start
from tests.support.installed import InstalledShop


def registered(shop: InstalledShop) -> tuple[Plugin, int]:
    """A shop where a store member has just registered with a code and confirmed the address."""
    plugin = start(shop)
    eccube_id = new_customer(shop)
    plugin.type_code(eccube_id, code_of(shop, member_of(shop)))
    return plugin, eccube_id


def assert_once(plugin: Plugin, eccube_id: int) -> None:
    shop = plugin.shop
    assert shop.count(customer, customer.c.eccube_id == eccube_id) == 1
    assert shop.count(link, link.c.method == "link_code") == 1
    twice = select(link.c.customer_id).where(link.c.active == 1).group_by(link.c.customer_id)
    assert shop.rows(twice.having(func.count() > 1)) == []
    # The notice about a guess that the code ended is cancelled before it is sent.
    told = select(notice.c.customer_id).join(link, link.c.id == notice.c.link_id).where(link.c.active == 1)
    linked = told.where(notice.c.kind == "linked").group_by(notice.c.customer_id)
    assert shop.rows(linked.having(func.count() > 1)) == []
    assert plugin.membership_class(eccube_id) == "store"


def test_what_the_inbox_did_since_the_night_made_its_plan_stands(plugged: InstalledShop) -> None:
    plugin, eccube_id = registered(plugged)
    with plugged.connect() as (service, connection):
        plan = plan_classify(service, connection)
        projection = plan_projection(service, connection)
        assert plugged.run("-q", "inbox") == 0
        with applied_run(service, connection, "nightly") as run:
            apply_classify(run, plan)
            apply_projection(run, projection)
    assert_once(plugin, eccube_id)


def test_what_the_night_did_since_the_inbox_was_looked_at_stands(plugged: InstalledShop) -> None:
    plugin, eccube_id = registered(plugged)
    with plugged.connect() as (service, connection):
        plan = plan_inbox(service, connection)
        assert plugged.run("-q", "nightly") == 0
        with applied_run(service, connection, "inbox", stage="inbox") as run:
            apply_inbox(run, plan)
    assert_once(plugin, eccube_id)


def test_two_at_once_take_a_row_once(plugged: InstalledShop) -> None:
    plugin, eccube_id = registered(plugged)
    with plugged.connect() as (service, connection):
        plan = plan_inbox(service, connection)
        assert plugged.run("-q", "inbox") == 0
        with applied_run(service, connection, "inbox", stage="inbox") as run:
            apply_inbox(run, plan)
    assert_once(plugin, eccube_id)
