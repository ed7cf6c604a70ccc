"""Two nights told once, and the same two repeated, at the same time, or killed: they end alike."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from eccube_sync.configsections import STAGES
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.members import staged_member
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import run
from tests.nightly.conftest import Outcome, Runs
from tests.nightly.driver import KILLED
from tests.nightly.endstate import Names, State, differences, eccube_state, our_state, received
from tests.nightly.spreadsheets import column, rewrite
from tests.nightly.story import Story
from tests.support import shop as shops
from tests.support.installed import TODAY, InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.shop import Shop
from tests.support.smtp import Sink

KILLS = int(os.environ.get("ECCUBE_SYNC_KILLS", "8"))
"""How many points of a night are killed one by one; 0 = every single one, which takes an hour."""

OWNER = "owner@shop.example.jp"
Night = Callable[[InstalledShop], None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ended: every row of both schemas, and who got which mail about what."""

    ours: State
    eccube: State
    mails: Counter[tuple[str, str, str]]
    owner: set[str]
    in_doubt: set[str]
    """What mails are about of which nobody can tell whether they arrived."""
    calls: list[dict[str, int]] = field(default_factory=list)
    """Of each night, how many external calls it made in each stage."""

    def but_for(self, doubtful: set[str]) -> Ending:
        """The same without these mails."""
        notices = {row: number for row, number in self.ours["notice"].items() if not doubtful & set(row)}
        mails = {mail: number for mail, number in self.mails.items() if mail[0] not in doubtful}
        return replace(self, ours=self.ours | {"notice": Counter(notices)}, mails=Counter(mails))

    def unlike(self, other: Ending) -> list[str]:
        """Everything in which the two differ."""
        mails = [f"mails - {one}" for one in (self.mails - other.mails).elements()]
        mails += [f"mails + {one}" for one in (other.mails - self.mails).elements()]
        mails += [f"owner {one}" for one in self.owner ^ other.owner]
        return differences(self.ours, other.ours) + differences(self.eccube, other.eccube) + mails


def ending(shop: InstalledShop, sink: Sink) -> Ending:
    """The state of both schemas, and the mails by what they are about."""
    to_customers = received([mail for mail in sink.mails if mail[1] != [OWNER]])
    with shop.connect() as (_service, connection):
        names = Names(connection)
        rows = list(connection.execute(select(notice)))
    about = {row.message_id: names.notice_key(row) for row in rows if row.state in {"sent", "in_doubt"}}
    return Ending(
        our_state(shop),
        eccube_state(shop),
        Counter((about[key], to, subject) for key, (to, _header, subject) in to_customers.items()),
        # A run killed just after the owner's mail left sends it again, under the same Message-ID.
        {subject for mail in sink.mails if mail[1] == [OWNER] for *_to, subject in received([mail]).values()},
        {names.notice_key(row) for row in rows if row.state == "in_doubt"},
    )


def tell(story: Story, night: Night) -> None:
    """The eve as it is, then both days with their nights told in some way."""
    assert story.shop.run("nightly") == 0
    for day in (story.first_day, story.second_day):
        day()
        night(story.shop)


def once(shop: InstalledShop) -> None:
    assert shop.run("nightly") == 0


@pytest.fixture(scope="module")
def reference(
    mariadb_server: Server, runs: Runs, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ending]:
    """How the story ends when each night runs once, cleanly; worked out once for each kind of database."""
    known: dict[str, Ending] = {}

    def of(shop: InstalledShop, sink: Sink) -> Ending:
        kind = shop.eccube.kind
        if kind not in known:
            with another_shop(kind, mariadb_server, tmp_path_factory.mktemp(kind)) as other:
                nights: list[Outcome] = []
                tell(Story(other, sink.port), lambda shop: nights.append(runs.run(shop)))
                assert [night.code for night in nights] == [0, 0], nights
                known[kind] = ending(other, sink)
                known[kind].calls.extend(night.calls for night in nights)
            sink.mails.clear()
        return known[kind]

    return of


@contextmanager
def another_shop(kind: str, server: Server, folder: Path) -> Iterator[InstalledShop]:
    with (
        shops.sqlite_shop(folder / "eccube.db") if kind == "sqlite" else shops.mariadb_shop(server) as eccube
    ):
        made = install(eccube, folder / "sync")
        yield made
        remove(made)


def test_the_story_has_all_that_can_go_wrong(
    installed: InstalledShop, sink: Sink, reference: Callable[..., Ending]
) -> None:
    told = reference(installed, sink)
    kinds = Counter(about.split()[0] for about, _to, _subject in told.mails.elements())
    assert kinds >= Counter(expired=2, restored=2, linked=3, expiring=1)
    assert told.ours["review_decision"].total() >= 2
    said = {value for row in told.ours["link"] for value in row}
    assert said >= {"moved", "customer_withdrawn", "customer_vanished"}
    assert len(told.owner) == 3


