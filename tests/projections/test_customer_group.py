"""The customer group plugin as the place where the class is shown."""

from __future__ import annotations

import pytest

from eccube_sync.errors import ConfigurationError
from eccube_sync.projections import Change, Outcome, compare_and_set
from eccube_sync.projections.customer_group import join
from tests.projections.support import group, read, validate, write
from tests.support.accounts import restricted
from tests.support.mariadb import Server
from tests.support.shop import Shop

STORE = group().value_of("store")
MEMBERSHIPS = "SELECT customer_id, group_id FROM plg_customer_group_customers_groups ORDER BY 1, 2"


def put_by_hand(shop: Shop, customer_id: int, group_id: int = 1) -> None:
    shop.insert("plg_customer_group_customers_groups", [{"customer_id": customer_id, "group_id": group_id}])


@pytest.mark.parametrize("name", ["店舗会員", "店舗会員（自動）", "1"])
def test_the_group_is_found_by_either_name_or_by_its_id(shop: Shop, name: str) -> None:
    shop.add_customer()
    validate(shop, group(name))
    assert write(shop, group(name), Change(1, None, STORE)) == [Outcome.WRITTEN]
    assert shop.rows(MEMBERSHIPS) == [(1, 1)]


def test_a_store_member_joins_the_group_and_leaves_it_again(shop: Shop) -> None:
    shop.add_customer()
    assert write(shop, group(), Change(1, None, STORE)) == [Outcome.WRITTEN]
    assert read(shop, group(), 1) == {1: STORE}
    assert write(shop, group(), Change(1, STORE, None)) == [Outcome.WRITTEN]
    assert read(shop, group(), 1) == {1: None}


def test_other_groups_of_a_customer_are_left_alone(shop: Shop) -> None:
    shop.add_customer()
    put_by_hand(shop, 1, group_id=2)
    assert read(shop, group(), 1) == {1: None}
    write(shop, group(), Change(1, None, STORE))
    write(shop, group(), Change(1, STORE, None))
    assert shop.rows(MEMBERSHIPS) == [(1, 2)]


def test_a_customer_put_into_the_group_by_hand_is_not_removed_and_not_taken_for_ours(shop: Shop) -> None:
    shop.add_customer()
    put_by_hand(shop, 1)
    assert write(shop, group(), Change(1, None, STORE)) == [Outcome.ALREADY]
    assert write(shop, group(), Change(1, "another value", None)) == [Outcome.CHANGED]
    assert shop.rows(MEMBERSHIPS) == [(1, 1)]


def test_one_who_was_put_there_meanwhile_holds_up_none_of_the_others(shop: Shop) -> None:
    for _number in range(3):
        shop.add_customer()
    put_by_hand(shop, 2)
    seen_before: dict[int, str | None] = dict.fromkeys((1, 2, 3))
    changes = [Change(one, None, STORE) for one in seen_before]
    with shop.connect() as connection:
        outcomes = compare_and_set(
            connection,
            seen_before,
            changes,
            lambda alike: join(connection, 1, [change.eccube_id for change in alike]),
        )
        connection.commit()
    assert outcomes == [Outcome.WRITTEN, Outcome.CHANGED, Outcome.WRITTEN]
    assert shop.rows(MEMBERSHIPS) == [(1, 1), (2, 1), (3, 1)]


def test_a_customer_taken_out_by_hand_is_not_put_back(shop: Shop) -> None:
    shop.add_customer()
    assert write(shop, group(), Change(1, STORE, None)) == [Outcome.ALREADY]
    assert shop.rows(MEMBERSHIPS) == []


def test_a_customer_who_vanished_is_gone_and_does_not_stop_the_others(shop: Shop) -> None:
    shop.add_customer(id=2)
    assert read(shop, group(), 1, 2) == {2: None}
    changes = (Change(1, None, STORE), Change(2, None, STORE))
    assert write(shop, group(), *changes) == [Outcome.GONE, Outcome.WRITTEN]


def test_no_date_of_the_customer_is_touched(shop: Shop) -> None:
    shop.add_customer()
    before = shop.rows("SELECT * FROM dtb_customer")
    write(shop, group(), Change(1, None, STORE))
    assert shop.rows("SELECT * FROM dtb_customer") == before


def test_nothing_is_committed_by_the_projection(shop: Shop) -> None:
    shop.add_customer()
    with shop.connect() as connection:
        assert group().write(connection, [Change(1, None, STORE)]) == [Outcome.WRITTEN]
        connection.rollback()
    assert shop.rows(MEMBERSHIPS) == []


def test_a_group_that_does_not_exist_is_refused(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="no customer group 金会員"):
        validate(shop, group("金会員"))


def test_two_groups_of_one_name_are_refused_and_their_ids_are_named(shop: Shop) -> None:
    row = {"id": 9, "name": "店舗会員", "sort_no": 3, "discriminator_type": "group"}
    shop.insert("plg_customer_group", [row])
    with pytest.raises(ConfigurationError, match="1, 9"):
        validate(shop, group())
    validate(shop, group("9"))


def test_a_shop_without_the_plugin_is_told_so(shop: Shop) -> None:
    shop.execute("DROP TABLE plg_customer_group_customers_groups")
    with pytest.raises(ConfigurationError, match="customer group plugin"):
        validate(shop, group())


def test_a_projection_without_a_group_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="group"):
        group("")


def test_a_hostile_group_name_is_only_a_name(shop: Shop) -> None:
    name = "x'; DROP TABLE plg_customer_group; -- {0} %s :group"
    row = {"id": 9, "name": name, "sort_no": 3, "discriminator_type": "group"}
    shop.insert("plg_customer_group", [row])
    shop.add_customer()
    validate(shop, group(name))
    assert write(shop, group(name), Change(1, None, STORE)) == [Outcome.WRITTEN]
    assert shop.rows(MEMBERSHIPS) == [(1, 9)]


def test_its_grants_are_all_it_takes(mariadb_shop: Shop, mariadb_server: Server) -> None:
    mariadb_shop.add_customer()
    rights = [(grant.privilege, grant.table, grant.columns) for grant in group().needed_grants()]
    with restricted(mariadb_server, mariadb_shop.database, rights) as connection:
        group().validate(connection)
        assert group().write(connection, [Change(1, None, STORE)]) == [Outcome.WRITTEN]
        assert group().write(connection, [Change(1, STORE, None)]) == [Outcome.WRITTEN]
