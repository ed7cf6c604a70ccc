"""A store's file that is wrong: nobody loses a class, nobody is mailed, and the next good file puts all right."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from eccube_sync.clock import TOKYO
from eccube_sync.population import END_DATE_COLUMN, generate
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.members import member, member_import, member_version, source
from eccube_sync.tables.notices import notice
from tests.nightly.spreadsheets import Cells, column, rewrite
from tests.nightly.story import FAR, SECTIONS, clear_pairs
from tests.promises.scale import chance, parts, scale
from tests.support.installed import TODAY, InstalledShop, install
from tests.support.shop import sqlite_shop
from tests.support.smtp import Sink

pytestmark = pytest.mark.promise("P20")

EVE = TODAY - timedelta(days=1)
CUSTOMERS, MEMBERS = 140, 190
RENEWED, ENDED = 12, 3


class Renewals:
    """A shop where yesterday's memberships end: most were renewed at the counter, a few were not."""

    def __init__(
        self,
        shop: InstalledShop,
        sink: Sink,
        *,
        customers: int = CUSTOMERS,
        members: int = MEMBERS,
        renewed: int = RENEWED,
        ended: int = ENDED,
    ) -> None:
        self.shop, self.sink = shop, sink
        sink.mails.clear()
        shop.mail_port, shop.sections, shop.guards = sink.port, SECTIONS, ""
        shop.configure()
        shop.fill(customers, members)
        ending = clear_pairs(shop, customers)[: renewed + ended]
        assert len(ending) == renewed + ended
        self.ended = {customer + 1 for customer, _member in ending[renewed:]}
        self.waiting = len(ending)
        for position, one in enumerate(shop.members):
            shop.members[position] = replace(one, end_date=FAR, unlimited=False)
        self.renewed = list(shop.members)
        for _customer, card in ending:
            shop.members[card] = replace(shop.members[card], end_date=EVE)
            if (_customer + 1) in self.ended:
                self.renewed[card] = shop.members[card]
        self.night(EVE, shop.drop_export(EVE))
        self.before = self.members()
        assert len(self.before) > renewed
        sink.mails.clear()

    def night(self, day: date, _file: Path | None = None) -> int:
        """The night of a day."""
        self.shop.at(day, 10, 30)
        return self.shop.run("-q", "nightly")

    def members(self) -> set[int]:
        """Who is shown as a store member in EC-CUBE; the same as who has the class."""
        shown = self.shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups")
        count = self.shop.count(customer_class, customer_class.c.membership_class == "store")
        assert len(shown) == count
        return {row[0] for row in shown}

    def store(self) -> dict[str, list[tuple[object, ...]]]:
        """All we know of the store's members."""
        tables = (member, member_version, member_import, source)
        return {table.name: [tuple(row) for row in self.shop.rows(select(table))] for table in tables}

    def bad_file(self, day: date = TODAY) -> Path:
        """The good export of a day, to be spoilt."""
        return self.shop.drop_export(day, self.renewed)

    def told(self) -> set[str]:
        """Whom anything was mailed but the owner."""
        return {to for _sender, [to], _content in self.sink.mails if not to.startswith("owner@")}

    def unharmed(self) -> None:
        """Nobody lost the class and nobody was mailed."""
        assert self.members() == self.before
        assert self.told() == set()
        assert self.shop.count(notice, notice.c.state.in_(("queued", "sent"))) == 0

    def comes_right(self, day: date) -> None:
        """The good file of a day gives exactly the right set: who did not renew falls and is told."""
        for left in self.shop.settings().folders.drop.iterdir():
            left.unlink()
        code = self.night(day, self.shop.drop_export(day, self.renewed))
        assert code == 0
        assert self.members() == self.before - self.ended
        emails = {self.shop.customers[one - 1].email for one in self.ended}
        assert self.told() == emails


@pytest.fixture
def renewals(installed: InstalledShop, sink: Sink) -> Renewals:
    return Renewals(installed, sink)


def shifted(rows: Cells) -> Cells:
    """Every cell one column to the right; the last one comes first."""
    return [rows[0], *([row[-1], *row[:-1]] for row in rows[1:])]


