"""A store's member export as a file: open it, stream its members, or look at it beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from eccube_sync.csvfile import Limits, Table, open_table
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.exportdigest import HidePin
from eccube_sync.exportfindings import Damage, Findings
from eccube_sync.exportheader import Columns, HeaderMap, HeaderRefusedError, HeaderSearch, map_header
from eccube_sync.exportrecord import RecordReader
from eccube_sync.filedamage import refusal
from eccube_sync.pos import KnownRow, KnownRows, MemberRecord

PROBLEM_LIMIT = 20
_NONE_KNOWN: KnownRows = MappingProxyType({})


class Export:
    """An opened member export: facts at once, members by ``rows``, the rest once ``rows`` was read."""

    def __init__(
        self,
        table: Table,
        header: HeaderMap,
        problem_limit: int,
        now: datetime | None,
        hide_pin: HidePin | None = None,
    ) -> None:
        self._table = table
        self._header = header
        self._problem_limit = problem_limit
        self._now = now
        self._hide_pin = hide_pin
        self._findings = self._new_findings()

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self._table.name

    @property
    def sha256(self) -> str:
        """The hash of the file's bytes, in hexadecimal."""
        return self._table.sha256

    @property
    def size(self) -> int:
        """The file's size in bytes."""
        return self._table.size

    @property
    def encoding(self) -> str:
        """``utf-8``, ``cp932`` or ``utf-16``."""
        return self._table.encoding

    @property
    def format_key(self) -> str:
        """The key of the format in ``pos.FORMATS``."""
        return self._header.format_key

    @property
    def column_map(self) -> dict[str, str]:
        """Field → header; several headers of one field are joined by `` + ``."""
        return self._header.column_map()

    @property
    def unmapped_headers(self) -> tuple[str, ...]:
        """Headers that no field uses."""
        return self._header.unmapped()

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is worth a mention but refuses nothing; those about rows after reading."""
        table, findings = self._table, self._findings
        return (
            *table.opening_warnings,
            *self._header.warnings,
            *table.body_warnings,
            *findings.warnings,
        )

    @property
    def row_count(self) -> int:
        """Member rows (after reading)."""
        return self._table.row_count

    @property
    def physical_lines(self) -> int:
        """Lines of the file, title, header and memo lines included (after reading)."""
        return self._table.physical_lines

    @property
    def fill_rates(self) -> dict[str, float]:
        """For every header the share of filled cells, 0 to 1 (after reading)."""
        return self._findings.fill_rates()

    @property
    def damage(self) -> list[Damage]:
        """What was mended, by kind and column (after reading)."""
        return self._findings.damage()

    @property
    def newest_moment(self) -> datetime | None:
        """The newest visit, entry or update in the file that is not after ``now``: aware (after reading).

        A date without a time counts as its first moment: the file is at least that new.
        """
        return self._findings.newest

    def rows(self) -> Iterator[MemberRecord]:
        """Every member, in the order of the file; a new reading each time.

        Members may come before a problem is found: whoever takes them must drop them all when this raises
        ``BadInputError``, at the end at the latest, with the first problems and the count of all.
        """
        yield from (row for row in self.rows_unless_known(_NONE_KNOWN) if isinstance(row, MemberRecord))

    def rows_unless_known(self, known: KnownRows) -> Iterator[MemberRecord | KnownRow]:
        """Like ``rows``; a row whose digest is in ``known`` comes as a ``KnownRow``.

        What was mended in known rows is not told again by ``damage``.
        """
        yield from self._good_rows(known)
        if self._findings.problem_count:
            raise refusal(self.name, self._findings.problems, self._findings.problem_count)

    def _new_findings(self) -> Findings:
        has_store_keys = "store_key" in self._header.positions
        return Findings(self._table.header, has_store_keys, self._problem_limit, self._now)

    def _good_rows(self, known: KnownRows = _NONE_KNOWN) -> Iterator[MemberRecord | KnownRow]:
        findings = self._findings = self._new_findings()
        reader = RecordReader(self._header, known, self._hide_pin)
        try:
            for row in self._table.rows(memo_columns=self._header.memo, refuse=findings.refuse):
                findings.count_cells(row.cells)
                record = reader.read(row)
                if record is not None:
                    findings.add(record)
                    yield record
                for found in reader.problems:
                    findings.refuse(found)
        except BadInputError as error:
            if not error.problems:
                raise
            for found in error.problems:
                findings.refuse(found)
        else:
            findings.finish(self.column_map)

    def _read_quietly(self) -> tuple[tuple[Problem, ...], int]:
        """Read everything; the first problems and the count of all."""
        for _record in self._good_rows():
            pass
        return tuple(self._findings.problems), self._findings.problem_count


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an export would give: ``export`` is None when not even its header could be taken."""

    name: str
    export: Export | None
    refusals: tuple[Problem, ...]
    refusal_count: int


def open_export(
    path: Path,
    *,
    format: str = "auto",  # noqa: A002 - the word of the configuration
    encoding: str | None = None,
    columns: Columns | None = None,
    memo_columns: Sequence[str] = (),
    now: datetime | None = None,
    limits: Limits | None = None,
    problem_limit: int = PROBLEM_LIMIT,
    hide_pin: HidePin | None = None,
) -> Export:
    """Open a member export, decide its encoding and format, and map its columns.

    ``format`` is ``auto`` or a key of ``pos.FORMATS``; ``columns`` maps fields of ``pos.FIELDS`` to headers
    and comes before what the format knows; ``now`` (aware) keeps times in the future from making a file look new.
    Raises ``BadInputError`` for a file that cannot be read or whose header is wrong, ``ConfigurationError``
    for an unknown format, encoding or field. Problems of rows are raised by ``Export.rows``. Without ``hide_pin``
    a mapped PIN is not read.
    """
    search = HeaderSearch(format, columns or {})
    table = open_table(path, is_header=search.is_header, encoding=encoding, limits=limits)
    if table is None:
        raise refusal(path.name, [search.missing()])
    try:
        header = map_header(search, table.header, table.header_line, memo_columns)
    except HeaderRefusedError as error:
        raise refusal(path.name, error.problems) from None
    return Export(table, header, problem_limit, now, hide_pin)


def inspect_export(
    path: Path,
    *,
    format: str = "auto",  # noqa: A002 - the word of the configuration
    encoding: str | None = None,
    columns: Columns | None = None,
    memo_columns: Sequence[str] = (),
    now: datetime | None = None,
    limits: Limits | None = None,
    problem_limit: int = PROBLEM_LIMIT,
) -> Inspection:
    """Read an export to its end and tell everything about it; a refusal is part of the answer, not an error.

    Arguments as for ``open_export``. Raises ``ConfigurationError`` only.
    """
    try:
        export = open_export(
            path,
            format=format,
            encoding=encoding,
            columns=columns,
            memo_columns=memo_columns,
            now=now,
            limits=limits,
            problem_limit=problem_limit,
        )
        refusals, count = export._read_quietly()
    except BadInputError as error:
        problems = error.problems or (Problem(str(error)),)
        return Inspection(path.name, None, problems, len(problems))
    return Inspection(path.name, export, refusals, count)
