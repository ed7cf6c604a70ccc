"""A person who was forgotten is found nowhere, and everything else goes on."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import journal, run
from tests.privacy.conftest import DAY_3, DAY_4, ON_SQLITE, Canary

Captured = pytest.CaptureFixture[str]


def test_a_forgotten_person_is_found_in_no_table_and_no_file_and_never_comes_back(
    canary: Canary, capsys: Captured
) -> None:
    shop = canary.shop
    before = canary.found()
    assert {
        "member_version",
        "member_code",
        "notice",
        "review_decision",
        "class_override",
        "claim",
        "link",
    } <= before
    assert {"inbox/imported", "review/out", "exports"} <= before
    canary.withdraw()
    canary.night(DAY_3)
    journalled = shop.rows(select(journal).order_by(journal.c.id))

    assert shop.run("forget", "customer", str(canary.eccube_id), "--apply") == 0
    assert shop.run("forget", "member", canary.code, "--apply") == 0
    assert canary.found() == set()
    assert shop.rows(select(journal).order_by(journal.c.id))[: len(journalled)] == journalled

    canary.night(DAY_4, without_member=True)
    assert canary.found() == set()
    assert shop.run("customers", "show", str(canary.eccube_id)) == 0
    assert shop.run("-q", "report", "month", "2026-04") == 0
    first_night = shop.rows(select(run.c.id).where(run.c.command == "nightly").order_by(run.c.id))[0].id
    assert shop.run("runs", "undo", str(first_night), "--apply") in {0, 1}
    assert shop.run("runs", "show", str(first_night), "--rows") == 0
    assert shop.run("-q", "nightly") in {0, 1}
    assert canary.found() == set()
    printed = capsys.readouterr()
    assert "Unexpected" not in printed.err


@ON_SQLITE
def test_forgetting_a_member_ends_the_link_and_the_class_falls(canary: Canary) -> None:
    shop = canary.shop
    shop.run("overrides", "end", str(canary.eccube_id), "--reason", "x", "--apply")
    assert shop.run("forget", "member", canary.code, "--apply") == 0
    assert not shop.rows(
        select(link.c.id)
        .join(customer, customer.c.id == link.c.customer_id)
        .where(customer.c.eccube_id == canary.eccube_id, link.c.active == 1)
    )
    assert shop.run("-q", "expire", "--apply") == 0
    (row,) = shop.rows(
        select(customer_class.c.membership_class)
        .join(customer, customer.c.id == customer_class.c.customer_id)
        .where(customer.c.eccube_id == canary.eccube_id)
    )
    assert row.membership_class == "ec_only"


@ON_SQLITE
def test_a_plan_forgets_nobody_and_says_what_would_go(canary: Canary, capsys: Captured) -> None:
    found = canary.found()
    capsys.readouterr()
    assert canary.shop.run("forget", "member", canary.code) == 0
    printed = capsys.readouterr().out
    assert "delete the member in the POS too" in printed
    assert "files to be deleted" in printed
    assert canary.found() == found


@ON_SQLITE
def test_a_customer_who_is_still_registered_is_not_forgotten(canary: Canary, capsys: Captured) -> None:
    assert canary.shop.run("forget", "customer", str(canary.eccube_id), "--apply") == 64
    assert "still registered" in capsys.readouterr().err
