"""The days around an end date, through whole nights: who is a store member, what is shown, who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from eccube_sync.services import nightly
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.notices import notice
from tests.nightly.endstate import received
from tests.nightly.story import FAR, clear_pairs
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

END = TODAY
GOLD = '[source.expiry.rank."ゴールド"]\npolicy = "joined"\nmonths = 1200\n'


def day(number: int) -> date:
    """A day counted from the one on which the memberships of these tests end."""
    return END + timedelta(days=number)


class Days:
    """A settled shop whose people are known by name, and its nights."""

    def __init__(self, shop: InstalledShop, sink: Sink, *names: str) -> None:
        self.shop, self.sink, self.names = shop, sink, names
        shop.mail_port = sink.port
        shop.configure()
        shop.fill(60, 80)
        pairs = clear_pairs(shop, 60)
        assert len(pairs) >= len(names)
        self.positions = dict(zip(names, pairs, strict=False))
        for position, one in enumerate(shop.members):
            shop.members[position] = replace(one, end_date=FAR, unlimited=False)
        for name in names:
            self.card(name, end_date=END)

    def card(self, name: str, **values: object) -> None:
        """Change somebody's card at the counter."""
        position = self.positions[name][1]
        self.shop.members[position] = replace(self.shop.members[position], **values)  # type: ignore[arg-type]

    def eccube_id(self, name: str) -> int:
        return self.positions[name][0] + 1

    def night(self, of: date, hour: int = 3, *, taken: tuple[date, time] | None = None) -> None:
        """One night; ``taken`` is when the store exported, None where it did not."""
        if taken:
            self.export(*taken)
        self.shop.at(of, hour)
        assert self.shop.run("nightly") == 0

    def export(self, of: date, at: time) -> None:
        """An export after a day's business: bytes known already would say nothing new."""
        last = self.shop.members[-1]
        self.shop.members[-1] = replace(last, points=last.points + 1)
        self.shop.drop_export(of, at=at)

    def usual_night(self, of: date) -> None:
        """A night at three, on data of half past midnight; its mails leave at noon."""
        self.night(of, taken=(of, time(0, 30)))
        self.shop.at(of, 12)
        assert self.shop.run("notify") == 0

    def classes(self) -> dict[str, str]:
        """Everybody's class by name; asserts that EC-CUBE shows it."""
        statement = select(customer.c.eccube_id, customer_class.c.membership_class).join(
            customer_class, customer_class.c.customer_id == customer.c.id
        )
        known = {row.eccube_id: row.membership_class for row in self.shop.rows(statement)}
        shown = {
            row[0]
            for row in self.shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups")
        }
        assert shown == {eccube_id for eccube_id, of in known.items() if of == "store"}
        return {name: known[self.eccube_id(name)] for name in self.names}

    def told(self, name: str) -> list[str]:
        """What somebody was told since the last question, by the kinds of mail."""
        statement = select(notice.c.message_id, notice.c.kind)
        kinds = {row.message_id: row.kind for row in self.shop.rows(statement)}
        email = self.shop.customers[self.positions[name][0]].email
        found = [kinds[key] for key, (to, *_rest) in received(self.sink.mails).items() if to == email]
        self.sink.mails[:] = [mail for mail in self.sink.mails if mail[1] != [email]]
        return found


