"""A burst of webhooks over HTTP, and a bridge killed in its midst: nobody is lost, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal, run
from tests.bridge.burst import tell_each
from tests.bridge.running import RunningBridge
from tests.plugin.conftest import plugged  # noqa: F401 - the shop the bridge stands beside
from tests.plugin.test_inbox import REGISTERED, start
from tests.support.installed import InstalledShop

CUSTOMERS = 200
TOLD = 5
"""So many webhooks come about each customer."""


def known(shop: InstalledShop, state: str) -> set[int]:
    """Whom we know in this state, by EC-CUBE id; whoever stands there twice is a mistake."""
    ids = select(customer.c.eccube_id, func.count()).where(customer.c.state == state)
    rows = shop.rows(ids.group_by(customer.c.eccube_id))
    assert all(count == 1 for _eccube_id, count in rows)
    return {eccube_id for eccube_id, _count in rows}


def decided(shop: InstalledShop) -> dict[str, list[tuple[Any, ...]]]:
    """What was decided and told: classes, links, notices."""
    return {
        "classes": shop.rows(
            select(journal.c.subject_id, journal.c.new_value)
            .where(journal.c.subject == "customer", journal.c.field == "class")
            .order_by(journal.c.id)
        ),
        "links": shop.rows(select(link.c.customer_id, link.c.member_id).order_by(link.c.id)),
        "notices": shop.rows(
            select(notice.c.kind, notice.c.customer_id, notice.c.link_id).order_by(notice.c.id)
        ),
    }


@pytest.fixture
def bridge(plugged: InstalledShop) -> Iterator[RunningBridge]:  # noqa: F811
    """Beside a shop in which most customers are still to register."""
    start(plugged, REGISTERED + CUSTOMERS, REGISTERED + CUSTOMERS)
    made = RunningBridge(plugged)
    made.configure()
    yield made
    made.end()


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)
def test_a_thousand_webhooks_and_a_kill_lose_nobody_and_repeat_nothing(bridge: RunningBridge) -> None:
    shop = bridge.shop
    before = known(shop, "full")
    shop.add_customers(REGISTERED, REGISTERED + CUSTOMERS)
    shop.eccube.execute("UPDATE dtb_customer SET customer_status_id = 2")
    new = sorted({row[0] for row in shop.eccube.rows("SELECT id FROM dtb_customer")} - before)
    bridge.start()
    acknowledged = tell_each(bridge, new * TOLD, kill_after=CUSTOMERS * TOLD // 2)
    assert acknowledged
    bridge.start()
    bridge.settle()
    assert acknowledged <= known(shop, "full")
    assert shop.run("-q", "inbox") == 0
    assert set(new) <= known(shop, "full")
    once = decided(shop)
    for rows in once.values():
        assert len(set(map(tuple, rows))) == len(rows)
    assert once["links"] and once["notices"]
    assert tell_each(bridge, new) == set(new)
    bridge.settle()
    assert bridge.stop() == 0
    assert decided(shop) == once
    assert shop.count(run, run.c.state == "running") == 0
