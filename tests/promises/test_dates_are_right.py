"""Every date is the right one: birthdays, the last valid day to the second, leap days, midnight, clocks (P22).

Policies and months in all their forms are in tests/membership, ends of memberships night by night in
tests/nightly/test_boundaries.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from time import tzset
from typing import Any

import pytest
from sqlalchemy import select

from eccube_sync.clock import TOKYO, FixedClock, from_database, to_database, tokyo_date, tokyo_midnight
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.membership.classes import ClassSettings, class_of
from eccube_sync.membership.facts import MemberFacts
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy, closed_through, term_end
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.runs import run
from tests.nightly.endstate import State, differences, eccube_state, our_state
from tests.nightly.story import clear_pairs
from tests.promises.scale import scale
from tests.support.installed import TODAY, InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.shop import Shop, mariadb_shop, stored

pytestmark = pytest.mark.promise("P22")

END, AFTER = TODAY, TODAY + timedelta(days=1)
SECOND = timedelta(seconds=1)
COLUMN = SourcePolicy(ExpiryPolicy("column"))


def every_day(first: int, last: int) -> Iterator[date]:
    """Each day of these years."""
    day = date(first, 1, 1)
    while day.year <= last:
        yield day
        day += timedelta(days=1)


def test_every_day_of_two_centuries_is_the_same_after_a_way_through_ec_cube(
    sqlite_shop: Shop, proof: Counter[str]
) -> None:
    """A birthday goes into EC-CUBE as the UTC moment of its midnight in Japan, summer time of 1948 to 1951 included."""
    days = list(every_day(1900, 2100))
    for start in range(0, len(days), 5000):
        part = days[start : start + 5000]
        sqlite_shop.insert(
            "dtb_customer",
            [
                sqlite_shop.customer_row(id=start + place + 1, birth_date=day)
                for place, day in enumerate(part)
            ],
        )
    with sqlite_shop.connect() as connection:
        generation = GENERATIONS[detect(connection)]
        seen = {
            one.eccube_id: one.birth_date
            for start in range(1, len(days) + 1, 900)
            for one in generation.customers_by_id(connection, list(range(start, start + 900)))
        }
    assert [day for place, day in enumerate(days, 1) if seen[place] != day] == []
    for day in days:
        assert tokyo_date(from_database(to_database(tokyo_midnight(day)))) == day
        assert tokyo_date(tokyo_midnight(day) - SECOND) == day - timedelta(days=1)
    proof["days"] += len(days)


def test_a_membership_ends_with_the_last_second_of_its_last_day_in_japan(proof: Counter[str]) -> None:
    for end in every_day(1999, 2100):
        closing = tokyo_midnight(end + timedelta(days=1))
        card = MemberFacts(1, COLUMN, closing, end_date=end)
        for moment, expected in ((closing - SECOND, "store"), (closing, "ec_only")):
            today = tokyo_date(moment.astimezone(UTC))
            assert (
                class_of([card], today, ClassSettings(), current_class="store").membership_class == expected
            )
        assert closed_through(closing - SECOND) == end - timedelta(days=1)
        assert closed_through(closing) == end
        proof["ends of a day"] += 1


@pytest.mark.parametrize(
    ("joined", "months", "through"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 28)),
        (date(2023, 3, 1), 12, date(2024, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2096, 2, 29), 60, date(2101, 2, 28)),  # 2100 is no leap year
    ],
)
def test_terms_from_and_over_leap_days(joined: date, months: int, through: date) -> None:
    assert term_end(joined, months) == through


class PassingClock(FixedClock):
    """A clock that goes on each time somebody looks at it."""

    def now(self) -> datetime:
        found = self.moment.astimezone(UTC)
        self.advance(timedelta(minutes=13))
        return found


def test_a_night_over_midnight_keeps_its_day(installed: InstalledShop) -> None:
    shop = installed
    shop.fill(40, 50)
    shop.members = [replace(one, end_date=END, unlimited=False) for one in shop.members]
    shop.drop_export(END)
    shop.clock = PassingClock(datetime.combine(END, time(23, 30), TOKYO))
    assert shop.run("-q", "nightly") == 0
    assert tokyo_date(shop.clock.moment) == END + timedelta(days=1)
    assert {row.today for row in shop.rows(select(run.c.today))} == {END}
    assert shop.count(customer_class, customer_class.c.membership_class == "store") > 10
    assert shop.count(customer_class, customer_class.c.since != END) == 0


def test_a_clock_that_went_back_stops_the_night(
    installed: InstalledShop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = installed
    shop.fill(20, 30)
    shop.drop_export(END)
    shop.at(END, 3)
    assert shop.run("-q", "nightly") == 0
    before = shop.state()
    shop.clock.advance(-timedelta(minutes=3))
    assert shop.run("-q", "nightly") == 70
    assert "clock" in capsys.readouterr().err.casefold()
    assert shop.state() == before


# --- the time zones of the server, of the database, and of nobody -------------------------------------


ZONES = ("UTC", "Asia/Tokyo", "America/New_York")
DATABASE_ZONES = ("SYSTEM", "+00:00", "+09:00")
BORN = (date(1949, 6, 15), date(1980, 5, 5))


@contextmanager
def shop_of_two_birthdays(server: Server, folder: Path) -> Iterator[tuple[InstalledShop, list[int]]]:
    """A shop with two people born in and out of Japan's summer time, whose terms end today; their EC-CUBE ids."""
    with mariadb_shop(server) as eccube:
        shop = install(eccube, folder)
        shop.fill(40, 50)
        pairs = clear_pairs(shop, 40)[:2]
        for (account, card), born in zip(pairs, BORN, strict=True):
            birth = stored(tokyo_midnight(born))
            eccube.execute(
                "UPDATE dtb_customer SET birth = :birth WHERE id = :id", birth=birth, id=account + 1
            )
            shop.members[card] = replace(shop.members[card], birth_date=born, end_date=END, unlimited=False)
        try:
            yield shop, [account + 1 for account, _card in pairs]
        finally:
            remove(shop)


