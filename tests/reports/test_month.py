"""The report of a month says what happened in it, and says the same for ever."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member_version
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import run as run_table
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.nightly.story import SECOND, Story
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink


@pytest.fixture
def story(installed: InstalledShop, sink: Sink) -> Story:
    """Three nights of April with their mails."""
    story = Story(installed, sink.port)
    for day in (lambda: None, story.first_day, story.second_day):
        day()
        assert installed.run("nightly") in {0, 1}
        assert installed.run("notify") in {0, 1}
    return story


def figures(shop: InstalledShop, capfd: pytest.CaptureFixture[str], month: str = "2026-04") -> dict[str, Any]:
    """Every figure of the report, by part and name."""
    capfd.readouterr()
    assert shop.run("report", "month", month, "--json") == 0
    told = json.loads(capfd.readouterr().out)
    return {
        f"{listing['title']}: {name}": value
        for listing in told["listings"]
        for name, value in listing["rows"]
    }


def counted(shop: InstalledShop, name: str) -> int:
    """What the runs themselves counted."""
    return sum(json.loads(row.counts).get(name, 0) for row in shop.rows(select(run_table.c.counts)))


def test_the_figures_are_what_the_shop_shows(story: Story, capfd: pytest.CaptureFixture[str]) -> None:
    shop = story.shop
    found = figures(shop, capfd)

    def number(name: str) -> int:
        return int(found[name].replace(",", ""))

    assert number("At the end of the month: registered customers") == shop.count(
        customer, customer.c.state == "full", customer.c.current == 1
    )
    [(linked,)] = shop.rows(select(func.count(link.c.customer_id.distinct())).where(link.c.active == 1))
    assert number("At the end of the month: of them linked to a store member") == linked > 30
    stores = shop.count(customer_class, customer_class.c.membership_class == "store")
    assert number("At the end of the month: customers with the class 店舗会員") == stores
    moved = counted(shop, "links_moved")
    assert number("Links: new links: matching") == counted(shop, "links_by_match") - moved
    assert number("Links: new links: a reviewer") == counted(shop, "links_by_review")
    asked = shop.count(review_case, review_case.c.state == "open", review_case.c.kind != "name_only")
    assert number("Questions for the reviewers: open at the end") == asked
    fallen = number("Memberships: memberships ended") + number("Memberships: class lost for another reason")
    assert fallen == counted(shop, "became_ec_only") > 0
    for state, words in (("sent", "sent"), ("cancelled", "cancelled"), ("queued", "queued")):
        assert number(f"Mails: all mails: {words}") == shop.count(notice, notice.c.state == state)
    # "ends on the eve" was told so on the first day, and had renewed on the second.
    assert number("Renewals: customers who renewed within 30 days of one") >= 1


def blank_what_was_personal(shop: InstalledShop) -> None:
    """As forgetting does: names, dates and addresses go, the journal stays whole."""
    with shop.connect() as (_service, connection), connection.begin():
        blanks = dict.fromkeys(("family_name", "given_name", "family_kana", "phone", "emails"), "")
        connection.execute(update(member_version).values(end_date=None, birth_date=None, **blanks))
        connection.execute(update(notice).values(recipient=None, message=None))


def test_a_month_has_the_same_figures_after_later_nights_an_undo_and_forgetting(
    story: Story, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = story.shop
    shop.at(date(2026, 5, 1), 0, 0)
    before = figures(shop, capfd)
    april = [row.id for row in shop.rows(select(run_table).where(run_table.c.command == "nightly"))]

    shop.at(date(2026, 5, 1), 12)
    assert shop.run("runs", "undo", str(april[-1]), "--apply") in {0, 1}
    shop.eccube.execute(
        "UPDATE dtb_customer SET customer_status_id = 3, email = 'left@dummy.example' WHERE id IN (1, 2, 3, 4, 5)"
    )
    for later in (1, 2):
        day = date(2026, 5, 1) + timedelta(days=later)
        shop.members = shop.members[: -later - 1]
        shop.drop_export(day)
        shop.at(day, 11)
        shop.run("nightly")
        shop.run("notify")

    blank_what_was_personal(shop)

    assert figures(shop, capfd) == before
    assert figures(shop, capfd, "2026-05") != before


@ON_ONE_ENGINE
def test_what_was_undone_within_the_month_did_not_happen_in_it(
    story: Story, capfd: pytest.CaptureFixture[str]
) -> None:
    shop = story.shop
    shop.at(SECOND, 12)
    last = max(row.id for row in shop.rows(select(run_table).where(run_table.c.command == "nightly")))
    ended = figures(shop, capfd)["Memberships: memberships ended"]
    assert shop.run("runs", "undo", str(last), "--apply") in {0, 1}
    found = figures(shop, capfd)
    assert found["Memberships: runs taken back"] == "1"
    assert int(found["Memberships: memberships ended"]) <= int(ended)
    assert int(found["Links: new links: matching"]) < counted(shop, "links_by_match")


@ON_ONE_ENGINE
def test_the_page_is_one_file_that_fetches_and_runs_nothing(story: Story, tmp_path: Path) -> None:
    page, table = tmp_path / "april.html", tmp_path / "april.csv"
    assert story.shop.run("report", "month", "2026-04", "--html", str(page), "--csv", str(table)) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") >= 4
    assert "<script" not in text
    assert text.replace("http://www.w3.org/2000/svg", "").count("://") == 0
    assert page.stat().st_mode & 0o777 == table.stat().st_mode & 0o777 == 0o600
    rows = list(csv.reader(table.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["part", "figure", "value"]
    assert ["At the end of the month", "registered customers"] in [row[:2] for row in rows]


@ON_ONE_ENGINE
@pytest.mark.parametrize("name", ["april", "2026-13", "2026-4", "2099-01"])
def test_what_is_no_month_is_refused(installed: InstalledShop, name: str) -> None:
    installed.at(TODAY, 12)
    assert installed.run("report", "month", name) == 64
