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
from tests.nightly.endstate import OWNER, Ending, ending, received
from tests.nightly.story import Story
from tests.outbox.returned import RETURNED
from tests.plugin.tables import install_plugin
from tests.plugin.test_inbox import code_of, member_of, new_customer, start
from tests.promises.keeping import PutBack, keep
from tests.support import shop as shops
from tests.support.installed import InstalledShop, install, remove
from tests.support.maildir import Maildir
from tests.support.mariadb import Server
from tests.support.proxy import Proxy
from tests.support.runs import Outcome, Runs
from tests.support.smtp import Sink
from tests.support.watch import LONGEST_WAIT

PEOPLE = {"customers": 60, "members": 80}
CARDS = '[[projection]]\nkind = "plugin"\n'


def second_day(shop: InstalledShop, sink: Sink) -> None:
    """After two nights: renewals, new customers, one who vanished, a new card, answers of the reviewer wait.

    So does a mail of the second night that came back.
    """
    maildir = Maildir(shop.folder / "Maildir")
    shop.mail = f'bounces = "{maildir.folder}"\n'
    story = Story(shop, sink.port, **PEOPLE)
    assert shop.run("-q", "nightly") == 0
    story.first_day()
    sink.mails.clear()
    assert shop.run("-q", "nightly") == 0
    shape, _blame = RETURNED["no such user"]
    address, message_id = min((to, one) for one, (to, *_more) in received(sink.mails).items() if to != OWNER)
    maildir.arrives(shape(message_id, address))
    story.second_day()


def claims(shop: InstalledShop, _sink: Sink) -> None:
    """With our plugin: two who registered, one of them with a code, one with a wrong one."""
    plugin = start(shop)
    code = code_of(shop, member_of(shop))
    plugin.put("claim", new_customer(shop), code=code)
    plugin.put("claim", new_customer(shop, 9), code="0000-0000-0000")


def night(_shop: InstalledShop) -> tuple[str, ...]:
    """All of it, with the mails."""
    return ("nightly",)


def classification(shop: InstalledShop) -> tuple[str, ...]:
    """By hand, after the day's file was imported."""
    (file,) = shop.settings().folders.drop.glob("*.csv")
    assert shop.run("-q", "members", "import", str(file), "--apply") == 0
    return ("classify", "--apply")


def decisions(shop: InstalledShop) -> tuple[str, ...]:
    """A file the reviewer filled in."""
    (answered,) = shop.settings().folders.review_in.iterdir()
    file = answered.rename(shop.folder / "answers.csv")
    return ("review", "import", str(file), "--apply")


def undo(shop: InstalledShop) -> tuple[str, ...]:
    """The last night is taken back."""
    assert shop.run("-q", "nightly") in (0, 1)
    (newest,) = shop.rows(select(func.max(run_table.c.id)).where(run_table.c.command == "nightly"))
    return ("runs", "undo", str(newest[0]), "--apply")


def inbox(_shop: InstalledShop) -> tuple[str, ...]:
    """What the plugin took in, for shops without a bridge."""
    return ("inbox",)


def bridge(shop: InstalledShop) -> tuple[str, ...]:
    """The same, told to the bridge."""
    newest = shop.eccube.rows("SELECT id FROM dtb_customer ORDER BY id DESC LIMIT 2")
    return ("bridge", *(str(row[0]) for row in newest))


SCENES: dict[
    str, tuple[Callable[[InstalledShop, Sink], None], Callable[[InstalledShop], tuple[str, ...]]]
] = {
    "night": (second_day, night),
    "classification": (second_day, classification),
    "decisions": (second_day, decisions),
    "undo": (second_day, undo),
    "inbox": (claims, inbox),
    "bridge": (claims, bridge),
}
"""What was before, which scenes may share, and the last step, which returns the command to be harmed."""


_numbers = count(1)


def wait_for(what: Callable[[], bool], seconds: float = LONGEST_WAIT) -> None:
    """Wait until it is true."""
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.005)


def connections(shop: InstalledShop) -> list[int]:
    """What the runtime account has open on the server, by number; nothing where there is no server."""
    if shop.eccube.server is None:
        return []
    user = shop.settings().database.runtime.user
    with shop.eccube.server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (user,))
        return [row[0] for row in cursor.fetchall()]


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
        wait_for(lambda: not connections(self.shop))

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


@dataclass(slots=True)
class Setting:
    """A shop in which several scenes play; each leaves it as it likes, for each begins with putting it back."""

    shop: InstalledShop
    sink: Sink
    runs: Runs
    folder: Path
    put_back: PutBack

    def scene(self, name: str) -> Scene:
        """One of ``SCENES`` that has this setting."""
        self.put_back()
        self.shop.configure()
        arguments = SCENES[name][1](self.shop)
        put_back = keep(self.shop, self.folder / name)
        self.sink.mails.clear()
        return Scene(name, self.shop, self.sink, self.runs, arguments, put_back)


@contextmanager
def setting(name: str, kind: str, server: Server, sink: Sink, runs: Runs, folder: Path) -> Iterator[Setting]:
    """What was before the scene of this name, on SQLite or MariaDB."""
    before = SCENES[name][0]
    made = shops.sqlite_shop(folder / "eccube.db") if kind == "sqlite" else shops.mariadb_shop(server)
    with made as eccube:
        if before is claims:
            install_plugin(eccube)
        shop = install(eccube, folder / "sync", CARDS if before is claims else "")
        try:
            before(shop, sink)
            yield Setting(shop, sink, runs, folder, keep(shop, folder / "before"))
        finally:
            remove(shop)
