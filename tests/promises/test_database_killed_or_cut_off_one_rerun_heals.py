"""The database server dies, becomes read-only, or the network to it breaks; the next run heals it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from eccube_sync.errors import ExitCode
from tests.promises.scale import CAMPAIGN, chance, parts, scale
from tests.promises.scenes import SCENES, Scene, setting
from tests.support.mariadb import Server, running_mariadb
from tests.support.proxy import COMMIT, Proxy
from tests.support.quickfolder import quick_folder
from tests.support.runs import Outcome, Runs
from tests.support.smtp import Sink

pytestmark = pytest.mark.promise("P1", "P2")

Play = Callable[[str, str], Scene]
SHORT = scale(["night"], list(SCENES))
STOPPED = {ExitCode.LOCKED, ExitCode.CONFIGURATION}
"""In words: try again later, or: the server cannot be reached."""


def check_end(outcome: Outcome, *, usual: tuple[int, ...] = (0, 1)) -> None:
    """It either came through or said in a sentence that it could not; nothing unforeseen."""
    assert outcome.code in {*STOPPED, *usual}, (outcome.code, outcome.output)


@pytest.fixture
def mortal() -> Iterator[Server]:
    """A server that may be killed, for it is nobody else's."""
    with quick_folder() as folder, running_mariadb(folder / "server") as server:
        yield server


@pytest.mark.parametrize("part", parts(1, 2))
def test_the_server_is_killed_and_starts_again_while_a_night_runs(
    mortal: Server, mail_server: Sink, runs: Runs, tmp_path: Path, part: int, proof: Counter[str]
) -> None:
    random = chance("server", part)
    with setting("night", "mysql", mortal, mail_server, runs, tmp_path) as before:
        night = before.scene("night")
        for _kill in range(scale(2, 25)):
            night.again()
            outcome = night.interrupted(random.randint(40, night.clean.steps), mortal.restart)
            check_end(outcome)
            assert len(night.heal()) <= 1
            proof["kills of the server"] += 1


@pytest.mark.promise("P8", "P1", "P2")
@pytest.mark.parametrize("part", parts(1, 4))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_answer_is_lost_is_done_exactly_once(
    play: Play, when: str, part: int, proof: Counter[str]
) -> None:
    """The network breaks when the server has not got the COMMIT yet, or has done it and its answer is lost."""
    names = list(SCENES) if CAMPAIGN else ["night"]
    for name in names:
        found = play(name, "mysql")
        server = found.shop.eccube.server
        assert server is not None
        with Proxy(server.socket) as proxy, found.through(proxy):
            commits = _count_commits(found, proxy)
            chosen = _chosen(commits, name, when, part)
            for number in chosen:
                found.again()
                proxy.when = _at_commit(number, when)
                check_end(found.play())
                proxy.when = lambda _number, _request: None
                assert len(found.heal()) <= 1
                proof["commits cut"] += 1
            assert proxy.broken >= len(chosen)


def _chosen(commits: int, name: str, when: str, part: int) -> list[int]:
    if CAMPAIGN:
        return list(range(1 + part, commits + 1, 4))
    return sorted(chance("commits", name, when).sample(range(1, commits + 1), 2))


def _count_commits(found: Scene, proxy: Proxy) -> int:
    seen = [0]

    def count(_number: int, request: bytes) -> None:
        seen[0] += request == COMMIT

    proxy.when = count
    found.again()
    assert found.play().code == found.clean.code
    return seen[0]


def _at_commit(number: int, what: str) -> Callable[[int, bytes], str | None]:
    seen = [0]

    def when(_number: int, request: bytes) -> str | None:
        seen[0] += request == COMMIT
        return what if request == COMMIT and seen[0] == number else None

    return when


@pytest.mark.parametrize("part", parts(1, 2))
def test_a_connection_that_is_reset_or_slow_harms_nothing(play: Play, part: int, proof: Counter[str]) -> None:
    found, random = play("night", "mysql"), chance("reset", part)
    server = found.shop.eccube.server
    assert server is not None
    with Proxy(server.socket) as proxy, found.through(proxy):
        for _time in range(scale(2, 20)):
            found.again()
            proxy.requests, at = 0, random.randint(30, found.clean.statements)
            proxy.when = lambda number, _request, at=at: "reset" if number == at else 0.002  # type: ignore[misc]
            outcome = found.play()
            assert outcome.code == ExitCode.LOCKED, outcome.output
            proxy.when = lambda _number, _request: None
            assert len(found.heal()) <= 1
            proof["resets"] += 1


@pytest.mark.promise("P6", "P1", "P2")
@pytest.mark.parametrize("part", parts(1, 1))
def test_a_network_that_dies_without_a_word_frees_the_lock_in_time(
    play: Play, part: int, proof: Counter[str]
) -> None:
    """Neither side is told. Our side gives up an answer that never comes, the server a client that never speaks."""
    found, random, silence = play("night", "mysql"), chance("hole", part), 3
    server = found.shop.eccube.server
    assert server is not None
    with Proxy(server.socket) as proxy, found.through(proxy):
        for _time in range(scale(1, 10)):
            found.again()
            proxy.requests, at = 0, random.randint(60, found.clean.statements)
            proxy.when = lambda number, _request, at=at: "hole" if number == at else None  # type: ignore[misc]
            outcome = found.play(hurry={"silence": silence, "answer": silence})
            assert outcome.code == ExitCode.LOCKED, outcome.output
            began = time.monotonic()
            found.wait_for_the_server()
            assert time.monotonic() - began < silence + 5
            proxy.when = lambda _number, _request: None
            assert len(found.heal()) <= 1
            proof["black holes"] += 1


@pytest.mark.parametrize("name", SHORT)
def test_a_database_that_becomes_read_only_is_told_of_and_nothing_is_half_done(
    play: Play, name: str, proof: Counter[str]
) -> None:
    found, random = play(name, "mysql"), chance("read only", name)
    server = found.shop.eccube.server
    assert server is not None
    try:
        for _time in range(scale(2, 10)):
            found.again()
            at = random.randint(1, found.clean.steps)
            outcome = found.interrupted(at, lambda: server.execute("SET GLOBAL read_only = 1"), gives_up=10)
            check_end(outcome)
            server.execute("SET GLOBAL read_only = 0")
            assert len(found.heal()) <= 1
            proof["times read-only"] += 1
    finally:
        server.execute("SET GLOBAL read_only = 0")


def test_a_night_on_a_read_only_database_says_so_and_writes_nothing(play: Play) -> None:
    found = play("night", "mysql")
    server = found.shop.eccube.server
    assert server is not None
    server.execute("SET GLOBAL read_only = 1")
    try:
        outcome = found.play()
    finally:
        server.execute("SET GLOBAL read_only = 0")
    assert outcome.code == ExitCode.LOCKED
    assert "read-only" in outcome.output
    assert found.sink.mails == []
    assert found.heal() == set()
