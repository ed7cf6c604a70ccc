"""Look at a member export before anything is imported: what it is, how it is read, what is damaged in it."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from eccube_sync.clock import TOKYO
from eccube_sync.configsources import Source
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.exportfile import Export, Inspection, inspect_export
from eccube_sync.filedamage import REPAIRS
from eccube_sync.i18n import _, ngettext
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import word
from eccube_sync.services.members.exportfacts import describe, headers_of
from eccube_sync.services.members.importplan import choose_source, reading_options
from eccube_sync.services.members.memberfields import words
from eccube_sync.services.members.takenat import taken_at_of
from eccube_sync.settings import Settings


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was found, and whether importing the file would be refused."""

    report: Report
    refused: bool


def inspect_file(
    settings: Settings | None, path: Path, now: datetime, *, source_key: str | None = None
) -> Inspected:
    """Read ``path`` to its end and tell everything about it; without a configuration the format is guessed.

    A file that would be refused is an answer and no error.
    """
    if settings is None or (source_key is None and not settings.sources):
        chosen, inspection = None, inspect_export(path, now=now)
    else:
        chosen = choose_source(settings, source_key)
        inspection = inspect_export(path, **reading_options(settings, chosen, now))
    refusals = list(inspection.refusals)
    moment, undated = _taken_at(chosen, path, inspection, now)
    if undated is not None and not refusals:
        refusals.append(undated)
    count = max(inspection.refusal_count, len(refusals))
    return Inspected(_report(path, chosen, inspection, refusals, count, moment), bool(refusals))


def _taken_at(
    chosen: Source | None, path: Path, inspection: Inspection, now: datetime
) -> tuple[datetime | None, Problem | None]:
    """When the data was taken, or why a source as configured cannot tell."""
    if inspection.export is None:
        return None, None
    if chosen is None:
        return inspection.export.newest_moment, None
    try:
        return taken_at_of(chosen, path, inspection.export.newest_moment, now), None
    except BadInputError as error:
        return None, Problem(str(error))


def _report(
    path: Path,
    chosen: Source | None,
    inspection: Inspection,
    refusals: list[Problem],
    count: int,
    moment: datetime | None,
) -> Report:
    export = inspection.export
    report = Report(_("{file}: not a member export that can be read").format(file=path.name))
    if export is not None:
        report.headline = _("{file}: {rows} members in {lines} lines, {bytes} bytes").format(
            file=path.name, rows=export.row_count, lines=export.physical_lines, bytes=export.size
        )
        report.counts = {"rows": export.row_count}
        report.listings = [_reading(path, chosen, export, moment), _columns(export)]
        report.listings += [_unmapped(export), _damage(export), _noticed(export)]
    report.listings.append(_refusals(refusals, count))
    report.notes.append(_verdict(path, export, refusals, count))
    return report


def _reading(path: Path, chosen: Source | None, export: Export, moment: datetime | None) -> Listing:
    taken = f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" if moment else _("unknown")
    return Listing(
        _("How the file is read"),
        (_("what"), _("found"), _("why")),
        [
            (_("encoding"), export.encoding, _why_encoding(path, chosen, export)),
            (_("format"), export.format_key, _why_format(chosen, export)),
            (_("data taken"), taken, _why_moment(chosen)),
        ],
    )


def _why_encoding(path: Path, chosen: Source | None, export: Export) -> str:
    if export.encoding == "utf-16" or _begins_with_mark(path):
        return _("the file begins with its byte order mark")
    if chosen is not None and chosen.encoding is not None:
        return _("as configured")
    if export.encoding == "utf-8":
        return _("every byte of the file is valid UTF-8")
    return _("the file is no UTF-8, and every byte of it is valid CP932 (Shift_JIS of Windows)")


def _begins_with_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(BOM_UTF8)) == BOM_UTF8


def _why_format(chosen: Source | None, export: Export) -> str:
    if chosen is not None and chosen.format != "auto":
        return _("as configured")
    if export.format_key == "generic":
        return _("no known POS has these headers as a whole; the columns were found by their usual names")
    return _("the headers as a whole are those of this POS")


def _why_moment(chosen: Source | None) -> str:
    rule = chosen.taken_at if chosen is not None else "file"
    return {
        "file": _("the newest visit, entry or change in the file that is not in the future"),
        "name": _("the date in the file's name"),
        "modified": _("the file's time of change"),
    }[rule]


def _columns(export: Export) -> Listing:
    rates = export.fill_rates
    listing = Listing(_("Columns"), (_("field"), _("meaning"), _("header"), _("filled")))
    for name, joined in export.column_map.items():
        for header in headers_of(joined, rates):
            listing.rows.append((name, words(name), header, _percent(rates.get(header, 0.0))))
    return listing


def _unmapped(export: Export) -> Listing:
    rates = export.fill_rates
    listing = Listing(_("Columns that are not used"), (_("header"), _("filled")))
    listing.rows = [(header, _percent(rates.get(header, 0.0))) for header in export.unmapped_headers]
    return listing


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _damage(export: Export) -> Listing:
    columns = (_("damage"), _("column"), _("cells"), _("first line"), _("what was done"))
    listing = Listing(_("Mended"), columns)
    listing.rows = [
        (word(REPAIRS, one.kind), one.column, one.count, one.first_line, one.message) for one in export.damage
    ]
    return listing


def _noticed(export: Export) -> Listing:
    listing = Listing(_("Noticed"), (_("line"), _("column"), _("what")))
    listing.rows = [(one.line, one.column, one.message) for one in export.warnings]
    return listing


def _refusals(refusals: list[Problem], count: int) -> Listing:
    listing = Listing(_("Reasons to refuse the file"), (_("line"), _("column"), _("why")))
    listing.rows = [(one.line, one.column, one.message) for one in refusals]
    if more := count - len(refusals):
        listing.rows.append(
            (None, None, ngettext("{n} more problem.", "{n} more problems.", more).format(n=more))
        )
    return listing


def _verdict(path: Path, export: Export | None, refusals: list[Problem], count: int) -> str:
    if refusals:
        sentence = ngettext(
            "Verdict: {file} would be refused, and nothing changed, because of {n} problem: {first}",
            "Verdict: {file} would be refused, and nothing changed, because of {n} problems; the first: {first}",
            count,
        )
        return sentence.format(file=path.name, n=count, first=describe(refusals[0]))
    assert export is not None
    mended = sum(one.count for one in export.damage)
    if mended:
        sentence = _(
            "Verdict: {file} can be imported; {cells} cells are mended on the way. How much it changes is shown by: "
            "eccube-sync members import {file}"
        )
    else:
        sentence = _(
            "Verdict: {file} can be imported as it is. How much it changes is shown by: "
            "eccube-sync members import {file}"
        )
    return sentence.format(file=path.name, cells=mended)
