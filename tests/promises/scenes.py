"""Commands that are harmed while they work, each in a small shop that was brought to the moment before it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from eccube_sync.errors import ExitCode
from eccube_sync.tables.runs import run as run_table
from tests.nightly.endstate import Ending, ending
from tests.nightly.story import Story
from tests.plugin.tables import install_plugin
from tests.plugin.test_inbox import code_of, member_of, new_customer, start
from tests.promises.keeping import PutBack, keep
from tests.support import shop as shops
from tests.support.installed import InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.proxy import Proxy
from tests.support.runs import Outcome, Runs
from tests.support.smtp import Sink

Prepare = Callable[[InstalledShop, Sink], tuple[str, ...]]
"""Brings a new shop to the moment before; returns the command to be harmed."""
PEOPLE = {"customers": 60, "members": 80}


def _second_day(shop: InstalledShop, sink: Sink) -> None:
    story = Story(shop, sink.port, **PEOPLE)
    assert shop.run("-q", "nightly") == 0
    story.first_day()
    assert shop.run("-q", "nightly") == 0
    story.second_day()


def night(shop: InstalledShop, sink: Sink) -> tuple[str, ...]:
    """A night with renewals, new customers, one who vanished, a new card, answers of the reviewer, and mails."""
    _second_day(shop, sink)
    return ("nightly",)


def classification(shop: InstalledShop, sink: Sink) -> tuple[str, ...]:
    """By hand, after the day's file was imported."""
    _second_day(shop, sink)
    (file,) = shop.settings().folders.drop.glob("*.csv")
    assert shop.run("-q", "members", "import", str(file), "--apply") == 0
    return ("classify", "--apply")


def decisions(shop: InstalledShop, sink: Sink) -> tuple[str, ...]:
    """A file the reviewer filled in."""
    _second_day(shop, sink)
    folder = shop.settings().folders.review_in
    (answered,) = folder.iterdir()
    file = answered.rename(shop.folder / "answers.csv")
    return ("review", "import", str(file), "--apply")


def undo(shop: InstalledShop, sink: Sink) -> tuple[str, ...]:
    """The last night is taken back."""
    _second_day(shop, sink)
    assert shop.run("-q", "nightly") == 0
    (newest,) = shop.rows(select(func.max(run_table.c.id)).where(run_table.c.command == "nightly"))
    return ("runs", "undo", str(newest[0]), "--apply")


def _claims(shop: InstalledShop) -> list[int]:
    """Two who registered, one of them with a code, and one who types a wrong code."""
    plugin = start(shop)
    code = code_of(shop, member_of(shop))
    ids = [new_customer(shop), new_customer(shop, 9)]
    plugin.put("claim", ids[0], code=code)
    plugin.put("claim", ids[1], code="0000-0000-0000")
    return ids


def inbox(shop: InstalledShop, _sink: Sink) -> tuple[str, ...]:
    """What the plugin took in, for shops without a bridge."""
    _claims(shop)
    return ("inbox",)


def bridge(shop: InstalledShop, _sink: Sink) -> tuple[str, ...]:
    """The same, told to the bridge."""
    return ("bridge", *map(str, _claims(shop)))


SCENES: dict[str, Prepare] = {
    one.__name__: one for one in (night, classification, decisions, undo, inbox, bridge)
}


_numbers = count(1)


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is true."""
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.005)


@dataclass(slots=True)
class Scene:
    """A command that is about to run, and how it ends when nothing happens to it."""

    name: str
    shop: InstalledShop
    sink: Sink
    runs: Runs
    arguments: tuple[str, ...]
    _put_back: PutBack
    clean: Outcome = field(init=False)
    expected: Ending = field(init=False)

    def __post_init__(self) -> None:
        self.clean = self.play()
        assert self.clean.code in (0, 1), self.clean.output
        self.expected = ending(self.shop, self.sink)

    def again(self) -> None:
        """To the moment before."""
        self._put_back()
        self.shop.configure()
        self.sink.mails.clear()

    def play(self, **how: Any) -> Outcome:
        """Run the command; see ``Runs.together``."""
        return self.runs.run(self.shop, *self.arguments, **how)

    def interrupted(self, point: int, act: Callable[[], None], **how: Any) -> Outcome:
        """Run the command, let it pause at this step, do something to it meanwhile, and let it go on."""
        marks = {name: self.shop.folder.parent / f"{name}-{next(_numbers)}" for name in ("holding", "until")}
        with ThreadPoolExecutor(1) as aside:
            playing = aside.submit(self.play, hold={"at": point, **marks}, **how)
            try:
                wait_for(lambda: marks["holding"].exists() or playing.done())
                act()
            finally:
                marks["until"].touch()
            return playing.result()

    @contextmanager
    def through(self, proxy: Proxy) -> Iterator[None]:
        """Let the program reach its server through a proxy from now on."""
        usual = self.shop.database_lines
        server = self.shop.eccube.server
        assert server is not None
        self.shop.database_lines = usual.replace(
            f'socket = "{server.socket}"', f'host = "127.0.0.1"\nport = {proxy.port}'
        )
        self.shop.configure()
        try:
            yield
        finally:
            self.shop.database_lines = usual
            self.shop.configure()

    def wait_for_the_server(self) -> None:
        """Until it has noticed that a killed run is dead, and freed its locks."""
        server = self.shop.eccube.server
        if server is not None:
            wait_for(lambda: not self.connections(server))

    def connections(self, server: Server) -> list[int]:
        """What the runtime account has open on the server, by number."""
        user = self.shop.settings().database.runtime.user
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (user,))
            return [row[0] for row in cursor.fetchall()]

    def heal(self, *, owner_told: bool = False) -> set[str]:
        """One more run, unharmed; what the mails in doubt are about. Everything else is as if nothing had happened.

        ``owner_told``: that something was refused may have been mailed to the owner besides.
        """
        self.wait_for_the_server()
        outcome = self.play()
        found = ending(self.shop, self.sink)
        usual = {0, self.clean.code} | ({1} if found.in_doubt else set())
        if self.arguments[:2] == ("runs", "undo"):
            usual.add(ExitCode.USAGE)  # it was killed when all was done
        assert outcome.code in usual, outcome.output
        expected = self.expected.but_for(found.in_doubt)
        if owner_told:
            expected = replace(expected, owner=expected.owner | found.owner)
            found = replace(found, owner=expected.owner)
        different = expected.unlike(found.but_for(found.in_doubt))
        assert not different, "\n".join(different)
        return found.in_doubt


@contextmanager
def scene(name: str, kind: str, server: Server, sink: Sink, runs: Runs, folder: Path) -> Iterator[Scene]:
    """One of ``SCENES`` on SQLite or MariaDB."""
    made = shops.sqlite_shop(folder / "eccube.db") if kind == "sqlite" else shops.mariadb_shop(server)
    with made as eccube:
        plugged = SCENES[name] in (inbox, bridge)
        if plugged:
            install_plugin(eccube)
        shop = install(eccube, folder / "sync", '[[projection]]\nkind = "plugin"\n' if plugged else "")
        try:
            arguments = SCENES[name](shop, sink)
            put_back = keep(shop, folder / "kept")
            sink.mails.clear()
            yield Scene(name, shop, sink, runs, arguments, put_back)
        finally:
            remove(shop)