def test_three_times_each_night_is_once(
    installed: InstalledShop, sink: Sink, reference: Callable[..., Ending]
) -> None:
    expected = reference(installed, sink)

    def three_times(shop: InstalledShop) -> None:
        for _time in range(3):
            once(shop)

    tell(Story(installed, sink.port), three_times)
    assert expected.unlike(ending(installed, sink)) == []


def test_twice_at_once_is_once_and_the_loser_says_so_at_once(
    installed: InstalledShop, sink: Sink, runs: Runs, reference: Callable[..., Ending], tmp_path: Path
) -> None:
    expected = reference(installed, sink)
    losers: list[Outcome] = []

    def twice_at_once(shop: InstalledShop) -> None:
        """One stops in the middle of a transaction until the other has given up."""
        holding, until = (tmp_path / f"{name}-{len(losers)}" for name in ("holding", "until"))
        hold = {"at": ("classify", 12), "holding": holding, "until": until}
        winner, loser = runs.together(shop, {"hold": hold}, {"after": holding, "then": until})
        assert winner.code == 0, winner.output
        losers.append(loser)

    tell(Story(installed, sink.port), twice_at_once)
    assert [loser.code for loser in losers] == [75, 75], [loser.output for loser in losers]
    # one that waited for the other's locks would take five and more
    assert max(loser.seconds for loser in losers) < 4
    assert all("under way" in loser.output for loser in losers)
    assert expected.unlike(ending(installed, sink)) == []


def test_killed_once_in_each_stage_is_once(
    installed: InstalledShop, sink: Sink, runs: Runs, reference: Callable[..., Ending]
) -> None:
    expected = reference(installed, sink)
    nights, chance = iter(expected.calls), Random(7)

    def killed_in_each_stage(shop: InstalledShop) -> None:
        calls = next(nights)
        for stage in STAGES:
            assert runs.run(shop, kill=(stage, chance.randint(1, calls[stage]))).code == KILLED, stage
        assert runs.run(shop).code == 0

    tell(Story(installed, sink.port), killed_in_each_stage)
    assert installed.count(staged_member) == 0
    assert installed.count(run, run.c.state == "interrupted") == 2 * len(STAGES)
    assert expected.unlike(ending(installed, sink)) == []


def test_killed_anywhere_is_once(sqlite_shop: Shop, sink: Sink, runs: Runs, tmp_path: Path) -> None:
    """The folder of the shop, both databases in it, is put back before each kill."""
    shop = install(sqlite_shop, tmp_path / "sync")
    story = Story(shop, sink.port)
    assert shop.run("nightly") == 0
    story.first_day()
    sink.mails.clear()
    put_back = keep(shop, tmp_path)
    clean = runs.run(shop)
    expected = ending(shop, sink)
    points = [(stage, number) for stage, calls in clean.calls.items() for number in range(1, calls + 1)]
    chosen = Random(11).sample(points, KILLS) if KILLS else points
    for point in chosen:
        put_back()
        sink.mails.clear()
        assert runs.run(shop, kill=point).code == KILLED, point
        again = runs.run(shop)
        found = ending(shop, sink)
        assert again.code == (1 if found.in_doubt else 0), (point, again.output)
        assert len(found.in_doubt) <= 1, point
        assert expected.but_for(found.in_doubt).unlike(found.but_for(found.in_doubt)) == [], point


def keep(shop: InstalledShop, folder: Path) -> Callable[[], None]:
    """Remember a shop on SQLite as it is; what is returned puts it back."""
    database, kept = Path(shop.eccube.database), folder / "kept"
    shutil.copytree(shop.folder, kept / "sync")
    shutil.copy2(database, kept / "eccube.db")

    def put_back() -> None:
        shutil.rmtree(shop.folder)
        shutil.copytree(kept / "sync", shop.folder)
        shutil.copy2(kept / "eccube.db", database)
        database.with_name(f"{database.name}-journal").unlink(missing_ok=True)

    return put_back


def test_a_code_handed_out_is_bound_wherever_the_import_is_killed(
    sqlite_shop: Shop, runs: Runs, tmp_path: Path
) -> None:
    """The store types a code's serial into the member's remark; a file that is known is not taken in again."""
    shop = install(sqlite_shop, tmp_path / "sync")
    shop.columns = 'link_code_serial = ["備考"]'
    shop.configure()
    assert shop.run("codes", "issue", "--count", "3", "--apply") == 0
    serials = iter([row.serial for row in shop.rows(select(link_code.c.serial))])
    shop.fill(20, 30)
    rewrite(shop.drop_export(TODAY), column("備考", lambda _cell: next(serials, "")))
    put_back = keep(shop, tmp_path)
    calls = runs.run(shop).calls["import"]
    for number in range(calls - 4, calls + 1):
        put_back()
        assert runs.run(shop, kill=("import", number)).code == KILLED
        assert runs.run(shop).code == 0
        assert shop.count(link_code, link_code.c.state == "assigned") == 3, number
