"""No command that has a plan writes anything without ``--apply``, and none that only looks writes at all (P12).

The commands are read from the program itself: a new one that is not named here fails the first test.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import func, select

from eccube_sync.commands import COMMANDS
from eccube_sync.db import Database
from eccube_sync.services.setup.dumping import write_dump
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version
from eccube_sync.tables.runs import run
from tests.nightly.endstate import eccube_state
from tests.nightly.story import add_somebody_like
from tests.outbox.returned import RETURNED
from tests.promises.every_command import command_paths
from tests.promises.reviewing import answered
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import FaultyServer

pytestmark = pytest.mark.promise("P12")

Captured = pytest.CaptureFixture[str]
TOMORROW = TODAY + timedelta(days=1)
SECTIONS = """\
[review]
format = "csv"
[codes]
entry_url = "https://shop.example.jp/entry"
[notices]
promotion = true
[sender]
name = "見本書店"
postal_address = "大阪府大阪市北区梅田2-4-9"
contact = "06-1234-5678"
unsubscribe_url = "https://shop.example.jp/unsubscribe"
"""
AT_WORK = {
    "bridge": "serves until it is stopped",
    "demo": "makes a shop of its own",
    "export": "writes the file a person asked for, and keeps who wrote it",
    "guards approve": "is itself the yes",
    "inbox": "cron's, each minute",
    "init": "makes a new configuration",
    "migrate": "makes or changes our tables; --sql shows how",
    "nightly": "cron's, each night",
    "notices resolve": "is itself the answer",
    "notices test": "sends the mail a person asked for",
    "notify": "cron's, for the mails",
    "plugin connect": "makes the keys it prints",
    "review export": "writes the file a person asked for, and keeps what it asked",
    "review html": "writes the page a person asked for, and keeps what it asked",
}
"""Commands whose purpose is to write, and why they have no plan."""


def command_at(path: str) -> click.Command:
    """The command that is typed so."""
    found: click.Command = click.Group("", commands=COMMANDS)
    for word in path.split():
        assert isinstance(found, click.Group)
        found = found.commands[word]
    return found


EVERY = {path: command_at(path) for path in command_paths()}


def has_apply(command: click.Command) -> bool:
    """Whether a command shows a plan first."""
    return any("--apply" in parameter.opts for parameter in command.params)


@dataclass(slots=True)
class Desk:
    """A shop with something to do for every command, and what to type for each."""

    files: dict[str, str]
    ids: dict[str, Any]

    def typed(self) -> dict[str, Sequence[str]]:
        """Command → the arguments with which it has a plan to show, or something to look at."""
        file, some = self.files, self.ids
        linked, loose, card = str(some["linked"]), str(some["loose"]), some["card"]
        return {
            "adopt": ("--as", "production"),
            "check": (),
            "classify": ("--rows", "--all"),
            "codes issue": ("--count", "5"),
            "codes sheet": (file["codes"],),
            "codes assign": (file["assign"],),
            "codes invite": ("--members", file["invited"], "--basis", "agreed at the counter"),
            "codes import": (file["claims"],),
            "codes list": (),
            "codes claims": (),
            "codes revoke": (some["serial"],),
            "codes rotate-key": (),
            "customers find": (card,),
            "customers show": (linked,),
            "customers link": (loose, some["free card"], "--reason", "asked"),
            "customers unlink": (linked, "--reason", "asked"),
            "expire": (),
            "expire preview": (),
            "forget customer": (str(some["gone"]),),
            "forget member": (card,),
            "grants": (),
            "guards list": (),
            "links import": (file["links"],),
            "matcher train": (),
            "matcher calibrate": ("--ask", "5"),
            "matcher report": (),
            "members import": (file["members"],),
            "members inspect": (file["members"],),
            "members show": (card,),
            "notices bounces": (file["returned"],),
            "notices list": (),
            "notices preview": ("expired",),
            "overrides set": (linked, "--class", "ec_only", "--reason", "asked"),
            "overrides end": (str(some["excepted"]), "--reason", "asked"),
            "overrides list": (),
            "project": (),
            "purge": (),
            "report month": (f"{TODAY:%Y-%m}",),
            "report affected": (str(some["night"]),),
            "restore": (),
            "review import": (file["answers"],),
            "review reopen": (some["case"], "--reason", "asked"),
            "runs list": (),
            "runs show": (str(some["night"]), "--rows"),
            "runs exports": (),
            "runs undo": (str(some["night"]),),
            "uninstall": (),
        }


def test_every_command_has_a_plan_or_only_looks_or_is_named_as_one_that_writes() -> None:
    typed = Desk(defaultdict(str), defaultdict(str)).typed()
    assert EVERY.keys() == typed.keys() | AT_WORK.keys()
    assert not typed.keys() & AT_WORK.keys()
    assert [name for name in AT_WORK if has_apply(EVERY[name])] == []


@pytest.fixture
def mails() -> Iterator[FaultyServer]:
    """A mail server that counts who comes."""
    with FaultyServer() as server:
        yield server


def desk(shop: InstalledShop, mails: FaultyServer, folder: Path) -> Desk:
    """Two days of a shop, with codes, claims, questions, answers, an exception and a dump."""
    shop.mail_port = mails.port
    shop.sections = SECTIONS
    shop.configure()
    shop.fill(60, 80, register=50)
    on_web = {one.person for one in shop.customers}
    doubtful = [
        one for one in shop.members
        if one.person not in on_web and one.status == 0 and one.birth_date and one.mobile and one.given_name
    ]  # fmt: skip
    add_somebody_like(shop, doubtful[0])
    shop.members[5] = replace(shop.members[5], end_date=TODAY, unlimited=False)
    nightly(shop, TODAY)
    good(shop, "review", "export")
    settled = answered(newest(shop), ["Different people"], folder / "answers-1.csv")
    good(shop, "review", "import", str(settled), "--apply")
    add_somebody_like(shop, doubtful[1])
    shop.add_customers(50, 60)
    gone = found(shop)["linked last"]
    shop.eccube.execute("UPDATE dtb_customer SET customer_status_id = 3 WHERE id = :id", id=gone)
    night = nightly(shop, TOMORROW)
    good(shop, "review", "export")
    good(shop, "codes", "issue", "--count", "6", "--apply")
    people = found(shop)
    good(
        shop, "overrides", "set", str(people["excepted"]), "--class", "store", "--reason", "asked", "--apply"
    )
    service = shop.settings()
    write_dump(service, Database(service), "run", shop.clock.now())
    old = service.folders.exports / "old.csv"
    old.parent.mkdir(mode=0o700, exist_ok=True)
    old.touch()
    os.utime(old, (0, 0))  # it is time to purge it
    shop.members[6] = replace(shop.members[6], mobile="090-1234-0006")
    shop.at(TOMORROW, 13)
    good(shop, "notify")
    files = papers(shop, people, folder)
    files["returned"] = folder / "returned.eml"
    sent = message_from_bytes(mails.accepted[-1])
    files["returned"].write_text(RETURNED["no such user"][0](sent["Message-ID"], sent["To"]))
    # Our tables say less than the state folder knows of: for adopt there is something to settle.
    known = service.folders.root / "installation.json"
    known.write_text(json.dumps(json.loads(known.read_text()) | {"run_counter": 1000}))
    return Desk({name: str(path) for name, path in files.items()}, people | {"night": night, "gone": gone})


def papers(shop: InstalledShop, people: dict[str, Any], folder: Path) -> dict[str, Path]:
    """The files somebody at the desk would hand over."""
    codes = next(shop.settings().folders.codes.glob("*.csv"))
    rows = list(csv.DictReader(codes.read_text(encoding="utf-8-sig").splitlines()))
    serials, secrets = ([list(row.values())[place] for row in rows] for place in (0, 1))
    people["serial"] = serials[3]
    return {
        "codes": codes,
        "answers": answered(newest(shop), ["Same person", "Later"], folder / "answers-2.csv"),
        "members": Path(shutil.move(shop.drop_export(TOMORROW, at=time(12)), folder)),
        "assign": paper(folder / "assign.csv", ("serial", "member_code"), (serials[0], people["card"])),
        "claims": paper(folder / "claims.csv", ("customer_id", "code"), (people["loose"], secrets[1])),
        "links": paper(
            folder / "links.csv", ("customer_id", "member_code"), (people["loose"], people["free card"])
        ),
        "invited": paper(folder / "invited.csv", ("member_code",), (people["free card"],)),
    }


def paper(path: Path, *rows: Sequence[object]) -> Path:
    """A CSV somebody made."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def good(shop: InstalledShop, *arguments: str) -> None:
    assert shop.run("-q", *arguments) in {0, 1}, arguments


