"""What the staff sees and asks for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from .stage import MEGUMI, TARO, Stage, expect


def the_staff_sees_list_filter_csv_and_panel(stage: Stage) -> None:
    stage.staff.open("/customer")
    shown = len(stage.browser.all("tbody tr .eccube-sync42-badge"))
    expect(shown >= 3, f"{shown} customers of the list have a badge")
    stage.picture("plugin-list", ".c-contentsArea")
    stage.browser.fill({"admin_search_customer[eccube_sync42_class]": "store"})
    stage.browser.click("#search_form button[type='submit']")
    rows = stage.browser.all("tbody tr[id^='ex-customer-']")
    expect(
        len(rows) == len(stage.browser.all("tbody tr .eccube-sync42-badge")) > 0, "the filter leaves members"
    )
    stage.browser.download(f"{stage.browser.url}/{stage.staff.route}/customer/export")
    csv_text = stage.downloaded("customer_*.csv").decode("cp932")
    expect(csv_text.splitlines()[0].endswith("会員区分(店舗連携)"), "the CSV has the column")
    expect(all(line.endswith("店舗会員") for line in csv_text.splitlines()[1:]), "and follows the filter")
    stage.open_customer(TARO)
    panel = stage.browser.text("#eccube-sync42-panel")
    expect(TARO in panel and "2037-03-31" in panel, "the panel has link and expiry")
    expect("連携コード" in panel, "and the method")
    stage.picture("plugin-panel", "#eccube-sync42-panel")
    stage.staff.open("/eccube_sync42/claims")
    outcomes = {
        row.get_attribute("data-outcome") for row in stage.browser.all("#eccube-sync42-claims tbody tr")
    }
    expect({"accepted", "not_confirmed"} <= outcomes, "the claims are listed with their outcomes")
    stage.picture("plugin-claims", ".c-contentsArea")


def the_staff_asks_and_the_program_answers(stage: Stage) -> None:
    for action, until in (("check_again", ""), ("store_until", "2037-01-31"), ("unlink", "")):
        stage.open_customer(MEGUMI)
        stage.browser.check(f"input[name='eccube_sync42_request[action]'][value='{action}']")
        stage.browser.fill(
            {"eccube_sync42_request[reason]": "通しの確認", "eccube_sync42_request[until]": until}
        )
        stage.browser.click("button[form='eccube-sync42-request']")
        expect("依頼を受け付けました" in stage.browser.text(), f"{action} is requested")
        stage.program.take_in()
        stage.open_customer(MEGUMI)
        answer = stage.browser.text("#eccube-sync42-requests tr:first-child td:last-child")
        expect(answer not in ("", "処理待ち"), f"and answered: {answer}")
    expect(MEGUMI not in stage.browser.text("#eccube-sync42-panel .card-body > .row"), "the link is ended")


def files_go_in_and_come_out(stage: Stage) -> None:
    taken_at = f"{datetime.now(ZoneInfo('Asia/Tokyo')):%Y-%m-%d %H:%M:%S}"
    _send_file(stage, "export", stage.program.write_members(taken_at))
    stage.program.take_in()
    answer = _first_transfer(stage)
    expect("処理待ち" not in answer, f"the export is answered: {answer.splitlines()[-1]}")
    _send_file(stage, "decisions", stage.program.folder / "handed-out.csv")
    stage.program.take_in()
    expect("処理待ち" not in _first_transfer(stage), "a file of decisions is answered, here by a refusal")
    stage.staff.open("/eccube_sync42/files")
    stage.browser.fill({"eccube_sync42_download[reason]": "通しの確認"})
    stage.browser.click("#eccube-sync42-download button[type='submit']")
    stage.program.take_in()
    expect("処理待ち" not in _first_transfer(stage), "the review file is answered")
    stage.picture("plugin-files", ".c-contentsArea")
    if stage.browser.has("#eccube-sync42-transfers a.btn"):
        stage.browser.download(
            str(stage.browser.find("#eccube-sync42-transfers a.btn").get_attribute("href"))
        )
        expect(len(stage.downloaded("*review*")) > 0, "and downloaded")


def _send_file(stage: Stage, purpose: str, path: Path) -> None:
    stage.staff.open("/eccube_sync42/files")
    stage.browser.check(f"input[name='eccube_sync42_upload[purpose]'][value='{purpose}']")
    stage.browser.find("input[name='eccube_sync42_upload[file]']").send_keys(str(path.resolve()))
    stage.browser.click("#eccube-sync42-upload button[type='submit']")
    expect("受け付けました" in stage.browser.text(), f"{path.name} is sent")


def _first_transfer(stage: Stage) -> str:
    stage.staff.open("/eccube_sync42/files")
    return stage.browser.text("#eccube-sync42-transfers > div:first-child")
