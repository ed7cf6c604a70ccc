"""What a reading of a member export gathers besides its rows: problems, repairs, fill, codes, its age."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from eccube_sync.errors import Problem
from eccube_sync.filedamage import problem, sentence
from eccube_sync.pos import KnownRow, MemberRecord

PATTERN_LIMIT = 1000
"""Patterns of filled cells held at once."""


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage in one column: how often, and the line where it was first seen."""

    kind: str
    column: str
    count: int
    first_line: int

    @property
    def message(self) -> str:
        """The sentence for a person."""
        return sentence(self.kind, {"count": self.count})


@dataclass(slots=True)
class Findings:
    """Grows with every row; bounded in memory whatever the file holds (24 bytes a row)."""

    header: Sequence[str]
    has_store_keys: bool  # whether a column of its own holds them
    problem_limit: int
    now: datetime | None
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    rows: int = 0
    newest: datetime | None = None
    warnings: list[Problem] = field(default_factory=list)
    _filled: list[int] = field(default_factory=list)
    _patterns: Counter[tuple[bool, ...]] = field(default_factory=Counter)
    _repairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    _repair_lines: dict[tuple[str, str], int] = field(default_factory=dict)
    _future: list[int] = field(default_factory=lambda: [0, 0])
    _codes: CodeColumn = field(default_factory=lambda: CodeColumn("code"))
    _keys: CodeColumn = field(default_factory=lambda: CodeColumn("store_key"))

    def __post_init__(self) -> None:
        self._filled = [0] * len(self.header)

    def refuse(self, found: Problem) -> None:
        """Remember a problem; beyond the limit it is only counted."""
        self.problem_count += 1
        if len(self.problems) < self.problem_limit:
            self.problems.append(found)

    def count_cells(self, cells: Sequence[str]) -> None:
        """Count the filled cells of a row."""
        self.rows += 1
        # The same columns are empty in most rows: counting the few patterns is quicker than counting cells.
        self._patterns[tuple(map(bool, cells))] += 1
        if len(self._patterns) > PATTERN_LIMIT:
            self._count_patterns()

    def add(self, record: MemberRecord | KnownRow) -> None:
        """Take note of a good record and of the newest moment its row tells."""
        newest = record.row_newest
        for repair in record.repairs if isinstance(record, MemberRecord) else ():
            key = (repair.kind, repair.column)
            self._repairs[key] += 1
            self._repair_lines.setdefault(key, record.line)
        if record.code is not None:
            self._codes.add(record.code, record.line)
        if self.has_store_keys:
            self._keys.add(record.store_key, record.line)
        if newest is None:
            return
        if self.now is not None and newest > self.now:
            self._future = [self._future[0] + 1, self._future[1] or record.line]
        elif self.newest is None or newest > self.newest:
            self.newest = newest

    def finish(self, columns: Mapping[str, str]) -> None:
        """Refuse what only the whole file shows (equal codes, no rows) and warn of what it hints at."""
        if not self.rows and not self.problem_count:
            self.refuse(problem("no_rows"))
        for codes in (self._codes, self._keys):
            column = columns.get(codes.field)
            for first, second in codes.duplicates():
                self.refuse(problem("code_duplicate", line=second, column=column, first=first, second=second))
            self.warnings += codes.warnings(column)
        if self._future[0]:
            self.warnings.append(problem("moment_in_future", count=self._future[0], first=self._future[1]))

    def fill_rates(self) -> dict[str, float]:
        """For every header the share of rows with a filled cell, 0 to 1."""
        self._count_patterns()
        rows = max(self.rows, 1)
        return {name: count / rows for name, count in zip(self.header, self._filled, strict=True)}

    def _count_patterns(self) -> None:
        for pattern, count in self._patterns.items():
            for position, is_filled in enumerate(pattern):
                self._filled[position] += count * is_filled
        self._patterns.clear()

    def damage(self) -> list[Damage]:
        """Everything mended, the commonest first."""
        return [
            Damage(kind, column, count, self._repair_lines[kind, column])
            for (kind, column), count in self._repairs.most_common()
        ]


class CodeColumn:
    """All codes of one column as 64-bit hashes, so that a million of them stay small."""

    def __init__(self, field_name: str) -> None:
        self.field = field_name
        self._hashes = array("q")
        self._lines = array("q")
        self._lengths: Counter[int] = Counter()
        self._first_of_length: dict[int, int] = {}
        self._leading_zero = False
        self._zeros_at_end = 0
        self._zeros_line = 0

    def add(self, code: str, line: int) -> None:
        """Remember a code and the line it stands in."""
        self._hashes.append(hash(code))
        self._lines.append(line)
        if not code.isdigit():
            return
        length = len(code)
        self._lengths[length] += 1
        if length not in self._first_of_length:
            self._first_of_length[length] = line
        if code[0] == "0":
            self._leading_zero = True
        # Excel keeps 15 digits and makes the others 0; 0000 at the end of 16 is rarely chance.
        if length >= 16 and code.endswith("0000"):
            self._zeros_at_end += 1
            self._zeros_line = self._zeros_line or line

    def duplicates(self) -> list[tuple[int, int]]:
        """Pairs of lines with the same code, in the order of the later line."""
        hashes, lines = np.frombuffer(self._hashes, np.int64), np.frombuffer(self._lines, np.int64)
        if not len(hashes):
            return []
        order = np.argsort(hashes, kind="stable")
        same = np.flatnonzero(hashes[order][1:] == hashes[order][:-1])
        pairs = zip(lines[order[same]].tolist(), lines[order[same + 1]].tolist(), strict=True)
        return sorted(pairs, key=lambda pair: pair[1])

    def warnings(self, column: str | None) -> list[Problem]:
        """Signs that Excel cut long codes or ate leading zeros."""
        found = []
        if self._zeros_at_end:
            found.append(
                problem("code_zeros_at_end", column=column, count=self._zeros_at_end, first=self._zeros_line)
            )
        if len(self._lengths) > 1:
            # Plain counting numbers (1, 2, … 1000) differ in length too; long or zero-filled codes should not.
            usual = max(self._lengths) if self._leading_zero else self._lengths.most_common(1)[0][0]
            shorter = {length: count for length, count in self._lengths.items() if length < usual}
            if shorter and (self._leading_zero or usual >= 8):
                first = min(self._first_of_length[length] for length in shorter)
                count = sum(shorter.values())
                found.append(
                    problem("code_lengths_differ", column=column, count=count, usual=usual, first=first)
                )
        return found
