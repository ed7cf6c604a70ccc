"""Read a filled review file back: plan it, apply each decision in a transaction of its own, put the file away."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from eccube_sync.clock import TOKYO
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.report import Report
from eccube_sync.services.review.answering import Answer, AnswerRefusedError, answer_case
from eccube_sync.services.review.folders import done_folder, plain_files
from eccube_sync.services.review.judging import REFUSALS, Judge, RefusedRow, ReviewPlan, review_report
from eccube_sync.services.review.reader import read_filled
from eccube_sync.services.review.token import read_key
from eccube_sync.services.running import Run, Shop
from eccube_sync.settings import Settings

_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx"})


def plan_review_import(
    shop: Shop, connection: Connection, path: Path, *, reviewer: str | None = None
) -> ReviewPlan:
    """Read a filled file and say what each row would do.

    ``reviewer`` is who decided where the file names nobody. Raises ``BadInputError`` when it is no review file
    or contradicts itself, ``ConfigurationError`` when the key its tokens were signed with is gone.
    """
    filled = read_filled(path)
    key = read_key(shop.settings.folders)
    with reading(connection):
        return Judge(shop, connection, filled, key, reviewer or shop.actor).plan()


def apply_review_import(run: Run, plan: ReviewPlan) -> Report:
    """Apply every planned decision, each in its own transaction; a row that changed since the plan is refused."""
    before = run.counts.copy()
    for one in plan.answers:
        reason = _apply(run, one.answer)
        if reason:
            plan.refused.append(RefusedRow(one.line, one.public_id, _(REFUSALS[reason])))
    applied = run.counts - before
    report = review_report(_("Decisions of {file} applied:").format(file=plan.name), plan, applied)
    effects = ("links_by_review", "links_ended", "cases_closed", "became_store", "became_ec_only")
    report.counts |= {name: applied[name] for name in effects}
    run.counts["decisions_refused"] += len(plan.refused)
    run.counts["decisions_known"] += plan.known
    return report


def _apply(run: Run, answer: Answer) -> str | None:
    """Why the decision was refused, as a key; None when it was applied."""
    before = run.counts.copy()
    try:
        run.transaction(lambda: answer_case(run, answer))
    except AnswerRefusedError as refused:
        run.counts = before
        return refused.reason
    except IntegrityError:
        run.counts = before
        return "linked_meanwhile"
    return None


# --- the folder filled files come into ---------------------------------------------------------------------


def waiting_review_files(settings: Settings) -> list[Path]:
    """Filled files in ``review/in``, oldest first; hidden ones and a spreadsheet's lock files are left alone."""
    folder = settings.folders.review_in
    found = [
        path for path in plain_files(folder) if path.suffix.lower() in _SUFFIXES and path.name[0] not in ".~"
    ]
    return sorted(found, key=lambda path: (path.stat().st_mtime, path.name))


def put_away_decisions(settings: Settings, path: Path, now: datetime) -> Path:
    """Move an imported file to ``review/in/done``, readable by nobody else; returns where it is now."""
    done = done_folder(settings)
    done.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o600)
    name = f"{now.astimezone(TOKYO):%Y%m%d-%H%M%S}-{path.name}"
    target, number = done / name, 1
    while target.exists():
        number += 1
        target = done / f"{number}-{name}"
    return path.rename(target)
