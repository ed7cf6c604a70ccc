"""The whole night: import, decisions, classify, expire, project, cases, summary; then the mails.

Each stage stands alone: one that is refused is told about and the others go on with what there is.
Any stage may be repeated without a second effect, so a missed, repeated or killed night needs no repair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from eccube_sync.clock import FixedClock, from_database, tokyo_date
from eccube_sync.configsources import Source
from eccube_sync.db import reading
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.errors import (
    BadInputError,
    DatabaseUnavailableError,
    EccubeSyncError,
    ExitCode,
    LockedError,
    UsageError,
    storage_error,
)
from eccube_sync.i18n import _
from eccube_sync.mailpace import Caps, SendWindow
from eccube_sync.membership.forecast import announcement, upcoming_mass_dates
from eccube_sync.membership.guards import clock as clock_guard
from eccube_sync.membership.verdicts import raise_if_refused
from eccube_sync.report import Report
from eccube_sync.services.classes.expiring import apply_expiry, plan_expiry
from eccube_sync.services.classes.guarding import approvals, expected_falls
from eccube_sync.services.classes.policies import guard_numbers
from eccube_sync.services.customers.showing import STAGE_WORDS
from eccube_sync.services.matching.classifying import apply_classify
from eccube_sync.services.matching.classifyplan import plan_classify
from eccube_sync.services.members.dropfolder import newest_file, purge_imported, put_away
from eccube_sync.services.members.exportreminder import remind_exporter
from eccube_sync.services.members.importing import apply_import, guard, plan_import
from eccube_sync.services.members.overdue import (
    imported_on_an_earlier_day,
    overdue_sentence,
    overdue_sources,
    waiting_sentences,
)
from eccube_sync.services.notices.bouncing import plan_bounces, take_bounces
from eccube_sync.services.notices.noticing import queue_reminders
from eccube_sync.services.notices.sending import send_notices
from eccube_sync.services.pinging import ping
from eccube_sync.services.projection.carding import tell_shop
from eccube_sync.services.projection.pluginkeys import has_cards
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.reports.monthmail import send_month_mail
from eccube_sync.services.reports.ownermail import send_owner_mail
from eccube_sync.services.review.export import export_new_cases
from eccube_sync.services.review.fromfile import (
    apply_review_import,
    plan_review_import,
    put_away_decisions,
    waiting_review_files,
)
from eccube_sync.services.running import Run, Shop, applied_run
from eccube_sync.tables import classes
from eccube_sync.tables.runs import run as run_table

GOOD = frozenset({ExitCode.DONE, ExitCode.NEEDS_PERSON})
SEVERITY = (
    ExitCode.UNEXPECTED, ExitCode.CONFIGURATION, ExitCode.GUARD_REFUSED, ExitCode.BAD_INPUT, ExitCode.LOCKED,
    ExitCode.NEEDS_PERSON,
)  # fmt: skip


@dataclass(slots=True)
class Night:
    """What a night found: its counts, what it has to say, and how bad it is."""

    run: Run
    files: Sequence[Path]
    expected: int | None
    notes: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Why a stage, or a part of it, was refused."""
    codes: set[ExitCode] = field(default_factory=set)
    old_data: set[str] = field(default_factory=set)
    """Sources, by key, that sent nothing new where something new was to come."""
    shop: Shop = field(init=False)
    """The shop at the moment the night began, so that every stage of a night over midnight has one today."""

    def __post_init__(self) -> None:
        self.shop = replace(self.run.shop, clock=FixedClock(self.run.now))

    def tell(self, report: Report) -> None:
        """Keep what a stage has to say."""
        self.notes += report.notes
        if report.needs_person:
            self.codes.add(ExitCode.NEEDS_PERSON)

    def refuse(self, stage: str, error: EccubeSyncError) -> None:
        """Keep why a stage, or a part of it, was refused."""
        self.refusals.append(
            _("{stage}: {message}").format(stage=_(STAGE_WORDS[stage]), message="\n  ".join(error.lines))
        )
        self.codes.add(error.exit_code)
        if self.run.connection.in_transaction():
            self.run.connection.rollback()

    @property
    def exit_code(self) -> ExitCode:
        """The worst that happened."""
        return next((code for code in SEVERITY if code in self.codes), ExitCode.DONE)


