"""The review file as an Excel workbook: text cells only, a drop-down to answer with, everything else locked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from eccube_sync.csvwriter import neutralise
from eccube_sync.i18n import _, mark
from eccube_sync.services.review.file import COLUMNS, FILLED, PAIR_DECISIONS, SINGLE_DECISIONS, WORDS, Column
from eccube_sync.services.review.rows import ReviewRow

HOW_TO: tuple[str, ...] = (
    mark("Each row asks whether a customer of the web shop and a member of the store are the same person."),
    mark("Choose your answer from the list in the first column; leave it empty if you have not decided yet."),
    mark("Same person: both are linked. Different people: nobody asks about these two again."),
    mark(
        "A second account of a linked member: the answer is noted, and the first account stays the linked one."
    ),
    mark("Later: the question comes back, at the latest after {days} days."),
    mark("Dealt with: for a row about one side only, when nothing is left to do."),
    mark("Rows of one customer stand together; at most one of its members can be the same person."),
    mark("Coloured cells differ between the web shop and the store."),
    mark("A reason and your name are optional. Do not change the ID and the token; all else is for reading."),
    mark("Save the file and give it back; rows you leave empty can be answered later from the same file."),
    mark("The file holds personal data. Do not send it on, and delete your copy when you are done."),
)

_FROZEN_COLUMNS = len(FILLED) + 1
_LINE = 15.0
"""Height of a line of text, in points."""
_HEADER, _FILL, _DIFFERS, _EDGE = "#DDE6F0", "#FFF9DB", "#FFD9B3", "#7F8FA6"
_PROTECTION = {
    "format_columns": True, "format_rows": True, "autofilter": True, "select_locked_cells": True,
    "select_unlocked_cells": True,
}  # fmt: skip


def write_workbook(file: BinaryIO, rows: Sequence[ReviewRow], written_at: datetime, hold_days: int) -> None:
    """Write the workbook into ``file``. ``written_at`` (naive) is its time of creation."""
    options = {
        "in_memory": True,  # temporary files would leave personal data behind
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    workbook = xlsxwriter.Workbook(file, options)
    workbook.set_properties({"title": _("Review file"), "created": written_at})
    formats = _Formats(workbook)
    _write_cases(workbook.add_worksheet(_("Review")), formats, rows)
    _write_how_to(workbook.add_worksheet(_("How to")), formats, hold_days)
    workbook.close()


class _Formats:
    """Formats by what a cell is, each made once."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[bool, bool, bool, bool], Format] = {}
        self.header = self._add(bold=True, bg_color=_HEADER, bottom=1, locked=True)
        self.text = self._add()

    def _add(self, **properties: Any) -> Format:
        base = {"num_format": "@", "text_wrap": True, "valign": "top"}
        return self._workbook.add_format(base | properties)

    def cell(self, *, filled: bool, differs: bool, edge: bool, wrapped: bool) -> Format:
        """The format of a cell that is to be filled in, that differs, that begins a group, that may take lines."""
        wanted = (filled, differs, edge, wrapped)
        if wanted not in self._made:
            properties: dict[str, Any] = {"locked": not filled, "text_wrap": wrapped}
            if filled or differs:
                properties["bg_color"] = _FILL if filled else _DIFFERS
            if edge:
                properties |= {"top": 1, "top_color": _EDGE}
            self._made[wanted] = self._add(**properties)
        return self._made[wanted]


def _write_cases(sheet: Worksheet, formats: _Formats, rows: Sequence[ReviewRow]) -> None:
    filled = {column.key for column in FILLED}
    for position, column in enumerate(COLUMNS):
        sheet.set_column(position, position, column.width, formats.text)
        sheet.write_string(0, position, column.shown(), formats.header)
    sheet.set_row(0, 32)
    for number, row in enumerate(rows, start=1):
        differing = {f"{side}_{field}" for field in row.differing for side in ("customer", "member")}
        for position, (column, cell) in enumerate(zip(COLUMNS, row.in_order(), strict=True)):
            style = formats.cell(
                filled=column.key in filled,
                differs=column.key in differing,
                edge=row.first_of_group,
                wrapped=column.key != "token",
            )
            if cell:
                sheet.write_string(number, position, neutralise(cell), style)
            else:
                sheet.write_blank(number, position, None, style)
        sheet.set_row(number, _LINE * max(_lines(cell, column) for column, cell in _wrapped(row)))
        _offer_answers(sheet, number, row)
    sheet.freeze_panes(1, _FROZEN_COLUMNS)
    sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
    sheet.protect("", _PROTECTION)
    sheet.set_landscape()
    sheet.repeat_rows(0)


def _wrapped(row: ReviewRow) -> Iterator[tuple[Column, str]]:
    """The cells whose text may need several lines; nobody reads the token."""
    for column, cell in zip(COLUMNS, row.in_order(), strict=True):
        if column.key != "token":
            yield column, cell


def _lines(cell: str, column: Column) -> int:
    """How many lines a cell takes: Excel counts a Japanese letter as two of its units of width."""
    units = [sum(1 + (east_asian_width(sign) in "WFA") for sign in line) for line in cell.split("\n")]
    return sum(max(1, -(-width // column.width)) for width in units)


def _offer_answers(sheet: Worksheet, number: int, row: ReviewRow) -> None:
    words = [_(WORDS[decision]) for decision in (PAIR_DECISIONS if row.pair else SINGLE_DECISIONS)]
    sheet.data_validation(
        number,
        0,
        number,
        0,
        {
            "validate": "list",
            "source": words,
            "error_title": _("Decision"),
            "error_message": _("Choose one of: {words}").format(words=_(", ").join(words)),
        },
    )


def _write_how_to(sheet: Worksheet, formats: _Formats, hold_days: int) -> None:
    sheet.set_column(0, 0, 100, formats.text)
    sheet.write_string(0, 0, _("How to fill in this file"), formats.header)
    for number, line in enumerate(HOW_TO, start=1):
        sheet.write_string(number, 0, _(line).format(days=hold_days), formats.text)
    sheet.protect("", _PROTECTION)
