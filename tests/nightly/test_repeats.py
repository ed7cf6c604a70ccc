"""Two nights told once, and the same two repeated, or told twice at the same time: they end alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.nightly.endstate import Ending, ending
from tests.nightly.story import Story
from tests.support import shop as shops
from tests.support.installed import InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.runs import Outcome, Runs
from tests.support.smtp import Sink

Night = Callable[[InstalledShop], None]


def tell(story: Story, night: Night) -> None:
    """The eve as it is, then both days with their nights told in some way."""
    assert story.shop.run("nightly") == 0
    for day in (story.first_day, story.second_day):
        day()
        night(story.shop)


def once(shop: InstalledShop) -> None:
    assert shop.run("nightly") == 0


@pytest.fixture(scope="module")
def reference(mariadb_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Ending]:
    """How the story ends when each night runs once, cleanly; worked out once for each kind of database."""
    known: dict[str, Ending] = {}

    def of(shop: InstalledShop, sink: Sink) -> Ending:
        kind = shop.eccube.kind
        if kind not in known:
            with another_shop(kind, mariadb_server, tmp_path_factory.mktemp(kind)) as other:
                tell(Story(other, sink.port), once)
                known[kind] = ending(other, sink)
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
