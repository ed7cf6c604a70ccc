"""Leaving: EC-CUBE as it was, our data handed over, our tables gone; after two confirmations."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installed import TODAY, InstalledShop, install, install_prefixed, remove
from tests.support.shop import Shop

Captured = pytest.CaptureFixture[str]
GROUP = "SELECT customer_id FROM plg_customer_group_customers_groups ORDER BY customer_id"


@pytest.fixture
def mariadb_installed(mariadb_shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """A shop on MariaDB, still empty."""
    made = install(mariadb_shop, tmp_path / "sync")
    yield made
    remove(made)


def filled(shop: InstalledShop) -> InstalledShop:
    shop.fill(customers=80, members=100, register=80)
    shop.at(TODAY, 3)
    shop.drop_export(TODAY)
    assert shop.run("-q", "nightly") in {0, 1}
    return shop


def own_tables(shop: InstalledShop) -> list[str]:
    database = shop.settings().database
    found = shop.eccube.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = :own", own=database.own
    )
    return [name for (name,) in found if name.startswith(database.table_prefix)]


def test_it_takes_our_values_out_hands_links_over_and_drops_the_tables(
    mariadb_installed: InstalledShop, capsys: Captured
) -> None:
    shop = filled(mariadb_installed)
    shown = shop.eccube.rows(GROUP)
    assert shown
    # One whom the shop itself put into the group, who is none of ours.
    others = next(one for one in range(1, 81) if (one,) not in shown)
    shop.eccube.execute(
        f"INSERT INTO plg_customer_group_customers_groups (customer_id, group_id) "
        f"SELECT {others}, group_id FROM plg_customer_group_customers_groups LIMIT 1"
    )
    for refused in (("uninstall",), ("uninstall", "--apply"), ("uninstall", "--apply", "--shop-name", "別")):
        assert shop.run(*refused) == (0 if len(refused) == 1 else 64)
        assert own_tables(shop)
    assert len(shop.eccube.rows(GROUP)) == len(shown) + 1

    assert shop.run("uninstall", "--apply", "--shop-name", "見本書店") == 0
    assert shop.eccube.rows(GROUP) == [(others,)]
    assert own_tables(shop) == []
    (links,) = shop.settings().folders.exports.glob("links-*.csv")
    with links.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert {(int(row[0]),) for row in rows[1:]} >= set(shown)
    (dump,) = shop.settings().folders.dumps.glob("uninstall-*")
    assert b'"name":"link"' in gzip.decompress(dump.read_bytes())
    assert not (shop.folder / "installation.json").exists()


def test_where_our_tables_stand_among_ec_cubes_only_ours_go(mariadb_shop: Shop, tmp_path: Path) -> None:
    shop = install_prefixed(mariadb_shop, tmp_path / "sync")
    try:
        before = set(shop.eccube.rows("SHOW TABLES"))
        shop.run("migrate")
        filled(shop)
        shown = shop.eccube.rows(GROUP)
        assert shop.run("uninstall", "--keep-classes", "--apply", "--shop-name", "見本書店") == 0
        assert set(shop.eccube.rows("SHOW TABLES")) == before
        assert shop.eccube.rows(GROUP) == shown
    finally:
        remove(shop)
