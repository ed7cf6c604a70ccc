"""A person's exceptions, and approvals, through the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from eccube_sync.errors import ExitCode
from eccube_sync.tables.customers import class_override, customer, customer_class
from eccube_sync.tables.runs import guard_approval, journal, run
from tests.support.installed import TODAY, InstalledShop

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def customer_shop(installed: InstalledShop) -> InstalledShop:
    """One customer who is no member, classified."""
    installed.fill(1, 1)
    installed.drop_export(TODAY)
    assert installed.run("nightly") == 0
    return installed


def membership_class(customer_shop: InstalledShop) -> str:
    (row,) = customer_shop.rows(select(customer_class.c.membership_class))
    return str(row.membership_class)


def customer_id(customer_shop: InstalledShop) -> str:
    (row,) = customer_shop.rows(select(customer.c.eccube_id))
    return str(row.eccube_id)


def set_store(customer_shop: InstalledShop, *more: str) -> int:
    return customer_shop.run(
        "overrides", "set", customer_id(customer_shop), "--class", "store", "--reason", "paid", *more
    )


def test_without_apply_an_override_is_only_a_plan(customer_shop: InstalledShop) -> None:
    before, runs = membership_class(customer_shop), customer_shop.count(run)
    assert set_store(customer_shop) == 0
    assert membership_class(customer_shop) == before
    assert customer_shop.count(class_override) == 0
    assert customer_shop.count(run) == runs


def test_an_override_holds_through_its_last_day(customer_shop: InstalledShop) -> None:
    before = membership_class(customer_shop)
    until = TODAY + timedelta(days=3)
    assert set_store(customer_shop, "--until", str(until), "--apply") == 0
    assert membership_class(customer_shop) == "store"
    customer_shop.at(until, 3)
    customer_shop.drop_export(until)
    customer_shop.run("nightly")
    assert membership_class(customer_shop) == "store"
    customer_shop.at(until + timedelta(days=1), 3)
    customer_shop.drop_export(until + timedelta(days=1))
    customer_shop.run("nightly")
    assert membership_class(customer_shop) == before


def test_ending_an_override_brings_the_computed_class_back(customer_shop: InstalledShop) -> None:
    before = membership_class(customer_shop)
    assert set_store(customer_shop, "--apply") == 0
    assert (
        customer_shop.run("overrides", "end", customer_id(customer_shop), "--reason", "typo", "--apply") == 0
    )
    assert membership_class(customer_shop) == before
    (row,) = customer_shop.rows(select(class_override))
    assert (row.active, row.reason) == (None, "paid")


def test_an_unknown_customer_is_a_usage_error(customer_shop: InstalledShop, capsys: Captured) -> None:
    assert (
        customer_shop.run("overrides", "set", "999", "--class", "store", "--reason", "x", "--apply")
        == ExitCode.USAGE
    )
    assert "999" in capsys.readouterr().err


def test_an_approval_is_kept_with_who_gave_it(customer_shop: InstalledShop) -> None:
    assert customer_shop.run("guards", "approve", "2027-04-01", "1200") == 0
    (row,) = customer_shop.rows(select(guard_approval))
    assert (row.approved_for, row.downgrades) == (date(2027, 4, 1), 1200)
    assert row.actor


def test_an_approval_is_journalled_and_can_be_taken_back(
    customer_shop: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    for count in ("1200", "0"):
        assert customer_shop.run("guards", "approve", "2027-04-01", count) == 0
    assert "taken back" in capsys.readouterr().out
    lines = customer_shop.rows(select(journal).where(journal.c.subject == "approval"))
    assert [(line.old_value, line.new_value) for line in lines] == [(None, "1200"), ("1200", "0")]


def test_a_past_date_cannot_be_approved(customer_shop: InstalledShop) -> None:
    assert customer_shop.run("guards", "approve", "2020-04-01", "5") == ExitCode.USAGE


def test_the_coming_days_are_listed_with_who_falls_and_what_is_approved(
    installed: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    installed.guards = "downgrades = 3\nsurprise_downgrades = 1000"
    installed.configure()
    installed.fill(40, 40)
    ending = TODAY + timedelta(days=5)
    installed.members = [
        replace(one, status=0, end_date=ending, unlimited=False) for one in installed.members
    ]
    installed.drop_export(TODAY)
    installed.run("nightly")
    falling = installed.count(customer_class, customer_class.c.membership_class == "store")
    later = f"{TODAY + timedelta(days=90)}"
    capsys.readouterr()

    def listed() -> list[list[object]]:
        assert installed.run("guards", "list", "--json") == 0
        return [row[:3] for row in json.loads(capsys.readouterr().out)["listings"][0]["rows"]]

    fall = f"{ending + timedelta(days=1)}"
    assert listed() == [[fall, falling, 0]]
    for day, count in ((fall, falling), (later, 7)):
        assert installed.run("guards", "approve", day, str(count)) == 0
    capsys.readouterr()
    assert listed() == [[fall, falling, falling], [later, 0, 7]]
    assert installed.run("guards", "approve", later, "0") == 0
    capsys.readouterr()
    assert listed() == [[fall, falling, falling]]
