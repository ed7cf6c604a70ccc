"""What a reviewer and a spreadsheet program do with a review file, in as few lines as a test can bear."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook, load_workbook

from eccube_sync.report import Report
from eccube_sync.services.review.export import ExportOptions, export_cases
from eccube_sync.services.review.fromfile import apply_review_import, plan_review_import
from tests.support.rows import OurShop

Cells = list[list[str]]


def export(ours: OurShop, **options: object) -> Report:
    return ours.apply(lambda run: export_cases(run, ExportOptions(**options)), "review export")


def newest(ours: OurShop) -> Path:
    return max(
        ours.settings.folders.review_out.iterdir(), key=lambda path: (path.stat().st_mtime_ns, path.name)
    )


def cells_of(path: Path) -> Cells:
    """Header and rows of a file as we wrote it."""
    if path.suffix == ".csv":
        text = path.read_bytes().decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text, newline="")))
    workbook = load_workbook(path)
    return [[value or "" for value in row] for row in workbook.worksheets[0].iter_rows(values_only=True)]


def exported(ours: OurShop, **options: object) -> Cells:
    assert export(ours, **options).counts.get("cases_exported"), "no file was written"
    return cells_of(newest(ours))


def column(cells: Cells, title: str) -> list[str]:
    """One column below its header."""
    position = cells[0].index(title)
    return [row[position] for row in cells[1:]]


def fill(cells: Cells, decisions: Mapping[str, str], reviewer: str = "", note: str = "") -> Cells:
    """The same cells with a decision for each of these case ids."""
    at = {title: position for position, title in enumerate(cells[0])}
    filled = [list(row) for row in cells]
    for row in filled[1:]:
        if row[at["ID"]] in decisions:
            row[at["Decision"]] = decisions[row[at["ID"]]]
            row[at["Reviewer"]], row[at["Reason or memo"]] = reviewer, note
    return filled


def _delimited(cells: Cells, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(cells)
    return text.getvalue()


def _save_workbook(path: Path, cells: Cells) -> None:
    workbook = Workbook()
    workbook.active.append(["title above"])
    for row in cells:
        workbook.active.append([cell or None for cell in row])
    workbook.create_sheet("Sheet2")
    workbook.save(path)


SAVERS: dict[str, tuple[str, Callable[[Path, Cells], object]]] = {
    "utf-8 with mark": ("a.csv", lambda path, cells: path.write_bytes(_delimited(cells).encode("utf-8-sig"))),
    "utf-8": ("b.csv", lambda path, cells: path.write_bytes(_delimited(cells).encode("utf-8"))),
    "cp932": ("c.csv", lambda path, cells: path.write_bytes(_delimited(cells).encode("cp932", "replace"))),
    "unicode text": ("d.txt", lambda path, cells: path.write_bytes(_delimited(cells, "\t").encode("utf-16"))),
    "workbook": ("e.xlsx", _save_workbook),
}


def save(ours: OurShop, cells: Cells, how: str = "utf-8") -> Path:
    """Save cells the way a spreadsheet program does, as a file in ``review/in``."""
    name, saver = SAVERS[how]
    path = ours.settings.folders.review_in / name
    saver(path, cells)
    return path


@dataclass(frozen=True)
class Imported:
    report: Report

    @property
    def counts(self) -> dict[str, int]:
        """What happened, without what did not."""
        return {name: number for name, number in self.report.counts.items() if number}

    @property
    def refused(self) -> dict[str, str]:
        """Case id → why it was not applied."""
        return {row[1]: row[2] for listing in self.report.listings for row in listing.rows}


def take_back(ours: OurShop, path: Path, reviewer: str | None = None) -> Imported:
    """Plan and apply a filled file."""
    with ours.connect() as connection:
        plan = plan_review_import(ours.service, connection, path, reviewer=reviewer)
    return Imported(ours.apply(lambda run: apply_review_import(run, plan), "review import"))


def decide(ours: OurShop, decisions: Mapping[str, str], **fields: str) -> Imported:
    """Export, fill in, save and import in one go."""
    return take_back(ours, save(ours, fill(exported(ours), decisions, **fields)))
