"""``runs`` on the command line, on MariaDB as the account that ``grants`` printed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import run
from tests.support.installed import TODAY, InstalledShop
from tests.undo.story import eccube_rows

NEXT = TODAY + timedelta(days=1)


def eccube(shop: InstalledShop) -> dict[str, Any]:
    """All of EC-CUBE's tables, whole."""
    with shop.eccube.connect() as connection:
        return eccube_rows(connection, shop.eccube.kind)


def in_force(shop: InstalledShop) -> list[Any]:
    """Links and classes as they stand."""
    pairs = select(link.c.customer_id, link.c.member_id, link.c.method, link.c.probability)
    classes = select(
        customer_class.c.customer_id, customer_class.c.membership_class, customer_class.c.end_date
    )
    wanted = classes.where(customer_class.c.membership_class == "store")
    return [sorted(map(tuple, shop.rows(one)), key=repr) for one in (pairs.where(link.c.active == 1), wanted)]


@pytest.fixture
def second_night(installed: InstalledShop) -> tuple[InstalledShop, int, dict[str, Any], list[Any]]:
    """A night after which new customers are linked and memberships renewed, and how things stood before."""
    installed.fill(60, 90, register=40)
    installed.drop_export(TODAY)
    installed.at(TODAY, 3)
    assert installed.run("nightly") == 0
    standing = in_force(installed)
    installed.add_customers(40, 60)
    before = eccube(installed)
    installed.members[:] = [replace(one, end_date=date(2028, 1, 31)) for one in installed.members]
    installed.drop_export(NEXT)
    installed.at(NEXT, 3)
    assert installed.run("nightly") == 0
    night = installed.rows(select(func.max(run.c.id)).where(run.c.command == "nightly"))[0][0]
    assert eccube(installed) != before
    return installed, night, before, standing


def test_a_night_is_shown_planned_and_undone(
    second_night: tuple[InstalledShop, int, dict[str, Any], list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    shop, night, before, standing = second_night
    after = eccube(shop)
    capsys.readouterr()
    assert shop.run("runs", "undo", str(night)) == 0
    plan = capsys.readouterr().out
    assert "--apply" in plan
    assert "link made" in plan
    assert eccube(shop) == after

    assert shop.run("runs", "undo", str(night), "--apply") == 0
    assert eccube(shop) == before
    assert in_force(shop) == standing

    capsys.readouterr()
    assert shop.run("runs", "list", "--json") == 0
    newest, *older = json.loads(capsys.readouterr().out)["listings"][0]["rows"]
    assert newest[2:4] == ["runs undo", "done"]
    assert newest[5] == night
    assert [row[6] for row in older if row[0] == night] == [newest[0]]
    assert shop.run("runs", "show", str(night), "--rows", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert ["link", "state", "active", "match"] in [
        [row[0], row[2], row[4], row[5]] for row in shown["listings"][0]["rows"]
    ]
    assert any(str(newest[0]) in note for note in shown["notes"])

    assert shop.run("runs", "undo", str(night), "--apply") == 64
    assert "undone before" in capsys.readouterr().err


def test_the_night_after_an_undo_links_none_of_the_undone_pairs_again(
    second_night: tuple[InstalledShop, int, dict[str, Any], list[Any]],
) -> None:
    shop, night, _before, standing = second_night
    assert shop.run("runs", "undo", str(night), "--apply") == 0
    shop.drop_export(NEXT + timedelta(days=1))
    shop.at(NEXT + timedelta(days=1), 3)
    assert shop.run("nightly") == 0
    assert in_force(shop)[0] == standing[0]


def test_undoing_what_is_not_there_is_an_error_of_use(
    installed: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert installed.run("runs", "undo", "7", "--apply") == 64
    assert "runs list" in capsys.readouterr().err
    assert installed.run("runs", "show", "7") == 64
