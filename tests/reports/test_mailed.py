"""What the nights mail to the shop's own people: the report of last month, and the reminder to who exports."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from eccube_sync.tables.customers import customer_class
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.nightly.story import FAR, SECTIONS
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

pytestmark = ON_ONE_ENGINE
OWNER, EXPORTER = "owner@shop.example.jp", "counter@shop.example.jp"


@pytest.fixture
def peopled(installed: InstalledShop, sink: Sink) -> InstalledShop:
    """A small shop with an owner and somebody who exports, after its first night."""
    return open_shop(installed, sink)


def open_shop(installed: InstalledShop, sink: Sink, *, end_date: date | None = None) -> InstalledShop:
    """The same shop, whose memberships all end on this day."""
    installed.mail_port, installed.sections = sink.port, SECTIONS
    installed.columns = ""
    installed.configure()
    text = installed.path.read_text().replace(
        'taken_at = "name"', f'taken_at = "name"\nexporter_mail = "{EXPORTER}"'
    )
    installed.path.write_text(text)
    installed.fill(30, 40)
    if end_date:
        installed.members = [replace(one, end_date=end_date, unlimited=False) for one in installed.members]
    installed.drop_export(TODAY)
    installed.at(TODAY, 10, 30)
    assert installed.run("nightly") in {0, 1}
    return installed


def mails_to(sink: Sink, address: str) -> list[EmailMessage]:
    """What this address got since the last question."""
    found = [message_from_bytes(one[2], policy=policy.default) for one in sink.mails if one[1] == [address]]
    sink.mails.clear()
    return found  # type: ignore[return-value]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def night(shop: InstalledShop, day: date, *, export: bool = True) -> int:
    if export:
        last = shop.members[-1]
        shop.members[-1] = type(last)(**{**vars_of(last), "points": last.points + 1, "end_date": FAR})
        shop.drop_export(day)
    shop.at(day, 10, 30)
    return shop.run("nightly")


def vars_of(member: object) -> dict[str, object]:
    return {name: getattr(member, name) for name in member.__dataclass_fields__}  # type: ignore[attr-defined]


def test_the_first_night_of_a_month_mails_the_report_once(peopled: InstalledShop, sink: Sink) -> None:
    (first,) = mails_to(sink, OWNER)
    assert first["Subject"].endswith("store members in the web shop")
    for day in (date(2026, 4, 30), date(2026, 5, 2), date(2026, 5, 3)):
        night(peopled, day)
        mails = [mail for mail in mails_to(sink, OWNER) if "[Monthly report]" in mail["Subject"]]
        # The night of the 1st did not happen: the next one sends it.
        assert len(mails) == (day == date(2026, 5, 2))
        for mail in mails:
            assert "2026-04" in mail["Subject"]
            assert "registered customers" in text_of(mail)
            (page,) = mail.iter_attachments()
            assert page.get_filename() == "report-2026-04.html"
            assert page.get_content().count("<svg") >= 4


def test_whoever_exports_is_reminded_once_a_day_and_all_else_goes_on(
    peopled: InstalledShop, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    mails_to(sink, EXPORTER)
    night(peopled, TODAY + timedelta(days=1), export=False)
    assert mails_to(sink, EXPORTER) == []
    for late in (2, 3):
        peopled.eccube.add_customer(id=900 + late)
        for _again in range(2):
            night(peopled, TODAY + timedelta(days=late), export=False)
        (mail,) = mails_to(sink, EXPORTER)
        text = text_of(mail)
        assert f"{late * 24 - 14} hours late" in mail["Subject"]
        assert "1. Log in to the management page of Smaregi" in text
        assert "inbox/drop" in text
        # The new customer was looked at all the same.
        assert peopled.run("customers", "show", str(900 + late)) == 0
        assert store_data(peopled, capsys) == ("wrong", {"source": "smaregi", "hours_late": late * 24 - 14})
    night(peopled, TODAY + timedelta(days=4))
    assert mails_to(sink, EXPORTER) == []
    assert store_data(peopled, capsys) == ("ok", None)


def store_data(shop: InstalledShop, capsys: pytest.CaptureFixture[str]) -> tuple[str, object]:
    """What a monitor reads about the store's data."""
    capsys.readouterr()
    shop.run("check", "--json")
    (found,) = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["check"] == "store_data"]
    return found["state"], found.get("facts")


def test_the_reminder_counts_whose_membership_ended_that_very_night(
    installed: InstalledShop, sink: Sink
) -> None:
    open_shop(installed, sink, end_date=TODAY + timedelta(days=1))
    number = installed.count(customer_class, customer_class.c.membership_class == "store")
    assert number > 5
    mails_to(sink, EXPORTER)
    assert night(installed, TODAY + timedelta(days=2), export=False) == 70
    (mail,) = mails_to(sink, EXPORTER)
    assert f"({number} are waiting)" in text_of(mail)


def test_a_store_that_sends_only_some_members_is_not_nagged_while_it_sends(
    installed: InstalledShop, sink: Sink
) -> None:
    installed.mail_port, installed.sections = sink.port, SECTIONS
    installed.configure()
    text = installed.path.read_text()
    installed.path.write_text(
        text.replace('taken_at = "name"', f'taken_at = "name"\npartial = true\nexporter_mail = "{EXPORTER}"')
    )
    installed.fill(10, 10)
    night(installed, TODAY)
    night(installed, TODAY + timedelta(days=1))
    assert mails_to(sink, EXPORTER) == []
    night(installed, TODAY + timedelta(days=4), export=False)
    assert len(mails_to(sink, EXPORTER)) == 1


def test_the_shops_own_clicks_go_before_those_of_the_format(peopled: InstalledShop, sink: Sink) -> None:
    text = peopled.path.read_text().replace(
        'taken_at = "name"', 'taken_at = "name"\nexport_steps = ["Press F4", "Press F7"]'
    )
    peopled.path.write_text(text)
    night(peopled, TODAY + timedelta(days=2), export=False)
    (mail,) = mails_to(sink, EXPORTER)
    assert "1. Press F4\n2. Press F7\n3. Put the file" in text_of(mail)
