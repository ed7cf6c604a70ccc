"""What a person reads in tables: words and numbers they know, in their language; never a key or an id of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync import i18n
from eccube_sync.tables.customers import customer
from eccube_sync.tables.runs import run
from tests.support.installed import TODAY, InstalledShop, install
from tests.support.shop import Shop

Captured = pytest.CaptureFixture[str]
KEY = re.compile(r"(?<![\w./:-])[a-z]+(?:_[a-z]+)+(?![\w./])")
"""A key of ours, but no part of a path; the name of a place, ``customer_group:…``, is the shop's own."""


@pytest.fixture
def small(sqlite_shop: Shop, tmp_path: Path) -> Iterator[InstalledShop]:
    """A shop on SQLite: people whose customer ids are not what our own ids will be."""
    shop = install(sqlite_shop, tmp_path / "sync")
    shop.fill(40, 40)
    shop.customers[:] = shop.customers[20:]
    shop.eccube.execute("DELETE FROM dtb_customer WHERE id <= 20")
    shop.members[:] = shop.members[10:]
    yield shop
    i18n.set_language("en")


def told(shop: InstalledShop, capsys: Captured, *arguments: str) -> str:
    """What a command prints in Japanese."""
    i18n.set_language("ja")
    capsys.readouterr()
    assert shop.run("--language", "ja", *arguments) == 0
    return capsys.readouterr().out


def imported(shop: InstalledShop) -> None:
    path = shop.drop_export(TODAY)
    assert shop.run("members", "import", str(path), "--apply") == 0


def test_pairs_are_shown_with_the_customer_id_and_the_member_code(
    small: InstalledShop, capsys: Captured
) -> None:
    imported(small)
    capsys.readouterr()
    assert small.run("classify", "--rows", "--json") == 0
    (listing,) = json.loads(capsys.readouterr().out)["listings"]
    rows = listing["rows"]
    codes = {one.code for one in small.members}
    assert len(rows) > 5
    assert all(row[0] > 20 and row[1] in codes for row in rows)
    assert {row[2] for row in rows} <= {"link", "move", "case"}
    assert small.run("classify", "--apply") == 0
    known = small.rows(select(customer.c.id, customer.c.eccube_id))
    assert all(one.id != one.eccube_id for one in known)
    assert {tuple(row[:2]) for row in rows if row[2] == "case"} == {
        tuple(row[:2]) for row in json.loads(_plan(small, capsys))["listings"][0]["rows"]
    }


def _plan(shop: InstalledShop, capsys: Captured) -> str:
    capsys.readouterr()
    assert shop.run("classify", "--all", "--rows", "--json") == 0
    return capsys.readouterr().out


def test_changes_of_class_are_shown_with_the_customer_id_and_the_label(
    small: InstalledShop, capsys: Captured
) -> None:
    imported(small)
    assert small.run("classify", "--apply") == 0
    small.at(date(2029, 1, 1), 12)
    small.drop_export(date(2029, 1, 1))
    path = small.drop_export(date(2029, 1, 1))
    assert small.run("members", "import", str(path), "--apply") == 0
    shown = told(small, capsys, "expire", "--rows")
    changes = re.findall(r"│ (\d+) +│ 店舗会員 │ EC会員 +│ 会員資格が終わりました", shown)
    assert changes
    assert all(int(one) > 20 for one in changes)


def test_no_table_shows_a_key(small: InstalledShop, capsys: Captured) -> None:
    assert small.run("nightly") in (0, 1)
    small.drop_export(TODAY)
    assert small.run("nightly") in (0, 1)
    until = str(TODAY + timedelta(days=9))
    sentence = told(
        small,
        capsys,
        "overrides",
        "set",
        "25",
        "--class",
        "store",
        "--until",
        until,
        "--reason",
        "電話",
        "--apply",
    )
    assert "店舗会員" in sentence
    commands = [
        ("runs", "list"),
        ("overrides", "list"),
        ("notices", "list", "--state", "baseline"),
        ("classify", "--all", "--rows"),
        ("expire", "--rows"),
        ("customers", "show", "25"),
        ("members", "show", str(small.members[0].code)),
        *(
            ("runs", "show", str(row.id), *more)
            for row in small.rows(select(run.c.id))
            for more in ((), ("--rows",))
        ),
    ]
    for arguments in commands:
        assert set(KEY.findall(told(small, capsys, *arguments))) <= {"customer_group"}, arguments
