"""``check`` knows the plugin and the bridge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.bridge.running import RunningBridge
from tests.plugin.checked import found
from tests.plugin.shopside import Plugin
from tests.plugin.tables import INBOX, uninstall_plugin
from tests.support.installed import InstalledShop


def test_check_says_what_is_wrong_with_the_plugin(
    plugged_sqlite: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = plugged_sqlite
    assert found(shop, capsys, "plugin")[0] == "wrong"
    plugin = Plugin(shop)
    assert plugin.keys
    assert found(shop, capsys, "plugin")[0] == "ok"
    eccube_id = shop.eccube.add_customer()
    row_key = plugin.type_code(eccube_id, "K7F3M9QX2C")
    assert found(shop, capsys, "plugin")[0] == "ok"
    shop.clock.advance(timedelta(minutes=20))
    state, words = found(shop, capsys, "plugin")
    assert state == "wrong" and "inbox" in words
    shop.eccube.execute(f"UPDATE {INBOX} SET mac = 'x' WHERE row_key = '{row_key}'")
    assert shop.run("-q", "inbox") == 0
    state, words = found(shop, capsys, "plugin")
    assert state == "wrong" and words.startswith("1 ")
    uninstall_plugin(shop.eccube)
    assert found(shop, capsys, "plugin")[0] == "wrong"


def test_check_asks_the_bridge(plugged_sqlite: InstalledShop, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(plugged_sqlite, capsys, "bridge")[0] == "note"
    bridge = RunningBridge(plugged_sqlite)
    bridge.configure()
    assert found(plugged_sqlite, capsys, "bridge")[0] == "wrong"
    bridge.start()
    assert found(plugged_sqlite, capsys, "bridge")[0] == "ok"
    bridge.stop()
