"""Take in the codes customers typed: from a CSV, for shops without the plugin, and the rows every way in makes.

Nothing is decided here; the next classification decides. A code is hashed as it comes in and kept nowhere else.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select

from eccube_sync.clock import to_database
from eccube_sync.db import CHUNK, reading
from eccube_sync.filedamage import sentence
from eccube_sync.i18n import _
from eccube_sync.japanesedates import DateRefusedError, parse_date
from eccube_sync.linkcode import read_code
from eccube_sync.report import Report
from eccube_sync.services.codefiles import CodeFile, whole_number
from eccube_sync.services.codekeys import CodeKeys
from eccube_sync.services.coding import keys_in_use
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.codes import claim, link_code

COLUMNS = {
    "customer_id": ("会員id", "顧客id", "ec会員id", "customer"),
    "code": ("コード", "連携コード", "link_code", "入力コード"),
    "received_at": ("受付日時", "入力日時", "登録日時", "受付日"),
}


@dataclass(frozen=True, slots=True)
class TypedClaim:
    """One code one customer typed. ``code`` is None where it can be no code; ``repr`` shows neither."""

    eccube_id: int
    code: str | None = field(repr=False)
    written: str = field(repr=False)
    received_at: datetime
    keys: tuple[str, ...]
    """What tells this claim from others, under every key; the first is the one to store."""
    line: int = 0


@dataclass(slots=True)
class ClaimImportPlan:
    """New claims of a file, and how many are known."""

    path: Path
    new: list[TypedClaim] = field(default_factory=list)
    known: int = 0

    def report(self) -> Report:
        """The plan as counts; lines that hold no code are named, for somebody to ask the customer again."""
        report = Report(
            _("Link codes typed by customers, from {file}").format(file=self.path.name),
            {"claims_new": len(self.new), "claims_known": self.known},
        )
        wrong = [str(one.line) for one in self.new if one.code is None]
        if wrong:
            lines = ", ".join(wrong[:50]) + (" …" if len(wrong) > 50 else "")
            report.notes.append(
                _("No link code, mistyped ({n}): lines {lines}. They will be kept as refused.").format(
                    n=len(wrong), lines=lines
                )
            )
        return report


def plan_claim_import(
    shop: Shop, connection: Connection, path: Path, *, encoding: str | None = None
) -> ClaimImportPlan:
    """Read ``path``. Raises ``BadInputError`` with every line that cannot be read."""
    keys = keys_in_use(shop, connection)
    file = CodeFile(path, COLUMNS, ("customer_id", "code"), encoding)
    claims = {one.keys[0]: one for one in reversed(list(_claims(file, keys, shop.clock.now())))}
    file.refuse_problems()
    with reading(connection):
        known = _known(connection, list(claims.values()))
    new = [one for one in reversed(claims.values()) if not known.intersection(one.keys)]
    return ClaimImportPlan(path, new, len(claims) - len(new))


def _claims(file: CodeFile, keys: CodeKeys, now: datetime) -> Iterator[TypedClaim]:
    for line, cells in file.rows():
        if not cells["code"]:
            continue  # a customer who left the field empty claims nothing
        eccube_id = whole_number(cells["customer_id"])
        if eccube_id is None:
            file.wrong(line, "customer_id", _("This is no customer id of EC-CUBE."))
            continue
        received_at = _received_at(file, line, cells.get("received_at", ""), now)
        if received_at is not None:
            yield typed_claim(keys, eccube_id, cells["code"], received_at, line)


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


def typed_claim(
    keys: CodeKeys, eccube_id: int, written: str, received_at: datetime, line: int = 0
) -> TypedClaim:
    """A claim as a customer wrote it; the same customer with the same code is the same claim, however typed."""
    code = read_code(written)
    same = code or unicodedata.normalize("NFKC", written).casefold()
    marks = tuple(keys.hash_claim(eccube_id, same, key_id) for key_id in keys.ids)
    return TypedClaim(eccube_id, code, same, received_at, marks, line)


def _known(connection: Connection, claims: Sequence[TypedClaim]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(claims), CHUNK):
        marks = [mark for one in claims[start : start + CHUNK] for mark in one.keys]
        found.update(
            connection.execute(select(claim.c.claim_key).where(claim.c.claim_key.in_(marks))).scalars()
        )
    return found


def apply_claim_import(run: Run, plan: ClaimImportPlan) -> Report:
    """Keep the new claims; a file that is imported again adds nothing."""
    keys = keys_in_use(run.shop, run.connection)
    for start in range(0, len(plan.new), CHUNK):
        run.transaction(record_claims, run, keys, plan.new[start : start + CHUNK], "codes_import")
    report = plan.report()
    report.counts["claims_new"] = run.counts["claims_new"]
    report.notes.append(_("They are decided by the next: eccube-sync classify"))
    return report


def record_claims(run: Run, keys: CodeKeys, claims: Sequence[TypedClaim], reason: str) -> None:
    """Insert claims that are not known yet, inside the transaction under way."""
    connection = run.connection
    known = _known(connection, claims)
    new = {one.keys[0]: one for one in claims if not known.intersection(one.keys)}
    if not new:
        return
    codes = _find_codes(connection, keys, [one.code for one in new.values() if one.code])
    rows = [_row(run, keys, one, codes) for one in new.values()]
    connection.execute(insert(claim), rows)
    made = connection.execute(
        select(claim.c.id, claim.c.state).where(claim.c.claim_key.in_(list(new))).order_by(claim.c.id)
    )
    for row in made:
        run.record("claim", row.id, "state", None, row.state, reason)
    run.counts["claims_new"] += len(rows)


def _row(run: Run, keys: CodeKeys, one: TypedClaim, codes: dict[str, tuple[int, str]]) -> dict[str, Any]:
    code_id, code_hash = codes.get(one.code or "", (None, keys.hash_code(one.written)))
    return {
        "claim_key": one.keys[0],
        "eccube_id": one.eccube_id,
        "kind": "link_code",
        "code_hash": code_hash,
        "link_code_id": code_id,
        "state": "pending" if one.code else "refused",
        "reason": None if one.code else "malformed",
        "received_at": to_database(one.received_at),
        "decided_at": None if one.code else run.moment,
        "run_id": run.id,
    }


def _find_codes(connection: Connection, keys: CodeKeys, codes: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Code → id and hash of the issued code it is, whichever key that was hashed with."""
    hashes = {keys.hash_code(code, key_id): (code, key_id) for code in codes for key_id in keys.ids}
    rows = connection.execute(
        select(link_code.c.id, link_code.c.secret_hash, link_code.c.key_id).where(
            link_code.c.secret_hash.in_(list(hashes))
        )
    )
    found: dict[str, tuple[int, str]] = {}
    for row in rows:
        code, key_id = hashes[row.secret_hash]
        if key_id == row.key_id and hmac.compare_digest(row.secret_hash, keys.hash_code(code, row.key_id)):
            found[code] = (row.id, row.secret_hash)
    return found
