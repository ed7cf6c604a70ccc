"""Read a filled review file, as Excel and LibreOffice save it: CSV, Unicode text or .xlsx, in any order."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eccube_sync.csvfile import Limits, open_table, strip_apostrophe
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.i18n import _
from eccube_sync.services.review.file import read_columns
from eccube_sync.services.review.workbooklimits import is_far_too_large

_HEADER_ROWS = 10
_LIMITS = Limits(file_bytes=50_000_000, rows=100_000)
_BLANK_ROWS = 10_000  # a spreadsheet may say that a million empty rows follow
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class FilledRow:
    """What is read of one row: where it stands (1-based) and its five cells as text."""

    line: int
    case: str
    token: str
    decision: str
    note: str
    reviewer: str


@dataclass(slots=True)
class FilledFile:
    """A filled file: its rows, and rows that could not be read, as (line, reason)."""

    name: str
    sha256: str
    rows: list[FilledRow] = field(default_factory=list)
    unreadable: list[tuple[int, str]] = field(default_factory=list)


def read_filled(path: Path) -> FilledFile:
    """Read the rows of a filled review file. Raises ``BadInputError`` when it is none."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        raise BadInputError(_("{file} cannot be read.").format(file=path.name)) from None
    filled = FilledFile(path.name, digest)
    if start == _OLE:
        raise BadInputError(
            _(
                "{file} is an old or password-protected Excel file; save it as .xlsx without a password."
            ).format(file=path.name)
        )
    if start == _ZIP:
        _read_workbook(path, filled)
    else:
        _read_text(path, filled)
    return filled


def _no_review_file(name: str) -> BadInputError:
    return BadInputError(
        _(
            "{file} is no review file: the columns for the decision, the ID and the token were not found."
        ).format(file=name)
    )


# --- CSV and Unicode text ------------------------------------------------------------------------------


def _read_text(path: Path, filled: FilledFile) -> None:
    table = open_table(path, is_header=lambda cells: read_columns(list(cells)) is not None, limits=_LIMITS)
    columns = read_columns(table.header) if table else None
    if table is None or columns is None:
        raise _no_review_file(path.name)

    def refuse(problem: Problem) -> None:
        filled.unreadable.append((problem.line or 0, problem.message))

    memo = [columns["note"]] if "note" in columns else []
    for row in table.rows(memo_columns=memo, refuse=refuse):
        filled.rows.append(_filled_row(row.line, row.cells, columns))
    filled.sha256 = table.sha256


def _filled_row(line: int, cells: Sequence[str], columns: dict[str, int]) -> FilledRow:
    read = {
        key: strip_apostrophe(cells[position].strip()) if position < len(cells) else ""
        for key, position in columns.items()
    }
    return FilledRow(
        line, read["case"], read["token"], read["decision"], read.get("note", ""), read.get("reviewer", "")
    )


# --- .xlsx -----------------------------------------------------------------------------------------------


def _read_workbook(path: Path, filled: FilledFile) -> None:
    import openpyxl

    if is_far_too_large(path, _LIMITS.file_bytes):
        raise BadInputError(_("{file} is far larger than a review file.").format(file=path.name))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and lists, which are not read
            workbook = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
            try:
                found = any(_read_sheet(sheet, filled) for sheet in workbook.worksheets)
            finally:
                workbook.close()
    except BadInputError:
        raise
    except Exception:
        # Whatever a broken package makes the library raise, it is the file that is wrong.
        raise BadInputError(
            _("{file} is damaged or no Excel workbook; open it in Excel and save it again.").format(
                file=path.name
            )
        ) from None
    if not found:
        raise _no_review_file(path.name)


def _read_sheet(sheet: Any, filled: FilledFile) -> bool:
    """Read one sheet; False when it has no header of a review file."""
    if not hasattr(sheet, "reset_dimensions"):
        return False
    sheet.reset_dimensions()
    columns: dict[str, int] | None = None
    for line, cells in _rows(sheet):
        if columns is None:
            columns = read_columns([_text(cell.value) for cell in cells])
            if columns is None and line >= _HEADER_ROWS:
                return False
            continue
        wanted = [cells[position] for position in columns.values() if position < len(cells)]
        if any(cell.data_type == "f" for cell in wanted):
            filled.unreadable.append((line, _("The row holds a formula where an answer belongs.")))
            continue
        filled.rows.append(_filled_row(line, [_text(cell.value) for cell in cells], columns))
    return columns is not None


def _rows(sheet: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    """Rows with something in them, with their numbers, until nothing but blank ones follows."""
    blank = 0
    for line, cells in enumerate(sheet.iter_rows(), start=1):
        if any(cell.value is not None for cell in cells):
            blank = 0
            yield line, cells
            continue
        blank += 1
        if blank > _BLANK_ROWS:
            return


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
