"""What happens at a counter and in the web shop: codes printed, handed out, typed, and the night after."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from eccube_sync.db import reading
from eccube_sync.report import Report
from eccube_sync.services.claims.claiming import plan_claims
from eccube_sync.services.claims.fromfile import apply_claim_import, plan_claim_import
from eccube_sync.services.claims.parts import ClaimOutcome
from eccube_sync.services.claims.redeeming import apply_claims
from eccube_sync.services.codes.assigning import apply_assign, plan_assign
from eccube_sync.services.codes.coding import apply_issue, plan_issue
from eccube_sync.services.running import Run
from eccube_sync.tables.codes import claim
from eccube_sync.tables.customers import customer
from eccube_sync.tables.members import member
from tests.support.rows import OurShop

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Label:
    """One printed label."""

    serial: str
    code: str
    expires_on: str


@dataclass(slots=True)
class Counter:
    """A shop with codes."""

    ours: OurShop
    folder: Path

    def issue(self, count: int = 1, **options: Any) -> list[Label]:
        """Issue codes and read the printer's list."""
        with self.ours.connect() as connection:
            plan = plan_issue(self.ours.service, connection, count, **options)
        self.ours.apply(lambda run: apply_issue(run, plan), "codes issue")
        return read_labels(plan.path)

    def write(self, header: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8") -> Path:
        """A CSV somebody made."""
        path = self.folder / f"file-{next(_numbers)}.csv"
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    def assign(self, *handed_out: tuple[str, str]) -> Report:
        """Say whose codes they are, as (serial, member code)."""
        return self.assign_file(self.write(("serial", "member_code"), handed_out))

    def assign_file(self, path: Path) -> Report:
        """``codes assign``."""
        with self.ours.connect() as connection:
            plan = plan_assign(self.ours.service, connection, path)
        found: Report = self.ours.apply(lambda run: apply_assign(run, plan), "codes assign")
        return found

    def typed(self, *rows: tuple[int, str] | tuple[int, str, datetime]) -> Report:
        """Codes typed by customers, as (our customer id, code[, when])."""
        header = ("customer_id", "code", "received_at")
        cells = [(self.eccube_id(one), code, *(str(moment) for moment in more)) for one, code, *more in rows]
        return self.import_file(self.write(header, [(*row, "")[:3] for row in cells]))

    def claims_card(
        self, customer_id: int, number: str, fact: str = "", value: str = "", when: str = ""
    ) -> Report:
        """A card number and a second fact typed by one customer."""
        header = ("customer_id", "card", *([fact] if fact else []), "received_at")
        row = (self.eccube_id(customer_id), number, *([value] if fact else []), when)
        return self.import_file(self.write(header, [row]))

    def import_file(self, path: Path) -> Report:
        """``codes import``."""
        with self.ours.connect() as connection:
            plan = plan_claim_import(self.ours.service, connection, path)
        found: Report = self.ours.apply(lambda run: apply_claim_import(run, plan), "codes import")
        return found

    def eccube_id(self, customer_id: int) -> int:
        """EC-CUBE's id of a customer."""
        return int(self.ours.row(customer, id=customer_id).eccube_id)

    def member_with_code(self, **values: Any) -> tuple[int, str]:
        """A member and a code that was handed to them."""
        member_id = self.ours.add_member(**values)
        return member_id, self.code_for(member_id)

    def code_for(self, member_id: int) -> str:
        """A fresh code handed to a member."""
        (label,) = self.issue()
        self.assign((label.serial, self.ours.row(member, id=member_id).store_key))
        return label.code

    def plan(self, **options: Any) -> list[ClaimOutcome]:
        """What the night would decide."""
        with self.ours.connect() as connection, reading(connection):
            return plan_claims(self.ours.service, connection, customers=(), **options)

    def apply(self, outcomes: Sequence[ClaimOutcome]) -> dict[str, int]:
        """Carry a plan out; returns the run's counts."""

        def work(run: Run) -> dict[str, int]:
            run.transaction(apply_claims, run, outcomes)
            return dict(run.counts)

        found: dict[str, int] = self.ours.apply(work, "classify")
        return found

    def night(self) -> dict[str, int]:
        """Plan and apply."""
        return self.apply(self.plan())

    def verdicts(self) -> list[tuple[str, str | None]]:
        """State and reason of every claim, in the order they came in."""
        return [(row.state, row.reason) for row in self.ours.rows(claim)]


def read_labels(path: Path, encoding: str = "utf-8-sig") -> list[Label]:
    """The printer's list."""
    with path.open(encoding=encoding, newline="") as file:
        return [Label(row["serial"], row["code"], row["expires_on"]) for row in csv.DictReader(file)]
