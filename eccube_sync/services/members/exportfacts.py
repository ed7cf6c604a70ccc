"""What an opened export says of itself, in words and by field."""

from __future__ import annotations

from collections.abc import Iterable

from eccube_sync.errors import Problem
from eccube_sync.exportfile import Export
from eccube_sync.i18n import _


def describe(problem: Problem) -> str:
    """A warning with its place in the file."""
    where = []
    if problem.line is not None:
        where.append(_("line {line}").format(line=problem.line))
    if problem.column:
        where.append(_("column {column}").format(column=problem.column))
    place = _(", ").join(where)
    return f"{place}: {problem.message}" if place else problem.message


def field_fill_rates(export: Export) -> dict[str, float]:
    """For every field with a column the share of rows that fill it, 0 to 1; of several columns the fullest."""
    rates = export.fill_rates
    return {
        name: max(rates.get(header, 0.0) for header in headers_of(joined, rates))
        for name, joined in export.column_map.items()
    }


def headers_of(joined: str, known: Iterable[str]) -> list[str]:
    """The single headers of a field whose headers were joined by `` + ``."""
    return [joined] if joined in known else joined.split(" + ")
