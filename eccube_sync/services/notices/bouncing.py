"""Take note of mails that came back: they failed after all, and an address that is wrong takes no more mails.

Only mails of ours count, known by their Message-ID, and each once, so the same mailbox may be read as often as
wanted. Nothing is deleted from it; in a Maildir, what was noted is marked as read.
"""

from __future__ import annotations

import mailbox
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from eccube_sync.clock import to_database
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.mailbounces import Blame, Bounce, read_bounce
from eccube_sync.report import Report
from eccube_sync.services.notices import outboxstates as states
from eccube_sync.services.notices.mailserver import Suspensions
from eccube_sync.services.review.folders import plain_files
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal

REASONS = {blame: f"returned_{blame}" for blame in Blame}
DELIVERED = ("sent", "in_doubt")
"""States in which a mail may still come back."""
SOFT_ONES = 3
SOFT_PERIOD = timedelta(days=30)
"""So many mails that came back for a reason that may pass, in so long a time, are one that does not."""
COUNTS = ("bounces_hard", "bounces_soft", "bounces_other", "addresses_suspended")


@dataclass(frozen=True, slots=True)
class Returned:
    """A notice of ours that came back."""

    row: AnyRow
    bounce: Bounce


@dataclass(slots=True)
class BouncePlan:
    """What a mailbox says of our mails that was not noted yet."""

    returned: list[Returned] = field(default_factory=list)
    known: int = 0
    others: int = 0
    """Mails that are no bounces, or of mails that are not ours."""
    unread: list[Path] = field(default_factory=list)
    """Files of a Maildir to be marked as read."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.returned or self.unread)

    def report(self) -> Report:
        """The plan as counts."""
        found = Counter(f"bounces_{one.bounce.blame}" for one in self.returned)
        counts = {name: found[name] for name in COUNTS[:3]}
        return Report(
            _("Mails that came back:"), counts | {"bounces_known": self.known, "mails_of_others": self.others}
        )


def plan_bounces(shop: Shop, connection: Connection, place: Path | None = None) -> BouncePlan:
    """Read a mailbox: ``place``, or ``[mail] bounces``. Raises ``UsageError`` for none, or one that cannot be read."""
    place = place or (shop.settings.mail.bounces if shop.settings.mail else None)
    if place is None:
        raise UsageError(_("Name a mailbox to read, or set [mail] bounces in the configuration."))
    plan, found = BouncePlan(), []
    try:
        for path, content in _mails(place):
            bounce = read_bounce(content)
            if bounce is None:
                plan.others += 1
            else:
                found.append((path, bounce))
    except (OSError, mailbox.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise UsageError(_("{path} cannot be read: {error}").format(path=place, error=reason)) from None
    with reading(connection):
        _match(connection, plan, found)
    return plan


def _mails(place: Path) -> Iterator[tuple[Path | None, bytes]]:
    """The mails of a Maildir not read yet, of an mbox, or the one mail a file holds; of a Maildir with their files."""
    if (place / "new").is_dir() and (place / "cur").is_dir():
        for path in sorted(plain_files(place / "new")):
            yield path, path.read_bytes()
    elif place.is_dir():
        raise UsageError(_("{path} is a folder, but no Maildir: it lacks new or cur.").format(path=place))
    else:
        with place.open("rb") as file:
            is_mbox = file.read(5) == b"From "
        if not is_mbox:
            yield None, place.read_bytes()
            return
        with closing(mailbox.mbox(place, create=False)) as box:
            for key in box.keys():  # noqa: SIM118 - a mailbox yields mails, not keys
                yield None, box.get_bytes(key)


def _match(connection: Connection, plan: BouncePlan, found: Sequence[tuple[Path | None, Bounce]]) -> None:
    spoken_of = {one for _path, bounce in found for one in bounce.message_ids}
    ours = {row.message_id: row for ids in chunks(spoken_of, CHUNK) for row in _rows(connection, ids)}
    noted = {
        one for ids in chunks([row.id for row in ours.values()], CHUNK) for one in _noted(connection, ids)
    }
    worst: dict[int, Returned] = {}
    for path, bounce in found:
        row = next((ours[one] for one in sorted(bounce.message_ids) if one in ours), None)
        if row is None:
            plan.others += 1
            continue
        if path is not None:
            plan.unread.append(path)
        if row.id in noted or row.state not in DELIVERED:
            plan.known += 1
        elif row.id not in worst or bounce.blame is Blame.HARD:
            worst[row.id] = Returned(row, bounce)
    plan.returned = [worst[number] for number in sorted(worst)]


def _rows(connection: Connection, message_ids: Sequence[str]) -> Sequence[AnyRow]:
    wanted = (
        notice.c.id, notice.c.message_id, notice.c.customer_id, notice.c.recipient, notice.c.state,
    )  # fmt: skip
    return connection.execute(select(*wanted).where(notice.c.message_id.in_(message_ids))).all()


def _noted(connection: Connection, notice_ids: Sequence[int]) -> Sequence[int]:
    statement = select(journal.c.subject_id).where(
        journal.c.subject == "notice",
        journal.c.subject_id.in_(notice_ids),
        journal.c.reason.in_(REASONS.values()),
    )
    return connection.execute(statement).scalars().all()


# --- apply -------------------------------------------------------------------------------------------


def take_bounces(shop: Shop, connection: Connection, plan: BouncePlan) -> Report:
    """Note each as failed and suspend the addresses that are wrong, which ``needs_person`` counts; safe to run again.

    Raises ``LockedError`` while mails are being sent.
    """
    with applied_run(shop, connection, "notices bounces", stage="notify", keep_empty=False) as run:
        suspensions = Suspensions(shop.settings.folders)
        for one in plan.returned:
            run.transaction(_note, run, suspensions, one)
        for path in plan.unread:
            if path.exists():
                path.rename(path.parents[1] / "cur" / f"{path.name}:2,S")
        counts = {name: run.counts[name] for name in COUNTS}
        suspended = run.counts["addresses_suspended"]
        notes = (
            [_("Mend the addresses in EC-CUBE: eccube-sync notices list --state failed")] if suspended else []
        )
        return Report(_("Mails that came back:"), counts, notes=notes, needs_person=suspended)


def _note(run: Run, suspensions: Suspensions, returned: Returned) -> None:
    row, blame = returned.row, returned.bounce.blame
    wrong = blame is Blame.HARD or (blame is Blame.SOFT and _soft_ones(run, row) + 1 >= SOFT_ONES)
    if not states.move(run, row.id, row.state, "failed", REASONS[blame]):
        return
    run.counts[f"bounces_{blame}"] += 1
    if wrong and row.recipient and not suspensions.among(run.connection, [row.recipient]):
        suspensions.add(run.connection, row.recipient, REASONS[blame], row.id, run.now)
        run.counts["addresses_suspended"] += 1


def _soft_ones(run: Run, row: AnyRow) -> int:
    """How many other mails to this customer at this address came back lately and may have been the address's fault."""
    since = to_database(run.now - SOFT_PERIOD)
    return run.connection.execute(
        select(func.count())
        .select_from(notice)
        .join(journal, journal.c.subject_id == notice.c.id)
        .where(
            notice.c.customer_id == row.customer_id,
            notice.c.recipient == row.recipient,
            notice.c.id != row.id,
            journal.c.subject == "notice",
            journal.c.reason == REASONS[Blame.SOFT],
            journal.c.created_at >= since,
        )
    ).scalar_one()
