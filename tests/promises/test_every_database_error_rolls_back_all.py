"""Whatever error the database answers a statement with, the whole transaction goes, and is done again as a whole."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from eccube_sync import db
from eccube_sync.errors import ExitCode
from tests.promises.scale import CAMPAIGN, SEED, chance, parts, scale
from tests.promises.scenes import SCENES, Scene
from tests.support.installed import TODAY, install
from tests.support.shop import Shop
from tests.support.watch import PARTIAL

pytestmark = pytest.mark.promise("P18")

Play = Callable[[str, str], Scene]
ERRORS = (1205, 1213, 1020, 2006, 2013)
PARTS = 8
EVERY = 3


def places(statements: int, name: str, part: int) -> list[tuple[int, int]]:
    """Statements and the error each is answered with: in a campaign every third one, with the next seeds the others."""
    if CAMPAIGN:
        first = 1 + (SEED + part * EVERY) % (EVERY * PARTS)
        return [(at, ERRORS[(at + SEED) % len(ERRORS)]) for at in range(first, statements + 1, EVERY * PARTS)]
    random = chance("errors", name)
    number = len(ERRORS) if name == "night" else 1
    return list(
        zip(random.sample(range(1, statements + 1), number), random.sample(ERRORS, number), strict=True)
    )


@pytest.mark.parametrize("part", parts(1, PARTS))
@pytest.mark.parametrize("name", scale(["night"], list(SCENES)))
def test_a_statement_fails_and_nothing_is_half_done(
    play: Play, name: str, part: int, proof: Counter[str]
) -> None:
    found = play(name, "mysql")
    for at, number in places(found.clean.statements, name, part):
        found.again()
        outcome = found.play(fail={"at": at, "number": number})
        assert outcome.code != PARTIAL, (at, number)
        # The first statements belong to connecting.
        refused = ExitCode.CONFIGURATION if "Cannot connect" in outcome.output else ExitCode.LOCKED
        assert outcome.code in {found.clean.code, 0, refused}, (at, number, outcome.output)
        assert len(found.heal()) <= 1, (at, number)
        proof["statements failed"] += 1
        proof["runs that went on by themselves"] += outcome.code != refused


@pytest.mark.parametrize("number", scale([1205], [1205, 1213, 1020]))
def test_an_error_that_does_not_go_away_ends_the_run_in_a_sentence(play: Play, number: int) -> None:
    found = play("night", "mysql")
    at = chance("again", number).randint(found.clean.statements // 2, found.clean.statements)
    outcome = found.play(fail={"at": at, "number": number, "times": 1000})
    assert outcome.code == ExitCode.LOCKED, outcome.output
    assert "locked" in outcome.output
    assert len(found.heal()) <= 1


def test_whoever_holds_the_files_of_sqlite_a_little_longer_is_waited_for(
    sqlite_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = install(sqlite_shop, tmp_path / "sync")
    shop.fill(20, 30)
    shop.drop_export(TODAY)
    monkeypatch.setattr(db, "SQLITE_PATIENCE", 50)
    path = shop.settings().sqlite_path("own")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        release = Timer(0.5, holder.rollback)
        release.start()
        assert shop.run("-q", "nightly") == 0
        release.join()
