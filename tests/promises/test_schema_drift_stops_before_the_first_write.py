"""When EC-CUBE's tables are no longer as we know them, a night writes nothing at all and says what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from eccube_sync.tables.links import link
from tests.promises.untouched import checksums
from tests.support.installed import TODAY, InstalledShop, install, install_prefixed, remove
from tests.support.mariadb import Server
from tests.support.shop import Shop, mariadb_shop
from tests.support.smtp import Sink, mail_sink

pytestmark = pytest.mark.promise("P23")

RANK = '[[projection]]\nkind = "column"\ncolumn = "customer_rank_id"\nstore_value = "2"\n'
CUSTOMER = "ALTER TABLE dtb_customer"
BACK_TO_UTF8 = "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"

MUTATIONS: dict[str, tuple[str, str, str]] = {
    # What somebody did to the shop: the statement, its reverse, and what the program then says.
    "kana dropped": (f"{CUSTOMER} DROP kana01", f"{CUSTOMER} ADD kana01 VARCHAR(255)", "dtb_customer.kana01 is not"),
    "name renamed": (
        f"{CUSTOMER} CHANGE name01 family VARCHAR(255) NOT NULL",
        f"{CUSTOMER} CHANGE family name01 VARCHAR(255) NOT NULL",
        "dtb_customer.name01 is not there",
    ),
    "status renamed": (
        f"{CUSTOMER} RENAME COLUMN customer_status_id TO status",
        f"{CUSTOMER} RENAME COLUMN status TO customer_status_id",
        "not an EC-CUBE database",
    ),
    "customers renamed": (
        "RENAME TABLE dtb_customer TO dtb_member",
        "RENAME TABLE dtb_member TO dtb_customer",
        "not an EC-CUBE database",
    ),
    "orders renamed": (
        "RENAME TABLE dtb_order TO dtb_sale",
        "RENAME TABLE dtb_sale TO dtb_order",
        "dtb_order is not there",
    ),
    "settings renamed": (
        "RENAME TABLE dtb_base_info TO dtb_info",
        "RENAME TABLE dtb_info TO dtb_base_info",
        "dtb_base_info is not there",
    ),
    "address narrowed": (
        f"{CUSTOMER} MODIFY addr01 VARCHAR(100)", f"{CUSTOMER} MODIFY addr01 VARCHAR(255)", "addr01 was made too short"
    ),
    "mail narrowed": (
        f"{CUSTOMER} MODIFY email VARCHAR(100) NOT NULL",
        f"{CUSTOMER} MODIFY email VARCHAR(255) NOT NULL",
        "email was made too short",
    ),
    "phone narrowed": (
        f"{CUSTOMER} MODIFY phone_number VARCHAR(13)",
        f"{CUSTOMER} MODIFY phone_number VARCHAR(14)",
        "phone_number was made too short",
    ),
    "birth as text": (
        f"{CUSTOMER} MODIFY birth VARCHAR(30)", f"{CUSTOMER} MODIFY birth DATETIME", "birth has another type"
    ),
    "plugins renamed": (
        "RENAME TABLE dtb_plugin TO dtb_plugins",
        "RENAME TABLE dtb_plugins TO dtb_plugin",
        "dtb_plugin is not there",
    ),
    "order date as text": (
        "ALTER TABLE dtb_order MODIFY order_date VARCHAR(30)",
        "ALTER TABLE dtb_order MODIFY order_date DATETIME",
        "dtb_order.order_date has another type",
    ),
    "name may be empty": (
        f"{CUSTOMER} MODIFY name02 VARCHAR(255) NULL",
        f"{CUSTOMER} MODIFY name02 VARCHAR(255) NOT NULL",
        "name02 may be empty now",
    ),
    "mail may be empty": (
        f"{CUSTOMER} MODIFY email VARCHAR(255) NULL",
        f"{CUSTOMER} MODIFY email VARCHAR(255) NOT NULL",
        "email may be empty now",
    ),
    "creation may be empty": (
        f"{CUSTOMER} MODIFY create_date DATETIME NULL",
        f"{CUSTOMER} MODIFY create_date DATETIME NOT NULL",
        "create_date may be empty now",
    ),
    "one column in Shift JIS": (
        f"{CUSTOMER} MODIFY kana02 VARCHAR(255) CHARACTER SET sjis",
        f"{CUSTOMER} MODIFY kana02 VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "kana02 is in a character set",
    ),
    "the table in CP932": (
        f"{CUSTOMER} CONVERT TO CHARACTER SET cp932", f"{CUSTOMER} {BACK_TO_UTF8}", "name01 is in a character set"
    ),
    "rank dropped": (
        f"{CUSTOMER} DROP customer_rank_id",
        f"{CUSTOMER} ADD customer_rank_id SMALLINT DEFAULT NULL",
        "customer_rank_id was not found",
    ),
    "rank renamed": (
        f"{CUSTOMER} RENAME COLUMN customer_rank_id TO customer_rank",
        f"{CUSTOMER} RENAME COLUMN customer_rank TO customer_rank_id",
        "customer_rank_id was not found",
    ),
    "rank never empty": (
        f"{CUSTOMER} DROP customer_rank_id, ADD customer_rank_id SMALLINT NOT NULL DEFAULT 0",
        f"{CUSTOMER} MODIFY customer_rank_id SMALLINT NULL DEFAULT NULL",
        "cannot be empty",
    ),
    "groups of the plugin renamed": (
        "RENAME TABLE plg_customer_group_customers_groups TO plg_groups",
        "RENAME TABLE plg_groups TO plg_customer_group_customers_groups",
        "plg_customer_group_customers_groups",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with mail_sink() as found:
        yield found


@pytest.fixture(scope="module")
def ranked(
    mariadb_server: Server, tmp_path_factory: pytest.TempPathFactory, sink: Sink
) -> Iterator[InstalledShop]:
    """A shop that shows the class in a group and as a rank; a night has been, and the next will change classes."""
    with mariadb_shop(mariadb_server) as eccube:
        eccube.execute(f"{CUSTOMER} ADD customer_rank_id SMALLINT DEFAULT NULL")
        shop = install(eccube, tmp_path_factory.mktemp("drift") / "sync", RANK)
        shop.mail_port = sink.port
        shop.configure()
        shop.fill(30, 40)
        night(shop, TODAY - timedelta(days=1))
        yield shop
        remove(shop)


def night(shop: InstalledShop, day: date) -> int:
    """The night of a day, with everybody's membership over."""
    shop.drop_export(day)
    shop.at(day, 3)
    return shop.run("-q", "nightly")


