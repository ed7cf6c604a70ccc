"""Reading a delimited file of unknown make by streaming: its header, its rows, and nothing guessed."""

from __future__ import annotations

import csv
import hashlib
import re
import stat
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from eccube_sync.errors import BadInputError, Problem
from eccube_sync.filedamage import problem, refusal
from eccube_sync.i18n import _
from eccube_sync.textencoding import TextFacts, read_text_facts

HEADER_SEARCH_LINES = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be. Sizes in bytes (file) and characters (cells)."""

    file_bytes: int = 500 * 1000 * 1000
    rows: int = 1_000_000
    columns: int = 500
    cell: int = 4096
    memo_cell: int = 32_767


class Row(NamedTuple):
    """One logical row: the physical line where it begins (1-based) and a cell for every header."""

    line: int
    cells: list[str]


_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_LEGEND = re.compile(r"\([^()]*:[^()]*\)$")


def normalise_header(header: str) -> str:
    """A header as it is compared: NFKC, no white space, no code legend such as ``(0:…,1:…)``, lower case."""
    text = _compact(strip_apostrophe(header).translate(_ZERO_WIDTH))
    return _LEGEND.sub("", text).casefold()


def strip_apostrophe(cell: str) -> str:
    """A cell without the one leading ``'`` that spreadsheets and our own writer put before text."""
    return cell[1:] if cell[:1] == "'" else cell


@dataclass(slots=True)
class Table:
    """A delimited file whose header was found; ``rows`` reads it from the top, as often as wanted.

    The counts and ``body_warnings`` are complete once ``rows`` has been read to its end.
    """

    path: Path
    sha256: str
    size: int
    text: TextFacts
    delimiter: str
    header: list[str]
    header_line: int
    limits: Limits
    opening_warnings: tuple[Problem, ...] = ()
    row_count: int = 0
    blank_rows: int = 0
    physical_lines: int = 0
    body_warnings: list[Problem] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The file's name without its folder, for messages."""
        return self.path.name

    @property
    def encoding(self) -> str:
        """The encoding that was found or configured: ``utf-8``, ``cp932`` or ``utf-16``."""
        return self.text.encoding

    def rows(self, *, memo_columns: Collection[int] = (), refuse: Callable[[Problem], None]) -> Iterator[Row]:
        """Every member row below the header, in order.

        ``memo_columns`` are positions of columns whose cells may hold line breaks. A row that is wrong is
        handed to ``refuse`` and left out. Raises ``BadInputError`` where reading on would make no sense:
        a broken quotation mark, too many rows, a file that changed since it was opened.
        """
        return _read_rows(self, frozenset(memo_columns), refuse)


def open_table(
    path: Path,
    *,
    is_header: Callable[[Sequence[str]], bool],
    encoding: str | None = None,
    limits: Limits | None = None,
) -> Table | None:
    """Open a comma- or tab-separated file and find its header among the first lines.

    ``is_header`` is shown the cells of one line after another, split by comma and by tab, until it says yes;
    when it never does, the result is None. Raises ``BadInputError`` for a file that is too large, unreadable
    or garbled, or whose header has two equal or unnamed columns.
    """
    limits = limits or Limits()
    size = _checked_size(path, limits)
    text = read_text_facts(path, encoding)
    first_lines = _first_lines(path, text.codec)
    for position, line in enumerate(first_lines):
        # The delimiter that makes more cells comes first: a tab in a header of commas is no delimiter.
        splits = sorted(((_split_one(line, sign), sign) for sign in ",\t"), key=lambda split: -len(split[0]))
        for cells, delimiter in splits:
            if cells and is_header(cells):
                header = _checked_header(path.name, cells, position + 1, limits)
                titles = sum(1 for title in first_lines[:position] if title.strip(" ,\t\r\n"))
                warnings = (*text.warnings, *([problem("title_lines", count=titles)] if titles else ()))
                return Table(
                    path, sha256_of(path), size, text, delimiter, header, position + 1, limits, warnings
                )
    return None


def _checked_size(path: Path, limits: Limits) -> int:
    try:
        facts = path.stat()
    except (OSError, ValueError):
        raise refusal(path.name, [problem("not_a_file")]) from None
    if not stat.S_ISREG(facts.st_mode):
        raise refusal(path.name, [problem("not_a_file")])
    if facts.st_size > limits.file_bytes:
        raise refusal(path.name, [problem("file_too_large", size=facts.st_size, limit=limits.file_bytes)])
    if facts.st_size == 0:
        raise refusal(path.name, [problem("empty_file")])
    return facts.st_size


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _first_lines(path: Path, codec: str) -> list[str]:
    with path.open(encoding=codec, newline="") as file:
        return [line for line, _position in zip(file, range(HEADER_SEARCH_LINES), strict=False)]


