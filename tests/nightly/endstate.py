"""What a shop looks like when nights are over, in a form that two shops can be compared by.

Our ids are numbers a database gave out, so they are replaced by what they stand for; what is made at random
(public ids, tokens, Message-IDs) and what only says how often the program ran is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

from sqlalchemy import Connection, Table, inspect, select, text

from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_import, source
from eccube_sync.tables.notices import notice
from tests.support.installed import InstalledShop
from tests.support.smtp import Sink

OWNER = "owner@shop.example.jp"
UNCOMPARED = {"run", "installation", "schema_version", "mail_count"}
RANDOM = {"public_id", "export_key", "file_name", "file_sha256", "message_id", "message", "install_id"}
ROW_IDS = {"id", "version_id", "previous_version_id", "export_id", "model_id", "batch_id"}
State = dict[str, Counter[tuple[Any, ...]]]


class Names:
    """What every id of one shop stands for."""

    def __init__(self, connection: Connection) -> None:
        self.sources = {row.id: row.source_key for row in connection.execute(select(source))}
        self.imports = {row.id: row.sha256[:8] for row in connection.execute(select(member_import))}
        self.customers = {
            row.id: f"customer {row.eccube_id} of {row.eccube_created_at}"
            for row in connection.execute(select(customer))
        }
        self.members: dict[int, str] = {}
        seen: Counter[tuple[int, str]] = Counter()
        for row in connection.execute(select(member).order_by(member.c.id)):
            seen[row.source_id, row.store_key] += 1
            self.members[row.id] = f"member {row.store_key}.{seen[row.source_id, row.store_key]}"
        self.links = {}
        again: Counter[tuple[int, int]] = Counter()
        for row in connection.execute(select(link).order_by(link.c.id)):
            again[row.customer_id, row.member_id] += 1
            number = again[row.customer_id, row.member_id]
            pair = f"{self.customers[row.customer_id]}/{self.members[row.member_id]}"
            self.links[row.id] = f"link {number} of {pair}"
        self.cases = {row.id: self._key(row.subject_key) for row in connection.execute(select(review_case))}
        self.notices = {row.id: self.notice_key(row) for row in connection.execute(select(notice))}

    def _key(self, key: str) -> str:
        parts = key.split(":")
        if parts[0] == "pair":
            return f"case of {self.customers[int(parts[1])]}/{self.members[int(parts[2])]}"
        if parts[1] == "customer":
            return f"case {parts[0]} of {self.customers[int(parts[2])]}"
        return f"case {parts[0]} of {self.members[int(parts[1])]}"

    def notice_key(self, row: Any) -> str:
        """A notice's key with names in it instead of ids."""
        whom = self.links[row.link_id] if row.kind == "linked" else self.members.get(row.member_id)
        return f"{row.kind} {whom} {row.days} {row.end_date}"

    def of(self, table: Table, name: str, row: Any) -> Any:
        """One cell."""
        value = getattr(row, name)
        known: dict[str, dict[int, str]] = {
            "customer_id": self.customers, "member_id": self.members, "source_id": self.sources,
            "link_id": self.links, "case_id": self.cases, "used_by_customer_id": self.customers,
        }  # fmt: skip
        if value is None:
            return None
        if name in known:
            return known[name].get(value, value)
        if name.endswith("import_id"):
            return self.imports.get(value, value)
        if name == "subject_key":
            return self._key(value)
        if name == "notice_key":
            return self.notice_key(row)
        if name == "subject_id":
            return self._subject(table, row)
        if name in {"old_value", "new_value"} and row.field in {"moved_from", "restored_from"}:
            return self.links[int(value)]
        return round(value, 6) if isinstance(value, float) else value

    def _subject(self, table: Table, row: Any) -> Any:
        if table.name == "match_key":
            return (self.customers if row.side == 1 else self.members)[row.subject_id]
        of_subject: dict[str, dict[int, str]] = {
            "customer": self.customers, "projection": self.customers, "member": self.members, "link": self.links,
            "case": self.cases, "notice": self.notices, "import": self.imports,
        }  # fmt: skip
        names = of_subject.get(row.subject)
        return row.subject if names is None else names.get(row.subject_id, "?")


def our_state(shop: InstalledShop) -> State:
    """Every row of our tables."""
    with shop.connect() as (_service, connection):
        names = Names(connection)
        return {
            table.name: _rows(connection, table, names)
            for table in metadata.sorted_tables
            if table.name not in UNCOMPARED
        }


def _rows(connection: Connection, table: Table, names: Names) -> Counter[tuple[Any, ...]]:
    columns = [
        column.name
        for column in table.columns
        if column.name not in RANDOM | ROW_IDS and not column.name.endswith("run_id")
    ]
    statement = select(table)
    if table.name == "journal":
        # How a mail left is told by its row; a killed run leaves more steps of it. A mail to the owner is no change.
        statement = statement.where(~table.c.field.in_(("owner_mail",)), table.c.subject != "notice")
    return Counter(
        tuple(names.of(table, name, row) for name in columns) for row in connection.execute(statement)
    )


def eccube_state(shop: InstalledShop, *, without: tuple[str, ...] = ()) -> State:
    """Every row of every table of EC-CUBE's database; of those of our plugin without the numbers of the rows."""
    with shop.eccube.connect() as connection:
        found = inspect(connection)
        names = [name for name in sorted(found.get_table_names()) if name not in without]
        columns = {name: [one["name"] for one in found.get_columns(name)] for name in names}
        return {
            name: Counter(tuple(row) for row in connection.execute(text(_of_eccube(name, columns[name]))))
            for name in names
        }


def _of_eccube(table: str, columns: list[str]) -> str:
    wanted = [name for name in columns if name != "id" or not table.startswith("plg_eccube_sync")]
    return f"SELECT {', '.join(wanted)} FROM {table}"


def received(mails: list[tuple[str, list[str], bytes]]) -> dict[str, tuple[str, str, str]]:
    """Message-ID → envelope recipient, To, subject; asserts that each came once and to one address."""
    found: dict[str, tuple[str, str, str]] = {}
    for _sender, recipients, content in mails:
        mail = message_from_bytes(content)
        assert len(recipients) == 1
        key = mail["Message-ID"]
        assert key not in found, f"{key} came twice"
        found[key] = (recipients[0], mail["To"], str(make_header(decode_header(mail["Subject"]))))
    return found


def differences(one: State, other: State, name: Callable[[str], bool] = lambda _name: True) -> list[str]:
    """Every row that only one of the two has; [] when they are alike."""
    found = []
    for table in sorted(one.keys() | other.keys()):
        if name(table):
            left, right = one.get(table, Counter()), other.get(table, Counter())
            found += [f"{table} - {row}" for row in (left - right).elements()]
            found += [f"{table} + {row}" for row in (right - left).elements()]
    return found


@dataclass(frozen=True, slots=True)
class Ending:
    """How the story ended: every row of both schemas, and who got which mail about what."""

    ours: State
    eccube: State
    mails: Counter[tuple[str, str, str]]
    owner: set[str]
    in_doubt: set[str]
    """What mails are about of which nobody can tell whether they arrived."""

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
