"""Take in the codes and card numbers customers typed from a CSV, for shops without the plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.db import CHUNK, reading
from eccube_sync.filedamage import sentence
from eccube_sync.i18n import _
from eccube_sync.japanesedates import DateRefusedError, parse_date
from eccube_sync.report import Report
from eccube_sync.services.claims.recording import (
    TypedClaim,
    TypedFact,
    card_claim,
    code_claim,
    known_claims,
    record_claims,
)
from eccube_sync.services.codes.coding import keys_for_codes
from eccube_sync.services.codes.files import CodeFile, whole_number
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.running import Run, Shop

COLUMNS = {
    "customer_id": ("顧客ID", "会員ID", "EC会員ID", "customer"),
    "code": ("コード", "連携コード", "link_code", "入力コード"),
    "card": ("会員番号", "カード番号", "会員コード", "card_number", "member_code"),
    "pin": ("PINコード", "暗証番号"),
    "birth_date": ("生年月日",),
    "phone_last4": ("電話番号下4桁", "電話下4桁", "電話番号"),
    "received_at": ("受付日時", "入力日時", "登録日時", "受付日"),
}
FACTS = ("pin", "birth_date", "phone_last4")


@dataclass(slots=True)
class ClaimImportPlan:
    """New claims of a file, and how many are known."""

    path: Path
    new: list[TypedClaim] = field(default_factory=list)
    known: int = 0

    def report(self) -> Report:
        """The plan as counts; lines that hold no code are named, for somebody to ask the customer again."""
        report = Report(
            _("Codes and cards typed by customers, from {file}").format(file=self.path.name),
            {"claims_new": len(self.new), "claims_known": self.known},
        )
        wrong = [str(one.line) for one in self.new if not one.readable]
        if wrong:
            lines = ", ".join(wrong[:50]) + (" …" if len(wrong) > 50 else "")
            report.notes.append(
                _(
                    "No link code or card number, mistyped ({n}): lines {lines}. They will be kept as refused."
                ).format(n=len(wrong), lines=lines)
            )
        return report


def plan_claim_import(
    shop: Shop, connection: Connection, path: Path, *, encoding: str | None = None
) -> ClaimImportPlan:
    """Read ``path``. Raises ``BadInputError`` with every line that cannot be read."""
    keys = keys_for_codes(shop, connection)
    file = CodeFile(path, COLUMNS, ("customer_id",), encoding, one_of=("code", "card"))
    claims = {one.keys[0]: one for one in reversed(list(_claims(file, keys, shop.clock.now())))}
    file.refuse_problems()
    with reading(connection):
        known = known_claims(connection, list(claims.values()))
    new = [one for one in reversed(claims.values()) if not known.intersection(one.keys)]
    return ClaimImportPlan(path, new, len(claims) - len(new))


def _claims(file: CodeFile, keys: CodeKeys, now: datetime) -> Iterator[TypedClaim]:
    for line, cells in file.rows():
        code, card = cells.get("code", ""), cells.get("card", "")
        if not code and not card:
            continue  # a customer who left the fields empty claims nothing
        eccube_id = whole_number(cells["customer_id"])
        if eccube_id is None:
            file.wrong(line, "customer_id", _("This is no customer id of EC-CUBE."))
            continue
        received_at = _received_at(file, line, cells.get("received_at", ""), now)
        if received_at is None:
            continue
        if code:
            yield code_claim(keys, eccube_id, code, received_at, line=line)
        if card:
            yield card_claim(keys, eccube_id, card, _fact(cells), received_at, line=line)


def _fact(cells: Mapping[str, str]) -> TypedFact:
    """The first second fact a row has; one is enough."""
    return next((TypedFact(kind, cells[kind]) for kind in FACTS if cells.get(kind)), TypedFact())


def _received_at(file: CodeFile, line: int, written: str, now: datetime) -> datetime | None:
    try:
        moment = parse_date(written).moment or now
    except DateRefusedError as error:
        file.wrong(line, "received_at", sentence(error.kind, {"shape": error.shape}))
        return None
    if moment > now:
        file.wrong(line, "received_at", _("This moment lies in the future."))
        return None
    return moment


def apply_claim_import(run: Run, plan: ClaimImportPlan) -> Report:
    """Keep the new claims; a file that is imported again adds nothing."""
    keys = keys_for_codes(run.shop, run.connection)
    for start in range(0, len(plan.new), CHUNK):
        run.transaction(record_claims, run, keys, plan.new[start : start + CHUNK], "codes_import")
    report = plan.report()
    report.counts["claims_new"] = run.counts["claims_new"]
    report.notes.append(_("They are decided by the next: eccube-sync classify"))
    return report