def all_tables(shop: InstalledShop) -> dict[str, int]:
    assert shop.eccube.server is not None
    return checksums(shop.eccube.server, {shop.eccube.database, shop.settings().database.own})


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_changed_shop_is_refused_before_anything_is_written(
    ranked: InstalledShop, sink: Sink, mutation: str, capsys: pytest.CaptureFixture[str], proof: Counter[str]
) -> None:
    change, back, sentence = MUTATIONS[mutation]
    as_anybody = "SET SESSION foreign_key_checks = 0"
    server = ranked.eccube.server
    assert server is not None
    in_shop = f"USE `{ranked.eccube.database}`"
    server.execute(in_shop, as_anybody, change)
    try:
        before = all_tables(ranked)
        capsys.readouterr()
        assert night(ranked, TODAY) == 78
        assert sentence in capsys.readouterr().err
        assert all_tables(ranked) == before
        assert not sink.mails
        assert ranked.run("check") == 78
    finally:
        server.execute(in_shop, as_anybody, back)
    proof["mutations"] += 1


def test_a_trigger_where_we_write_is_refused_and_seen_by_the_account_of_ec_cube(
    mariadb_shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single account sees triggers; one with few rights does not, so there ``check`` looks as EC-CUBE does."""
    shop = install_prefixed(mariadb_shop, tmp_path / "sync")
    shop.fill(20, 30)
    assert shop.run("-q", "migrate") == 0
    assert night(shop, TODAY - timedelta(days=1)) in {0, 1}
    mariadb_shop.execute(
        "CREATE TRIGGER audit AFTER INSERT ON plg_customer_group_customers_groups "
        "FOR EACH ROW UPDATE dtb_customer SET note = 'x' WHERE id = NEW.customer_id"
    )
    before = all_tables(shop)
    assert night(shop, TODAY) == 78
    assert "has the trigger audit" in capsys.readouterr().err
    assert all_tables(shop) == before
    assert shop.run("check") == 78
    assert "has the trigger audit" in capsys.readouterr().out


SCHEMAS: dict[str, tuple[str, ...]] = {
    # How the four differ where we read (Entity/*.php of each branch): character set, and columns we do not read.
    "4.0": (
        "ALTER TABLE dtb_base_info DROP option_mail_notifier, DROP invoice_registration_number",
        "CONVERT TO CHARACTER SET utf8 COLLATE utf8_general_ci",
    ),
    "4.1": (
        "ALTER TABLE dtb_base_info DROP option_mail_notifier, DROP invoice_registration_number",
        "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
    ),
    "4.2": ("CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",),
    "4.3": (),
}  # fmt: skip


@pytest.mark.parametrize("version", SCHEMAS)
def test_a_shop_of_each_ec_cube_4_is_worked_for(
    mariadb_shop: Shop, tmp_path: Path, version: str, proof: Counter[str]
) -> None:
    for statement in SCHEMAS[version]:
        if statement.startswith("CONVERT"):
            tables = [name for (name,) in mariadb_shop.rows("SHOW TABLES")]
            assert mariadb_shop.server is not None
            mariadb_shop.server.execute(
                f"USE `{mariadb_shop.database}`",
                "SET SESSION foreign_key_checks = 0",
                *(f"ALTER TABLE `{name}` {statement}" for name in tables),
            )
        else:
            mariadb_shop.execute(statement)
    shop = install(mariadb_shop, tmp_path / "sync")
    try:
        shop.fill(30, 40)
        assert night(shop, TODAY) in {0, 1}
        assert shop.count(link, link.c.active == 1) > 5
        assert mariadb_shop.rows("SELECT 1 FROM plg_customer_group_customers_groups")
    finally:
        remove(shop)
    proof["schemas"] += 1
