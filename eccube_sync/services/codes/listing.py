"""What became of the codes: list them, and revoke those that were lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from eccube_sync.clock import tokyo_date
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _, mark
from eccube_sync.linkcode import read_serial
from eccube_sync.report import Listing, Report
from eccube_sync.services.codes.coding import ALIVE, codes_by_serial, unfinished_issues
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.codes import code_batch, link_code
from eccube_sync.tables.customers import customer

STATES = {
    "issued": mark("issued"),
    "assigned": mark("assigned"),
    "used": mark("used"),
    "revoked": mark("revoked"),
    "expired": mark("expired"),
}
"""The states of a code in words; ``expired`` is one that can no longer be used because of its date."""


def list_codes(
    shop: Shop, connection: Connection, *, state: str | None = None, batch: int | None = None, limit: int = 50
) -> Report:
    """Counts by state, the batches, and the newest codes; never a secret, which nobody has any more."""
    today = tokyo_date(shop.clock.now())
    chosen = [] if batch is None else [link_code.c.batch_id == batch]
    with reading(connection):
        counts = {
            f"codes_{name}": connection.execute(
                select(func.count()).select_from(link_code).where(_in_state(name, today), *chosen)
            ).scalar_one()
            for name in STATES
        }
        found = any(counts.values())
        report = Report(
            _("Link codes") if found else _("No link code was found."),
            counts if found else {},
            notes=unfinished_issues(connection),
        )
        report.listings = [
            _batches(connection, batch),
            _codes(connection, [*chosen, *([_in_state(state, today)] if state else [])], today, limit),
        ]
    return report


def _in_state(state: str, today: date) -> ColumnElement[bool]:
    if state == "expired":
        return and_(link_code.c.state.in_(ALIVE), link_code.c.expires_on < today)
    if state in ALIVE:
        return and_(link_code.c.state == state, link_code.c.expires_on >= today)
    return link_code.c.state == state


def _batches(connection: Connection, batch: int | None) -> Listing:
    titles = (_("batch"), _("label"), _("codes"), _("valid until"), _("run"))
    statement = select(code_batch).order_by(code_batch.c.id.desc()).limit(20)
    if batch is not None:
        statement = statement.where(code_batch.c.id == batch)
    rows = connection.execute(statement)
    return Listing(
        _("Batches"),
        titles,
        [(row.id, row.label, row.code_count, row.expires_on, row.run_id) for row in rows],
    )


def _codes(connection: Connection, wanted: list[ColumnElement[bool]], today: date, limit: int) -> Listing:
    titles = (_("serial"), _("state"), _("batch"), _("member code"), _("valid until"), _("used by customer"))
    rows = connection.execute(
        select(link_code, customer.c.eccube_id)
        .outerjoin(customer, customer.c.id == link_code.c.used_by_customer_id)
        .where(*wanted)
        .order_by(link_code.c.id.desc())
        .limit(limit)
    )
    return Listing(
        _("Codes"),
        titles,
        [
            (
                row.serial,
                _(STATES[_shown_state(row, today)]),
                row.batch_id,
                row.member_code,
                row.expires_on,
                row.eccube_id,
            )
            for row in rows
        ],
    )


def _shown_state(code: AnyRow, today: date) -> str:
    return "expired" if code.state in ALIVE and code.expires_on < today else code.state


@dataclass(frozen=True, slots=True)
class RevokePlan:
    """Codes to be revoked; used and revoked ones are left as they are."""

    codes: list[AnyRow]
    used: list[str]

    def report(self) -> Report:
        """The plan in words."""
        report = Report(_("Revoke link codes"), {"codes_revoked": len(self.codes)})
        if self.used:
            report.notes.append(
                _(
                    "Used already: {serials}. Revoking a used code would not end its link; for that run: "
                    "eccube-sync customers unlink"
                ).format(serials=", ".join(self.used))
            )
        return report


def plan_revoke(connection: Connection, serials: list[str], batch: int | None) -> RevokePlan:
    """What revoking would do. Raises ``UsageError`` for a serial or batch that does not exist."""
    if bool(serials) == (batch is not None):
        raise UsageError(_("Name serials, or one batch with --batch."))
    with reading(connection):
        if batch is not None:
            where = link_code.c.batch_id == batch
            rows = list(connection.execute(select(link_code).where(where).order_by(link_code.c.id)))
            if not rows:
                raise UsageError(
                    _("There is no batch {batch}; see: eccube-sync codes list").format(batch=batch)
                )
        else:
            rows = _named(connection, serials)
    return RevokePlan(
        [row for row in rows if row.state in ALIVE], [row.serial for row in rows if row.state == "used"]
    )


def _named(connection: Connection, serials: list[str]) -> list[AnyRow]:
    wanted = {read_serial(typed): typed for typed in serials}
    found = codes_by_serial(connection, list(wanted))
    unknown = [typed for serial, typed in wanted.items() if serial not in found]
    if unknown:
        # What was typed is not repeated: it may be the secret code itself.
        raise UsageError(
            _("{n} of these serials do not exist; nothing was revoked. See: eccube-sync codes list").format(
                n=len(unknown)
            )
        )
    return [found[serial] for serial in sorted(found)]


def apply_revoke(run: Run, plan: RevokePlan) -> Report:
    """Revoke; a code that was used meanwhile stays used."""
    for start in range(0, len(plan.codes), CHUNK):
        run.transaction(_revoke, run, plan.codes[start : start + CHUNK])
    return Report(
        _("Link codes were revoked."), {name: run.counts[name] for name in ("codes_revoked", "stale")}
    )


def _revoke(run: Run, codes: list[AnyRow]) -> None:
    for row in codes:
        done = run.connection.execute(
            update(link_code)
            .where(link_code.c.id == row.id, link_code.c.state == row.state)
            .values(state="revoked")
        )
        if done.rowcount == 1:
            run.record("link_code", row.id, "state", row.state, "revoked", "revoked_by_person")
            run.counts["codes_revoked"] += 1
        else:
            run.counts["stale"] += 1