def one_column_sorted(rows: Cells) -> Cells:
    """A spreadsheet sorted by one column that took the keys along and left the people."""
    keys = sorted((row[:2] for row in rows[1:]), reverse=True)
    return [rows[0], *(key + row[2:] for key, row in zip(keys, rows[1:], strict=True))]


def swapped(one: str, other: str) -> Callable[[Cells], Cells]:
    """The headers of two columns exchanged, as after a new template at the POS."""

    def changed(rows: Cells) -> Cells:
        names = {one: other, other: one}
        return [[names.get(name, name) for name in rows[0]], *rows[1:]]

    return changed


def of_another_store(rows: Cells) -> Cells:
    """As many members, all of them somebody else's."""
    return [rows[0], *(["9" + row[0], "9" + row[1][1:], *row[2:]] for row in rows[1:])]


def wrong_era(cell: str) -> str:
    """令和 taken for 平成: 2026 becomes 1996."""
    return f"H{int(cell[:4]) - 2018}{cell[4:].replace('/', '.')}" if cell[:1] == "2" else cell


WITHDRAWN = "everybody withdrawn"
"""Taken, for a file may say so; from then on each night refuses what would follow for everybody."""
SPOILT: dict[str, tuple[Callable[[Cells], Cells], int, str]] = {
    "cut at 60 % on a row end": (
        lambda rows: rows[: 1 + (len(rows) - 1) * 6 // 10], 70, "rows, the last good one had {members}"
    ),
    "nothing at all": (lambda _rows: [], 65, "is empty"),
    "header only": (lambda rows: rows[:1], 65, "a header and no row"),
    "columns shifted by one": (shifted, 65, "line 2"),
    "a year too early": (
        column(END_DATE_COLUMN, lambda cell: f"{int(cell[:4]) - 1}{cell[4:]}" if cell[:1] == "2" else cell),
        70,
        "of {members} members have an earlier end date",
    ),
    "every row twice": (lambda rows: [rows[0], *(row for row in rows[1:] for _time in "ab")], 65, "same code"),
    "wrong era": (column(END_DATE_COLUMN, wrong_era), 70, "of {members} members have an earlier end date"),
    "joined and end date exchanged": (swapped("入会日", END_DATE_COLUMN), 70, "an earlier end date"),
    "end dates emptied": (column(END_DATE_COLUMN, lambda _cell: ""), 70, "end_date"),
    WITHDRAWN: (column("会員状態区分", lambda _cell: "3"), 70, "would lose the store class"),
    "the export of another store": (
        of_another_store, 70, "{members} of {members} members of the last good file are not in this one"
    ),
    "only the keys sorted": (one_column_sorted, 70, "name another person"),
}  # fmt: skip


def test_a_file_that_looks_wrong_changes_nothing(
    renewals: Renewals, capsys: pytest.CaptureFixture[str], proof: Counter[str]
) -> None:
    all_are_refused(renewals, list(SPOILT), capsys)
    proof["disasters"] += len(SPOILT)
    renewals.comes_right(TODAY + timedelta(days=1))


@pytest.mark.parametrize("part", parts(1, 10))
def test_at_no_size_does_a_wrong_file_harm(
    part: int, tmp_path: Path, sink: Sink, proof: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = chance("sizes", part)
    for size in chosen.sample(range(130, 600), scale(1, 5)):
        with sqlite_shop(tmp_path / f"eccube-{size}.db") as eccube:
            shop = install(eccube, tmp_path / f"sync-{size}")
            renewals = Renewals(shop, sink, customers=size, members=size * 4 // 3)
            all_are_refused(renewals, chosen.sample(sorted(SPOILT), scale(2, len(SPOILT))), capsys)
            renewals.comes_right(TODAY + timedelta(days=1))
        proof["sizes"] += 1
        proof["disasters"] += scale(2, len(SPOILT))


def all_are_refused(renewals: Renewals, disasters: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each of these wrong files is refused in a sentence, harms nobody, and leaves what we know of the store alone."""
    store = renewals.store()
    for spoilt in sorted(disasters, key=lambda one: one == WITHDRAWN):
        change, code, sentence = SPOILT[spoilt]
        rewrite(renewals.bad_file(), change)
        capsys.readouterr()
        assert renewals.night(TODAY) == code, spoilt
        said = capsys.readouterr().err.replace(",", "")
        assert sentence.replace(",", "").format(members=len(renewals.shop.members)) in said, spoilt
        renewals.unharmed()
        assert spoilt == WITHDRAWN or renewals.store() == store, spoilt


def test_three_hundred_who_renewed_today_lose_nothing_by_any_wrong_file(
    tmp_path: Path, sink: Sink, proof: Counter[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The shop of the eight faults: 5,000 members, of whom 300 renewed at the counter today."""
    customers, members, renewed = scale((200, 270, 20), (3500, 5000, 300))
    with sqlite_shop(tmp_path / "eccube.db") as eccube:
        shop = install(eccube, tmp_path / "sync")
        renewals = Renewals(shop, sink, customers=customers, members=members, renewed=renewed, ended=5)
        disasters = scale(["wrong era", "columns shifted by one"], sorted(SPOILT))
        yesterdays_file_confirms_nothing(renewals, 1, 34, capsys)
        an_older_file_is_refused(renewals, capsys)
        all_are_refused(renewals, disasters, capsys)
        renewals.comes_right(TODAY + timedelta(days=1))
    proof["disasters"] += len(disasters) + 2


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_the_file_of_another_shop_is_refused(renewals: Renewals, capsys: pytest.CaptureFixture[str]) -> None:
    """As many rows, as well filled, all of them strangers: with numbers of their own, or with the numbers of ours."""
    strangers = list(generate(99, 10, MEMBERS, TODAY).members)
    for numbers, sentence in (
        (1_000_000, f"{MEMBERS} of {MEMBERS} members of the last good file are not in this one"),
        (0, f"of {MEMBERS} member codes name another person than before"),
    ):
        of_theirs = [
            replace(one, store_key=one.store_key + numbers, code=f"9{one.code[1:]}") for one in strangers
        ]
        renewals.shop.drop_export(TODAY, of_theirs)
        assert renewals.night(TODAY) == 70
        assert sentence in capsys.readouterr().err
    renewals.unharmed()
    renewals.comes_right(TODAY + timedelta(days=1))


@pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
def test_a_file_older_than_the_data_at_hand_changes_nothing(
    renewals: Renewals, capsys: pytest.CaptureFixture[str]
) -> None:
    an_older_file_is_refused(renewals, capsys)
    renewals.comes_right(TODAY)


def an_older_file_is_refused(renewals: Renewals, capsys: pytest.CaptureFixture[str]) -> None:
    """One of three days ago."""
    renewals.bad_file(TODAY - timedelta(days=3))
    capsys.readouterr()
    assert renewals.night(TODAY) == 65
    assert "older than the data of 2026-04-09 00:30" in capsys.readouterr().err
    renewals.unharmed()


def test_a_file_three_days_old_confirms_no_end_that_came_later(
    renewals: Renewals, capsys: pytest.CaptureFixture[str]
) -> None:
    later = TODAY + timedelta(days=2)
    visited = replace(renewals.shop.members[0], points=renewals.shop.members[0].points + 1)
    renewals.shop.drop_export(EVE, [visited, *renewals.shop.members[1:]], at=time(12, 30))
    assert renewals.night(later) == 70
    said = capsys.readouterr().err
    assert f"is 70 hours old (limit 36), so {RENEWED + ENDED} customers" in said
    renewals.unharmed()
    renewals.comes_right(later)


def test_yesterdays_file_with_a_new_date_changes_nothing(
    renewals: Renewals, capsys: pytest.CaptureFixture[str]
) -> None:
    for days, hours in ((1, 34), (3, 82), (9, 226)):
        yesterdays_file_confirms_nothing(renewals, days, hours, capsys)
    renewals.comes_right(EVE + timedelta(days=10))


def yesterdays_file_confirms_nothing(
    renewals: Renewals, days: int, hours: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """The export of the eve, so many days later under the date of the day."""
    day = EVE + timedelta(days=days)
    path = renewals.shop.drop_export(EVE)
    moment = datetime.combine(day, time(2), TOKYO).timestamp()
    os.utime(path, (moment, moment))
    capsys.readouterr()
    assert renewals.night(day) == 70
    said = capsys.readouterr().err.replace(",", "")
    assert "imported before" in said
    assert f"is {hours} hours old (limit 36) so {renewals.waiting}" in said
    renewals.unharmed()
