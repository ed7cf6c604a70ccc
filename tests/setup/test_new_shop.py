"""A new user's path: init, grants, migrate, check; then the account of every day can do its work and no more."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from eccube_sync.db import Database, reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.projections import PROJECTIONS, Change, Outcome
from eccube_sync.services.running import Shop as OurShop
from eccube_sync.services.running import applied_run
from eccube_sync.tables import metadata
from tests.setup.conftest import NewShop, a_new_shop
from tests.support.mariadb import Server

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def installed(mariadb_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewShop]:
    """A shop after the administrator and the admin did what they were told, one step after the other."""
    with a_new_shop(mariadb_server, tmp_path_factory.mktemp("installed")) as shop:
        shop.shop.add_mail_magazine()
        shop.shop.add_customer()
        shop.shop.execute("ALTER TABLE dtb_customer ADD COLUMN customer_rank_id SMALLINT DEFAULT NULL")
        assert shop.init() == 0
        shop.edit(legal__relation='"same_company"')
        with shop.path.open("a") as file:
            file.write('[[projection]]\nkind = "customer_group"\ngroup = "店舗会員"\n')
            file.write('[[projection]]\nkind = "column"\ncolumn = "customer_rank_id"\nstore_value = "2"\n')
        shop.as_administrator(printed(shop, "grants", "--account", "setup"))
        assert shop.run("migrate") == 0
        shop.as_administrator(printed(shop, "grants", "--account", "runtime"))
        yield shop


def printed(shop: NewShop, *arguments: str) -> str:
    """What the program prints."""
    with redirect_stdout(io.StringIO()) as output:
        assert shop.run(*arguments) == 0
    return output.getvalue()


@contextmanager
def every_day(new_shop: NewShop) -> Iterator[tuple[OurShop, Connection]]:
    settings = new_shop.settings()
    shop = OurShop(settings, Database(settings), new_shop.clock, "test")
    with shop.database.connect() as connection:
        yield shop, connection


def test_a_new_user_gets_to_a_check_with_nothing_to_mend(installed: NewShop, capsys: Captured) -> None:
    assert installed.run("check") == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith("✗")]
    assert any(line.startswith("✓ rights") for line in lines)


def test_init_takes_the_shops_name_from_ec_cube(installed: NewShop) -> None:
    assert installed.settings().shop.name == installed.shop.rows("SELECT shop_name FROM dtb_base_info")[0][0]


def test_the_account_of_every_day_reads_all_it_needs(installed: NewShop) -> None:
    with every_day(installed) as (_shop, connection), reading(connection):
        generation = GENERATIONS[detect(connection)]
        (customer,) = generation.customers(connection, 0, 10)
        assert customer.mail_consent is not None
        assert generation.customers_by_id(connection, [customer.eccube_id]) == [customer]
        assert list(generation.identities(connection)) == [customer.eccube_id]
        assert generation.count_by_state(connection)["full"] == 1
        assert generation.recent_orders(connection, [1], datetime(2020, 1, 1, tzinfo=UTC)) == {}
        assert generation.shop(connection).name
        assert generation.group_rewriting_plugins(connection) == ()
        assert generation.server_time(connection)
        assert generation.check_schema(connection) == ()


def test_the_account_of_every_day_writes_the_projections(installed: NewShop) -> None:
    with every_day(installed) as (shop, connection):
        for section in shop.settings.projections:
            place = PROJECTIONS[section.kind](section)
            with reading(connection):
                place.validate(connection)
            store = place.value_of("store")
            for change in (Change(1, None, store), Change(1, store, None)):
                with connection.begin():
                    assert place.write(connection, [change]) == [Outcome.WRITTEN]


def test_the_account_of_every_day_keeps_our_tables(installed: NewShop) -> None:
    with every_day(installed) as (shop, connection):
        with applied_run(shop, connection, "test") as run:
            run.transaction(lambda: run.record("customer", 1, "class", None, "store", "test"))
        for table in metadata.sorted_tables:
            if table.name == "journal":
                continue
            with connection.begin() as transaction:
                column = next(iter(table.columns))
                connection.execute(table.update().where(column == 0).values({column: column}))
                connection.execute(table.delete().where(column == 0))
                transaction.rollback()


def test_the_setup_account_cannot_see_the_shop(installed: NewShop) -> None:
    server = installed.server
    password = (installed.folder / "secrets" / "database-setup").read_text().strip()
    engine = create_engine(
        server.url(installed.own, installed.settings().database.setup.user, password), poolclass=NullPool
    )
    with engine.connect() as connection:
        for statement in (
            f"SELECT id FROM {installed.shop.database}.dtb_customer",
            "SELECT * FROM mysql.user",
        ):
            with pytest.raises(DBAPIError):
                connection.execute(text(statement))
            connection.rollback()


def test_no_password_is_printed(installed: NewShop, capsys: Captured) -> None:
    installed.run("grants")
    installed.run("check")
    installed.run("check", "--json")
    printed = capsys.readouterr()
    for path in (installed.folder / "secrets").iterdir():
        assert path.read_text().strip() not in printed.out + printed.err
    assert "Q7'shop" not in printed.out + printed.err


def test_the_grants_are_computed_from_the_tables_that_are_there(new_shop: NewShop, capsys: Captured) -> None:
    new_shop.init()
    new_shop.run("grants")
    assert "plg_mailmagazine_flg" not in capsys.readouterr().out
    new_shop.shop.add_mail_magazine()
    new_shop.run("grants")
    assert "GRANT SELECT (`plg_mailmagazine_flg`) ON" in capsys.readouterr().out
    new_shop.path.write_text(new_shop.path.read_text().replace("eccube_root =", "#eccube_root ="))
    new_shop.run("grants")
    assert "-- GRANT SELECT (`plg_mailmagazine_flg`) ON" in capsys.readouterr().out


def test_a_plugins_table_that_is_not_there_is_said_to_be_missing(new_shop: NewShop, capsys: Captured) -> None:
    new_shop.init()
    with new_shop.path.open("a") as file:
        file.write('[[projection]]\nkind = "customer_group"\ngroup = "店舗会員"\n')
    new_shop.shop.execute("DROP TABLE plg_customer_group_customers_groups")
    new_shop.run("grants")
    printed = capsys.readouterr().out
    assert "-- The table plg_customer_group_customers_groups is not there" in printed
    assert "ON `" + new_shop.shop.database + "`.`plg_customer_group_customers_groups`" not in printed


def test_what_grants_prints_is_an_error_until_the_passwords_are_filled_in(
    new_shop: NewShop, capsys: Captured
) -> None:
    new_shop.init()
    capsys.readouterr()
    new_shop.run("grants")
    creations = [line for line in capsys.readouterr().out.splitlines() if line.startswith("CREATE USER")]
    assert len(creations) == 2
    for statement in creations:
        with pytest.raises(Exception, match="syntax"):
            new_shop.server.execute(statement)


def test_a_name_with_a_quote_in_it_stays_a_name(new_shop: NewShop, capsys: Captured) -> None:
    new_shop.init()
    text_of = new_shop.path.read_text()
    new_shop.path.write_text(text_of.replace('user = "eccube_sync"', 'user = "it\'s`me"'))
    capsys.readouterr()
    new_shop.run("grants")
    assert "'it''s`me'@'localhost'" in capsys.readouterr().out


def test_a_host_with_a_single_account_needs_no_grants(new_shop: NewShop, capsys: Captured) -> None:
    new_shop.server.execute(f"GRANT ALL ON `{new_shop.own}`.* TO eccube_{new_shop.own[5:]}@localhost")
    assert new_shop.init("--single-account") == 0
    new_shop.edit(legal__relation='"same_company"')
    assert new_shop.run("migrate") == 0
    capsys.readouterr()
    assert new_shop.run("check") == 0, capsys.readouterr().out
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("– rights") and "ALTER" in line for line in lines)
    new_shop.run("grants")
    printed = capsys.readouterr().out
    assert printed.count("CREATE USER") == 1
    assert "eccube_sync_setup" not in printed
