"""Every kind of notice has its templates, every template its kind, and each mail reads as it was approved."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from eccube_sync import mailshop, resources
from eccube_sync.mailmessage import Sender, build_message, message_id
from eccube_sync.mailtemplates import Templates
from eccube_sync.notices import NOTICES, Event, Plain, context, examples

GOLDEN = Path(__file__).parent / "golden"


def test_each_kind_has_a_template_folder_and_each_folder_a_kind() -> None:
    folders = {entry.name for entry in resources.folder("mail_templates").iterdir() if entry.is_dir()}
    assert folders - {"_base"} == set(NOTICES) | set(mailshop.examples())


def test_each_kind_is_a_file_of_the_folder_and_each_file_is_listed() -> None:
    files = [entry.name for entry in resources.folder("notices").iterdir()]
    modules = {name.removesuffix(".py") for name in files if name.endswith(".py")}
    assert modules - {"__init__"} == set(NOTICES)


@pytest.mark.parametrize("kind", NOTICES)
def test_the_templates_ask_only_for_values_their_mail_has(kind: str) -> None:
    assert Templates().check(kind, examples(kind)) == []


@pytest.mark.parametrize("kind", NOTICES)
def test_every_value_of_a_mail_is_used_by_its_templates(kind: str) -> None:
    for name in NOTICES[kind].EXAMPLE:
        without = [{key: value for key, value in shape.items() if key != name} for shape in examples(kind)]
        assert Templates().check(kind, without), f"{name} is offered to {kind} but no template shows it"


@pytest.mark.parametrize("kind", NOTICES)
def test_a_mail_reads_exactly_as_it_was_approved(kind: str) -> None:
    written = []
    for shape in examples(kind):
        rendered = Templates().render(kind, shape)
        written.append(f"件名：{rendered.subject}\n\n{rendered.text}\n{rendered.html or ''}")
    text = ("\n" + "=" * 80 + "\n").join(written)
    golden = GOLDEN / f"{kind}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text


def test_each_golden_mail_belongs_to_a_kind() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(NOTICES)


SECRETS: dict[str, Plain] = {
    "member_number": "2900000099999",
    "end_date": datetime(2031, 7, 9, tzinfo=UTC).date(),
}


@pytest.mark.parametrize("kind", NOTICES)
def test_an_unproven_link_shows_neither_member_number_nor_end_date(kind: str) -> None:
    values = dict(NOTICES[kind].EXAMPLE) | SECRETS
    rendered = Templates().render(kind, context(kind, values, proven=False))
    shown = rendered.subject + rendered.text + (rendered.html or "")
    for secret in ("2900000099999", "2031", "7月", "9日"):
        assert secret not in shown


def test_a_proven_link_shows_both_where_they_matter() -> None:
    for kind in ("expired", "expiring", "linked", "restored"):
        values = dict(NOTICES[kind].EXAMPLE) | SECRETS
        rendered = Templates().render(kind, context(kind, values, proven=True))
        for shown in (rendered.text, rendered.html or ""):
            assert "2900000099999" in shown
            assert "2031年7月9日（水）" in shown


def test_an_unlimited_membership_shows_no_date_and_no_gap() -> None:
    values = dict(NOTICES["restored"].EXAMPLE) | {"end_date": None}
    text = Templates().render("restored", context("restored", values, proven=True)).text
    assert "有効期限" not in text
    assert "None" not in text


def test_a_mail_lacking_a_value_it_needs_is_not_made() -> None:
    values = {name: value for name, value in NOTICES["linked"].EXAMPLE.items() if name != "customer_name"}
    with pytest.raises(KeyError, match="customer_name"):
        context("linked", values, proven=True)


def test_a_mail_whose_needed_value_is_empty_is_not_made_either() -> None:
    values = dict(NOTICES["linked"].EXAMPLE) | {"customer_name": None}
    with pytest.raises(KeyError, match="customer_name"):
        context("linked", values, proven=True)


def test_values_a_kind_does_not_list_never_reach_its_template() -> None:
    values = dict(NOTICES["correction"].EXAMPLE) | SECRETS
    assert set(context("correction", values, proven=True)) == set(NOTICES["correction"].EXAMPLE)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_holds_no_advertising_words_and_links_to_my_page_only(kind: str) -> None:
    for shape in examples(kind):
        rendered = Templates().render(kind, shape)
        shown = rendered.text + (rendered.html or "")
        for word in ("特典", "割引", "クーポン", "セール", "キャンペーン", "お得", "ポイント", "OFF"):
            assert word not in shown
        links = {part.split()[0].split('"')[0].split("<")[0] for part in shown.split("https://")[1:]}
        entry = {"shop.example.jp/entry?link_code=K7F3M-9QX2C"} if kind == "invite" else set()
        assert links == {"shop.example.jp/mypage"} | entry


@pytest.mark.parametrize("kind", NOTICES)
def test_every_shape_of_every_mail_can_be_sent(kind: str) -> None:
    for shape in examples(kind):
        rendered = Templates().render(kind, shape)
        content = build_message(
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            sender=Sender("見本書店オンライン", "shop@example.jp"),
            recipient="hanako@example.jp",
            message_id=message_id("x", NOTICES[kind].key(Event(customer=1)), "example.jp"),
            date=datetime(2027, 3, 1, tzinfo=UTC),
        )
        assert message_from_bytes(content, policy=policy.default)["Subject"] == rendered.subject
