"""Customers who withdraw, vanish, come back, or stand under an id that was somebody else's; and doubled accounts."""

from __future__ import annotations

from datetime import time

import pytest
from sqlalchemy import select

from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer, projection_state
from eccube_sync.tables.links import link
from eccube_sync.tables.notices import notice
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.nightly.days import Days, day
from tests.nightly.endstate import differences, our_state
from tests.nightly.story import FAR, forget_customer, make_anew
from tests.support.installed import InstalledShop
from tests.support.smtp import Sink

GROUP = "plg_customer_group_customers_groups"


def links_of(shop: InstalledShop, eccube_id: int) -> list[tuple[str | None, int | None]]:
    """How each link under an EC-CUBE id ended, and whether it stands."""
    statement = (
        select(link.c.ended_reason, link.c.active)
        .join(customer, customer.c.id == link.c.customer_id)
        .where(customer.c.eccube_id == eccube_id)
        .order_by(link.c.id)
    )
    return [(row.ended_reason, row.active) for row in shop.rows(statement)]


def shown(shop: InstalledShop, eccube_id: int) -> bool:
    return bool(shop.eccube.rows(f"SELECT 1 FROM {GROUP} WHERE customer_id = :id", id=eccube_id))


@pytest.mark.parametrize("on_drift", ["report", "repair"])
def test_who_is_gone_has_no_link_no_class_and_no_mail(
    installed: InstalledShop, sink: Sink, on_drift: str
) -> None:
    installed.drift = on_drift
    days = Days(installed, sink, "Withdrawn", "Vanished", "Anew", "Stays")
    gone = {name: days.eccube_id(name) for name in days.names}
    days.usual_night(day(-3))
    assert set(days.classes().values()) == {"store"}

    # A reminder is queued at night for somebody who withdraws before it leaves at noon.
    days.night(day(-1), taken=(day(-1), time(0, 30)))
    installed.eccube.execute(
        "UPDATE dtb_customer SET customer_status_id = 3 WHERE id = :id", id=gone["Withdrawn"]
    )
    installed.at(day(-1), 12)
    assert installed.run("notify") == 0
    assert days.told("Withdrawn") == []
    assert days.told("Stays") == ["expiring"]
    kept = installed.eccube.rows("SELECT * FROM dtb_customer WHERE id = :id", id=gone["Vanished"])[0]
    forget_customer(installed, gone["Vanished"])
    make_anew(installed, gone["Anew"])
    for name in ("Stays", "Vanished", "Anew"):
        days.card(name, end_date=FAR)

    days.usual_night(day(0))
    assert links_of(installed, gone["Withdrawn"]) == [("customer_withdrawn", None)]
    assert links_of(installed, gone["Vanished"]) == [("customer_vanished", None)]
    assert links_of(installed, gone["Anew"]) == [("other_identity", None)]
    assert {name: shown(installed, eccube_id) for name, eccube_id in gone.items()} == {
        "Withdrawn": False, "Vanished": False, "Anew": False, "Stays": True,
    }  # fmt: skip
    kinds = [row.kind for row in installed.rows(select(review_case).where(review_case.c.state == "open"))]
    assert kinds.count("identity_changed") == 1

    # Somebody new under the old id becomes a member; whoever came before stands in the way no more.
    days.card("Anew", family_name="新井", given_name="太郎", family_kana="アライ", given_kana="タロウ",
              phone="03-1111-0000", mobile="", emails=("another@example.com",),
              birth_date=day(0).replace(1971, 1, 2))  # fmt: skip
    columns = ", ".join(f":c{place}" for place in range(len(kept)))
    installed.eccube.execute(
        f"INSERT INTO dtb_customer VALUES ({columns})",
        **{f"c{place}": value for place, value in enumerate(kept)},
    )
    days.usual_night(day(1))
    assert links_of(installed, gone["Anew"])[-1] == (None, 1)
    assert links_of(installed, gone["Vanished"])[-1] == (None, 1)
    for number in (2, 3):
        days.usual_night(day(number))
        assert {name: shown(installed, eccube_id) for name, eccube_id in gone.items()} == {
            "Withdrawn": False, "Vanished": True, "Anew": True, "Stays": True,
        }  # fmt: skip
    assert installed.count(projection_state, projection_state.c.state.in_(("drift", "pending"))) == 0
    to_customer = {row.customer_id for row in installed.rows(select(notice))}
    withdrawn = installed.rows(select(customer.c.id).where(customer.c.eccube_id == gone["Withdrawn"]))[0].id
    waiting = installed.count(notice, notice.c.state == "queued", notice.c.customer_id == withdrawn)
    assert withdrawn in to_customer
    assert waiting == 0


