"""The cards the plugin shows: every customer's own, nothing unproven on them, and rebuilt when they are lost."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from eccube_sync import db
from eccube_sync.tables.links import link
from tests.plugin.tables import CARD, install_plugin, uninstall_plugin
from tests.support.installed import TODAY, InstalledShop

PRIVATE = {"number", "symbology", "valid_through", "unlimited", "points", "rank"}


def night(shop: InstalledShop, day: int = 0) -> int:
    """One night with the store's export of that day."""
    date = TODAY + timedelta(days=day)
    shop.at(date, 3)
    shop.drop_export(date)
    return shop.run("-q", "nightly")


def cards(shop: InstalledShop) -> dict[int, Any]:
    """EC-CUBE id → class column, state and front of each card."""
    rows = shop.eccube.rows(
        f"SELECT customer_id, membership_class, state, front FROM {CARD} WHERE kind = 'customer'"
    )
    return {row[0]: (row[1], row[2], json.loads(row[3])) for row in rows}


def front_of_shop(shop: InstalledShop) -> dict[str, Any]:
    ((front,),) = shop.eccube.rows(f"SELECT front FROM {CARD} WHERE name = 'shop'")
    found: dict[str, Any] = json.loads(front)
    return found


def test_a_night_writes_a_card_for_every_link_and_a_guess_shows_the_class_only(
    plugged: InstalledShop,
) -> None:
    plugged.fill(30, 40)
    assert night(plugged) == 0
    found = cards(plugged)
    linked = [one for one in found.values() if one[0] == "store"]
    assert linked
    assert sum(one[1] == "question" for one in found.values()) == plugged.count(link, link.c.active == 1)
    for membership_class, state, front in linked:
        assert (membership_class, state, front["class"]) == ("store", "question", "store")
        assert PRIVATE.isdisjoint(front)
        assert set(front["questions"]) <= {"birth_date", "phone_last4"}
    shop = front_of_shop(plugged)
    assert (shop["last_good_run"], shop["customer_group_id"]) == ("2026-04-09T18:00:00Z", 1)


@pytest.mark.parametrize("shop", ["mariadb"], indirect=True)
def test_a_customer_whose_row_the_shop_holds_gets_the_card_when_it_is_free_and_all_others_at_once(
    plugged: InstalledShop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    impatient = tuple(one.replace(f"= {db.LOCK_PATIENCE}", "= 0") for one in db.SESSION)
    monkeypatch.setattr(db, "SESSION", impatient)
    monkeypatch.setattr(db, "LOCK_PATIENCE", 0)
    monkeypatch.setattr(db.time, "sleep", lambda _seconds: None)
    plugged.fill(30, 40)
    everybody = {row[0] for row in plugged.eccube.rows("SELECT id FROM dtb_customer")}
    held = max(everybody)
    with plugged.eccube.connect() as holder, holder.begin() as transaction:
        holder.exec_driver_sql(f"SELECT id FROM dtb_customer WHERE id = {held} FOR UPDATE")
        assert night(plugged) == 0
        plugged.at(TODAY + timedelta(days=1), 3)
        assert plugged.run("nightly") == 0
        assert "1 cards could not be written because the shop held their rows" in capsys.readouterr().out
        transaction.rollback()
    assert cards(plugged).keys() == everybody - {held}
    assert night(plugged, 2) == 0
    assert cards(plugged).keys() == everybody


def test_a_second_night_writes_no_card_again(plugged: InstalledShop) -> None:
    plugged.fill(30, 40)
    night(plugged)
    before = plugged.eccube.rows(f"SELECT * FROM {CARD} WHERE kind = 'customer' ORDER BY id")
    night(plugged, 1)
    after = plugged.eccube.rows(f"SELECT * FROM {CARD} WHERE kind = 'customer' ORDER BY id")
    assert before == after
    assert front_of_shop(plugged)["last_good_run"] == "2026-04-10T18:00:00Z"


def test_uninstalling_and_installing_the_plugin_loses_no_card(plugged: InstalledShop) -> None:
    plugged.fill(30, 40)
    night(plugged)
    before = cards(plugged)
    uninstall_plugin(plugged.eccube)
    install_plugin(plugged.eccube)
    assert cards(plugged) == {}
    assert plugged.run("-q", "project", "--apply") == 0
    assert cards(plugged) == before


def test_a_bad_night_does_not_say_that_it_was_good(plugged: InstalledShop) -> None:
    plugged.fill(30, 40)
    night(plugged)
    plugged.at(TODAY + timedelta(days=1), 3)
    folder = plugged.settings().folders.drop
    (folder / "members_20260411_0030.csv").write_text("broken", encoding="utf-8")
    assert plugged.run("-q", "nightly") == 65
    assert front_of_shop(plugged)["last_good_run"] == "2026-04-09T18:00:00Z"
