"""A small shop whose people are known by name, run by the real services, day by day."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, text, update

from eccube_sync.clock import TOKYO
from eccube_sync.db import AnyRow
from eccube_sync.report import Report
from eccube_sync.services.classes.expiring import apply_expiry, plan_expiry
from eccube_sync.services.classes.overriding import apply_override, plan_override
from eccube_sync.services.matching.classifying import apply_classify
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.services.members.importing import apply_import, plan_import
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.review.answering import Answer, Decision, answer_case
from eccube_sync.services.running import Run, applied_run
from eccube_sync.services.undo.undoing import UndoPlan, apply_undo, plan_undo
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.codes import claim, link_code
from eccube_sync.tables.customers import class_override, customer, customer_class, projection_state
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_code, member_import, source
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import run as run_table
from tests.support.rows import OurShop

DAY = date(2026, 4, 10)
FAR = date(2027, 3, 31)

CONFIGURATION = """
[[source]]
key = "store"
name = "本店"
format = "generic"
taken_at = "name"
[source.expiry]
policy = "column"
[[projection]]
kind = "customer_group"
group = "店舗会員"
[mail]
host = "127.0.0.1"
port = 1
security = "plain"
sender = "shop@example.jp"
"""

HEADERS = (
    "会員コード",
    "姓",
    "名",
    "セイ",
    "メイ",
    "郵便番号",
    "住所",
    "電話番号",
    "生年月日",
    "有効期限",
    "ポイント",
    "状態",
    "メールアドレス",
)


@dataclass(frozen=True, slots=True)
class Card:
    """A member as the store's export has them."""

    code: str
    family: str
    given: str
    family_kana: str
    given_kana: str
    phone: str
    born: date
    ends: date | None = FAR
    status: str = "有効"
    email: str = ""

    def cells(self, points: int = 0) -> tuple[str, ...]:
        """The row of the export."""
        names = (self.family, self.given, self.family_kana, self.given_kana)
        dates = (self.born.isoformat(), self.ends.isoformat() if self.ends else "")
        return (
            self.code,
            *names,
            "5300001",
            "大阪府大阪市北区梅田2-4-9",
            self.phone,
            *dates,
            str(points),
            self.status,
            self.email,
        )


AOKI = Card("2900000000017", "青木", "美咲", "アオキ", "ミサキ", "09011110001", date(1981, 3, 4))
BABA = Card("2900000000024", "馬場", "健太", "ババ", "ケンタ", "09022220002", date(1975, 7, 21))
CHIBA = Card("2900000000031", "千葉", "由紀", "チバ", "ユキ", "09033330003", date(1990, 12, 1))
DOI = Card("2900000000048", "土居", "直樹", "ドイ", "ナオキ", "09044440004", date(1968, 5, 30))
BUYER = Card("2900000000093", "渡部", "和夫", "ワタベ", "カズオ", "09099990000", date(1950, 1, 9))


