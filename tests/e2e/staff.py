"""What the staff sees and asks for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook

from .program import MEMBERS
from .stage import MEGUMI, NAOKO, SATSUKI, TARO, Stage, expect

TRANSFER = "#eccube-sync42-transfers > div:first-child"


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


def the_export_is_uploaded_inspected_and_imported(stage: Stage) -> None:
    _send_file(stage, "export", stage.program.folder / "handed-out.csv")
    stage.program.take_in()
    expect(_refused(stage), "a file that is no export is refused")
    _send_file(
        stage, "export", stage.program.write_members(stage.downloads / "members.csv", with_newcomer=True)
    )
    expect("処理待ち" in _answer(stage), "an export is passed on")
    stage.program.take_in()
    expect(not _refused(stage) and "次の夜" in _answer(stage), "and waits for the night")
    stage.browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    inspected = stage.browser.text(TRANSFER)
    expect(
        str(len(MEMBERS)) in inspected and "有効期限" in inspected,
        "the answer is what inspect found in the file",
    )
    stage.picture("plugin-files", ".c-contentsArea")
    stage.program.have_a_night()
    customer = stage.customer(NAOKO)
    customer.log_in()
    customer.open_card()
    expect(
        NAOKO in stage.browser.text(".eccube-sync42-number"), "who waited for it has the card after the night"
    )


def a_doubtful_pair_is_decided_in_a_file(stage: Stage) -> None:
    customer = stage.doubtful(SATSUKI)
    customer.register()
    stage.program.take_in()
    stage.open_customer(SATSUKI)
    expect(
        "R-" in stage.browser.text("#eccube-sync42-panel"),
        "the panel names the question about somebody doubtful",
    )
    stage.staff.open("/eccube_sync42/files")
    stage.browser.fill({"eccube_sync42_download[reason]": "通しの確認"})
    stage.browser.click("#eccube-sync42-download button[type='submit']")
    stage.program.take_in()
    expect(not _refused(stage), "the review file is there for the staff")
    link = stage.browser.find(f"{TRANSFER} a.btn")
    stage.browser.download(str(link.get_attribute("href")))
    workbook = load_workbook(BytesIO(stage.downloaded("review-*.xlsx")))
    _send_file(stage, "decisions", stage.program.folder / "handed-out.csv")
    stage.program.take_in()
    expect(_refused(stage), "a file that is no answer to it is refused")
    for row in workbook.worksheets[0].iter_rows(min_row=2):
        row[0].value = "同一"
    answers = stage.downloads / "answers.xlsx"
    workbook.save(answers)
    _send_file(stage, "decisions", answers)
    stage.program.take_in()
    expect(not _refused(stage), f"the filled one is taken: {_answer(stage).splitlines()[1]}")
    customer.log_in()
    customer.open_card()
    expect(stage.card_class() == "store", "同一 makes a store member of the customer at once")


def _send_file(stage: Stage, purpose: str, path: Path) -> None:
    stage.staff.open("/eccube_sync42/files")
    stage.browser.check(f"input[name='eccube_sync42_upload[purpose]'][value='{purpose}']")
    stage.browser.find("input[name='eccube_sync42_upload[file]']").send_keys(str(path.resolve()))
    stage.browser.click("#eccube-sync42-upload button[type='submit']")
    expect("受け付けました" in stage.browser.text(), f"{path.name} is sent")


def _answer(stage: Stage) -> str:
    """What the list says of the newest file."""
    stage.staff.open("/eccube_sync42/files")
    return stage.browser.text(TRANSFER)


def _refused(stage: Stage) -> bool:
    expect("処理待ち" not in _answer(stage), "the file is answered")
    return stage.browser.has(f"{TRANSFER} > .text-danger")
