"""Take note of mails that came back: they failed after all, and an address that is wrong takes no more mails.

Only mails of ours count, known by their Message-ID and the address they went to. Nothing is deleted from a mailbox;
in a Maildir, what was noted is marked as read, so that it is not read again.
"""

from __future__ import annotations

import mailbox
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from eccube_sync.clock import to_database
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import ConfigurationError, GuardRefusedError, UsageError, storage_error
from eccube_sync.i18n import _
from eccube_sync.mailbounces import LARGEST, Blame, Bounce, read_bounce
from eccube_sync.report import Report
from eccube_sync.services.notices import outboxstates as states
from eccube_sync.services.notices.mailserver import Suspensions
from eccube_sync.services.review.folders import plain_files
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import journal

DELIVERED = ("sent", "in_doubt")
"""States in which a mail may still come back."""
SETTLED = ("failed", "cancelled", "baseline")
"""States in which it may not; in the others the program was stopped while sending, and will say what they are."""
SOFT_ONES = 3
SOFT_PERIOD = timedelta(days=30)
"""So many mails that came back for a reason that may pass, in so long a time, are one that does not."""
HARD_ONES, HARD_SHARE = 30, 0.2
"""More wrong addresses at once, and more of a week's mails, are somebody else's fault: a provider's bad hour."""
COUNTS = ("bounces_hard", "bounces_soft", "bounces_other", "addresses_suspended")


@dataclass(frozen=True, slots=True)
class Returned:
    """A notice of ours that came back, and the file of a Maildir that says so."""

    row: AnyRow
    blame: Blame
    file: Path | None


