"""A very small shop and store, and everything people, cron, bad luck and administrators do to them.

The shop is a whole one on SQLite. Every run of the program is looked at: EC-CUBE's own columns stay as they
were, and the journal names what changed.
"""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

from eccube_sync.application import Application, actor
from eccube_sync.cli import run as run_program
from eccube_sync.clock import TOKYO, FixedClock
from eccube_sync.db import Database
from eccube_sync.population import CustomerPerson, MemberPerson, customer_rows
from eccube_sync.services.running import Shop as ServiceShop
from eccube_sync.tables import metadata
from tests.nightly.story import FAR, add_somebody_like, clear_pairs, forget_customer, make_anew
from tests.promises.ledger import Row, Tables, differences, folded, journal_lines, new_rows, version_lines
from tests.promises.reviewing import answered
from tests.support.installed import TODAY, InstalledShop, install
from tests.support.runs import Runs
from tests.support.shop import Shop, sqlite_shop, stored
from tests.support.smtp import FaultyServer

GROUP = "plg_customer_group_customers_groups"
PEOPLE = 7
LOST, WITHDRAWN, MERGED = 2, 3, 4
GOOD = frozenset({0, 1})
SECTIONS = '[review]\nformat = "csv"\n[notices]\nper_minute = 1000\n'
GUARDS = "downgrades = 1000\nsurprise_downgrades = 1000\nbackwards_percent = 100\nfill_rate_points = 50"
"""In a store of a dozen members, one person is already more than the percents these guards allow."""


class OneProcess(Application):
    """The program run many times in one process: its statements are made ready once."""

    databases: dict[Path, Database] = {}  # noqa: RUF012 - what is shared is meant to be

    def shop(self) -> ServiceShop:
        database = self.databases.setdefault(self.settings.path, Database(self.settings))
        return ServiceShop(self.settings, database, self.clock, actor())


@dataclass(slots=True)
class Outcome:
    """One run of the program: its exit code, what it said, and our tables before and after it."""

    code: int
    said: str
    before: Tables
    after: Tables


