"""Every change is in the journal with its old value, nothing else is, and nobody can change the journal (P14).

Triggers in the database itself write down each row that really changes; what they saw and what the journal says
must be the same lines, as many times. The same is looked at after every step of the lives in
``test_whatever_happens_the_books_agree.py``, on SQLite, by comparing tables.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Table, select, text
from sqlalchemy.exc import DBAPIError

from eccube_sync.db import error_number
from eccube_sync.tables import metadata
from eccube_sync.tables.customers import class_override, customer
from eccube_sync.tables.members import member_version
from eccube_sync.tables.runs import journal, run
from tests.codes.counter import Label, read_labels
from tests.nightly.story import answer_review
from tests.nightly.test_full_equals_nightly import Life
from tests.plugin.conftest import plugged
from tests.plugin.shopside import Plugin
from tests.promises.ledger import NAMED, Line, journal_lines, lines_of, version_lines
from tests.promises.scale import chance, parts, scale
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

__all__ = ["plugged"]
pytestmark = pytest.mark.promise("P14")

GROUP = "plg_customer_group_customers_groups"
ON_MARIADB = pytest.mark.parametrize("shop", ["mariadb"], indirect=True)


class Witness:
    """Triggers on our tables that write each change into a table of their own."""

    def __init__(self, shop: InstalledShop) -> None:
        assert shop.eccube.server is not None
        self.server, self.schema = shop.eccube.server, shop.settings().database.own
        self.server.execute(
            f"CREATE TABLE {self.schema}.seen (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(64), old LONGTEXT,"
            " new LONGTEXT) CHARACTER SET utf8mb4"
        )
        for name in NAMED:
            self._watch(metadata.tables[f"eccube_sync.{name}"])

    def _watch(self, table: Table) -> None:
        """No trigger reads what a mail says: it is bytes."""
        names = [one.name for one in table.columns if one.name != "message"]
        for when, sides in (("INSERT", ("NEW",)), ("UPDATE", ("OLD", "NEW")), ("DELETE", ("OLD",))):
            values = [
                f"JSON_OBJECT({', '.join(f'{name!r}, {side}.`{name}`' for name in names)})"
                if side in sides
                else "NULL"
                for side in ("OLD", "NEW")
            ]
            self.server.execute(
                f"CREATE TRIGGER {self.schema}.see_{table.name}_{when} AFTER {when} ON {self.schema}.`{table.name}`"
                f" FOR EACH ROW INSERT INTO {self.schema}.seen (name, old, new)"
                f" VALUES ('{table.name}', {', '.join(values)})"
            )

    def lines(self) -> Counter[Line]:
        """What the journal owes, by what truly happened."""
        with self.server.connect(self.schema) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name, old, new FROM seen ORDER BY id")
            return Counter(
                line
                for name, *sides in cursor.fetchall()
                for line in lines_of(name, *(None if one is None else json.loads(one) for one in sides))
            )


def told(shop: InstalledShop) -> Counter[Line]:
    """What the journal says, and the versions of members."""
    lines, versions = (
        [row._mapping for row in shop.rows(select(table).order_by(table.c.id))]
        for table in (journal, member_version)
    )
    return Counter([*journal_lines(lines), *version_lines(versions)])


@ON_MARIADB
@pytest.mark.parametrize("part", parts(1, 6))
def test_the_journal_says_what_triggers_saw(
    plugged: InstalledShop, sink: Sink, proof: Counter[str], part: int
) -> None:
    shop, luck = plugged, chance("journal", part)
    shop.mail_port, shop.guards = sink.port, "downgrades = 1000\nsurprise_downgrades = 1000"
    shop.sections += '[review]\nformat = "csv"\n[notices]\nper_minute = 1000\n'
    shop.configure()
    shop.fill(scale(80, 600), scale(100, 750), seed=part, register=scale(40, 300))
    witness, life = Witness(shop), Life(shop, luck)
    typed, shown = CodesTyped(Plugin(shop), luck), set[int]()
    for number in range(scale(3, 12)):
        day = TODAY + timedelta(days=number)
        if number:
            for _busy in range(scale(1, 5)):
                life.day()
            answer_review(shop)
        if number == 1:
            life.code_is_reused()
        shop.drop_export(day)
        shop.at(day, 10)
        assert shop.run("-q", "nightly") in {0, 1, 70}
        exceptions(shop, life)
        typed.day(life.somebody)
        if luck.random() < 0.5:
            assert shop.run("-q", "runs", "undo", str(some_run(shop, luck)), "--apply") in {0, 1, 64}
        shown = the_group_is_told(shop, shown)
    seen, said = witness.lines(), told(shop)
    assert seen - said == Counter()
    assert said - seen == Counter()
    assert {(line[0], line[2], line[4]) for line in said} >= {
        ("link", "state", "ended"),
        ("customer", "class", "store"),
        ("customer", "override", None),
        ("notice", "state", "sent"),
        ("claim", "state", "accepted"),
        ("link_code", "state", "used"),
        ("link_code", "state", "revoked"),
        ("member", "current", None),
    }
    proof["changes"] += seen.total()


def exceptions(shop: InstalledShop, life: Life) -> None:
    """A person sets an exception for somebody, and ends another one."""
    reason = ("--reason", "asked", "--apply")
    chosen = life.chance.choice(["store", "ec_only"])
    assert shop.run("-q", "overrides", "set", str(life.somebody()), "--class", chosen, *reason) in {0, 64}
    standing = select(customer.c.eccube_id).join(
        class_override, class_override.c.customer_id == customer.c.id
    )
    standing = standing.where(class_override.c.active == 1, customer.c.current == 1)
    excepted = [row.eccube_id for row in shop.rows(standing.order_by(class_override.c.id))]
    if len(excepted) > 1:
        assert shop.run("-q", "overrides", "end", str(excepted[0]), *reason) == 0
    assert shop.run("-q", "project", "--apply") in {0, 1}


class CodesTyped:
    """Codes are printed, handed out, typed in the web shop, and revoked."""

    def __init__(self, plugin: Plugin, luck: Random) -> None:
        self.plugin, self.luck = plugin, luck
        self.printed: list[Label] = []

    def day(self, somebody: Callable[[], int]) -> None:
        """Six are printed, three handed out and typed by their members; two more are typed by anybody."""
        shop = self.plugin.shop
        path = shop.folder / f"codes-{len(self.printed)}.csv"
        assert shop.run("-q", "codes", "issue", "--count", "6", "--output", str(path), "--apply") == 0
        labels = read_labels(path)
        whose = list(zip(labels, self.luck.sample(shop.truth, 3), strict=False))
        handed_out = shop.folder / "handed-out.csv"
        rows = [f"{label.serial},{shop.members[member].code}\n" for label, (_customer, member) in whose]
        handed_out.write_text("".join(["serial,member\n", *rows]), encoding="utf-8")
        assert shop.run("-q", "codes", "assign", str(handed_out), "--apply") == 0
        self.printed += labels
        for label, (customer_, _member) in whose:
            for eccube_id in self.account(customer_):
                self.plugin.type_code(eccube_id, label.code)
        for _customer in range(2):
            self.plugin.type_code(somebody(), self.luck.choice(self.printed).code)
        assert shop.run("-q", "inbox") in {0, 1}
        revoked = self.luck.choice(self.printed).serial
        assert shop.run("-q", "codes", "revoke", revoked, "--apply") in {0, 64}

    def account(self, position: int) -> list[int]:
        """EC-CUBE's id of a made-up customer, as long as there is one."""
        email = self.plugin.shop.customers[position].email
        rows = self.plugin.shop.eccube.rows(f"SELECT id FROM dtb_customer WHERE email = '{email}'")
        return [int(row[0]) for row in rows][:1]


