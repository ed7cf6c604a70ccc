"""Look at the outbox, and settle by hand what the program must not decide: was it delivered?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import word
from eccube_sync.services.notices import outboxstates as states
from eccube_sync.services.notices.mailserver import Suspensions
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.notices.words import KINDS, reason_words, state_words
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables.customers import customer
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation


def list_report(connection: Connection, *, state: str | None = None, limit: int = 50) -> Report:
    """How many mails are in which state, and the newest of them; no addresses."""
    wanted = select(notice, customer.c.eccube_id).outerjoin(customer, customer.c.id == notice.c.customer_id)
    # What is only recorded is shown when asked for: a first classification records thousands.
    wanted = wanted.where(notice.c.state == state) if state else wanted.where(notice.c.state != "baseline")
    titles = (
        _("id"), _("kind"), _("customer"), _("event"), _("state"), _("reason"), _("tries"), _("next try"), _("sent"),
    )  # fmt: skip
    listing = Listing(_("Notices"), titles)
    with reading(connection):
        counted = connection.execute(select(notice.c.state, func.count()).group_by(notice.c.state)).all()
        for row in connection.execute(wanted.order_by(notice.c.id.desc()).limit(limit)):
            listing.rows.append(_line(row))
    counts = {f"notices_{name}": int(number) for name, number in sorted(map(tuple, counted))}
    return Report(_("Notices:") if counts else _("There is no notice yet."), counts, [listing])


def _line(row: AnyRow) -> tuple[object, ...]:
    return (
        row.id,
        word(KINDS, row.kind),
        row.eccube_id,
        row.event_on.isoformat(),
        state_words(row.state),
        reason_words(row.reason),
        row.attempts,
        _moment(row.next_try_at) if row.state == "queued" else "",
        _moment(row.sent_at),
    )


def _moment(stored: object) -> str:
    if stored is None:
        return ""
    return f"{from_database(stored).astimezone(TOKYO):%Y-%m-%d %H:%M}"  # type: ignore[arg-type]


def resolve(shop: Shop, connection: Connection, notice_ids: Sequence[int], *, resend: bool) -> Report:
    """Settle mails in doubt: taken for sent, or sent again with the same Message-ID.

    A failed one can be resent, and one that came back taken for sent; either way its address gets mails again. Raises
    ``UsageError``, and changes nothing, when one of them is not open to that.
    """
    with applied_run(shop, connection, "notices resolve", stage="notify") as run:
        with reading(connection):
            rows = _resolvable(connection, notice_ids, resend=resend)
            counter = connection.execute(select(installation.c.run_counter)).scalar_one()
        sent = OutboxJournal(shop.settings.folders.outbox_journal, counter)
        for row in rows:
            if resend:
                # Said first: a crash in between leaves the mail in doubt, and nothing is lost.
                sent.add(row.message_id, "resend", run.now)
            run.transaction(_settle, run, row, resend)
        return Report(_("Settled:"), {"notices_queued" if resend else "notices_sent": len(rows)})


def _resolvable(connection: Connection, notice_ids: Sequence[int], *, resend: bool) -> list[AnyRow]:
    wanted = sorted(set(notice_ids))
    rows = connection.execute(select(notice).where(notice.c.id.in_(wanted)).order_by(notice.c.id))
    fitting = [row for row in rows if _is_open(row, resend=resend)]
    others = sorted(set(wanted) - {row.id for row in fitting})
    if others:
        raise UsageError(
            _(
                "Notices {ids} are not in doubt and did not come back (or hold no mail any more); see: eccube-sync "
                "notices list"
            ).format(ids=", ".join(map(str, others)))
        )
    return fitting


def _is_open(row: AnyRow, *, resend: bool) -> bool:
    if resend:
        return row.state in ("in_doubt", "failed") and bool(row.message)
    return row.state == "in_doubt" or row.reason in states.RETURNED.values()


def _settle(run: Run, row: AnyRow, resend: bool) -> None:
    if resend:
        again = {"attempts": 0, "first_tried_at": None, "next_try_at": None, "created_at": run.moment}
        moved = states.move(run, row.id, row.state, "queued", "resend", **again)
    else:
        moment = row.sent_at or row.first_tried_at or run.moment
        moved = states.move(run, row.id, row.state, "sent", "assumed_sent", sent_at=moment)
    if moved and row.recipient:
        Suspensions(run.shop.settings.folders).lift(run.connection, row.recipient)
