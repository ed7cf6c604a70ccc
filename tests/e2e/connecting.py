"""The plugin comes to the shop and learns who the members are."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from .browser import DESKTOP
from .stage import HANAKO, ICHIRO, OURS, TARO, Stage, expect


def the_plugin_is_uploaded_and_enabled(stage: Stage) -> None:
    stage.browser.resize(DESKTOP)
    if not stage.staff.is_installed(OURS):
        stage.staff.install(stage.package)
    expect(stage.staff.is_installed(OURS), "the package is installed by upload")
    if not stage.staff.is_enabled(OURS):
        stage.staff.enable(OURS)
    expect(stage.staff.is_enabled(OURS), "it is enabled")
    stage.browser.open("/entry")
    stage.staff.open("/customer")
    expect("店舗会員の申告" in stage.browser.text(), "the menu has the plugin's pages")


def the_shop_is_connected(stage: Stage) -> None:
    stage.staff.open("/store/plugin")
    stage.browser.click("a[href*='eccube_sync42/config']")
    stage.browser.fill({"eccube_sync42_config[connection]": "es42.wrong"})
    stage.browser.click("#eccube-sync42-config button[type='submit']")
    expect("接続行が正しくありません" in stage.browser.text(), "a wrong connection line is refused")
    line = stage.program.connection_line()
    stage.browser.fill({"eccube_sync42_config[connection]": line, "eccube_sync42_config[bridge_url]": ""})
    stage.browser.click("#eccube-sync42-config button[type='submit']")
    expect(line[-8:] in stage.browser.text("#eccube-sync42-check"), "the connection shows its check number")
    expect(line.split(".")[2] not in stage.browser.source(), "and never the key")
    stage.picture("plugin-config")


def the_program_knows_the_members(stage: Stage) -> None:
    taken_at = f"{datetime.now(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M:%S}"
    stage.program.run("members", "import", str(stage.program.write_members(taken_at)), "--apply")
    stage.codes = stage.program.codes_for([TARO, HANAKO, ICHIRO])
    stage.program.run("classify", "--apply", allowed=(0, 1))
    stage.program.run("project", "--apply", allowed=(0, 1))
    expect(len(stage.codes) == 3, "members are imported, codes handed out, cards written")