def some_run(shop: InstalledShop, luck: Any) -> int:
    """One of the last runs."""
    return int(luck.choice([row.id for row in shop.rows(select(run.c.id).order_by(run.c.id))][-4:]))


def the_group_is_told(shop: InstalledShop, before: set[int]) -> set[int]:
    """Whoever came into EC-CUBE's group or left it is in the journal; customers whose row is gone left with it."""
    now = {int(row[0]) for row in shop.eccube.rows(f"SELECT customer_id FROM {GROUP}")}
    there = {int(row[0]) for row in shop.eccube.rows("SELECT id FROM dtb_customer")}
    ids = {row.id: row.eccube_id for row in shop.rows(select(customer.c.id, customer.c.eccube_id))}
    written = select(journal.c.subject_id, journal.c.new_value).where(
        journal.c.subject == "projection", journal.c.reason == "written"
    )
    last = {ids[row.subject_id]: row.new_value for row in shop.rows(written.order_by(journal.c.id))}
    assert [one for one in now if last.get(one) != "store"] == []
    assert [one for one in before - now if one in there and last.get(one) != "ec_only"] == []
    return now


@ON_MARIADB
def test_the_account_that_runs_every_night_cannot_change_what_the_journal_says(
    installed: InstalledShop,
) -> None:
    assert installed.run("-q", "nightly") in {0, 1}
    with installed.connect() as (service, connection):
        table = f"{service.database.own_schema}.journal"
        for statement in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(DBAPIError) as refused:
                connection.execute(text(statement))
            assert error_number(refused.value) == 1142
            connection.rollback()
