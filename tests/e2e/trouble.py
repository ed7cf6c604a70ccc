"""What goes wrong around the plugin: a dead bridge, other plugins, an uninstall."""

from __future__ import annotations

import json
import socket
import tarfile
from pathlib import Path

from .stage import HANAKO, OTHER, OURS, TARO, Stage, expect

OTHER_FOLDER = Path(__file__).parent / "otherplugin"
WITHOUT_WAITING = 3.0
"""Seconds within which a page has to be there although the bridge is dead; the plugin itself waits one at most."""


def a_dead_bridge_delays_nobody(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        stage.set_bridge(f"http://127.0.0.1:{silent.getsockname()[1]}")
        expect(
            "ブリッジから応答がありません" in stage.browser.text(), "the configuration page says it is silent"
        )
        customer = stage.stranger("bridge")
        seconds = customer.register()
        expect(seconds < WITHOUT_WAITING, f"a bridge that hangs: the page is there after {seconds:.1f} s")
    customer = stage.stranger("nobridge")
    seconds = customer.register()
    expect(seconds < WITHOUT_WAITING, f"a bridge that is gone: after {seconds:.1f} s")
    stage.set_bridge("")


def disabled_while_another_plugin_comes_nothing_is_lost(stage: Stage) -> None:
    stage.staff.disable(OURS)
    stage.browser.open("/entry")
    expect(not stage.browser.has(".eccube-sync42-claim"), "without the plugin registration has no field")
    if stage.staff.is_installed(OTHER):
        stage.staff.uninstall(OTHER)
    with tarfile.open(stage.downloads / "other.tar.gz", "w:gz") as package:
        for path in sorted(OTHER_FOLDER.iterdir()):
            package.add(path, path.name)
    stage.staff.install(stage.downloads / "other.tar.gz")
    stage.staff.enable(OTHER)
    stage.staff.enable(OURS)
    customer = stage.customer(TARO)
    customer.log_in()
    customer.open_card()
    expect(TARO in stage.browser.text(".eccube-sync42-number"), "enabled again, the card is as it was")


def a_cleared_group_comes_back_at_login(stage: Stage) -> None:
    with stage.program.section('[[projection]]\nkind = "customer_group"\ngroup = "店舗会員"'):
        stage.program.run("project", "--apply", allowed=(0, 1))
        stage.customer(TARO).log_in()
    stage.browser.open("/mypage/sync_test_groups")
    groups = json.loads(stage.browser.text())
    expect(groups["cleared"] == 1, "the other plugin cleared the group at login")
    expect(len(groups["groups"]) == 1, "and it is there again")


def uninstalled_and_installed_again_nothing_is_lost(stage: Stage) -> None:
    customer = stage.stranger("late")
    customer.register(link_code=stage.codes[HANAKO][1])
    for code in (OTHER, OURS):
        stage.staff.disable(code)
        stage.staff.uninstall(code)
        expect(not stage.staff.is_installed(code), f"{code} is uninstalled")
    stage.browser.open("/entry")
    stage.staff.open("/customer")
    stage.staff.install(stage.package)
    stage.staff.enable(OURS)
    stage.staff.open("/eccube_sync42/config")
    expect("接続済み" in stage.browser.text("#eccube-sync42-check"), "installed again it is still connected")
    customer.log_in()
    expect(customer.notice() == "checking", "what was typed before is still there")
    stage.program.run("project", "--apply", allowed=(0, 1))
    stage.program.take_in()
    expect(customer.notice() == "not_confirmed", "and is decided")
    customer = stage.customer(TARO)
    customer.log_in()
    customer.open_card()
    expect(TARO in stage.browser.text(".eccube-sync42-number"), "project wrote the cards again")
