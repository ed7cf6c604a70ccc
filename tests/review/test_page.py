"""The review page in a real browser, opened from disk: answered by keyboard, saved, and read back."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from eccube_sync.i18n import set_language
from eccube_sync.services.review.folders import purge_review_files
from eccube_sync.tables.cases import review_case, review_export
from tests.review.files import export, newest, take_back
from tests.support.browser import Browser
from tests.support.rows import OurShop

HOSTILE = (
    "</script><script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "山田\u2028\u2029'\"`${document.title='run'}",
    "<!--<script>",
    "&lt;b&gt; ]]>",
    "\u202e子花",
)


def page(ours: OurShop, browser: Browser, **options: object) -> Path:
    """Write the page and open it."""
    export(ours, format="html", **options)
    browser.open(newest(ours))
    return newest(ours)


def pair(ours: OurShop, **values: object) -> str:
    """A question about a new customer and a new member."""
    return ours.add_case(ours.add_customer(**values), ours.add_member(given_name="花江"))


def answers(path: Path) -> dict[str, str]:
    """Case id → decision, as the saved file has them."""
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["Decision", "Reason or memo", "Reviewer", "ID", "Token"]
    return {row[3]: row[0] for row in rows[1:]}


def test_answers_given_by_keyboard_are_read_back(ours: OurShop, browser: Browser) -> None:
    first, second, third = (pair(ours) for _number in range(3))
    alone = ours.add_case(None, ours.add_member(), "missing_member")
    page(ours, browser)
    assert browser.text("#count") == "0 / 4"
    order = [browser.text("#place").split("· ")[1]]
    for key in ("1", "2", "3"):
        browser.press(key)
        order.append(browser.text("#place").split("· ")[1])
    assert set(order) == {first, second, third, alone}
    browser.press("1")
    assert browser.text("#count") == "4 / 4"
    browser.find("#reviewer").send_keys("=佐藤", Keys.ENTER)
    saved = browser.downloaded(lambda: browser.press("s"))
    assert answers(saved) == dict(
        zip(order, ["Same person", "Different people", "Later", "Dealt with"], strict=True)
    )
    imported = take_back(ours, saved)
    assert not imported.refused
    states = {row.public_id: (row.state, row.decided_by) for row in ours.rows(review_case)}
    assert states == {
        order[0]: ("same", "=佐藤"),
        order[1]: ("different", "=佐藤"),
        order[2]: ("hold", "=佐藤"),
        order[3]: ("closed", "=佐藤"),
    }
    assert browser.messages() == []


def test_both_sides_stand_side_by_side_and_what_differs_is_coloured(small: OurShop, browser: Browser) -> None:
    pair(small)
    page(small, browser)
    cells = {row.text.split("\n")[0].split(" ")[0]: row for row in browser.find_all("#fields tr")}
    assert "山田 花子 山田 花江" in cells["Name"].text
    assert [one.text for one in cells["Name"].find_elements("css selector", "td.differs mark")] == [
        "子",
        "江",
    ]
    assert not cells["Birth"].find_elements("css selector", ".differs")
    colours = [
        browser.run("return getComputedStyle(arguments[0]).backgroundColor", one)
        for one in browser.find_all("#fields td")
    ]
    assert len(set(colours)) == 2


def test_work_survives_a_reload_and_a_click_is_taken_back(small: OurShop, browser: Browser) -> None:
    pair(small)
    pair(small)
    page(small, browser)
    browser.click("[data-decision=different]")
    browser.find("#note").send_keys("memo", Keys.ENTER)
    browser.find("#reviewer").send_keys("田中", Keys.ENTER)
    browser.reload()
    assert browser.text("#count") == "1 / 2"
    assert browser.find("#note").get_property("value") == "memo"
    assert browser.find("#reviewer").get_property("value") == "田中"
    browser.press("1")
    assert browser.text("#count") == "2 / 2"
    assert "Every question is answered" in browser.text("#status")
    browser.press("u")
    assert browser.text("#count") == "1 / 2"
    assert browser.text("#answered") == "Not answered yet"
    browser.press("1", Keys.ARROW_LEFT, "1")
    assert browser.text("#count") == "2 / 2"
    browser.press("1")
    assert browser.text("#count") == "1 / 2", "the same answer again takes it back"


def test_a_browser_that_keeps_nothing_says_so_and_the_answers_can_be_saved(
    small: OurShop, browser: Browser
) -> None:
    case = pair(small)
    block = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no') }})"
    command = "Page.addScriptToEvaluateOnNewDocument"
    script = browser.driver.execute_cdp_cmd(command, {"source": block})
    try:
        page(small, browser)
        assert "does not keep your answers" in browser.text("#status")
        browser.press("2")
        assert answers(browser.downloaded(lambda: browser.press("s"))) == {case: "Different people"}
        browser.driver.get("about:blank")
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_the_filter_and_the_next_open_question(small: OurShop, browser: Browser) -> None:
    cases = [pair(small) for _number in range(3)]
    page(small, browser)
    browser.press("2")
    browser.run("document.getElementById('filter').value = 'different'")
    browser.run("document.getElementById('filter').dispatchEvent(new Event('change'))")
    assert browser.text("#answered") == "Different people"
    browser.press("n")
    assert browser.text("#answered") == "Not answered yet"
    browser.press("3", "3")
    assert browser.text("#count") == f"{len(cases)} / {len(cases)}"
    browser.run("document.getElementById('filter').value = 'undecided'")
    browser.run("document.getElementById('filter').dispatchEvent(new Event('change'))")
    assert browser.text("#nothing") == "No question fits this choice."


def test_two_candidates_of_one_customer_are_not_both_the_same_person(
    small: OurShop, browser: Browser
) -> None:
    someone = small.add_customer()
    for _number in range(2):
        small.add_case(someone, small.add_member(), "tie")
    page(small, browser)
    browser.press("1")
    assert "Only one can be" in browser.text("#warning")


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_the_page_runs_from_data(small: OurShop, browser: Browser, name: str) -> None:
    case = pair(small, name01=name, kana01=name, addr01=name)
    page(small, browser)
    title = browser.driver.title
    assert title.startswith("Review")
    (cell,) = [row for row in browser.find_all("#fields tr") if row.text.startswith("Name")]
    shown = str(cell.find_element("css selector", "td").get_property("textContent"))
    assert "".join(shown.split()) == "".join(name.split()) + "花子"
    assert len(browser.find_all("script")) == 2
    assert not browser.find_all("img, b, iframe")
    assert browser.messages() == []
    browser.press("2")
    assert answers(browser.downloaded(lambda: browser.press("s"))) == {case: "Different people"}


def test_the_page_may_run_nothing_but_itself_and_load_nothing(small: OurShop, browser: Browser) -> None:
    pair(small)
    path = page(small, browser)
    for attempt in (
        "document.body.innerHTML = '<p>'",
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)",
        "const i = new Image(); i.src = 'https://shop.example.jp/x'; document.body.append(i)",
        "fetch('https://shop.example.jp/x').catch(() => 0)",
    ):
        browser.run(f"try {{ {attempt} }} catch {{ }}")
    assert browser.driver.title.startswith("Review")
    refused = " ".join(browser.messages())
    assert refused.count("Content Security Policy") >= 3
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://|src=|href=|\son\w+=", text)


def test_the_page_is_private_purged_and_logged_like_the_review_file(small: OurShop, browser: Browser) -> None:
    pair(small)
    path = page(small, browser)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent == small.settings.folders.review_out
    logged = small.row(review_export)
    assert (logged.file_name, logged.case_count) == (path.name, 1)
    later = datetime.now(UTC) + timedelta(days=small.settings.review.keep_days + 1)
    assert purge_review_files(small.settings, later) == 1
    assert not path.exists()


def test_an_answer_to_data_that_changed_since_is_refused(small: OurShop, browser: Browser) -> None:
    case = pair(small)
    page(small, browser)
    saved = browser.downloaded(lambda: browser.press("1", "s"))
    small.raise_version(case, opened_on=date(2026, 4, 2))
    assert "The data changed" in take_back(small, saved).refused[case]


def test_the_page_is_japanese_for_japanese_reviewers(small: OurShop, browser: Browser) -> None:
    case = pair(small)
    set_language("ja")
    try:
        page(small, browser)
    finally:
        set_language("en")
    buttons = [one.text.split()[-1] for one in browser.find_all("#decisions button") if one.is_displayed()]
    assert buttons == ["同一", "別人", "保留"]
    saved = browser.downloaded(lambda: browser.press("1", "s"))
    assert not take_back(small, saved).refused
    assert small.row(review_case, public_id=case).state == "same"