def two_nights(shop: InstalledShop) -> list[tuple[State, State]]:
    """What a night one second before midnight in Japan leaves, and one at midnight, each on data of that moment."""
    found = []
    for moment in (datetime.combine(END, time(23, 59, 59), TOKYO), datetime.combine(AFTER, time(0), TOKYO)):
        shop.drop_export(moment.date(), at=moment.time().replace(second=0))
        shop.clock.moment = moment.astimezone(UTC)
        assert shop.run("-q", "nightly") in {0, 1}
        found.append((our_state(shop), eccube_state(shop)))
    return found


def shown(shop: InstalledShop, eccube_ids: list[int]) -> list[bool]:
    """Whether EC-CUBE shows these customers as members."""
    rows = shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups")
    return [one in {row[0] for row in rows} for one in eccube_ids]


def test_every_pair_of_time_zones_gives_the_same_nights(
    mariadb_server: Server, proof: Counter[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: list[tuple[State, State]] = []
    # At once each zone of a machine and of a database; in a campaign each with each.
    pairs = scale(list(zip(ZONES, DATABASE_ZONES, strict=True)), list(product(ZONES, DATABASE_ZONES)))
    try:
        for zone, of_database in pairs:
            mariadb_server.execute(f"SET GLOBAL time_zone = '{of_database}'")
            name = f"shop-{proof['pairs of time zones']}"
            with shop_of_two_birthdays(mariadb_server, tmp_path / name) as (shop, both):
                monkeypatch.setenv("TZ", zone)
                tzset()
                nights = two_nights(shop)
                reasons = [row.reasons for row in shop.rows(links_of(both))]
                assert shown(shop, both) == [False, False]
            assert len(reasons) == 2
            assert all("birth_date.same" in one for one in reasons)
            expected = expected or nights
            for one, other in zip(expected, nights, strict=True):
                assert differences(one[0], other[0]) == []
                assert differences(one[1], other[1]) == []
            proof["pairs of time zones"] += 1
            monkeypatch.undo()
            tzset()
    finally:
        mariadb_server.execute("SET GLOBAL time_zone = 'SYSTEM'")
        monkeypatch.undo()
        tzset()
    group = "plg_customer_group_customers_groups"
    fell = {row[0] for row in expected[0][1][group]} - {row[0] for row in expected[1][1][group]}
    assert fell == set(both)  # members until the last second of the day, and no longer


def links_of(eccube_ids: list[int]) -> Any:
    """The links of these customers."""
    return (
        select(link.c.reasons)
        .join(customer, customer.c.id == link.c.customer_id)
        .where(link.c.active == 1, customer.c.eccube_id.in_(eccube_ids))
    )