def _split_one(line: str, delimiter: str) -> list[str]:
    """The cells of one physical line; none when it cannot stand alone."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _checked_header(file_name: str, cells: list[str], line: int, limits: Limits) -> list[str]:
    """The header without trailing empty columns; refused when a name is missing or there twice."""
    header = [cell.strip().lstrip("\ufeff") for cell in cells]
    while header and not header[-1]:
        header.pop()
    problems: list[Problem] = []
    if len(header) > limits.columns:
        problems.append(problem("too_many_columns", line=line, limit=limits.columns))
    seen: set[str] = set()
    for position, name in enumerate(header, start=1):
        normal = normalise_header(name)
        if not normal:
            problems.append(problem("unnamed_column", line=line, position=position))
        elif normal in seen:
            problems.append(problem("duplicate_header", line=line, column=name))
        seen.add(normal)
    if problems:
        raise refusal(file_name, problems)
    return header


_TOTAL = re.compile(
    r"(?:合計|総計|総合計|小計|合計件数|総件数|件数|total):?(?:([\d,]{1,12})[件名人行]?)?", re.IGNORECASE
)
_COUNT = re.compile(r"([\d,]{1,12})[件名人行]")


def _total_line(cells: list[str]) -> tuple[bool, int | None]:
    """Whether a row is a total line, and the number of rows it states, if it does."""
    first = next((cell for cell in cells if cell.strip()), "")
    if not (match := _TOTAL.fullmatch(_compact(first))):
        return False, None
    filled = [_compact(cell) for cell in cells]
    counts = [found for cell in filled if (found := _COUNT.search(cell))]
    if counts:
        return True, int(counts[0].group(1).replace(",", "") or 0)
    if match.group(1) and "件数" in match.group():
        return True, int(match.group(1).replace(",", "") or 0)
    return True, None


def _compact(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())


def _read_rows(table: Table, memo: frozenset[int], refuse: Callable[[Problem], None]) -> Iterator[Row]:
    width = len(table.header)
    table.row_count = table.blank_rows = table.physical_lines = 0
    table.body_warnings.clear()
    total_at: int | None = None
    stated: int | None = None
    for row in _logical_rows(table):
        cells = row.cells
        if table.row_count + table.blank_rows >= table.limits.rows:
            raise refusal(table.name, [problem("too_many_rows", limit=table.limits.rows)])
        if not any(cells) or not any(cell.strip(" \t\u3000") for cell in cells):
            table.blank_rows += 1
            continue
        # A total line is short or mostly empty; only such rows are worth the closer look.
        if len(cells) < width or not cells[-1]:
            is_total, count = _total_line(cells)
            if is_total:
                total_at, stated = row.line, count
                continue
        if total_at is not None:
            refuse(problem("total_in_middle", line=row.line))
            total_at = stated = None
        table.row_count += 1
        found = _row_problem(row, table, memo)
        if found:
            refuse(found)
        else:
            yield row
    _after_rows(table, total_at, stated, refuse)


def _after_rows(
    table: Table, total_at: int | None, stated: int | None, refuse: Callable[[Problem], None]
) -> None:
    if stated is not None and stated != table.row_count:
        refuse(problem("total_differs", line=total_at, stated=stated, found=table.row_count))
    elif total_at is not None:
        table.body_warnings.append(problem("total_line", line=total_at))
    if table.blank_rows:
        table.body_warnings.append(problem("blank_rows", count=table.blank_rows))
    if sha256_of(table.path) != table.sha256:
        raise BadInputError(
            _("{file} changed while it was read. Nothing was changed; try again.").format(file=table.name)
        )


def _logical_rows(table: Table) -> Iterator[Row]:
    """Rows below the header as ``csv`` joins them; a quotation mark out of place ends the reading."""
    with table.path.open(encoding=table.text.codec, newline="") as file:
        for _skipped in range(table.header_line):
            file.readline()
        reader = csv.reader(file, delimiter=table.delimiter, strict=True)
        offset = table.header_line + 1
        line = offset
        try:
            for cells in reader:
                yield Row(line, cells)
                line = reader.line_num + offset
        except csv.Error:
            raise refusal(table.name, [problem("quote_broken", line=line)]) from None
        table.physical_lines = table.header_line + reader.line_num


def _row_problem(row: Row, table: Table, memo: frozenset[int]) -> Problem | None:
    """What is wrong with the shape of one row; trailing empty cells beyond the header are not."""
    cells, width = row.cells, len(table.header)
    if len(cells) > width and not any(cells[width:]):
        del cells[width:]
    if len(cells) != width:
        return problem("row_width", line=row.line, found=len(cells), expected=width)
    text = "".join(cells)
    if "\n" in text or "\r" in text:
        for position, cell in enumerate(cells):
            if "\n" not in cell and "\r" not in cell:
                continue
            if position not in memo:
                return problem("newline_in_cell", line=row.line, column=table.header[position])
            # From one column to the same column of a later row lie exactly width - 1 delimiters.
            if cell.count(table.delimiter) >= width - 1:
                return problem("rows_swallowed", line=row.line, column=table.header[position])
    if len(text) > table.limits.cell:
        for position, cell in enumerate(cells):
            limit = table.limits.memo_cell if position in memo else table.limits.cell
            if len(cell) > limit:
                return problem("cell_too_long", line=row.line, column=table.header[position], limit=limit)
    return None
