"""Write the cases that wait for a person into a file for Excel or a browser, and remember that they were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, insert, update

from eccube_sync.clock import TOKYO
from eccube_sync.csvwriter import Unwritable, atomic_file, write_csv
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.review.cases import EXPORTED, Question, exported_versions, in_order, waiting_cases
from eccube_sync.services.review.file import COLUMNS
from eccube_sync.services.review.folders import newest_review_file, purge_review_files
from eccube_sync.services.review.page import review_page
from eccube_sync.services.review.rows import ReviewRow, review_rows
from eccube_sync.services.review.token import make_key, new_export_key
from eccube_sync.services.review.workbook import write_workbook
from eccube_sync.services.running import Run, Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case, review_export
from eccube_sync.webroot import web_root_above

Format = Literal["xlsx", "csv", "html"]
Encoding = Literal["utf-8-sig", "cp932"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What a review file is to be; what is None follows the configuration."""

    format: Format | None = None
    encoding: Encoding | None = None
    limit: int | None = None
    name_only: bool = False
    output: Path | None = None
    if_new: bool = False
    """Whether to write nothing where a file in the folder asks all of it already."""


def check_output(settings: Settings, output: Path | None) -> None:
    """Refuse a place below a web root, and one where a file stands already, with ``UsageError``."""
    if output is None:
        return
    root = web_root_above(output.absolute(), settings.shop.eccube_root)
    if root is not None:
        raise UsageError(
            _("{path} lies below the web root {root}; personal data must not be written there.").format(
                path=output, root=root
            )
        )
    if output.exists() or output.is_symlink():
        raise UsageError(
            _("{path} exists already and may hold answers; choose another name.").format(path=output)
        )
    if not output.absolute().parent.is_dir():
        raise UsageError(_("The folder of {path} does not exist.").format(path=output))


def export_cases(run: Run, options: ExportOptions | None = None) -> Report:
    """Write one review file with the cases that wait; nothing is written when none does.

    Raises ``UsageError`` for an output below a web root or one that exists.
    """
    options = options or ExportOptions()
    settings = run.shop.settings
    check_output(settings, options.output)
    settings.folders.create()
    purged = purge_review_files(settings, run.now)
    questions, left = _choose(run, options)
    if questions:
        report = _write(run, questions, options)
        report.counts |= {"cases_left": left, "review_files_purged": purged}
    else:
        nothing = _("No pair that shares only a name waits.") if options.name_only else None
        report = Report(nothing or _("No question waits for a reviewer."))
        report.counts = {"review_files_purged": purged} if purged else {}
    if not (options.name_only or options.if_new):
        report.notes += _names_alone(run)
    run.counts.update(report.counts)
    return report


def export_new_cases(run: Run) -> Report:
    """Write all that waits into one file, where a case stands in none yet as it is now; what a night does.

    What was left open in an earlier file comes back with it, so that the newest file is all a reviewer needs.
    Pairs that share only a name are left to ``review export --name-only``: there are many, and few are anybody.
    """
    return export_cases(run, ExportOptions(if_new=True))


def _choose(run: Run, options: ExportOptions) -> tuple[list[Question], int]:
    limit = options.limit or run.shop.settings.review.limit
    with reading(run.connection) as connection:
        cases = waiting_cases(connection, run.today, name_only=options.name_only)
        questions, left = in_order(connection, cases, run.today, limit)
        if options.if_new and not _anything_new(run, connection, questions):
            return [], left
        return questions, left


def _names_alone(run: Run) -> list[str]:
    """What a reviewer who was promised more questions than the file has must know."""
    with reading(run.connection) as connection:
        count = len(waiting_cases(connection, run.today, name_only=True))
    words = _(
        "Pairs that share only the name and wait, too: {count}. They are in a file of their own: "
        "eccube-sync review export --name-only"
    )
    return [words.format(count=count)] if count else []


