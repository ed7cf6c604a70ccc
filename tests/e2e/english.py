"""The plugin in a shop that speaks English."""

from __future__ import annotations

import re

from .stage import ICHIRO, Stage, expect, tell

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]+")
#: What the shop itself calls classes and authorities.
OF_THE_SHOP = ("店舗会員", "EC会員", "システム管理者", "店舗オーナー")


def the_pages_are_in_english(stage: Stage) -> None:
    if stage.english is None:
        tell("    – no shop in English was given")
        return
    japanese, stage.browser.url = stage.browser.url, stage.english.rstrip("/")
    try:
        _as_a_customer(stage)
        for page, part in (
            ("/eccube_sync42/config", "#eccube-sync42-config"),
            ("/eccube_sync42/files", "#eccube-sync42-upload"),
            ("/eccube_sync42/files", "#eccube-sync42-download"),
            ("/eccube_sync42/claims", "#eccube-sync42-claims thead"),
            ("/eccube_sync42/claims", "#eccube-sync42-claims tr[data-outcome] td:last-child"),
        ):
            stage.staff.open(page)
            _is_english(stage, part, page)
        stage.staff.open("/customer")
        expect("Store member claims" in stage.browser.text(), "the menu is in English")
    finally:
        stage.browser.url = japanese


def _as_a_customer(stage: Stage) -> None:
    stage.browser.forget_cookies()
    stage.browser.open("/entry")
    _is_english(stage, ".eccube-sync42-claim", "registration")
    customer = stage.stranger("bridged")
    customer.log_in()
    customer.open_card()
    for part in (".eccube-sync42-notice", ".eccube-sync42-form"):
        _is_english(stage, part, f"the card page, {part}")
    customer.type_claim(link_code=stage.codes[ICHIRO][1])
    expect("We are checking" in stage.browser.text(".eccube-sync42-notice"), "and says in English: checking")
    stage.program.take_in()


def _is_english(stage: Stage, part: str, where: str) -> None:
    text = stage.browser.text(part)
    for words in OF_THE_SHOP:
        text = text.replace(words, "")
    expect(text and not JAPANESE.search(text), f"{where} is in English")
