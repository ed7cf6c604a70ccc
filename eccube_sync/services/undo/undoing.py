"""Undo a run: take back what was put in and decided, newest first; what follows from it is computed again.

The undo is a run of its own. What a later run or a person changed since is kept and listed with that run; who was
mailed already is listed too. An undo that was interrupted is finished by doing it again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, select, update

from eccube_sync.clock import tokyo_date
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import EccubeSyncError, LockedError, UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.notices import consents
from eccube_sync.services.notices.noticing import queue_corrections
from eccube_sync.services.projection.projecting import apply_projection, plan_projection
from eccube_sync.services.running import Run, Shop
from eccube_sync.services.undo import cases as undocases
from eccube_sync.services.undo import claims as undoclaims
from eccube_sync.services.undo import classes as undoclasses
from eccube_sync.services.undo import links as undolinks
from eccube_sync.services.undo import models as undomodels
from eccube_sync.services.undo import notices as undonotices
from eccube_sync.services.undo import overrides as undooverrides
from eccube_sync.services.undo.facts import UNDO, Finding, attempts
from eccube_sync.services.undo.findings import Findings, find_all
from eccube_sync.services.undo.members import undo_import
from eccube_sync.services.undo.report import eccube_ids_of, findings_report
from eccube_sync.tables.runs import installation
from eccube_sync.tables.runs import run as run_table

Step = Callable[[Sequence[Finding]], Iterator[Finding]]
"""Reverses some changes inside the transaction under way, and says what became of each."""

OTHER_STAGES = frozenset({"notify", "inbox", "bridge"})
"""Commands that may be at work while the lock of the batch runs is free."""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing a run would do; nothing is written yet."""

    run: AnyRow
    findings: Findings
    mailed: Sequence[AnyRow]
    correction: bool
    begun: bool = False
    """Whether an undo of this run was interrupted."""
    eccube_ids: Mapping[int, int] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to take back, nothing to finish, and nobody to write to."""
        nothing = all(one.kept for one in self.findings.all())
        return nothing and not self.begun and not (self.correction and self.mailed)

    def report(self) -> Report:
        """The plan: what would be reversed, what is kept and why, who was mailed."""
        if not self.findings.all() and not self.mailed and not self.begun:
            return Report(_("Run {run} changed nothing that could be taken back.").format(run=self.run.id))
        headline = _("Undo of run {run} ({command}, {today}):").format(
            run=self.run.id, command=self.run.command, today=self.run.today
        )
        report = findings_report(headline, self.findings.all(), self.mailed, self.eccube_ids, planned=True)
        if self.begun:
            report.notes.append(_("An undo of this run was interrupted; it will be finished."))
        if self.run.state == "running":
            report.notes.append(
                _("The run did not say that it ended; if it is still at work, undo will wait.")
            )
        if self.mailed and self.correction:
            report.notes.append(_("A correction will be queued for everybody who was mailed."))
        elif self.mailed:
            report.notes.append(_("Mails cannot be taken back; --correction queues a correction for them."))
        return report


def plan_undo(shop: Shop, connection: Connection, run_id: int, *, correction: bool | None = None) -> UndoPlan:
    """What undoing this run would do. Raises ``UsageError`` for a run that cannot be undone.

    ``correction`` queues a mail to everybody the run had mailed; None follows the configuration.
    """
    wanted = shop.settings.undo.correction_notices if correction is None else correction
    today = tokyo_date(shop.clock.now())
    with reading(connection):
        row = _undoable(shop, connection, run_id)
        findings = find_all(connection, run_id, today)
        mailed = undonotices.mailed_by(connection, run_id)
        begun = bool(attempts(connection, run_id))
        ids = eccube_ids_of(connection, findings.all())
        return UndoPlan(row, findings, mailed, wanted, begun, ids)


def _undoable(shop: Shop, connection: Connection, run_id: int) -> AnyRow:
    row = connection.execute(select(run_table).where(run_table.c.id == run_id)).first()
    if row is None:
        raise UsageError(_("There is no run {run_id}; see: eccube-sync runs list").format(run_id=run_id))
    if row.state == "undone":
        raise UsageError(
            _("Run {run_id} was undone before, by run {by_run}; nothing was changed.").format(
                run_id=run_id, by_run=row.undone_by_run_id
            )
        )
    if row.undoes_run_id is not None:
        raise UsageError(
            _(
                "Run {run_id} is an undo itself and cannot be undone. Do again what it took back: import the file, "
                "answer the questions, set the overrides."
            ).format(run_id=run_id)
        )
    keep_days = shop.settings.undo.keep_days
    if tokyo_date(shop.clock.now()) - row.today > timedelta(days=keep_days):
        raise UsageError(
            _("Run {run_id} is older than {days} days (undo.keep_days); its old values are gone.").format(
                run_id=run_id, days=keep_days
            )
        )
    if row.state == "running" and row.command in OTHER_STAGES:
        raise UsageError(
            _("Run {run_id} has not ended yet; try again when it has: eccube-sync runs list").format(
                run_id=run_id
            )
        )
    return row


# --- apply -------------------------------------------------------------------------------------------


def apply_undo(run: Run, plan: UndoPlan) -> Report:
    """Carry the plan out, then show the classes in EC-CUBE. Raises ``LockedError`` when something changed meanwhile."""
    with reading(run.connection):
        _undoable(run.shop, run.connection, plan.run.id)
        findings = find_all(run.connection, plan.run.id, run.today)
    if findings.decisions() != plan.findings.decisions():
        raise LockedError(
            _("Something changed since the plan was made; nothing was undone. Look at the plan again.")
        )
    outcomes = _Work(run, plan.run.id, findings).carry_out()
    # Last of all the run is marked: an undo that was killed before is finished by doing it again.
    shown = _show_in_eccube(run)
    mailed = run.transaction(_finish, run, plan)
    report = findings_report(
        _("Run {run} was undone by run {by_run}:").format(run=plan.run.id, by_run=run.id),
        outcomes,
        mailed,
        plan.eccube_ids,
    )
    for name in ("reversed", "kept", "already_mailed"):
        run.counts[name] = report.counts[name]
    report.counts |= {name: number for name, number in shown.counts.items() if number}
    report.notes += shown.notes
    report.needs_person += shown.needs_person
    return report


@dataclass(slots=True)
class _Work:
    """One undo under way, and what became of each change."""

    run: Run
    undone_run: int
    findings: Findings
    outcomes: list[Finding] = field(default_factory=list)

    def carry_out(self) -> list[Finding]:
        """Imports first, so that everything else sees the members as they were; then customer by customer."""
        run = self.run
        with reading(run.connection):
            before = undoclasses.classes_before(run.connection, self.undone_run)
            concerned = undoclasses.concerned_customers(run.connection, self.undone_run)
        self.outcomes = [one for one in self.findings.all() if one.kept]
        for each in self.findings.imports:
            undo_import(run, self.undone_run, each)
            self.outcomes += [one for one in each.findings() if one.kept is None]
        by_customer = self._by_customer()
        concerned |= {one for one in by_customer if one is not None}
        # A place may be taken by a link that ends in another chunk: everything ends before anything comes back.
        for step in (self._end, self._restore):
            for customers in _chunks(by_customer):
                self._in_transaction(step, [one for key in customers for one in by_customer[key]])
        downgraded = {one.subject_id for one in self.findings.reversed("downgrade")}
        for customers in _chunks(concerned):
            run.transaction(undoclasses.put_back_classes, run, self.undone_run, customers, before, downgraded)
        self.outcomes += self.findings.reversed("downgrade")
        codes = self.findings.reversed("code")
        for start in range(0, len(codes), CHUNK):
            self._in_transaction(self._codes, codes[start : start + CHUNK])
        return self.outcomes

    def _by_customer(self) -> dict[int | None, list[Finding]]:
        found: dict[int | None, list[Finding]] = defaultdict(list)
        for one in self.findings.others:
            if one.kept is None and one.what not in {"downgrade", "code"}:
                found[one.customer_id].append(one)
        return found

    def _in_transaction(self, step: Step, findings: Sequence[Finding]) -> None:
        outcomes: list[Finding] = self.run.transaction(lambda: list(step(findings)))
        self.run.counts["reversed"] += sum(one.kept is None for one in outcomes)
        self.outcomes += outcomes

    def _end(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        run, undone = self.run, self.undone_run
        yield from undonotices.cancel(run, _of(findings, "notice"))
        yield from consents.take_back(run, _of(findings, "consent"))
        yield from undolinks.end_made(run, undone, _of(findings, "link_made"))
        yield from undolinks.unconfirm(run, _of(findings, "link_confirmed"))
        yield from undocases.take_back(run, undone, _of(findings, "case"))
        yield from undoclaims.take_back_claims(run, _of(findings, "claim"))
        yield from undooverrides.end_set(run, _of(findings, "override_set"))

    def _restore(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        yield from undolinks.restore_ended(self.run, _of(findings, "link_ended"))
        yield from undooverrides.restore_ended(self.run, _of(findings, "override_ended"))
        yield from undomodels.put_back(self.run, _of(findings, "model"))

    def _codes(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        yield from undoclaims.take_back_codes(self.run, findings)


def _of(findings: Iterable[Finding], what: str) -> list[Finding]:
    return [one for one in findings if one.what == what]


def _chunks(customers: Collection[int | None]) -> Iterator[list[int]]:
    """Customers in order, in parts that one transaction writes; what belongs to nobody goes first."""
    ordered = sorted(customers, key=lambda one: (one is not None, one or 0))
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]  # type: ignore[misc]


def _finish(run: Run, plan: UndoPlan) -> list[AnyRow]:
    """Mark the run as undone and queue corrections, in one transaction; returns who was mailed."""
    connection, undone = run.connection, plan.run.id
    done = connection.execute(
        update(run_table)
        .where(run_table.c.id == undone, run_table.c.state != "undone")
        .values(state="undone", undone_by_run_id=run.id)
    )
    if done.rowcount != 1:
        raise LockedError(_("Another process undid run {run_id} meanwhile.").format(run_id=undone))
    run.record("run", undone, "state", plan.run.state, "undone", UNDO)
    # Undone, it was no first classification: the next one is, and mails nobody.
    connection.execute(
        update(installation)
        .where(installation.c.first_classify_run_id == undone)
        .values(first_classify_run_id=None)
    )
    if plan.correction:
        queue_corrections(run, undone)
    return undonotices.mailed_by(connection, undone)


def _show_in_eccube(run: Run) -> Report:
    """What EC-CUBE refuses is left for the next run of project."""
    try:
        return apply_projection(run, plan_projection(run.shop, run.connection))
    except EccubeSyncError as error:
        return Report("", notes=[str(error)], needs_person=1)
