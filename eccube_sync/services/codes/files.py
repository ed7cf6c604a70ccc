"""Small CSV files about codes that people make: which column is which, and every problem with its line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eccube_sync.csvfile import Table, normalise_header, open_table
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.exportcells import CellRefusedError, read_code
from eccube_sync.filedamage import problem, refusal
from eccube_sync.i18n import _

Aliases = Mapping[str, tuple[str, ...]]
_SHOWN = 100


class CodeFile:
    """A CSV whose columns are known by name; ``problems`` fills while ``rows`` is read."""

    def __init__(
        self,
        path: Path,
        aliases: Aliases,
        needed: Sequence[str],
        encoding: str | None = None,
        *,
        one_of: Sequence[str] = (),
    ) -> None:
        """Raises ``BadInputError`` where no header with the ``needed`` columns, and any ``one_of``, is found."""
        self.path = path
        self.problems: list[Problem] = []

        def is_header(cells: Sequence[str]) -> bool:
            found = set(_places(cells, aliases))
            return set(needed) <= found and (not one_of or not found.isdisjoint(one_of))

        table = open_table(path, is_header=is_header, encoding=encoding)
        if table is None:
            columns = [_with_alias(name, aliases) for name in needed]
            if one_of:
                columns.append(_(" or ").join(_with_alias(name, aliases) for name in one_of))
            raise BadInputError(
                _("{file} has no header with the columns {columns}. Nothing was changed.").format(
                    file=path.name, columns=", ".join(columns)
                )
            )
        self._table: Table = table
        self._places = _places(table.header, aliases)

    @property
    def headers(self) -> frozenset[str]:
        """Every header of the file, normalised; also those of columns that are not read."""
        return frozenset(normalise_header(cell) for cell in self._table.header)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Line and cells (columns that are there only, outer white space taken off) of every usable row."""
        for row in self._table.rows(refuse=self.problems.append):
            cells: dict[str, str] = {}
            for name, place in self._places.items():
                try:
                    cells[name] = read_code(row.cells[place])[0]
                except CellRefusedError as error:
                    self.problems.append(problem(error.kind, line=row.line, column=name))
            if len(cells) == len(self._places):
                yield row.line, cells

    def wrong(self, line: int, column: str, message: str) -> None:
        """Note a problem of one cell; never name the cell's text, it may be a secret."""
        self.problems.append(Problem(message, line, column))

    def refuse_problems(self) -> None:
        """Raise ``BadInputError`` with every problem found, by line."""
        if self.problems:
            ordered = sorted(self.problems, key=lambda one: one.line or 0)
            raise refusal(self.path.name, ordered[:_SHOWN], len(ordered))


def _with_alias(name: str, aliases: Aliases) -> str:
    """A column by its name and the first of the others it may have, which is Japanese."""
    return f"{name} ({aliases[name][0]})" if aliases[name] else name


def _places(cells: Sequence[str], aliases: Aliases) -> dict[str, int]:
    headers = [normalise_header(cell) for cell in cells]
    known = {name: {normalise_header(alias) for alias in (name, *more)} for name, more in aliases.items()}
    return {
        name: next(place for place, header in enumerate(headers) if header in names)
        for name, names in known.items()
        if any(header in names for header in headers)
    }


def whole_number(text: str) -> int | None:
    """A positive whole number of at most 18 digits, in digits of any width; None for anything else."""
    plain = unicodedata.normalize("NFKC", text)
    return int(plain) if plain.isascii() and plain.isdigit() and 0 < len(plain) <= 18 and int(plain) else None
