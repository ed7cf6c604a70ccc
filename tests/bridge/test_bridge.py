"""The bridge as it runs: at once, beside everything, and through crashes and outages without losing or repeating."""

from __future__ import annotations

import signal

import pytest
from sqlalchemy import func, select

from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import installation, run
from tests.bridge.running import RunningBridge, left_in_queue, wait_for
from tests.plugin.shopside import Plugin
from tests.plugin.test_inbox import code_of, member_of, new_customer


def test_a_customer_is_the_store_member_the_moment_the_address_is_confirmed(bridge: RunningBridge) -> None:
    shop, plugin = bridge.shop, Plugin(bridge.shop)
    code = code_of(shop, member_of(shop))
    eccube_id = new_customer(shop, status=1)
    plugin.type_code(eccube_id, code)
    bridge.start()
    assert bridge.tell(eccube_id) == 202
    bridge.settle()
    assert plugin.membership_class(eccube_id) is None
    shop.eccube.execute(f"UPDATE dtb_customer SET customer_status_id = 2 WHERE id = {eccube_id}")
    assert bridge.classify(eccube_id) == 202
    wait_for(lambda: plugin.membership_class(eccube_id) == "store")
    bridge.settle()
    assert bridge.stop() == 0
    assert left_in_queue(shop) == 0
    assert "@" not in bridge.log() and code not in bridge.log()


def test_a_killed_bridge_goes_on_where_it_was_and_repeats_nothing(bridge: RunningBridge) -> None:
    shop, plugin = bridge.shop, Plugin(bridge.shop)
    eccube_id = new_customer(shop)
    plugin.type_code(eccube_id, code_of(shop, member_of(shop)))
    everybody = [row[0] for row in shop.eccube.rows("SELECT id FROM dtb_customer")]
    bridge.start()
    assert bridge.tell(*everybody) == 202
    bridge.stop(signal.SIGKILL)
    bridge.start()
    bridge.settle()
    assert bridge.tell(*everybody) == 202
    bridge.settle()
    bridge.stop()
    (linked,) = shop.rows(select(link).where(link.c.method == "link_code"))
    assert linked.active == 1
    twice = select(customer.c.eccube_id).group_by(customer.c.eccube_id).having(func.count() > 1)
    assert shop.rows(twice) == []
    assert plugin.membership_class(eccube_id) == "store"


def test_a_customer_about_whom_nothing_is_new_leaves_no_trace(bridge: RunningBridge) -> None:
    shop = bridge.shop
    everybody = [row[0] for row in shop.eccube.rows("SELECT id FROM dtb_customer")]
    bridge.start()
    bridge.tell(*everybody)
    bridge.settle()
    before = shop.state(installation)  # it counts what was begun
    bridge.tell(*everybody)
    bridge.settle()
    assert bridge.stop() == 0
    assert shop.state(installation) == before


def test_the_stop_signal_brings_the_work_under_way_to_its_end(bridge: RunningBridge) -> None:
    shop = bridge.shop
    bridge.start()
    bridge.tell(*(row[0] for row in shop.eccube.rows("SELECT id FROM dtb_customer")))
    assert bridge.stop() == 0
    assert shop.count(run, run.c.state == "running") == 0


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)  # SQLite is never away
def test_while_the_database_is_away_it_writes_down_what_comes_and_does_it_afterwards(
    bridge: RunningBridge,
) -> None:
    shop = bridge.shop
    assert shop.eccube.server is not None
    eccube_id = new_customer(shop)
    user = f"{shop.settings().database.runtime.user}@localhost"
    bridge.start()
    shop.eccube.server.execute(f"ALTER USER {user} ACCOUNT LOCK", f"KILL USER {user}")
    assert bridge.tell(eccube_id) == 202
    assert bridge.classify(eccube_id) == 202
    wait_for(lambda: bridge.ask("GET", "/healthz")[1]["database"] == "unreachable")
    assert bridge.waiting() == 1
    shop.eccube.server.execute(f"ALTER USER {user} ACCOUNT UNLOCK")
    bridge.settle()
    assert shop.count(customer, customer.c.eccube_id == eccube_id, customer.c.state == "full") == 1
    assert bridge.stop() == 0
