"""A plugin's column as the place where the class is shown."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from eccube_sync.errors import ConfigurationError
from eccube_sync.projections import CHUNK, PROJECTIONS, Change, Outcome
from tests.projections.support import Entry, column, read, validate, write
from tests.support.accounts import restricted
from tests.support.mariadb import Server
from tests.support.shop import Shop

RANK = column("customer_rank_id", store="2", ec_only=None)
ENTRY = Entry("column", column="customer_rank_id", store_value="2")


def add_rank(shop: Shop, kind: str = "SMALLINT DEFAULT NULL", name: str = "customer_rank_id") -> None:
    shop.execute(f"ALTER TABLE dtb_customer ADD COLUMN {name} {kind}")


def test_a_class_is_written_and_taken_back(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer()
    validate(shop, RANK)
    assert write(shop, RANK, Change(1, None, RANK.value_of("store"))) == [Outcome.WRITTEN]
    assert shop.rows("SELECT customer_rank_id FROM dtb_customer") == [(2,)]
    assert read(shop, RANK, 1) == {1: "2"}
    assert write(shop, RANK, Change(1, "2", RANK.value_of("ec_only"))) == [Outcome.WRITTEN]
    assert read(shop, RANK, 1) == {1: None}


def test_a_text_column_keeps_the_label_as_it_is(shop: Shop) -> None:
    add_rank(shop, "VARCHAR(10) NOT NULL DEFAULT ''", "membership")
    labels = column("membership", store="店舗会員", ec_only="EC会員")
    shop.add_customer()
    validate(shop, labels)
    assert write(shop, labels, Change(1, "", "店舗会員")) == [Outcome.WRITTEN]
    assert read(shop, labels, 1) == {1: "店舗会員"}


def test_a_value_somebody_else_wrote_is_never_overwritten(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer(customer_rank_id=5)
    assert write(shop, RANK, Change(1, None, "2")) == [Outcome.CHANGED]
    assert write(shop, RANK, Change(1, "2", None)) == [Outcome.CHANGED]
    assert read(shop, RANK, 1) == {1: "5"}


def test_a_value_that_stands_there_already_is_not_taken_for_ours(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer(customer_rank_id=2)
    assert write(shop, RANK, Change(1, None, "2")) == [Outcome.ALREADY]


def test_values_that_differ_in_case_only_are_different(mariadb_shop: Shop) -> None:
    """EC-CUBE 4.0 and 4.1 made their tables with a collation that compares without case."""
    add_rank(mariadb_shop, "VARCHAR(10) COLLATE utf8mb4_general_ci", "membership")
    mariadb_shop.add_customer(membership="STORE")
    labels = column("membership", store="store")
    assert write(mariadb_shop, labels, Change(1, "store", None)) == [Outcome.CHANGED]
    assert write(mariadb_shop, labels, Change(1, "Store ", None)) == [Outcome.CHANGED]


def test_a_vanished_customer_is_gone_and_does_not_stop_the_others(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer(id=2)
    changes = (Change(1, None, "2"), Change(2, None, "2"))
    assert write(shop, RANK, *changes) == [Outcome.GONE, Outcome.WRITTEN]


def test_nothing_but_the_column_changes_not_even_the_date_of_change(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer()
    before = shop.rows("SELECT * FROM dtb_customer")
    write(shop, RANK, Change(1, None, "2"))
    write(shop, RANK, Change(1, "2", None))
    assert shop.rows("SELECT * FROM dtb_customer") == before


def test_nothing_is_committed_by_the_projection(shop: Shop) -> None:
    add_rank(shop)
    shop.add_customer()
    with shop.connect() as connection:
        RANK.write(connection, [Change(1, None, "2")])
        connection.rollback()
    assert read(shop, RANK, 1) == {1: None}


def test_a_plugins_table_with_one_row_a_customer_will_do(shop: Shop) -> None:
    shop.execute("CREATE TABLE plg_rank (customer_id INTEGER NOT NULL PRIMARY KEY, rank_code VARCHAR(8))")
    for customer_id in (shop.add_customer(), shop.add_customer()):
        if customer_id == 1:
            shop.insert("plg_rank", [{"customer_id": customer_id, "rank_code": None}])
    entry = Entry(
        "column", table="plg_rank", customer_column="customer_id", column="rank_code", store_value="S"
    )
    ranks = PROJECTIONS["column"](entry)
    validate(shop, ranks)
    changes = (Change(1, None, "S"), Change(2, None, "S"))
    assert write(shop, ranks, *changes) == [Outcome.WRITTEN, Outcome.GONE]


def test_a_table_with_several_rows_a_customer_is_refused(shop: Shop) -> None:
    shop.execute(
        "CREATE TABLE plg_rank (customer_id INTEGER, shop_id INTEGER, rank_code VARCHAR(8), "
        "PRIMARY KEY (customer_id, shop_id))"
    )
    entry = Entry(
        "column", table="plg_rank", customer_column="customer_id", column="rank_code", store_value="S"
    )
    with pytest.raises(ConfigurationError, match="several rows"):
        validate(shop, PROJECTIONS["column"](entry))


@pytest.mark.parametrize(
    "name",
    [
        *("id", "discriminator_type", "email", "EMAIL", "password", "salt", "secret_key", "reset_key"),
        *("customer_status_id", "point", "name01", "kana02", "postal_code", "addr01", "phone_number"),
        *("birth", "create_date", "update_date", "last_buy_date", "buy_total", "sex_id", "pref_id"),
        *("plg_mailmagazine_flg", "device_auth_one_time_token", "check_date", "plg_point_current"),
    ],
)
def test_columns_that_are_not_ours_to_write_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="not ours to write"):
        column(name)


@pytest.mark.parametrize(
    "changed",
    [
        {"table": "dtb_order", "customer_column": "customer_id", "column": "note"},
        {"table": "DTB_MEMBER", "customer_column": "id", "column": "department"},
        {"table": "mtb_sex", "customer_column": "id", "column": "sort_no"},
        {"customer_column": "sex_id"},
        {"table": "plg_rank", "customer_column": "owner_id", "column": "customer_id"},
    ],
)
def test_other_tables_and_keys_of_ec_cube_are_refused(changed: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="not ours to write"):
        PROJECTIONS["column"](dataclasses.replace(ENTRY, **changed))


@pytest.mark.parametrize("missing", ["column", "store_value"])
def test_an_incomplete_projection_is_refused(missing: str) -> None:
    given_keys: dict[str, Any] = {missing: None}
    with pytest.raises(ConfigurationError, match=missing):
        PROJECTIONS["column"](dataclasses.replace(ENTRY, **given_keys))


def test_one_value_for_both_classes_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="differ"):
        column(store="1", ec_only="1")


@pytest.mark.parametrize(
    ("kind", "store", "ec_only", "reason"),
    [
        ("VARCHAR(3)", "store", None, "longer"),
        ("VARCHAR(5) NOT NULL DEFAULT ''", "store", None, "ec_only_value must be set"),
        ("SMALLINT", "gold", None, "whole number"),
        ("SMALLINT", "02", None, "whole number"),
        ("SMALLINT", "２", None, "whole number"),
        ("DATETIME", "2024-01-01", None, "whole numbers or text"),
        ("NUMERIC(10,2)", "2", None, "whole numbers or text"),
    ],
)
def test_a_column_that_cannot_hold_the_values_is_refused(
    shop: Shop, kind: str, store: str, ec_only: str | None, reason: str
) -> None:
    add_rank(shop, kind)
    with pytest.raises(ConfigurationError, match=reason):
        validate(shop, column(store=store, ec_only=ec_only))


@pytest.mark.parametrize(("kind", "store"), [("TINYINT", "128"), ("SMALLINT UNSIGNED", "-1")])
def test_a_number_out_of_the_columns_range_is_refused(mariadb_shop: Shop, kind: str, store: str) -> None:
    add_rank(mariadb_shop, kind)
    with pytest.raises(ConfigurationError, match="whole number"):
        validate(mariadb_shop, column(store=store))


def test_a_column_or_table_that_is_not_there_is_named(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match="customer_rank_id was not found in dtb_customer"):
        validate(shop, RANK)
    lost = PROJECTIONS["column"](dataclasses.replace(ENTRY, table="plg_rank", customer_column="customer_id"))
    with pytest.raises(ConfigurationError, match="plg_rank"):
        validate(shop, lost)


@given(st.text(max_size=70).filter(lambda name: not (name.isascii() and name.replace("_", "a").isalnum())))
def test_a_name_that_is_not_plain_never_reaches_the_database(name: str) -> None:
    for place in ("table", "customer_column", "column"):
        with pytest.raises(ConfigurationError):
            PROJECTIONS["column"](dataclasses.replace(ENTRY, **{place: name}))


@pytest.mark.parametrize("name", ["select", "order", "GROUP", "x" * 64])
def test_a_column_named_like_a_word_of_sql_is_quoted(shop: Shop, name: str) -> None:
    quote = '"' if shop.kind == "sqlite" else "`"
    add_rank(shop, "SMALLINT", f"{quote}{name}{quote}")
    shop.add_customer()
    validate(shop, column(name))
    assert write(shop, column(name), Change(1, None, "2")) == [Outcome.WRITTEN]
    assert read(shop, column(name), 1) == {1: "2"}


def test_its_grants_are_all_it_takes(mariadb_shop: Shop, mariadb_server: Server) -> None:
    add_rank(mariadb_shop)
    mariadb_shop.add_customer()
    rights = [(grant.privilege, grant.table, grant.columns) for grant in RANK.needed_grants()]
    with restricted(mariadb_server, mariadb_shop.database, rights) as connection:
        RANK.validate(connection)
        assert RANK.write(connection, [Change(1, None, "2")]) == [Outcome.WRITTEN]
        assert RANK.write(connection, [Change(1, "2", None)]) == [Outcome.WRITTEN]


VALUES = st.sampled_from([None, "1", "2", "3"])


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), max_size=CHUNK))
def test_a_write_changes_what_stood_as_expected_and_nothing_else(
    rows: list[tuple[str | None, str | None, str | None]],
) -> None:
    """Each row: what stands there, what we believe we wrote last, what we want."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            connection.execute(
                text("CREATE TABLE dtb_customer (id INTEGER PRIMARY KEY, customer_rank_id INT)")
            )
            for number, (present, _expected, _new) in enumerate(rows):
                values = {"id": number, "rank": present}
                connection.execute(text("INSERT INTO dtb_customer VALUES (:id, :rank)"), values)
            changes = [Change(number, expected, new) for number, (_, expected, new) in enumerate(rows)]
            outcomes = RANK.write(connection, changes)
            after = RANK.read(connection, range(len(rows)))
    finally:
        engine.dispose()
    for number, (present, expected, new) in enumerate(rows):
        written = present == expected != new
        assert after[number] == (new if written else present)
        assert (outcomes[number] is Outcome.WRITTEN) == written


def test_more_than_a_chunk_at_once_is_refused(shop: Shop) -> None:
    add_rank(shop)
    with pytest.raises(ValueError, match="51 changes"):
        write(shop, RANK, *(Change(number, None, "2") for number in range(CHUNK + 1)))