@ON_ONE_ENGINE
def test_accounts_of_one_address_share_no_member(installed: InstalledShop, sink: Sink) -> None:
    days = Days(installed, sink, "Sato")
    first = days.eccube_id("Sato")
    row = dict(
        zip(
            ("name01", "name02", "kana01", "kana02", "phone_number", "email", "postal_code", "addr01"),
            installed.eccube.rows(
                "SELECT name01, name02, kana01, kana02, phone_number, UPPER(email), postal_code, addr01"
                " FROM dtb_customer WHERE id = :id",
                id=first,
            )[0],
            strict=True,
        )
    )
    birth_date = installed.customers[first - 1].birth_date
    second = installed.eccube.add_customer(id=901, birth_date=birth_date, **row)
    provisional = installed.eccube.add_customer(id=902, birth_date=birth_date, status=1, **row)
    withdrawn = installed.eccube.add_customer(id=903, birth_date=birth_date, status=3, **row)
    days.usual_night(day(-3))

    accounts = {eccube_id: links_of(installed, eccube_id) for eccube_id in (first, second)}
    assert sorted(map(len, accounts.values())) in ([0, 0], [0, 1])
    asked = installed.rows(select(review_case.c.kind).where(review_case.c.state == "open"))
    assert {row.kind for row in asked} & {"several_accounts", "tie"}
    assert links_of(installed, provisional) == links_of(installed, withdrawn) == []
    assert not shown(installed, provisional)
    assert not shown(installed, withdrawn)


@ON_ONE_ENGINE
def test_a_provisional_customer_is_linked_when_the_registration_is_confirmed(
    installed: InstalledShop, sink: Sink
) -> None:
    days = Days(installed, sink, "Sato")
    eccube_id = days.eccube_id("Sato")
    days.card("Sato", end_date=FAR)
    installed.eccube.execute("UPDATE dtb_customer SET customer_status_id = 1 WHERE id = :id", id=eccube_id)
    for night in (-4, -3):
        days.usual_night(day(night))
        assert links_of(installed, eccube_id) == []
    installed.eccube.execute("UPDATE dtb_customer SET customer_status_id = 2 WHERE id = :id", id=eccube_id)
    days.usual_night(day(-2))
    assert links_of(installed, eccube_id) == [(None, 1)]
    assert days.told("Sato") == ["linked"]
    # A whole classification says the same, also about those that are full customers no more.
    installed.eccube.execute("UPDATE dtb_customer SET customer_status_id = 3 WHERE id = :id", id=eccube_id)
    assert installed.run("classify", "--all", "--apply") == 0
    states = installed.rows(select(customer.c.state).where(customer.c.eccube_id == eccube_id))
    assert [row.state for row in states] == ["withdrawn"]
    before = our_state(installed)
    assert installed.run("classify", "--apply") == 0
    assert differences(before, our_state(installed)) == []


def test_a_customer_who_withdraws_is_not_linked_again_by_a_change_at_the_counter(
    installed: InstalledShop, sink: Sink
) -> None:
    days = Days(installed, sink, "Sato")
    days.card("Sato", end_date=FAR)
    days.usual_night(day(-3))
    eccube_id = days.eccube_id("Sato")
    installed.eccube.execute("UPDATE dtb_customer SET customer_status_id = 3 WHERE id = :id", id=eccube_id)
    days.card("Sato", emails=("new@example.com",))
    days.usual_night(day(-2))
    assert links_of(installed, eccube_id) == [("customer_withdrawn", None)]
    assert not shown(installed, eccube_id)


@ON_ONE_ENGINE
def test_many_who_vanish_at_once_are_asked_about(
    installed: InstalledShop, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    installed.guards = ""
    days = Days(installed, sink, "Sato")
    days.usual_night(day(-3))
    before = our_state(installed)["link"]
    members = [row[0] for row in installed.eccube.rows(f"SELECT customer_id FROM {GROUP}")]
    for eccube_id in members[:8]:
        forget_customer(installed, eccube_id)
    installed.at(day(-3), 15)
    assert installed.run("nightly") == 70
    assert "8 of 8 downgrades were not foreseen" in capsys.readouterr().err
    assert our_state(installed)["link"] == before
    assert installed.run("nightly", "--i-expect", "8") == 0
    assert installed.count(link, link.c.ended_reason == "customer_vanished") == 8
