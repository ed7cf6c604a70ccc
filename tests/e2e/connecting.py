"""The plugin comes to the shop and learns who the members are."""

from __future__ import annotations

from datetime import timedelta

from .browser import DESKTOP
from .stage import HANAKO, ICHIRO, NAOKO, OURS, SABURO, TARO, Stage, expect

NIGHTS_OUT = timedelta(hours=27)


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


def a_banner_tells_when_the_nights_stay_out(stage: Stage) -> None:
    stage.program.drop_members(ago=NIGHTS_OUT)
    stage.program.have_a_night(ago=NIGHTS_OUT)
    for page in ("", "/customer", "/eccube_sync42/files"):
        stage.staff.open(page)
        expect(
            stage.browser.has("[data-problem='stale'].alert-danger"),
            f"a red banner on {page or 'the home page'}: the last good night was 27 hours ago",
        )
    stage.staff.open("/customer")
    stage.picture("plugin-banner", ".c-contentsArea")
    stage.program.drop_members()
    stage.program.have_a_night()
    stage.staff.open("")
    expect(not stage.browser.has("#eccube-sync42-banner"), "after the next night it is gone")


def the_program_knows_the_members(stage: Stage) -> None:
    stage.codes = stage.program.codes_for([TARO, HANAKO, ICHIRO, SABURO, NAOKO])
    expect(len(stage.codes) == 5, "codes are handed out")
