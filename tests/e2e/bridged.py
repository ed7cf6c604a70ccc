"""The plugin with the bridge: what customers and staff ask for is decided at once, without cron."""

from __future__ import annotations

import time

from .program import Bridge
from .stage import ICHIRO, MEGUMI, SABURO, Stage, expect
from .trouble import WITHOUT_WAITING

AT_ONCE = 15.0
"""Seconds in which a page says how it came out; the log in and the pages count, and a slow machine of tests."""


def the_bridge_decides_at_registration(stage: Stage) -> None:
    with stage.program.bridge() as bridge:
        stage.set_bridge(bridge.url)
        expect(
            "ブリッジから応答がありません" not in stage.browser.text(),
            "the configuration page finds the bridge",
        )
        _a_store_member_at_once(stage)
        _typed_on_my_page(stage)
        _asked_for_by_the_staff(stage)
        _killed(stage, bridge)
    stage.set_bridge("")


def _a_store_member_at_once(stage: Stage) -> None:
    customer = stage.customer(SABURO)
    customer.register(link_code=stage.codes[SABURO][1])
    started = time.monotonic()
    customer.log_in()
    stage.browser.wait(lambda: customer.notice() is None, AT_ONCE)
    seconds = time.monotonic() - started
    expect(
        stage.card_class() == "store",
        f"a store member {seconds:.1f} s after the address, the log in included",
    )
    expect(SABURO in stage.browser.text(".eccube-sync42-number"), "with the card, and no inbox ran")


def _typed_on_my_page(stage: Stage) -> None:
    customer = stage.stranger("bridged")
    customer.register()
    customer.log_in()
    customer.type_claim(link_code=stage.codes[ICHIRO][1])
    stage.browser.wait(lambda: customer.notice() == "not_confirmed", AT_ONCE)
    expect(stage.card_class() == "ec_only", "a revoked code typed on my page is decided at once, too")


def _asked_for_by_the_staff(stage: Stage) -> None:
    stage.open_customer(MEGUMI)
    stage.browser.check("input[name='eccube_sync42_request[action]'][value='check_again']")
    stage.browser.fill({"eccube_sync42_request[reason]": "通しの確認"})
    stage.browser.click("button[form='eccube-sync42-request']")

    def answered() -> bool:
        stage.open_customer(MEGUMI)
        return stage.browser.text("#eccube-sync42-requests tr:first-child td:last-child") not in (
            "",
            "処理待ち",
        )

    stage.browser.wait(answered, AT_ONCE)
    expect(True, "what the staff asks for is answered at once")


def _killed(stage: Stage, bridge: Bridge) -> None:
    bridge.process.kill()
    bridge.process.wait(60)
    customer = stage.stranger("orphan")
    seconds = customer.register(link_code=stage.codes[ICHIRO][1])
    expect(seconds < WITHOUT_WAITING, f"the bridge is killed: registration goes on, after {seconds:.1f} s")
    customer.log_in()
    expect(customer.notice() == "checking", "and the card says: checking")
    stage.program.take_in()
    expect(customer.notice() == "not_confirmed", "until inbox picks it up")