def _anything_new(run: Run, connection: Connection, questions: Sequence[Question]) -> bool:
    """Whether one of these stands in no file as it is now, or the files were deleted as too old."""
    if newest_review_file(run.shop.settings) is None:
        return bool(questions)
    cases = [one.case for one in questions]
    known = exported_versions(connection, [case.id for case in cases])
    return any(case.state == "hold" or known.get(case.id) != case.version for case in cases)


def _write(run: Run, questions: list[Question], options: ExportOptions) -> Report:
    settings = run.shop.settings
    export_key = new_export_key()
    rows = review_rows(questions, make_key(settings.folders), export_key)
    chosen = options.format or _format_of(options.output) or settings.review.format
    path = options.output or _default_path(run.shop, run.now, export_key, chosen, options.name_only)
    unwritable = _write_file(
        run, path, rows, chosen, options.encoding or settings.review.encoding, export_key
    )
    # The file comes first: were it the other way round, a crash between would leave cases that count as
    # exported and stand in no file. Its tokens are good without the row.
    run.transaction(lambda: _remember(run, [one.case for one in questions], export_key, path))
    report = Report(_("Review file {path}:").format(path=path), {"cases_exported": len(rows)})
    if unwritable:
        report.listings.append(_replaced(rows, unwritable))
        report.counts["characters_replaced"] = len(unwritable)
    return report


def _format_of(output: Path | None) -> Format | None:
    if output is None:
        return None
    return {".xlsx": "xlsx", ".csv": "csv", ".html": "html"}.get(output.suffix.lower())  # type: ignore[return-value]


def _default_path(shop: Shop, now: datetime, export_key: str, chosen: str, name_only: bool) -> Path:
    kind = "name-only" if name_only else "review"
    return (
        shop.settings.folders.review_out / f"{kind}-{now.astimezone(TOKYO):%Y%m%d-%H%M}-{export_key}.{chosen}"
    )


def _write_file(
    run: Run, path: Path, rows: Sequence[ReviewRow], chosen: Format, encoding: Encoding, export_key: str
) -> Sequence[Unwritable]:
    if chosen == "html":
        with atomic_file(path) as file:
            file.write(review_page(rows, export_key).encode())
        return ()
    if chosen == "xlsx":
        with atomic_file(path) as file:
            write_workbook(file, rows, run.moment, run.shop.settings.review.hold_days)
        return ()
    header = [column.shown() for column in COLUMNS]
    codec: Literal["utf-8", "cp932"] = "cp932" if encoding == "cp932" else "utf-8"
    return write_csv(path, header, (row.in_order() for row in rows), encoding=codec).unwritable


def _replaced(rows: Sequence[ReviewRow], unwritable: Sequence[Unwritable]) -> Listing:
    """Every character CP932 cannot hold, by case and column; its code point, as reports hold nobody's name."""
    listing = Listing(
        _("Characters CP932 cannot hold"), (_("ID"), _("column"), _("character"), _("written as"))
    )
    for one in unwritable:
        public_id = rows[one.row - 2].public_id
        listing.rows.append((public_id, one.column, f"U+{ord(one.character):04X}", one.written_as))
    return listing


def _remember(run: Run, cases: Sequence[AnyRow], export_key: str, path: Path) -> None:
    run.connection.execute(
        insert(review_export).values(
            export_key=export_key,
            file_name=path.name[:255],
            case_count=len(cases),
            run_id=run.id,
            created_at=run.moment,
        )
    )
    log_export(run, "review", len(cases))
    for case in cases:
        run.record("case", case.id, EXPORTED, None, case.version, "review_export")
        if case.state == "hold":
            _take_off_hold(run, case)


def _take_off_hold(run: Run, case: AnyRow) -> None:
    changed = run.connection.execute(
        update(review_case)
        .where(
            review_case.c.id == case.id,
            review_case.c.state == "hold",
            review_case.c.version == case.version,
        )
        .values(state="open", hold_until=None, changed_run_id=run.id)
    )
    if changed.rowcount == 1:
        run.record("case", case.id, "state", "hold", "open", "hold_ended")