def test_a_membership_ends_with_its_last_day_and_only_newer_data_says_so(
    installed: InstalledShop, sink: Sink
) -> None:
    days = Days(installed, sink, "Sato")
    days.usual_night(day(-2))
    days.usual_night(day(-1))
    assert days.told("Sato") == ["expiring"]

    days.usual_night(day(0))
    assert days.classes() == {"Sato": "store"}

    days.night(day(1), 3, taken=(day(0), time(23, 30)))
    assert days.classes() == {"Sato": "store"}
    assert installed.count(customer_class, customer_class.c.reason == "end_unconfirmed") == 1
    assert installed.count(notice, notice.c.kind == "expired") == 0

    # The mail waits for EC-CUBE to show what it says.
    installed.sections = '[nightly]\nstages = ["import", "classify", "expire", "notify"]\n'
    installed.configure()
    days.night(day(1), 11, taken=(day(1), time(10)))
    assert installed.count(notice, notice.c.kind == "expired", notice.c.state == "queued") == 1
    assert days.told("Sato") == []
    installed.sections = ""
    installed.configure()
    days.night(day(1), 12)
    assert days.classes() == {"Sato": "ec_only"}
    assert days.told("Sato") == ["expired"]

    days.card("Sato", end_date=FAR)
    days.usual_night(day(2))
    assert days.classes() == {"Sato": "store"}
    assert days.told("Sato") == ["restored"]
    days.usual_night(day(3))
    assert days.told("Sato") == []


def test_ranks_and_overrides_have_ends_of_their_own(installed: InstalledShop, sink: Sink) -> None:
    installed.expiry = GOLD
    days = Days(installed, sink, "Gold", "Kept", "Barred", "Usual")
    for name in days.names:
        days.card(name, rank_name="ゴールド" if name == "Gold" else "レギュラー", joined_on=day(-100))
    days.card("Barred", end_date=FAR)
    days.usual_night(day(-1))
    assert set(days.classes().values()) == {"store"}
    installed.at(day(-1), 13)
    for name, membership_class, until in (("Kept", "store", day(2)), ("Barred", "ec_only", day(1))):
        arguments = (str(days.eccube_id(name)), "--class", membership_class, "--until", until.isoformat())
        assert (
            installed.run("overrides", "set", *arguments, "--reason", "asked at the counter", "--apply") == 0
        )

    found = []
    for number in range(4):
        days.usual_night(day(number))
        found.append(days.classes())
    assert [one["Gold"] for one in found] == ["store"] * 4
    assert [one["Usual"] for one in found] == ["store", "ec_only", "ec_only", "ec_only"]
    assert [one["Kept"] for one in found] == ["store", "store", "store", "ec_only"]
    assert [one["Barred"] for one in found] == ["ec_only", "ec_only", "store", "store"]
    assert days.told("Gold") == []
    assert days.told("Barred") == []
    assert days.told("Usual")[-1] == "expired"
    assert days.told("Kept")[-1] == "expired"


def test_nobody_falls_while_downgrades_are_paused(installed: InstalledShop, sink: Sink) -> None:
    installed.sections = (
        f"[membership]\npause_downgrades_from = {day(0)}\npause_downgrades_until = {day(2)}\n"
    )
    days = Days(installed, sink, "Sato", "Renewed")
    found = []
    for number in range(-1, 4):
        if number == 2:
            days.card("Renewed", end_date=FAR)
        days.usual_night(day(number))
        found.append(days.classes())
    assert [one["Sato"] for one in found] == ["store", "store", "store", "store", "ec_only"]
    assert [one["Renewed"] for one in found] == ["store"] * 5
    assert days.told("Sato")[-1:] == ["expired"]
    assert "expired" not in days.told("Renewed")


def test_a_night_over_midnight_is_one_day(
    installed: InstalledShop, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = Days(installed, sink, "Sato")
    days.usual_night(day(-1))
    days.export(day(0), time(23))
    installed.at(day(0), 23, 30)

    def after_midnight(night: nightly.Night) -> None:
        installed.clock.advance(timedelta(hours=1))
        first(night)

    first = nightly.STAGES["import"]
    monkeypatch.setitem(nightly.STAGES, "import", after_midnight)
    assert installed.run("nightly") == 0
    assert days.classes() == {"Sato": "store"}
    assert installed.count(customer_class, customer_class.c.reason == "current") > 1
    assert installed.count(customer_class, customer_class.c.reason == "end_unconfirmed") == 0
