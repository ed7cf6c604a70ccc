"""Knowing which EC-CUBE this is, and noticing that its tables are not as they should be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eccube_sync import resources
from eccube_sync.eccube import GENERATIONS, SchemaProblem, detect, v4
from eccube_sync.errors import ConfigurationError
from tests.support.accounts import restricted
from tests.support.mariadb import Server
from tests.support.shop import Shop

QUERIES = sorted(
    Path(str(entry))
    for entry in resources.folder("sql", "eccube", "v4").iterdir()
    if not entry.name.startswith("demo_")
)


def check(shop: Shop) -> tuple[SchemaProblem, ...]:
    with shop.connect() as connection:
        return v4.check_schema(connection)


def test_a_shop_of_ec_cube_4_is_recognised(shop: Shop) -> None:
    with shop.connect() as connection:
        assert detect(connection) == "4"


@pytest.mark.parametrize(("base_table", "version"), [("dtb_base_info", "3"), ("dtb_baseinfo", "2")])
def test_an_older_generation_is_named_and_refused(shop: Shop, base_table: str, version: str) -> None:
    shop.execute("DROP TABLE plg_customer_group_customers_groups")
    for table in ("dtb_order", "dtb_customer", "dtb_base_info"):
        shop.execute(f"DROP TABLE {table}")
    shop.execute("CREATE TABLE dtb_customer (customer_id INTEGER, status SMALLINT, del_flg SMALLINT)")
    shop.execute(f"CREATE TABLE {base_table} (id INTEGER)")
    with shop.connect() as connection, pytest.raises(ConfigurationError, match=f"EC-CUBE {version} shop"):
        detect(connection)


def test_another_database_is_refused(shop: Shop) -> None:
    shop.execute("DROP TABLE plg_customer_group_customers_groups")
    shop.execute("DROP TABLE dtb_order")
    shop.execute("DROP TABLE dtb_customer")
    with shop.connect() as connection, pytest.raises(ConfigurationError, match="not an EC-CUBE database"):
        detect(connection)


def test_a_healthy_shop_has_no_schema_problems(shop: Shop) -> None:
    assert check(shop) == ()


def test_missing_tables_and_columns_are_named(shop: Shop) -> None:
    shop.execute("DROP TABLE dtb_plugin")
    shop.execute("ALTER TABLE dtb_customer DROP COLUMN kana02")
    assert check(shop) == (
        SchemaProblem("dtb_customer", "kana02", "missing"),
        SchemaProblem("dtb_plugin", None, "missing"),
    )


def test_narrowed_and_retyped_columns_are_named(shop: Shop) -> None:
    if shop.kind == "mysql":
        shop.execute("ALTER TABLE dtb_customer MODIFY addr01 VARCHAR(100), MODIFY birth VARCHAR(20)")
    else:
        for column, kind in (("addr01", "VARCHAR(100)"), ("birth", "VARCHAR(20)")):
            shop.execute(f"ALTER TABLE dtb_customer DROP COLUMN {column}")
            shop.execute(f"ALTER TABLE dtb_customer ADD COLUMN {column} {kind}")
    assert set(check(shop)) == {
        SchemaProblem("dtb_customer", "addr01", "narrowed"),
        SchemaProblem("dtb_customer", "birth", "retyped"),
    }


def test_a_column_that_was_widened_is_no_problem(mariadb_shop: Shop) -> None:
    mariadb_shop.execute(
        "ALTER TABLE dtb_customer MODIFY addr01 LONGTEXT, MODIFY email VARCHAR(320) NOT NULL"
    )
    assert check(mariadb_shop) == ()


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_queries_keep_to_the_sql_every_supported_server_knows(query: Path) -> None:
    code = re.sub(r"--.*", "", query.read_text(encoding="utf-8"))
    assert not re.search(r"\bWITH\b|\bOVER\s*\(|\bRETURNING\b|\bSELECT\s+\*", code, re.IGNORECASE)
    writes = r"\b(INSERT|UPDATE|DELETE|REPLACE(?!\s*\()|ALTER|DROP|CREATE)\b(?!_)"  # REPLACE( ) is a function
    assert not re.search(writes, code, re.IGNORECASE)


def test_every_generation_has_its_own_folder_of_queries() -> None:
    for key in GENERATIONS:
        assert resources.folder("sql", "eccube", f"v{key}").is_dir()


def test_the_needed_columns_are_all_that_reading_takes(mariadb_shop: Shop, mariadb_server: Server) -> None:
    """An account with SELECT on exactly these columns can read everything, and sees a healthy schema."""
    mariadb_shop.add_customer()
    rights = [("SELECT", table, columns) for table, columns in v4.needed_columns().items()]
    with restricted(mariadb_server, mariadb_shop.database, rights) as connection:
        assert detect(connection) == "4"
        assert v4.check_schema(connection) == ()
        assert len(v4.customers(connection, 0, 10)) == len(v4.customers_by_id(connection, [1])) == 1
        assert set(v4.identities(connection)) == {1}
        assert v4.count_by_state(connection)["full"] == 1
        assert v4.recent_orders(connection, [1], since=v4.server_time(connection)) == {}
        assert v4.shop(connection).name == "見本商店"
        assert v4.group_rewriting_plugins(connection) == ()