@dataclass
class Life:
    """The shop, its people by number, and the administrators' and the reviewers' desks."""

    shop: InstalledShop
    server: FaultyServer
    runs: Runs
    people: list[tuple[CustomerPerson, MemberPerson]]
    """People no matcher can doubt: the account and the card of each."""
    day: date = TODAY
    accounts: list[int] = field(default_factory=list)
    """EC-CUBE ids that were given out."""
    kept_files: list[Path] = field(default_factory=list)
    """Review files as they were exported, the oldest first."""
    backup: tuple[int, Path] | None = None
    """A copy of the databases, and how far our runs had come."""
    resent: set[str] = field(default_factory=set)
    """Message-IDs that a person had sent once more."""
    assumed: set[str] = field(default_factory=set)
    """Message-IDs in doubt that a person took for sent; some of them never came."""
    forgotten: set[str] = field(default_factory=set)
    """Message-IDs a restored database knew nothing of, or had not sent yet."""
    last: Outcome | None = None
    _next_card: int = 70_000
    _files: int = 0

    def fresh(self) -> Life:
        """Another life that begins where this one stands; the folders are put back as they were kept."""
        put_back(self.shop.folder.parent)
        clock = FixedClock(self.shop.clock.moment)
        shop = replace(self.shop, members=list(self.shop.members), clock=clock)
        self.server.accepted.clear()
        self.server.phase = None
        accounts = list(self.accounts)
        return Life(shop, self.server, self.runs, self.people, self.day, accounts, _next_card=self._next_card)

    # --- the store ---

    def cards_of(self, person: int) -> list[int]:
        """Where a person's cards stand in the store's list, the newest last."""
        of = self.people[person][1].person
        return [place for place, one in enumerate(self.shop.members) if one.person == of]

    def change_card(self, person: int, **values: Any) -> bool:
        """Change the newest card of a person at the counter; False when there is none."""
        cards = self.cards_of(person)
        if cards:
            self.shop.members[cards[-1]] = replace(self.shop.members[cards[-1]], **values)
        return bool(cards)

    def new_card(self, person: int, ends: date) -> None:
        """The person gets a card, perhaps another one."""
        self._next_card += 1
        number = self._next_card
        self.shop.members.append(
            replace(
                self.people[person][1], store_key=number, code=f"29{number:011d}", number=f"{number:08d}",
                status=0, joined_on=self.day, left_on=None, end_date=ends, unlimited=False,
            )
        )  # fmt: skip

    def export(self) -> Path:
        """The store exports its list; somebody bought something, so that no two files are alike."""
        members = self.shop.members
        members[0] = replace(members[0], points=members[0].points + 1)
        now = self.shop.clock.moment.astimezone(TOKYO)
        return self.shop.drop_export(self.day, at=time(now.hour, now.minute))

    # --- the web shop ---

    def register(self, person: int) -> int:
        """The person opens an account, perhaps another one."""
        customer = self.people[person][0]
        place = self.shop.customers.index(customer)
        row = customer_rows(self.shop.customers)[place]
        row["create_date"] = row["update_date"] = datetime.combine(self.day, time(9), UTC)
        row["id"] = len(self.accounts) + 1
        row["secret_key"] = f"{row['id']:032d}"
        row["email"] = f"person{person}.account{row['id']}@example.com"
        row |= {name: stored(value) for name, value in row.items() if isinstance(value, datetime)}
        self.shop.eccube.insert("dtb_customer", [row])
        self.accounts.append(row["id"])
        return int(row["id"])

    def looks_like(self, person: int) -> None:
        """Somebody registers with the name and phone of a person and another birth date."""
        self.shop.eccube.execute("DELETE FROM dtb_customer WHERE id > 1000")
        add_somebody_like(self.shop, self.people[person][1])

    def eccube_set(self, eccube_id: int, **values: Any) -> None:
        """EC-CUBE's admin pages change a row of a customer."""
        columns = ", ".join(f"{name} = :{name}" for name in values)
        self.shop.eccube.execute(f"UPDATE dtb_customer SET {columns} WHERE id = :id", id=eccube_id, **values)

    def vanish(self, eccube_id: int) -> None:
        """The row of a customer is deleted."""
        forget_customer(self.shop, eccube_id)

    def make_anew(self, eccube_id: int) -> None:
        """Another person stands under a known id."""
        make_anew(self.shop, eccube_id)

    # --- time ---

    def at(self, day: date, hour: int) -> None:
        """Time passes, never backwards, and something happens each minute."""
        moment = datetime.combine(day, time(hour), TOKYO).astimezone(UTC)
        self.shop.clock.moment = max(self.shop.clock.moment + timedelta(minutes=1), moment)
        self.day = self.shop.clock.moment.astimezone(TOKYO).date()

    # --- the program ---

    def run(self, *arguments: str) -> Outcome:
        """Run a command in this process, and look at what it did."""
        output = io.StringIO()

        def command() -> int:
            with redirect_stdout(output), redirect_stderr(output):
                application = OneProcess(clock=self.shop.clock)
                return run_program(["--config", str(self.shop.path), *arguments], application)

        return self._looked_at(command, output)

    def run_and_kill(self, stage: str, call: int, *arguments: str) -> Outcome:
        """Run a command in a process of its own that is killed before an external call."""
        output = io.StringIO()

        def command() -> int:
            outcome = self.runs.run(self.shop, *arguments, kill=(stage, call))
            output.write(outcome.output)
            return outcome.code

        return self._looked_at(command, output)

    def _looked_at(self, command: Any, output: io.StringIO) -> Outcome:
        self.at(self.day, 0)
        before, eccube = self.tables(), self.eccube()
        code = command()
        after = self.tables()
        assert self.eccube() == eccube, "a column of EC-CUBE's own changed"
        lines, versions = (new_rows(table, before, after) for table in ("journal", "member_version"))
        said = folded([*journal_lines(lines), *version_lines(versions)])
        assert folded(differences(before, after)) == said, output.getvalue()
        self.last = Outcome(code, output.getvalue(), before, after)
        return self.last

    def tables(self) -> Tables:
        """Every row of our tables."""
        with closing(sqlite3.connect(self.shop.settings().sqlite_path("own"))) as connection:
            connection.row_factory = sqlite3.Row
            return {table.name: dict(_rows(connection, table)) for table in metadata.sorted_tables}

    def eccube(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of EC-CUBE's tables but the group the class is shown in."""
        with closing(sqlite3.connect(self.shop.eccube.database)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {
                name: connection.execute(f"SELECT * FROM {name}").fetchall()
                for (name,) in names
                if name != GROUP
            }

    # --- review ---

    def exported(self) -> None:
        """A review file was made: somebody keeps it."""
        folder = self.shop.folder / "kept"
        folder.mkdir(exist_ok=True)
        for path in sorted(self.shop.settings().folders.review_out.iterdir()):
            kept = folder / f"{len(self.kept_files):04d}-{path.name}"
            path.rename(kept)
            self.kept_files.append(kept)

    def answers(self, path: Path, words: Sequence[str]) -> Path:
        """A review file filled in: the n-th question gets the n-th word, round and round."""
        self._files += 1
        return answered(path, words, self.shop.folder / f"answers-{self._files}.csv")

    # --- mails ---

    def received(self) -> list[str]:
        """The Message-ID of every mail that truly arrived."""
        return [message_from_bytes(content)["Message-ID"] for content in self.server.accepted]

    # --- disasters ---

    def keep_backup(self) -> None:
        """Somebody copies both databases."""
        folder = self.shop.folder.parent / "backup"
        folder.mkdir(exist_ok=True)
        for path in self._databases():
            shutil.copy2(path, folder / path.name)
        self.backup = (self.counter(), folder)

    def restore(self, *, eccube: bool) -> None:
        """Somebody puts our database back, or both."""
        assert self.backup is not None
        ours, shops = self._databases()
        for path in (ours, shops) if eccube else (ours,):
            shutil.copy2(self.backup[1] / path.name, path)
        known = {row["message_id"] for row in self.tables()["notice"].values() if row["state"] == "sent"}
        self.forgotten |= set(self.received()) - known

    def _databases(self) -> tuple[Path, Path]:
        return self.shop.settings().sqlite_path("own"), Path(self.shop.eccube.database)

    def group(self) -> set[int]:
        """EC-CUBE ids in the group of store members."""
        return {row[0] for row in self.shop.eccube.rows(f"SELECT customer_id FROM {GROUP}")}

    def counter(self) -> int:
        """How many runs our database has seen."""
        return max((row["run_counter"] for row in self.tables()["installation"].values()), default=0)


def _rows(connection: sqlite3.Connection, table: Any) -> Iterator[tuple[Any, Row]]:
    keys = [column.name for column in table.primary_key.columns]
    for row in connection.execute(f"SELECT * FROM {table.name}"):
        key = tuple(row[name] for name in keys)
        yield (key[0] if len(key) == 1 else key), dict(row)


@contextmanager
def settled(folder: Path, server: FaultyServer, runs: Runs) -> Iterator[Life]:
    """A shop whose first night is over: four people have accounts, five have cards, three have both."""
    with ExitStack() as stack:
        eccube: Shop = stack.enter_context(sqlite_shop(folder / "eccube.db"))
        shop = install(eccube, folder / "sync", SECTIONS)
        shop.mail_port, shop.guards = server.port, GUARDS
        shop.configure()
        shop.fill(60, 80, register=0)
        pairs = clear_pairs(shop, len(shop.customers))[:PEOPLE]
        life = Life(shop, server, runs, [(shop.customers[c], shop.members[m]) for c, m in pairs])
        of_people = {member.person for _customer, member in life.people}
        others = [one for one in shop.members if one.person not in of_people and one.status == 0][:6]
        shop.members = [replace(one, end_date=FAR, unlimited=False) for one in others]
        for person in range(5):
            life.new_card(person, TODAY + timedelta(days=(200, 40, 8, 3, 100)[person]))
        for person in (0, 1, 2, 5):
            life.register(person)
        life.at(TODAY, 3)
        life.export()
        assert life.run("nightly").code == 0
        shutil.copytree(folder, folder.with_name("kept"))
        yield life


def put_back(folder: Path) -> None:
    """The shop's folder, the databases in it, as it was after the first night."""
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("kept"), folder)


def spoil(path: Path, damage: str) -> None:
    """Damage an export as stores, disks and spreadsheets do."""
    lines = path.read_bytes().splitlines(keepends=True)
    if damage == "half":
        lines = lines[: len(lines) // 2]
    elif damage == "empty":
        lines = []
    elif damage == "header":
        lines = lines[:1]
    elif damage == "shifted":
        lines = [lines[0], *(b"," + line for line in lines[1:])]
    else:
        lines = [*lines[:-1], lines[-1][: len(lines[-1]) // 2]]
    when = path.stat().st_mtime
    path.write_bytes(b"".join(lines))
    os.utime(path, (when, when))
