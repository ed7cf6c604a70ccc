"""The account of every day needs what ``grants`` prints and no more; with less or with too much no run begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from eccube_sync.db import error_number
from tests.promises.untouched import checksums
from tests.support.installed import TODAY, InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.shop import mariadb_shop
from tests.support.smtp import Sink, mail_sink

pytestmark = pytest.mark.promise("P16")

DENIED = {1044, 1045, 1142, 1143, 1227}
"""The server's numbers for what an account may not do."""
FORBIDDEN = [
    "SELECT * FROM dtb_customer",
    "SELECT password FROM dtb_customer",
    "SELECT secret_key FROM dtb_customer",
    "UPDATE dtb_customer SET email = 'a@example.com'",
    "UPDATE dtb_customer SET point = 1",
    "UPDATE dtb_customer SET point = point + 1 WHERE id = 1",
    "UPDATE dtb_customer SET customer_status_id = 3",
    "UPDATE dtb_customer SET update_date = update_date",
    "INSERT INTO dtb_customer (id) VALUES (9)",
    "DELETE FROM dtb_customer",
    "UPDATE dtb_order SET order_status_id = 3",
    "UPDATE plg_customer_group SET name = 'x'",
    "ALTER TABLE dtb_customer ADD COLUMN ours INT",
    "CREATE INDEX ours ON dtb_customer (email)",
    "CREATE TRIGGER ours AFTER INSERT ON dtb_customer FOR EACH ROW SET @x = 1",
    "CREATE TABLE ours (id INT)",
    "DROP TABLE dtb_customer",
    "TRUNCATE TABLE dtb_order",
    "SELECT id FROM dtb_customer INTO OUTFILE '/tmp/eccube-sync-test'",
    "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE {own}.source",
    "SET GLOBAL max_connections = 10",
    "SELECT * FROM mysql.user",
    "CREATE USER somebody@localhost",
    "GRANT SELECT ON {own}.source TO CURRENT_USER()",
    "UPDATE {own}.journal SET reason = ''",
    "DELETE FROM {own}.journal",
    "UPDATE {own}.schema_version SET version_num = '0'",
    "ALTER TABLE {own}.source ADD COLUMN x INT",
    "DROP TABLE {own}.source",
    "CREATE TABLE {own}.x (id INT)",
]
"""What a fault of ours, or whoever steals our password, must not be able to do."""


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with mail_sink() as found:
        yield found


@pytest.fixture(scope="module")
def shop(
    mariadb_server: Server, tmp_path_factory: pytest.TempPathFactory, sink: Sink
) -> Iterator[InstalledShop]:
    """A shop whose first night was run by the account that ``grants`` printed; the second will change classes."""
    with mariadb_shop(mariadb_server) as eccube:
        made = install(eccube, tmp_path_factory.mktemp("rights") / "sync")
        made.mail_port = sink.port
        made.configure()
        made.fill(30, 40)
        assert night(made, 0) in {0, 1}
        yield made
        remove(made)


def night(shop: InstalledShop, days: int) -> int:
    day = TODAY + timedelta(days=days)
    shop.drop_export(day)
    shop.at(day, 3)
    return shop.run("-q", "nightly")


def test_a_whole_night_needs_no_more_and_everything_else_is_refused(
    shop: InstalledShop, proof: Counter[str]
) -> None:
    assert shop.eccube.rows("SELECT 1 FROM plg_customer_group_customers_groups")
    own = shop.settings().database.own
    with shop.connect() as (_service, connection):
        for statement in FORBIDDEN:
            with pytest.raises(DBAPIError) as refused, connection.begin():
                connection.execute(text(statement.format(own=own)))
            # A file of ours is refused by our own connection, before rights are asked.
            numbers = {4166} if "LOCAL INFILE" in statement else DENIED
            assert error_number(refused.value) in numbers, (statement, refused.value)
            proof["statements refused"] += 1


TOO_MUCH = {
    "SUPER": "SUPER ON *.*",
    "FILE": "FILE ON *.*",
    "PROCESS": "PROCESS ON *.*",
    "everything": "ALL ON *.*",
    "reading everything": "SELECT ON *.*",
    "all of EC-CUBE": "ALL ON `SHOP`.*",
    "all of our own": "ALL ON `OURS`.*",
    "another database": "SELECT ON mysql.*",
    "mail addresses": "UPDATE (email) ON `SHOP`.dtb_customer",
    "points": "UPDATE (point) ON `SHOP`.dtb_customer",
    "customers": "DELETE ON `SHOP`.dtb_customer",
    "new customers": "INSERT ON `SHOP`.dtb_customer",
}
TOO_LITTLE = {
    "no names": "SELECT (name01) ON `SHOP`.dtb_customer",
    "no groups": "INSERT ON `SHOP`.plg_customer_group_customers_groups",
    "no journal": "INSERT ON `OURS`.journal",
}


@pytest.mark.parametrize("surplus", TOO_MUCH)
def test_with_too_many_rights_no_run_begins(
    shop: InstalledShop, sink: Sink, surplus: str, capsys: pytest.CaptureFixture[str], proof: Counter[str]
) -> None:
    refused(shop, sink, "GRANT {} TO", "REVOKE {} FROM", TOO_MUCH[surplus])
    said = capsys.readouterr().err
    assert "eccube-sync check" in said
    assert TOO_MUCH[surplus].split()[0].replace("ALL", "") in said
    proof["accounts refused"] += 1


@pytest.mark.parametrize("missing", TOO_LITTLE)
def test_with_too_few_rights_no_run_begins(
    shop: InstalledShop, sink: Sink, missing: str, capsys: pytest.CaptureFixture[str], proof: Counter[str]
) -> None:
    refused(shop, sink, "REVOKE {} FROM", "GRANT {} TO", TOO_LITTLE[missing])
    assert "missing: " in capsys.readouterr().err
    proof["accounts refused"] += 1


def refused(shop: InstalledShop, sink: Sink, change: str, back: str, right: str) -> None:
    """With this change of rights a night writes nothing; afterwards all is as before."""
    server, settings = shop.eccube.server, shop.settings()
    assert server is not None
    named = right.replace("SHOP", shop.eccube.database).replace("OURS", settings.database.own)
    account = f" {settings.database.runtime.user}@localhost"
    server.execute(change.format(named) + account)
    try:
        before = checksums(server, [shop.eccube.database, settings.database.own])
        sink.mails.clear()
        assert night(shop, 1) == 78
        assert checksums(server, [shop.eccube.database, settings.database.own]) == before
        assert not sink.mails
    finally:
        server.execute(back.format(named) + account)
