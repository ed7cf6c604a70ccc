"""The days around an end date, through whole nights: who is a store member, what is shown, who is told."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from eccube_sync.services import nightly
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.notices import notice
from tests.nightly.conftest import ON_ONE_ENGINE
from tests.nightly.days import Days, day
from tests.nightly.story import FAR
from tests.support.installed import InstalledShop
from tests.support.smtp import Sink

GOLD = '[source.expiry.rank."ゴールド"]\npolicy = "joined"\nmonths = 1200\n'


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


@ON_ONE_ENGINE
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


@ON_ONE_ENGINE
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