@dataclass(slots=True)
class Story:
    """The shop and what its people do; every step is a run of its own, and returns the run's id."""

    ours: OurShop
    folder: Path
    day: date = DAY
    people: dict[str, int] = field(default_factory=dict)
    """Member code → EC-CUBE id of the same person."""

    def at(self, day: date, hour: int = 12) -> None:
        """Put the clock to an hour in Japan."""
        self.day = day
        self.ours.clock.moment = datetime.combine(day, time(hour), TOKYO).astimezone(UTC)

    # --- runs ---

    def run(self, command: str, *steps: Callable[[Run], object]) -> int:
        """One run of these steps."""
        with self.ours.connect() as connection, applied_run(self.ours.service, connection, command) as run:
            for step in steps:
                step(run)
            return run.id

    def importing(self, *cards: Card, partial: bool = False) -> Callable[[Run], object]:
        """Import these cards, exported just after midnight of the day."""
        path = self.export(*cards)

        def step(run: Run) -> object:
            return apply_import(run, plan_import(run.shop, run.connection, path, partial=partial))

        return step

    def export(self, *cards: Card) -> Path:
        """Write the store's export."""
        path = self.folder / f"members_{self.day:%Y%m%d}_0030.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            # Somebody buys something every day, so no two exports are the same file.
            customer_of_the_day = BUYER.cells(self.day.toordinal() % 1000)
            csv.writer(file).writerows([HEADERS, *(one.cells() for one in cards), customer_of_the_day])
        return path

    def import_file(self, *cards: Card, partial: bool = False) -> int:
        """``members import``."""
        return self.run("members import", self.importing(*cards, partial=partial))

    def classify(self, *, every: bool = False) -> int:
        """``classify``, and EC-CUBE shows it."""
        return self.run("classify", classifying(every=every), project)

    def night(self, *cards: Card) -> int:
        """One run of import, classification, expiry and projection."""
        return self.run("nightly", self.importing(*cards), classifying(), expire, project)

    def expire(self) -> int:
        """``expire``, and EC-CUBE shows it."""
        return self.run("expire", expire, project)

    def answer(self, card: Card, decision: Decision) -> int:
        """A reviewer answers the case of a card and its own customer."""
        case = self.case_of(card)
        answer = Answer(case.id, case.version, decision, "Tanaka")
        return self.run("review import", lambda run: run.transaction(lambda: answer_case(run, answer)))

    def ask_about(self, card: Card) -> None:
        """A question about a linked pair, as a contradiction would open one."""
        customer_id = self.ours.row(customer, eccube_id=self.people[card.code]).id
        row = self.ours.row(link, customer_id=customer_id, active=1)
        self.ours.add_case(customer_id, row.member_id)

    def override(self, card: Card, membership_class: str | None, until: date | None = None) -> int:
        """A person overrules the class of a customer."""

        def step(run: Run) -> object:
            plan = plan_override(run.connection, self.people[card.code], membership_class, until, "by phone")
            return apply_override(run, plan)

        return self.run("overrides", step, project)

    def plan_undo(self, run_id: int, **how: Any) -> UndoPlan:
        """What ``runs undo`` shows."""
        with self.ours.connect() as connection:
            return plan_undo(self.ours.service, connection, run_id, **how)

    def undo(self, run_id: int, **how: Any) -> Report:
        """``runs undo --apply``."""
        with self.ours.connect() as connection:
            plan = plan_undo(self.ours.service, connection, run_id, **how)
            with applied_run(self.ours.service, connection, "runs undo", undoes=run_id) as run:
                return apply_undo(run, plan)

    # --- people ---

    def register(self, *cards: Card) -> None:
        """These people have accounts in the web shop, too."""
        for one in cards:
            self.people[one.code] = self.ours.eccube.add_customer(
                name01=one.family,
                name02=one.given,
                kana01=one.family_kana,
                kana02=one.given_kana,
                phone_number=one.phone,
                birth_date=one.born,
            )

    def sent(self, kind: str) -> None:
        """All queued mails of a kind leave."""
        now = self.ours.clock.moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        with self.ours.connect() as connection, connection.begin():
            connection.execute(
                update(notice)
                .where(notice.c.kind == kind, notice.c.state == "queued")
                .values(state="sent", sent_at=now, first_tried_at=now)
            )

    # --- what stands ---

    def linked(self, card: Card) -> str | None:
        """Method of the active link of a card to its own customer; None when they are not linked."""
        rows = self.rows(
            select(link.c.method)
            .join(customer, customer.c.id == link.c.customer_id)
            .join(member, member.c.id == link.c.member_id)
            .where(
                link.c.active == 1,
                customer.c.eccube_id == self.people[card.code],
                member.c.store_key == card.code,
            )
        )
        return rows[0].method if rows else None

    def class_of(self, card: Card) -> str | None:
        """The class of the customer who is this person."""
        rows = self.rows(
            select(customer_class.c.membership_class)
            .join(customer, customer.c.id == customer_class.c.customer_id)
            .where(customer.c.eccube_id == self.people[card.code])
        )
        return rows[0].membership_class if rows else None

    def shown(self) -> set[int]:
        """EC-CUBE ids in the group of store members."""
        rows = self.ours.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups")
        return {row[0] for row in rows}

    def case_of(self, card: Card) -> AnyRow:
        """The case about a card and its own customer."""
        (row,) = self.rows(
            select(review_case)
            .join(customer, customer.c.id == review_case.c.customer_id)
            .join(member, member.c.id == review_case.c.member_id)
            .where(customer.c.eccube_id == self.people[card.code], member.c.store_key == card.code)
        )
        return row

    def rows(self, statement: Any) -> list[AnyRow]:
        """All rows of a statement."""
        with self.ours.connect() as connection:
            return list(connection.execute(statement))

    def state_of(self, run_id: int) -> str:
        """The state of a run."""
        return str(self.ours.row(run_table, id=run_id).state)

    def standing(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything in force: our tables without what is history only, and all of EC-CUBE's."""
        with self.ours.connect() as connection:
            found = {
                table.name: sorted(map(tuple, connection.execute(statement)), key=repr)
                for table, statement in _IN_FORCE.items()
            }
            return found | eccube_rows(connection, self.ours.eccube.kind)


def _columns(table: Any, *names: str) -> Any:
    return select(*(table.c[name] for name in names))


_IN_FORCE: dict[Any, Any] = {
    link: _columns(
        link, "customer_id", "member_id", "source_id", "method", "probability", "reasons", "proven_by", "slot"
    ).where(link.c.active == 1),
    member: _columns(
        member,
        *("id", "store_key", "version_id", "content_hash", "fingerprint", "missing_imports", "confirmed_at"),
        *("first_import_id", "changed_import_id"),
    ).where(member.c.current == 1),
    member_code: _columns(member_code, "member_id", "kind", "code", "from_import_id").where(
        member_code.c.to_import_id.is_(None)
    ),
    member_import: _columns(member_import, "id", "sha256").where(member_import.c.state == "accepted"),
    source: _columns(source, "id", "source_key", "taken_at"),
    review_case: _columns(review_case, "id", "state", "decided_by").where(review_case.c.state != "closed"),
    customer_class: _columns(
        customer_class, "customer_id", "membership_class", "reason", "member_id", "end_date", "unconfirmed"
    ),
    class_override: _columns(
        class_override, "customer_id", "kind", "membership_class", "since", "until", "reason", "actor"
    ).where(class_override.c.active == 1),
    projection_state: _columns(
        projection_state, "customer_id", "wanted_class", "written_class", "written_value", "state"
    ).where(projection_state.c.written_value.is_not(None)),
    notice: _columns(notice, "customer_id", "kind").where(notice.c.state == "queued"),
    link_code: _columns(link_code, "id", "state", "member_code", "used_by_customer_id"),
    claim: _columns(claim, "id", "state").where(claim.c.state != "undone"),
}


def eccube_rows(connection: Connection, kind: str) -> dict[str, list[tuple[Any, ...]]]:
    """The whole content of EC-CUBE's tables."""
    names = connection.execute(
        text(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            if kind == "sqlite"
            else "SHOW TABLES"
        )
    ).scalars()
    return {
        name: sorted(map(tuple, connection.execute(text(f"SELECT * FROM {name}"))), key=repr)
        for name in names.all()
    }


def classifying(*, every: bool = False) -> Callable[[Run], object]:
    """A classification as a step of a run."""

    def step(run: Run) -> object:
        return apply_classify(run, plan_classify(run.shop, run.connection, every=every))

    return step


def expire(run: Run) -> object:
    """An expiry as a step of a run."""
    return apply_expiry(run, plan_expiry(run.shop, run.connection))


def project(run: Run) -> object:
    """A projection as a step of a run."""
    return apply_projection(run, plan_projection(run.shop, run.connection))


def listed(report: Report, title: str) -> Sequence[Sequence[Any]]:
    """The rows of a table of a report."""
    return next(one.rows for one in report.listings if one.title == title)


def moved(card: Card, **changes: Any) -> Card:
    """The same member with other data."""
    return replace(card, **changes)
