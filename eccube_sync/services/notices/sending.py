"""Send what is queued: within window and caps, each mail judged again, none ever sent twice by itself.

A mail is claimed only when the server is there. Just before the final dot its row says ``dot``, and its
Message-ID stands in the journal outside the database; until then nothing can have been accepted, and after it
the mail is never sent again unless the server refused it or a person says so.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from eccube_sync.clock import TOKYO, to_database
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.maildelivery import Delivery, MailServerError, Verdict
from eccube_sync.mailer import Session
from eccube_sync.mailmessage import MessageRefusedError
from eccube_sync.mailpace import Breaker, Caps, SendWindow, retry_at
from eccube_sync.report import Listing, Report
from eccube_sync.services.notices import outboxstates as states
from eccube_sync.services.notices.baselines import plan_release, release
from eccube_sync.services.notices.judging import WAITING, judge
from eccube_sync.services.notices.mailserver import Suspensions, envelope_sender, mail_server
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.notices.words import reason_words, state_words
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables.runs import installation

LONGEST_WAIT = timedelta(minutes=2)
"""A longer wait for a cap is left to the next call."""

COUNTED = (
    "notices_sent", "notices_retry", "notices_failed", "notices_in_doubt", "notices_cancelled",
)  # fmt: skip
Wait = Callable[[float], None]


def send_notices(
    shop: Shop,
    connection: Connection,
    *,
    limit: int | None = None,
    ignore_window: bool = False,
    baseline: int | None = None,
    wait: Wait = time.sleep,
) -> Report:
    """Send the mails that may leave now, at most ``limit``; ``needs_person`` counts new ones in doubt or failed.

    ``baseline`` first queues the recorded events, which must be exactly so many. Raises ``MailServerError`` when
    the server cannot be used, ``LockedError`` when another call is sending, ``GuardRefusedError`` for a wrong
    ``baseline``.
    """
    if shop.settings.mail is None:
        return Report(_("No mail was sent: [mail] is not set in the configuration."))
    released = plan_release(shop, connection, baseline) if baseline is not None else []
    closed = None if ignore_window else _opens_at(shop)
    with reading(connection):
        summarised = states.summarised_through(shop.settings, connection)
        due = states.due_notices(connection, shop.clock.now(), summarised)
        interrupted = states.count_in(connection, "claimed", "dot")
    if not released and not interrupted and (closed or not due):
        return _report(connection, shop, Counter(), Counter(), closed)
    with applied_run(shop, connection, "notify", stage="notify") as run:
        run.transaction(_prepare, run)
        release(run, released)
        sender = Sender(run, wait, limit)
        if not closed:
            sender.send_all(ignore_window=ignore_window)
        return _report(connection, shop, run.counts, sender.reasons, closed or sender.later, sender.stopped)


def _opens_at(shop: Shop) -> datetime | None:
    """When the window opens next; None while it is open."""
    now = shop.clock.now()
    window = SendWindow(*shop.settings.notices.send_window)
    return None if window.contains(now) else window.next_open(now)


def _prepare(run: Run) -> None:
    states.recover(run)
    states.forget_old_counts(run.connection, run.now)


def _report(
    connection: Connection,
    shop: Shop,
    counts: Counter[str],
    reasons: Counter[tuple[str, str]],
    later: datetime | None,
    stopped: str | None = None,
) -> Report:
    with reading(connection):
        waiting = states.count_in(connection, "queued")
        untold = states.count_untold(connection, states.summarised_through(shop.settings, connection))
    found = {name: counts[name] for name in ("notices_queued", *COUNTED)} | {"notices_waiting": waiting}
    report = Report(_("Notices:"), found)
    rows = [
        (state_words(state), reason_words(reason), number)
        for (state, reason), number in sorted(reasons.items())
    ]
    report.listings = [Listing(_("Reasons"), (_("state"), _("reason"), _("notices")), list(rows))]
    if stopped:
        report.notes.append(stopped)
    if untold:
        report.notes.append(
            _("{count} notices leave after the owner's mail of their night.").format(count=untold)
        )
    if later and waiting > untold:
        report.notes.append(
            _("The next notices leave from {moment}.").format(
                moment=f"{later.astimezone(TOKYO):%Y-%m-%d %H:%M}"
            )
        )
    report.needs_person = counts["notices_in_doubt"] + counts["notices_failed"] + bool(stopped)
    return report


class _ClaimLostError(Exception):
    """Somebody cancelled the mail between claim and dot; it was not accepted."""


class Sender:
    """One call of sending, over one connection to the mail server."""

    def __init__(self, run: Run, wait: Wait, limit: int | None) -> None:
        notices = run.shop.settings.notices
        self.run = run
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.later: datetime | None = None
        """When what could not leave for lack of time may leave."""
        self.stopped: str | None = None
        """Why sending was broken off, in words."""
        self._connection = run.connection
        self._wait = wait
        self._limit = limit
        self._window = SendWindow(*notices.send_window)
        self._caps = Caps(*notices.caps)
        self._breaker = Breaker()
        self._suspensions = Suspensions(run.shop.settings.folders)
        self._session = Session(mail_server(run.shop.settings))
        with reading(self._connection):
            counter = self._connection.execute(select(installation.c.run_counter)).scalar_one()
            self._left = states.left_lately(self._connection, run.now)
        self._journal = OutboxJournal(run.shop.settings.folders.outbox_journal, counter)
        self._at_dot = False

    def _now(self) -> datetime:
        return self.run.shop.clock.now()

    def send_all(self, *, ignore_window: bool = False) -> None:
        """Send until nothing is due, or window, caps, limit or breaker end it."""
        with reading(self._connection):
            summarised = states.summarised_through(self.run.shop.settings, self._connection)
            due = states.due_notices(self._connection, self._now(), summarised)
        known = self._journal.left([row.message_id for row in due])
        with closing(self._session):
            for row in due:
                if self._limit is not None and self.run.counts["notices_sent"] >= self._limit:
                    return
                if not self._may_go_on(ignore_window=ignore_window):
                    return
                if row.message_id in known:
                    self._settle(row, "queued", "in_doubt", "in_journal")
                else:
                    self._send(row.id)

    def _may_go_on(self, *, ignore_window: bool) -> bool:
        """Wait for the caps where that is short; False when nothing more may leave in this call."""
        if self._breaker.reason:
            self.stopped = reason_words(self._breaker.reason)
            return False
        now = self._now()
        allowed = self._caps.next_allowed(self._left, now)
        if allowed - now > LONGEST_WAIT:
            self.later = self._window.next_open(allowed)
            return False
        if allowed > now:
            self._wait((allowed - now).total_seconds())
            now = self._now()
        if ignore_window or self._window.contains(now):
            return True
        self.later = self._window.next_open(now)
        return False

    # --- one mail ---

    def _send(self, notice_id: int) -> None:
        with reading(self._connection):
            row = states.outbox_row(self._connection, notice_id)
            reason = self._judge(row)
        if reason == WAITING:
            self.reasons["queued", WAITING] += 1
            return
        if reason is not None:
            self._settle(row, "queued", "cancelled", reason)
            return
        # The server is there before the mail is claimed: what cannot be sent is not touched.
        self._session.prepare()
        if self.run.transaction(self._claim, row):
            self._hand_over(row)

    def _judge(self, row: AnyRow) -> str | None:
        reason = judge(self.run.shop.settings, self._connection, [row], self._now())[row.id]
        if reason in (None, WAITING) and self._suspensions.among(self._connection, [row.recipient]):
            return "address_suspended"
        return reason

    def _claim(self, row: AnyRow) -> bool:
        tried = to_database(states.first_tried(row, self._now()))
        return states.move(self.run, row.id, "queued", "claimed", None, first_tried_at=tried)

    def _hand_over(self, row: AnyRow) -> None:
        self._at_dot = False
        try:
            delivery = self._session.deliver(
                row.message,
                sender=envelope_sender(self.run.shop.settings),
                recipient=row.recipient,
                before_dot=lambda: self._before_dot(row),
            )
        except _ClaimLostError:
            return
        except MessageRefusedError as error:
            self._settle(row, "claimed", "failed", error.reason)
            return
        except ConfigurationError:
            self._settle(row, "dot", "queued", "interrupted")
            raise
        self._breaker.record(delivery.verdict)
        self._after(row, delivery)

    def _before_dot(self, row: AnyRow) -> None:
        """From here on the mail may have been delivered: two places say so, one of them outside the database."""
        now = self._now()
        if not self.run.transaction(self._mark_dot, row, now):
            raise _ClaimLostError
        self._journal.add(row.message_id, "left", now)
        self._at_dot = True
        self._left.append(now)

    def _mark_dot(self, row: AnyRow, now: datetime) -> bool:
        states.count_one(self._connection, now)
        return states.move(self.run, row.id, "claimed", "dot", None)

    # --- what became of it ---

    def _after(self, row: AnyRow, delivery: Delivery) -> None:
        verdict, now = delivery.verdict, self._now()
        old = "dot" if self._at_dot else "claimed"
        if self._at_dot and verdict not in (Verdict.SENT, Verdict.IN_DOUBT):
            # Refused for certain, so it may be sent again; said before the row says so.
            self._journal.add(row.message_id, "refused", now)
        if verdict is Verdict.SENT:
            self._settle(row, old, "sent", None, sent_at=to_database(now))
        elif verdict is Verdict.IN_DOUBT:
            self._settle(row, old, "in_doubt", delivery.note)
        elif verdict is Verdict.RETRY:
            self._try_later(row, old, delivery, now)
        elif verdict is Verdict.STOP_RUN:
            self._settle(row, old, "queued", None)
            raise MailServerError(delivery)
        else:
            blamed = verdict is Verdict.PERMANENT_ADDRESS
            self._settle(row, old, "failed", delivery.note, suspend=blamed, attempts=row.attempts + 1)

    def _try_later(self, row: AnyRow, old: str, delivery: Delivery, now: datetime) -> None:
        attempts = row.attempts + 1
        moment = retry_at(row.message_id, attempts, states.first_tried(row, now), now)
        if moment is None:
            self._settle(row, old, "failed", delivery.note, attempts=attempts)
        else:
            later = to_database(moment)
            self._settle(row, old, "queued", delivery.note, attempts=attempts, next_try_at=later)

    def _settle(
        self, row: AnyRow, old: str, new: str, reason: str | None, *, suspend: bool = False, **values: Any
    ) -> None:
        """Write what became of a mail; with ``suspend`` its address takes no more mails."""

        def work() -> bool:
            moved = states.move(self.run, row.id, old, new, reason, **values)
            if moved:
                self.run.counts["notices_retry" if new == "queued" else f"notices_{new}"] += 1
            if moved and suspend:
                self._suspensions.add(self._connection, row.recipient, reason or new, row.id, self._now())
            return moved

        if self.run.transaction(work) and reason:
            self.reasons[new, reason] += 1