def run_nightly(
    shop: Shop, connection: Connection, *, files: Sequence[Path] = (), expected: int | None = None
) -> tuple[Report, ExitCode]:
    """One night. ``files`` are imported instead of what lies in the drop folder.

    Raises ``UsageError`` for files where there are several sources, ``LockedError`` when another run is under way.
    """
    if files and len(shop.settings.sources) != 1:
        raise UsageError(
            _(
                "There are several sources, and a file does not say which it is of; put it into its drop folder."
            )
        )
    addresses = shop.settings.ping
    try:
        report, code = _night(shop, connection, files, expected)
    except LockedError:
        raise  # the run that is under way tells how it went
    except BaseException:
        ping(addresses.failure)
        raise
    ping(addresses.success if code in GOOD else addresses.failure)
    return report, code


def _night(
    shop: Shop, connection: Connection, files: Sequence[Path], expected: int | None
) -> tuple[Report, ExitCode]:
    def begin() -> None:
        ping(shop.settings.ping.start)
        _check_clock(shop, connection)

    stages = shop.settings.nightly.stages
    with applied_run(shop, connection, "nightly", check=begin) as run:
        night = Night(run, files, expected)
        for name, stage in STAGES.items():
            if name in stages:
                _attempt(night, name, stage)
        _tell_plugin(night)
    report = Report(_("Night of {today}:").format(today=run.today), dict(run.counts))
    if "notify" in stages:
        _notify(shop, connection, night, report)
    report.notes = night.refusals + night.notes
    return report, night.exit_code


def _attempt(night: Night, name: str, stage: Callable[[Night], None]) -> None:
    try:
        stage(night)
    except DatabaseUnavailableError:
        raise  # with its connection a run has lost its locks
    except EccubeSyncError as error:
        night.refuse(name, error)
    except OSError as error:  # a full disk stops what writes files, and nothing else
        refusal = storage_error(error)
        if refusal is None:
            raise
        night.refuse(name, refusal)


def _check_clock(shop: Shop, connection: Connection) -> None:
    now = shop.clock.now()
    with reading(connection):
        generation = GENERATIONS[detect(connection)]
        server = now if shop.database.kind == "sqlite" else generation.server_time(connection)
        last = connection.execute(select(func.max(run_table.c.started_at))).scalar_one()
    last_run = from_database(last) if last else None
    raise_if_refused([clock_guard(now, server, last_run, guard_numbers(shop.settings))])


# --- the stages ------------------------------------------------------------------------------------


def _import(night: Night) -> None:
    for one in night.shop.settings.sources:
        newest = newest_file(night.shop.settings, one)
        for path in night.files or ([newest] if newest else []):
            try:
                _import_file(night, one, path)
            except EccubeSyncError as error:  # one bad file keeps no good one from being imported
                night.refuse("import", error)
    purge_imported(night.shop.settings, night.run.now)
    _tell_overdue(night)


def _import_file(night: Night, one: Source, path: Path) -> None:
    run, shop = night.run, night.shop
    plan = plan_import(shop, run.connection, path, source_key=one.key)
    raise_if_refused(guard(shop, run.connection, plan, night.expected))
    report = apply_import(run, plan)
    night.tell(report)
    if plan.known and imported_on_an_earlier_day(run, plan):
        night.notes.append(report.headline)
        night.old_data.add(one.key)
    if not night.files:
        put_away(shop.settings, one, path, run.now)


def _tell_overdue(night: Night) -> None:
    for one in overdue_sources(night.shop, night.run.connection):
        night.run.counts["overdue_files"] += 1
        night.old_data.add(one.key)
        night.codes.add(ExitCode.NEEDS_PERSON)
        night.notes.append(overdue_sentence(one))
        if failure := remind_exporter(night.run, one):
            night.notes.append(failure)


