"""What else is read from EC-CUBE 4: counts, orders, the shop itself, plugins, the server's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from eccube_sync.eccube import Plugin, ShopIdentity, v4
from tests.support.shop import Shop

JUNE = datetime(2024, 6, 1, tzinfo=UTC)


def test_customers_are_counted_by_state(shop: Shop) -> None:
    for status in (1, 2, 2, 2, 3, None):
        shop.add_customer(status=status)
    with shop.connect() as connection:
        counts = v4.count_by_state(connection)
    assert counts == {"provisional": 1, "full": 3, "withdrawn": 1, "unknown": 1}


def test_only_orders_that_were_placed_and_kept_count_as_recent(shop: Shop) -> None:
    for _ in range(3):
        shop.add_customer()
    for status in (1, 4, 5, 6):  # new, in progress, delivered, paid
        shop.add_order(1, JUNE, status)
    for status in (3, 7, 8, 9):  # cancelled, pending, a cart, returned
        shop.add_order(1, JUNE, status)
    shop.add_order(2, JUNE - timedelta(seconds=1))
    shop.add_order(2, None, status=8)
    shop.add_order(None, JUNE)
    with shop.connect() as connection:
        assert v4.recent_orders(connection, [1, 2, 3], since=JUNE) == {1: 4}
        assert v4.recent_orders(connection, [2, 3], since=JUNE - timedelta(days=1)) == {2: 1}
        assert v4.recent_orders(connection, [], since=JUNE) == {}


def test_the_shop_tells_its_name_and_the_phone_and_addresses_that_are_its_own(shop: Shop) -> None:
    shop.execute("UPDATE dtb_base_info SET phone_number = '0312345678', email04 = 'bounce@example.com'")
    with shop.connect() as connection:
        found = v4.shop(connection)
    assert found == ShopIdentity("見本商店", "0312345678", "", ("shop@example.com", "bounce@example.com"))


def test_a_shop_without_basic_settings_has_no_name(shop: Shop) -> None:
    shop.execute("DELETE FROM dtb_base_info")
    with shop.connect() as connection:
        assert v4.shop(connection).name == ""


def test_plugins_that_rewrite_groups_are_found_in_every_generations_numbering(shop: Shop) -> None:
    for code in ("CustomerGroupRank42", "CustomerGroupRank44", "CustomerGroupLastMonthRank", "CustomerRank"):
        shop.add_plugin(code)
    for harmless in ("CustomerGroup43", "MailMagazine42", "CustomerRanking"):
        shop.add_plugin(harmless)
    shop.add_plugin("CustomerGroupRank43", enabled=False)
    with shop.connect() as connection:
        found = v4.group_rewriting_plugins(connection)
    assert [plugin.code for plugin in found] == [
        "CustomerGroupLastMonthRank",
        "CustomerGroupRank42",
        "CustomerGroupRank44",
        "CustomerRank",
    ]
    assert found[0] == Plugin("CustomerGroupLastMonthRank", "4.3.0")


def test_the_servers_clock_is_read_in_utc_whatever_its_zone(shop: Shop) -> None:
    """The private MariaDB runs in Japan's zone, as a shop's server does."""
    with shop.connect() as connection:
        server = v4.server_time(connection)
    assert abs(server - datetime.now(UTC)) < timedelta(seconds=30)