def nightly(shop: InstalledShop, day: date) -> int:
    """One night; the id of its run."""
    shop.at(day, 3)
    shop.drop_export(day)
    good(shop, "nightly")
    return int(shop.rows(select(func.max(run.c.id)))[0][0])


def newest(shop: InstalledShop) -> Path:
    """The review file written last."""
    return max(shop.settings().folders.review_out.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def found(shop: InstalledShop) -> dict[str, Any]:
    """People, by what they are good for."""
    links = shop.rows(
        select(customer.c.eccube_id, link.c.member_id)
        .join(customer, customer.c.id == link.c.customer_id)
        .where(link.c.active == 1)
        .order_by(link.c.id)
    )
    with_link = select(link.c.customer_id).where(link.c.active == 1)
    loose = shop.rows(
        select(customer.c.eccube_id).where(customer.c.state == "full", customer.c.id.not_in(with_link))
    )
    of_members = (
        select(member.c.id, member_version.c.code)
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(member.c.current == 1, member_version.c.status == "active", member_version.c.emails != "")
    )
    cards = {row.id: row.code for row in shop.rows(of_members)}
    taken = {row.member_id for row in links}
    closed = select(review_case.c.public_id).where(review_case.c.state == "different")
    return {
        "linked": links[0].eccube_id,
        "linked last": links[-1].eccube_id,
        "excepted": links[1].eccube_id,
        "loose": loose[0].eccube_id,
        "card": next(code for number, code in cards.items() if number in taken),
        "free card": next(code for number, code in cards.items() if number not in taken),
        "case": shop.rows(closed)[0].public_id,
    }


def test_no_plan_and_no_look_writes_a_row_or_a_file_or_speaks_to_the_mail_server(
    installed: InstalledShop, mails: FaultyServer, proof: Counter[str], tmp_path: Path, capsys: Captured
) -> None:
    at = desk(installed, mails, tmp_path)
    before, heard = everything(installed), len(mails.heard)
    for name, arguments in at.typed().items():
        came = mails.connections
        capsys.readouterr()
        code = installed.run(*name.split(), *arguments)
        said = capsys.readouterr()
        assert code in {0, 1} or name == "check", (name, said.err)
        assert not has_apply(EVERY[name]) or "Add --apply to carry it out" in said.out, (name, said.out)
        assert everything(installed) == before, name
        assert mails.connections == came or name == "check", name
        proof["commands"] += 1
    assert not any(line.lower().startswith(b"mail") for line in mails.heard[heard:])


def everything(shop: InstalledShop) -> tuple[object, ...]:
    """Both schemas row by row, and every file of ours but the locks, which hold nothing."""
    locks = shop.settings().folders.lock
    files = {
        path: path.read_bytes()
        for path in shop.folder.rglob("*")
        if path.is_file() and path.suffix != ".db" and locks not in path.parents
    }
    return shop.state(), eccube_state(shop), files