def _decisions(night: Night) -> None:
    run, shop = night.run, night.shop
    for path in waiting_review_files(shop.settings):
        try:
            plan = plan_review_import(shop, run.connection, path)
        except BadInputError as error:  # one bad file keeps no good one from being taken
            night.refuse("decisions", error)
            continue
        night.tell(apply_review_import(run, plan))
        put_away_decisions(shop.settings, path, run.now)


def _classify(night: Night) -> None:
    plan = plan_classify(night.shop, night.run.connection, expected=night.expected)
    night.tell(apply_classify(night.run, plan))


def _expire(night: Night) -> None:
    run = night.run
    plan = plan_expiry(night.shop, run.connection, expected=night.expected)
    night.tell(apply_expiry(run, plan))
    if plan.held_back:
        night.codes.add(ExitCode.GUARD_REFUSED)
    _tell_waiting(night)
    queue_reminders(run)
    _announce(night)


def _tell_waiting(night: Night) -> None:
    """Say whose class an old export keeps: they would have fallen, so it is a guard's refusal."""
    sentences = waiting_sentences(night.shop, night.run.connection, night.old_data)
    night.notes += sentences
    if sentences:
        night.codes.add(ExitCode.GUARD_REFUSED)


def _announce(night: Night) -> None:
    run, numbers = night.run, guard_numbers(night.run.shop.settings)
    with reading(run.connection):
        falls = expected_falls(run.connection, run.today, numbers.announce_days)
        active = classes.count_active(run.connection)
        approved = approvals(run.connection, list(falls))
    notices = run.shop.settings.notices
    a_day = Caps(*notices.caps).in_a_day(SendWindow(*notices.send_window))
    for mass_date in upcoming_mass_dates(falls, active, tokyo_date(run.now), numbers, approved):
        sentence = announcement(mass_date, a_day)
        if mass_date.settled:
            night.notes.append(sentence)
        else:  # a person must act in time, so it goes before whatever else there is to say
            night.notes.insert(0, sentence)
            run.counts["dates_to_approve"] += 1


def _project(night: Night) -> None:
    plan = plan_projection(night.shop, night.run.connection)
    night.tell(apply_projection(night.run, plan))


def _cases(night: Night) -> None:
    night.tell(export_new_cases(night.run))


def _summary(night: Night) -> None:
    night.tell(send_month_mail(night.run))
    night.tell(send_owner_mail(night.run, night.notes, refusals=night.refusals))


def _tell_plugin(night: Night) -> None:
    """Tell the shop's administration, by our plugin, that the night was a good one."""
    run = night.run
    if not has_cards(run.shop.settings) or night.exit_code not in GOOD:
        return
    try:
        tell_shop(run, run.shop.clock.now())
    except (EccubeSyncError, DBAPIError):  # the plugin is not there: the stage project said so
        run.connection.rollback()
        if run.connection.invalidated:
            raise


STAGES: dict[str, Callable[[Night], None]] = {
    "import": _import,
    "decisions": _decisions,
    "classify": _classify,
    "expire": _expire,
    "project": _project,
    "cases": _cases,
    "summary": _summary,
}


def _take_bounces(shop: Shop, connection: Connection, night: Night, report: Report) -> None:
    if shop.settings.mail is None or shop.settings.mail.bounces is None:
        return
    try:
        plan = plan_bounces(shop, connection)
        if not plan.empty:
            taken = take_bounces(shop, connection, plan)
            report.counts |= taken.counts
            night.notes += taken.notes
            if taken.needs_person:
                night.codes.add(ExitCode.NEEDS_PERSON)
    except LockedError:
        return  # whoever sends mails just now leaves them to the next night
    except EccubeSyncError as error:
        night.refuse("notify", error)


def _notify(shop: Shop, connection: Connection, night: Night, report: Report) -> None:
    """The mails leave under a lock of their own, after everything else."""
    _take_bounces(shop, connection, night, report)
    try:
        sent = send_notices(shop, connection)
    except LockedError:
        night.notes.append(_("Another run is sending the notices already."))
        return
    except EccubeSyncError as error:
        night.refuse("notify", error)
        return
    report.counts |= {name: number for name, number in sent.counts.items() if name != "notices_queued"}
    night.notes += sent.notes
    if sent.needs_person:
        night.codes.add(ExitCode.NEEDS_PERSON)
