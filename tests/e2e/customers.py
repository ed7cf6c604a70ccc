"""What customers type, and what they see."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pypdfium2

from .browser import DESKTOP, PHONE
from .program import MEMBERS
from .shop import Customer
from .stage import HANAKO, ICHIRO, KEN, MEGUMI, NAOKO, TARO, Stage, expect, tell

TRIES = 10
"""So often one customer may type a code in a day; one address three times as often in half an hour."""


def a_mistyped_code_is_refused_at_the_form(stage: Stage) -> None:
    code = stage.codes[TARO][1]
    customer = stage.customer(TARO)
    customer.fill_entry(f"/entry?link_code={code}")
    field = "entry[eccube_sync42][link_code]"
    expect(stage.browser.value(field) == code, "the QR's address fills the code in")
    stage.picture("plugin-entry", ".eccube-sync42-claim")
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    stage.browser.fill({field: wrong})
    customer.confirm_entry()
    expect(
        "このコードは正しくありません" in stage.browser.text(".eccube-sync42-claim"),
        "a mistyped code is refused",
    )


def a_good_code_makes_a_store_member(stage: Stage) -> None:
    code = stage.codes[TARO][1]
    typed = " " + "".join(chr(ord(sign) + 0xFEE0) for sign in code.lower().replace("-", "")) + "　"
    customer = stage.customer(TARO)
    customer.fill_entry()
    stage.browser.fill({"entry[eccube_sync42][link_code]": typed})
    customer.confirm_entry()
    expect("コード:" in stage.browser.text(".eccube-sync42-claim"), "the confirm page carries the code over")
    customer.complete_entry()
    expect(
        "受け付けました" in stage.browser.text("#eccube-sync42-message"), "registration says it has the code"
    )
    stage.program.take_in()
    customer.confirm_address()
    said = stage.browser.text("#eccube-sync42-message")
    expect(
        "確認しています" in said and "5分以内" in said,
        "the confirmed address says: checking, within 5 minutes",
    )
    customer.log_in()
    expect(customer.notice() == "checking", "the card says: checking")
    stage.program.take_in()
    expect(customer.notice() is None, "and nothing of the kind once it is decided")
    expect(stage.card_class() == "store", "the customer is a store member")
    expect(TARO in stage.browser.text(".eccube-sync42-number"), "the card shows the number")
    expect("1,200" in stage.browser.text(".eccube-sync42-card"), "and the points")
    expect("2037/03/31" in stage.browser.text(".eccube-sync42-card"), "and how long it is valid")
    stage.browser.open("/mypage")
    expect("店舗会員" in stage.browser.text("#eccube-sync42-class"), "my page shows the class")


def the_card_is_scanned_from_a_telephone(stage: Stage) -> None:
    stage.browser.resize(PHONE)
    try:
        stage.customer(TARO).open_card()
        scanned = _scan(stage.picture("plugin-card", ".eccube-sync42-card"))
    finally:
        stage.browser.resize(DESKTOP)
    tell(f"      {scanned}")
    expect(f"EAN-13:{TARO}" in scanned, "a scanner reads the bar code")
    expect(f"QR-Code:{TARO}" in scanned, "and the QR")


def the_card_is_printed_alone(stage: Stage) -> None:
    stage.customer(TARO).open_card()
    printed = stage.browser.print()
    with pypdfium2.PdfDocument(printed) as document:
        expect(len(document) == 1, "the card is printed on one page")
        text = "".join(document[0].get_textpage().get_text_range().split())
        document[0].render(scale=300 / 72).to_pil().save(stage.downloads / "printed.png")
    expect(TARO in text and "2037/03/31" in text, "with number and end date")
    expect("印刷する" not in text and "マイページ" not in text, "and nothing of the page around it")
    expect(f"EAN-13:{TARO}" in _scan(stage.downloads / "printed.png"), "a scanner reads the printed bar code")


def a_newcomer_waits_for_the_data_of_the_store(stage: Stage) -> None:
    customer = stage.customer(NAOKO)
    customer.register(link_code=stage.codes[NAOKO][1])
    stage.program.take_in()
    customer.log_in()
    expect(
        customer.notice() == "waiting_for_store", "a valid code of somebody the store's file has not got yet"
    )
    expect(
        "お店のデータを待っています" in stage.browser.text(".eccube-sync42-notice"), "says what it waits for"
    )
    expect(NAOKO not in stage.browser.source(), "and shows nothing yet")


def a_revoked_code_and_somebody_elses_say_the_same(stage: Stage) -> None:
    serial, revoked = stage.codes[ICHIRO]
    stage.program.run("codes", "revoke", serial, "--apply", allowed=(0, 1))
    said = []
    for person, code in (
        ("revoked", revoked),
        ("others", stage.codes[HANAKO][1]),
        ("used", stage.codes[TARO][1]),
    ):
        customer = stage.stranger(person)
        customer.register(link_code=code)
        customer.log_in()
        expect(customer.notice() == "checking", f"a code that is {person} is checked like any other")
        stage.program.take_in()
        expect(customer.notice() == "not_confirmed", "and not confirmed")
        expect(stage.card_class() == "ec_only", "the customer is no store member")
        said.append(stage.browser.text(".ec-layoutRole__main").replace(person, ""))
    expect(len(set(said)) == 1, "word for word the same page for all three")
    expect(not any(number in said[0] for number in MEMBERS), "and nothing about anybody")


def a_member_number_and_a_second_fact_link(stage: Stage) -> None:
    customer = stage.customer(MEGUMI)
    customer.register(number=f" {MEGUMI[:4]}-{MEGUMI[4:]} ", fact="phone_last4", answer="００４５")
    stage.program.take_in()
    customer.log_in()
    customer.open_card()
    expect(MEGUMI in stage.browser.text(".eccube-sync42-number"), "number and second fact show the card")


def a_match_is_proven_before_anything_is_shown(stage: Stage) -> None:
    customer = stage.customer(KEN)
    customer.register()
    stage.program.take_in()
    customer.log_in()
    customer.open_card()
    expect(stage.card_class() == "store", "somebody matched is a store member")
    expect(
        KEN not in stage.browser.source() and "2037/03/31" not in stage.browser.source(),
        "and sees nothing of the record",
    )
    expect(stage.browser.has("form[name='eccube_sync42_proof']"), "but a question")
    customer.prove("birth_date", "1965-09-10")
    stage.program.take_in()
    expect(customer.notice() == "not_confirmed", "a wrong answer is not confirmed")
    customer.prove("birth_date", "昭和ではなく1965年9月9日")
    expect("入力形式" in stage.browser.text(), "an answer of no form is refused at once")
    customer.prove("birth_date", "1965年9月9日")
    stage.program.take_in()
    customer.open_card()
    expect(KEN in stage.browser.text(".eccube-sync42-number"), "the right answer shows the card")


def a_customer_withdraws(stage: Stage) -> None:
    customer = stage.stranger("used")
    customer.withdraw()
    expect("/withdraw_complete" in stage.browser.address(), "a customer leaves")
    stage.program.take_in()


def nobody_tries_codes_out(stage: Stage) -> None:
    customer = stage.stranger("guesser")
    customer.register()
    customer.log_in()
    said = [_try_code(stage, customer) for _try in range(TRIES + 1)]
    expect(not any(said[:TRIES]) and said[TRIES], f"the same customer's {TRIES + 1}th try is refused")
    expect(
        "上限" in stage.browser.text(".eccube-sync42-notice[role='alert']"),
        "and told that it was one too many",
    )
    for number in range(4):
        customer = stage.stranger(f"guesser-{number}")
        customer.register()
        customer.log_in()
        if any(_try_code(stage, customer) for _try in range(TRIES)):
            break
    else:
        raise AssertionError("one address may try for ever, as somebody else each time")
    expect(number > 0, "so are the tries of one address, whoever makes them")


def _try_code(stage: Stage, customer: Customer) -> bool:
    """Whether a code of the right form is refused because it is one too many."""
    customer.type_claim(link_code=stage.codes[ICHIRO][1])
    return stage.browser.has(".eccube-sync42-notice[role='alert']")


def _scan(picture: Path) -> str:
    done = subprocess.run(["zbarimg", "-q", picture], capture_output=True, text=True, check=False)
    return " ".join(done.stdout.split())