@dataclass(slots=True)
class BouncePlan:
    """What a mailbox says of our mails that was not noted yet."""

    returned: list[Returned] = field(default_factory=list)
    known: int = 0
    others: int = 0
    """Mails that are no bounces, or of mails that are not ours."""
    settled: list[Path] = field(default_factory=list)
    """Files of a Maildir that say what is known, to be marked as read."""
    mailed: int = 0
    """Mails that left in the last week."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.returned or self.settled)

    @property
    def wrong(self) -> int:
        """How many addresses are said to be wrong."""
        return sum(one.blame is Blame.HARD for one in self.returned)

    def report(self) -> Report:
        """The plan as counts."""
        found = Counter(f"bounces_{one.blame}" for one in self.returned)
        counts = {name: found[name] for name in COUNTS[:3]}
        counts |= {"bounces_known": self.known, "mails_of_others": self.others}
        return Report(_("Mails that came back:"), counts)


def plan_bounces(shop: Shop, connection: Connection, place: Path | None = None) -> BouncePlan:
    """Read a mailbox: ``place``, or ``[mail] bounces``.

    Raises ``UsageError`` where none is named, ``ConfigurationError`` for one that cannot be read.
    """
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
        raise ConfigurationError(
            _("{path} cannot be read: {error}").format(path=place, error=reason)
        ) from None
    with reading(connection):
        _match(connection, plan, found)
        week = notice.c.sent_at >= to_database(shop.clock.now() - timedelta(days=7))
        plan.mailed = connection.execute(select(func.count()).select_from(notice).where(week)).scalar_one()
    return plan


def _mails(place: Path) -> Iterator[tuple[Path | None, bytes]]:
    """The mails of a Maildir not read yet, of an mbox, or the one mail a file holds; of a Maildir with their files."""
    if (place / "new").is_dir() and (place / "cur").is_dir():
        for path in sorted(_unread(place)):
            with suppress(FileNotFoundError), path.open("rb") as file:  # somebody else may have moved it
                yield path, file.read(LARGEST)
    elif place.is_dir():
        raise ConfigurationError(
            _("{path} is a folder, but no Maildir: it lacks new or cur.").format(path=place)
        )
    else:
        with place.open("rb") as file:
            start = file.read(LARGEST)
        if not start.startswith(b"From "):
            yield None, start
            return
        with closing(mailbox.mbox(place, create=False)) as box:
            for key in box.keys():  # noqa: SIM118 - a mailbox yields mails, not keys
                yield None, box.get_bytes(key)


def _unread(maildir: Path) -> Iterator[Path]:
    """What is new, and what a mail program saw and did not open."""
    yield from plain_files(maildir / "new")
    for path in plain_files(maildir / "cur"):
        if "S" not in path.name.rpartition(":2,")[2]:
            yield path


def _mark_read(path: Path) -> None:
    """Give a mail of a Maildir the flag for seen. Raises ``StorageError``, or ``ConfigurationError`` without rights."""
    name, _separator, flags = path.name.partition(":2,")
    seen = path.parents[1] / "cur" / f"{name}:2,{''.join(sorted({*flags, 'S'}))}"
    try:
        with suppress(FileNotFoundError):
            path.rename(seen)
    except OSError as error:
        raise (
            storage_error(error)
            or ConfigurationError(
                _("{path} cannot be written: {error}").format(path=path.parents[1], error=error.strerror)
            )
        ) from None


def _match(connection: Connection, plan: BouncePlan, found: Sequence[tuple[Path | None, Bounce]]) -> None:
    spoken_of = {one for _path, bounce in found for one in bounce.message_ids}
    ours = {row.message_id: row for ids in chunks(spoken_of, CHUNK) for row in _rows(connection, ids)}
    noted = {
        one for ids in chunks([row.id for row in ours.values()], CHUNK) for one in _noted(connection, ids)
    }
    worst: dict[int, Returned] = {}
    for path, bounce in found:
        row = next((ours[one] for one in sorted(bounce.message_ids) if one in ours), None)
        if row is None or (row.recipient and row.recipient.lower() not in bounce.recipients):
            plan.others += 1
        elif row.state in SETTLED or (path is None and row.id in noted):
            plan.known += 1
            plan.settled += [path] if path else []
        elif row.state in DELIVERED and (row.id not in worst or bounce.blame is Blame.HARD):
            worst[row.id] = Returned(row, bounce.blame, path)
    plan.returned = [worst[number] for number in sorted(worst)]


def _rows(connection: Connection, message_ids: Sequence[str]) -> Sequence[AnyRow]:
    wanted = (
        notice.c.id, notice.c.message_id, notice.c.customer_id, notice.c.recipient, notice.c.state,
        notice.c.created_at,
    )  # fmt: skip
    return connection.execute(select(*wanted).where(notice.c.message_id.in_(message_ids))).all()


def _noted(connection: Connection, notice_ids: Sequence[int]) -> Sequence[int]:
    statement = select(journal.c.subject_id).where(
        journal.c.subject == "notice",
        journal.c.subject_id.in_(notice_ids),
        journal.c.reason.in_(states.RETURNED.values()),
    )
    return connection.execute(statement).scalars().all()


# --- apply -------------------------------------------------------------------------------------------


def take_bounces(
    shop: Shop, connection: Connection, plan: BouncePlan, *, expected: int | None = None
) -> Report:
    """Note each as failed and suspend the addresses that are wrong, which ``needs_person`` counts; safe to run again.

    Raises ``GuardRefusedError`` for more wrong addresses at once than shops have, unless ``expected`` names their
    number; ``LockedError`` while mails are being sent.
    """
    if plan.wrong > max(HARD_ONES, HARD_SHARE * plan.mailed) and plan.wrong != expected:
        raise GuardRefusedError(
            _(
                "{count} addresses came back as wrong, of {mailed} mails in a week: more likely a provider had a bad "
                "hour. Nothing was changed. If it is right: eccube-sync notices bounces --apply --i-expect {count}"
            ).format(count=plan.wrong, mailed=plan.mailed)
        )
    with applied_run(shop, connection, "notices bounces", stage="notify", keep_empty=False) as run:
        suspensions = Suspensions(shop.settings.folders)
        for one in plan.returned:
            if run.transaction(_note, run, suspensions, one) and one.file:
                _mark_read(one.file)
        for path in plan.settled:
            _mark_read(path)
        counts = {name: run.counts[name] for name in COUNTS}
        suspended = run.counts["addresses_suspended"]
        notes = [_("Mend the addresses: eccube-sync notices list --state failed")] if suspended else []
        return Report(_("Mails that came back:"), counts, notes=notes, needs_person=suspended)


def _note(run: Run, suspensions: Suspensions, returned: Returned) -> bool:
    """Whether it was still as planned."""
    row, reason = returned.row, states.RETURNED[returned.blame]
    wrong = returned.blame is Blame.HARD
    if returned.blame is Blame.SOFT:
        wrong = _soft_ones(run, row) + 1 >= SOFT_ONES
    if not states.move(run, row.id, row.state, "failed", reason):
        return False
    run.counts[f"bounces_{returned.blame}"] += 1
    if wrong and row.recipient and not suspensions.among(run.connection, [row.recipient]):
        suspensions.add(run.connection, row.recipient, reason, row.id, run.now)
        run.counts["addresses_suspended"] += 1
    return True


def _soft_ones(run: Run, row: AnyRow) -> int:
    """How many other mails to this customer at this address came back so, of those made around the same time."""
    if row.customer_id is None:
        return 0
    statement = select(func.count()).where(
        notice.c.customer_id == row.customer_id,
        notice.c.recipient == row.recipient,
        notice.c.id != row.id,
        notice.c.state == "failed",
        notice.c.reason == states.RETURNED[Blame.SOFT],
        notice.c.created_at.between(row.created_at - SOFT_PERIOD, row.created_at + SOFT_PERIOD),
    )
    return run.connection.execute(statement).scalar_one()
