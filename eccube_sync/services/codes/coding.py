"""Issue link codes for the label printer: the list is on disk before a single code is valid.

A crash between the two leaves a file whose codes nobody can use, never a valid code that nobody has. Serial numbers
are reserved before the file is written, so the same serial never stands on two labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select

from eccube_sync.clock import tokyo_date
from eccube_sync.csvwriter import Encoding, write_csv
from eccube_sync.db import CHUNK, AnyRow, inserted_id, reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.linkcode import LARGEST_SERIAL, new_code, print_code, serial_of
from eccube_sync.report import Report
from eccube_sync.services.codes.keys import CodeKeys, ensure_key, key_file, load_keys
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.privacy.exportplace import refuse_place
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.codes import claim, code_batch, link_code
from eccube_sync.tables.runs import journal

HEADER = ("serial", "code", "expires_on")
MOST_AT_ONCE = 100_000
ALIVE = ("issued", "assigned")
"""States in which a code can still be used."""

_RESERVED = "code_reservation"


@dataclass(frozen=True, slots=True)
class IssuePlan:
    """Codes to be made; they are drawn when the plan is applied, so a plan holds no secret."""

    count: int
    label: str
    expires_on: date
    path: Path
    encoding: Encoding
    notes: list[str] = field(default_factory=list)

    def report(self) -> Report:
        """The plan in words."""
        headline = _("{count} link codes for the label printer, valid until {expires_on}, in {path}").format(
            count=self.count, expires_on=self.expires_on, path=self.path
        )
        return Report(headline, notes=list(self.notes))


def plan_issue(
    shop: Shop,
    connection: Connection,
    count: int,
    *,
    label: str = "",
    output: Path | None = None,
    valid_days: int | None = None,
) -> IssuePlan:
    """What issuing codes would do. Raises ``UsageError`` where the list must not or cannot be written."""
    today = tokyo_date(shop.clock.now())
    configured = shop.settings.codes
    if not 1 <= count <= MOST_AT_ONCE:
        raise UsageError(_("Issue between 1 and {most} codes at once.").format(most=MOST_AT_ONCE))
    path = output.absolute() if output else _free_name(shop.settings.folders.codes, today)
    refuse_place(path, shop.settings.shop.eccube_root)
    with reading(connection):
        last = _last_reserved(connection)
        notes = unfinished_issues(connection)
    if last + count > LARGEST_SERIAL:
        raise UsageError(_("Only {left} serials are left.").format(left=LARGEST_SERIAL - last))
    expires_on = today + timedelta(days=valid_days or configured.valid_days)
    encoding: Encoding = "cp932" if configured.encoding == "cp932" else "utf-8"
    return IssuePlan(count, label or today.isoformat(), expires_on, path, encoding, notes)


def _free_name(folder: Path, today: date) -> Path:
    number = 1
    while True:
        path = folder / (f"link-codes-{today}.csv" if number == 1 else f"link-codes-{today}-{number}.csv")
        if not path.exists():
            return path
        number += 1


def _last_reserved(connection: Connection) -> int:
    statement = select(func.max(journal.c.subject_id)).where(journal.c.subject == _RESERVED)
    return int(connection.execute(statement).scalar() or 0)


def unfinished_issues(connection: Connection) -> list[str]:
    """A sentence for every list whose codes never became valid since codes were last issued."""
    newest = select(func.coalesce(func.max(code_batch.c.run_id), 0)).scalar_subquery()
    rows = connection.execute(
        select(journal.c.run_id, journal.c.old_value, journal.c.new_value)
        .where(journal.c.subject == _RESERVED, journal.c.run_id > newest)
        .order_by(journal.c.id)
    )
    return [
        _(
            "Run {run} stopped before its codes were saved: no code of {file} ({serials}) is valid. Destroy the file "
            "and the labels, if there are any."
        ).format(run=row.run_id, file=row.new_value, serials=row.old_value)
        for row in rows
    ]


def keys_for_codes(shop: Shop, connection: Connection) -> CodeKeys:
    """The keys, made now where nothing was ever hashed with any; raises as ``keys_in_use`` does."""
    with reading(connection):
        never = not any(
            connection.execute(select(table.c.id).limit(1)).first() for table in (link_code, claim)
        )
    if never:
        ensure_key(shop.settings.folders)
    return keys_in_use(shop, connection)


def keys_in_use(shop: Shop, connection: Connection) -> CodeKeys:
    """The keys. Raises ``ConfigurationError`` when one is missing that codes still in use were hashed with."""
    folders = shop.settings.folders
    keys = load_keys(folders)
    with reading(connection):
        alive = select(link_code.c.key_id).where(link_code.c.state.in_(ALIVE)).distinct()
        needed = set(connection.execute(alive).scalars())
    missing = sorted(needed - set(keys.ids))
    if missing:
        raise ConfigurationError(
            _("{path} lacks the key {missing} of codes that are in use; put back your backup of it").format(
                path=key_file(folders), missing=", ".join(missing)
            )
        )
    return keys


def apply_issue(run: Run, plan: IssuePlan) -> Report:
    """Reserve serials, write the list, and only then make its codes valid."""
    refuse_place(plan.path, run.shop.settings.shop.eccube_root)
    keys = keys_for_codes(run.shop, run.connection)
    serials = run.transaction(_reserve, run, plan)
    codes = unused_codes(run.connection, keys, plan.count)
    plan.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    rows = zip(serials, map(print_code, codes), strict=True)
    written = ((serial, code, plan.expires_on.isoformat()) for serial, code in rows)
    write_csv(plan.path, HEADER, written, encoding=plan.encoding)
    run.transaction(_save, run, plan, keys, serials, codes)
    report = Report(
        _("{count} link codes were issued, {first} to {last}, valid until {expires_on}: {path}").format(
            count=plan.count, first=serials[0], last=serials[-1], expires_on=plan.expires_on, path=plan.path
        ),
        {"codes_issued": plan.count},
    )
    report.notes.append(_("The file opens memberships: print it, then delete it."))
    return report


def _reserve(run: Run, plan: IssuePlan) -> list[str]:
    return reserve_serials(run, plan.count, plan.path.name[:190], "codes_issue")


def reserve_serials(run: Run, count: int, place: str, reason: str) -> list[str]:
    """The next ``count`` serials, for codes that will stand in ``place``; inside the transaction under way."""
    first = _last_reserved(run.connection) + 1
    last = first + count - 1
    prefix = run.shop.settings.codes.prefix
    serials = [serial_of(prefix, number) for number in range(first, last + 1)]
    run.record(_RESERVED, last, "file", f"{serials[0]}-{serials[-1]}", place, reason)
    return serials


def unused_codes(connection: Connection, keys: CodeKeys, count: int) -> list[str]:
    """Codes that were never issued before, under any key."""
    codes: set[str] = set()
    while len(codes) < count:
        fresh = [new_code() for _position in range(min(CHUNK, count - len(codes)))]
        hashes = {keys.hash_code(code, key_id): code for code in fresh for key_id in keys.ids}
        with reading(connection):
            known = connection.execute(
                select(link_code.c.secret_hash).where(link_code.c.secret_hash.in_(list(hashes)))
            ).scalars()
            codes.update(set(fresh) - {hashes[one] for one in known})
    return sorted(codes, key=keys.hash_code)


def _save(run: Run, plan: IssuePlan, keys: CodeKeys, serials: list[str], codes: list[str]) -> None:
    connection = run.connection
    batch = {
        "label": plan.label[:190],
        "code_count": plan.count,
        "expires_on": plan.expires_on,
        "run_id": run.id,
        "created_at": run.moment,
    }
    batch_id = inserted_id(connection.execute(insert(code_batch).values(batch)))
    rows: list[dict[str, Any]] = [
        {
            "batch_id": batch_id,
            "serial": serial,
            "secret_hash": keys.hash_code(code),
            "key_id": keys.current_id,
            "state": "issued",
            "expires_on": plan.expires_on,
        }
        for serial, code in zip(serials, codes, strict=True)
    ]
    for start in range(0, len(rows), CHUNK):
        connection.execute(insert(link_code), rows[start : start + CHUNK])
    run.record("code_batch", batch_id, "codes", None, plan.count, "codes_issue")
    log_export(run, "link_codes", plan.count)
    run.counts["codes_issued"] += plan.count


def codes_by_serial(connection: Connection, serials: list[str]) -> dict[str, AnyRow]:
    """Serial → its code; part of a read-only stretch or a transaction."""
    found: dict[str, AnyRow] = {}
    for start in range(0, len(serials), CHUNK):
        wanted = serials[start : start + CHUNK]
        for row in connection.execute(select(link_code).where(link_code.c.serial.in_(wanted))):
            found[row.serial] = row
    return found
