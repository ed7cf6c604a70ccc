"""Which format a member export has, and which of its columns holds which field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eccube_sync.csvfile import HEADER_SEARCH_LINES, normalise_header
from eccube_sync.errors import BadInputError, ConfigurationError, Problem
from eccube_sync.exportcells import read_word
from eccube_sync.filedamage import problem
from eccube_sync.i18n import _
from eccube_sync.pos import FIELDS, FORMATS, SPREAD_FIELDS, PosFormat

Columns = Mapping[str, Sequence[str]]

# Headers of EC-CUBE's own customer CSV that no POS has; three of them are no accident.
_ECCUBE_HEADERS = frozenset(
    map(
        normalise_header,
        (
            "都道府県(ID)",
            "都道府県(名称)",
            "性別(ID)",
            "職業(ID)",
            "職業(名称)",
            "会員ステータス(ID)",
            "会員ステータス(名称)",
            "初回購入日",
            "最終購入日",
            "購入回数",
            "ショップ用メモ欄",
            "お名前(セイ)",
            "お名前(メイ)",
        ),
    )
)
_LEGEND = re.compile(r"\(([^()]*:[^()]*)\)$")


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """The columns of one file: positions of each field's columns, and what its codes mean."""

    format_key: str
    header: tuple[str, ...]
    positions: Mapping[str, tuple[int, ...]]
    memo: frozenset[int]
    words: Mapping[str, Mapping[str, str]]
    warnings: tuple[Problem, ...]

    def column_map(self) -> dict[str, str]:
        """Field → header, several headers of one field joined by `` + ``."""
        return {
            name: " + ".join(self.header[position] for position in positions)
            for name, positions in self.positions.items()
        }

    def unmapped(self) -> tuple[str, ...]:
        """The headers that no field uses."""
        used = {position for positions in self.positions.values() for position in positions}
        return tuple(name for position, name in enumerate(self.header) if position not in used)


@dataclass(slots=True)
class HeaderSearch:
    """Looks at one line after another until one is the header; remembers why the others were not."""

    format_key: str  # "auto" or a key of ``formats``
    columns: Columns = field(default_factory=dict)
    formats: Mapping[str, PosFormat] = field(default_factory=lambda: FORMATS)
    chosen: str = ""
    recognised: list[str] = field(default_factory=list)
    eccube: bool = False

    def __post_init__(self) -> None:
        if self.format_key != "auto" and self.format_key not in self.formats:
            known = ", ".join(("auto", *self.formats))
            message = _("The format {format} is not known; write one of: {known}.")
            raise ConfigurationError(message.format(format=self.format_key, known=known))
        for name, headers in self.columns.items():
            self._check_configured(name, headers)

    def _check_configured(self, name: str, headers: Sequence[str]) -> None:
        if name not in FIELDS:
            message = _(
                "[source.columns] names {field}, which is no field of a member; the fields are: {known}."
            )
            raise ConfigurationError(message.format(field=name, known=", ".join(FIELDS)))
        secrets = {normalise_header(secret) for part in self.formats.values() for secret in part.NEVER_READ}
        for header in headers:
            if name != "pin" and normalise_header(header) in secrets:
                message = _(
                    "[source.columns] maps {header} to {field}, but a secret is never read; take it out."
                )
                raise ConfigurationError(message.format(header=header, field=name))

    def is_header(self, cells: Sequence[str]) -> bool:
        """Whether these cells are a header; the format is then in ``chosen``."""
        headers = frozenset(filter(None, map(normalise_header, cells)))
        if len(headers & _ECCUBE_HEADERS) >= 3:
            self.eccube = True
            return True
        self._remember(cells)
        if self.format_key != "auto":
            self.chosen = self.format_key if self._has_needed(self.formats[self.format_key], cells) else ""
            return bool(self.chosen)
        claiming = [
            key
            for key, part in self.formats.items()
            if not part.FALLBACK and part.claims(headers) and self._has_needed(part, cells)
        ]
        if len(claiming) > 1:
            message = _("The formats {formats} all claim this file; name one as the source's format.")
            raise BadInputError(message.format(formats=", ".join(claiming)))
        fallbacks = [
            key for key, part in self.formats.items() if part.FALLBACK and self._has_needed(part, cells)
        ]
        self.chosen = (claiming or fallbacks or [""])[0]
        return bool(self.chosen)

    def _has_needed(self, part: PosFormat, cells: Sequence[str]) -> bool:
        positions, _warnings = _assign(part, self.columns, cells)
        return all(any(name in positions for name in group) for group in part.NEEDED)

    def _remember(self, cells: Sequence[str]) -> None:
        """Keep the known headers of the likeliest line; other cells may be personal data."""
        parts = [part for key, part in self.formats.items() if self.format_key in ("auto", key)]
        known = {
            normalise_header(alias)
            for part in parts
            for name, aliases in part.ALIASES.items()
            for alias in (*aliases, *self.columns.get(name, ()))
        }
        found = [cell.strip() for cell in cells if normalise_header(cell) in known]
        if len(found) > len(self.recognised):
            self.recognised = found

    def missing(self) -> Problem:
        """Why no line is a header: nothing known was there, or a needed column is not."""
        if len(self.recognised) < 2:
            headers = ", ".join(self.recognised) or "-"
            return problem("no_header", limit=HEADER_SEARCH_LINES, headers=headers)
        fallbacks = [part for part in self.formats.values() if part.FALLBACK]
        part = self.formats[self.format_key] if self.format_key != "auto" else fallbacks[0]
        positions, _warnings = _assign(part, self.columns, self.recognised)
        lacking = [group for group in part.NEEDED if not any(name in positions for name in group)]
        fields = ", ".join("/".join(group) for group in lacking)
        return problem("needed_column_missing", fields=fields)


def map_header(search: HeaderSearch, header: Sequence[str], line: int, memo: Sequence[str] = ()) -> HeaderMap:
    """The columns of the header that ``search`` found. Raises ``HeaderRefusedError``."""
    if search.eccube:
        raise HeaderRefusedError([problem("eccube_customer_export", line=line)])
    part = search.formats[search.chosen]
    positions, warnings = _assign(part, search.columns, header)
    problems = _configured_but_missing(search.columns, header, line)
    words: dict[str, Mapping[str, str]] = {}
    for name, legend in part.LEGENDS.items():
        if name in positions:
            words[name], contradictions = _words(legend, header[positions[name][0]], line)
            problems += contradictions
    if problems:
        raise HeaderRefusedError(problems)
    memo_headers = {normalise_header(name) for name in (*part.MEMO, *memo)}
    mapped = {position for found in positions.values() for position in found}
    memo_positions = frozenset(
        position
        for position, name in enumerate(header)
        if position not in mapped and normalise_header(name) in memo_headers
    )
    return HeaderMap(search.chosen, tuple(header), positions, memo_positions, words, tuple(warnings))


class HeaderRefusedError(ValueError):
    """A header that refuses the file, with everything wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(len(problems))
        self.problems = problems


def _assign(
    part: PosFormat, columns: Columns, header: Sequence[str]
) -> tuple[dict[str, tuple[int, ...]], list[Problem]]:
    """Positions of each field's columns: configured ones first, each column used once."""
    by_name = {normalise_header(name): position for position, name in enumerate(header)}
    free = dict(by_name)
    positions: dict[str, tuple[int, ...]] = {}
    for configured in (True, False):
        for name in FIELDS:
            if name in positions or (configured and name not in columns):
                continue
            aliases = columns[name] if configured else part.ALIASES.get(name, ())
            found = [alias for alias in map(normalise_header, aliases) if alias in free]
            taken = tuple(free.pop(alias) for alias in (found if name in SPREAD_FIELDS else found[:1]))
            if taken:
                positions[name] = taken
    return positions, _ambiguities(part, columns, header, positions, free)


def _ambiguities(
    part: PosFormat,
    columns: Columns,
    header: Sequence[str],
    positions: Mapping[str, tuple[int, ...]],
    free: Mapping[str, int],
) -> list[Problem]:
    """Columns left over that could have been a field for which another column was taken."""
    return [
        problem("column_ambiguous", column=header[free[alias]], field=name, used=header[positions[name][0]])
        for name in FIELDS
        if name in positions and name not in columns
        for alias in map(normalise_header, part.ALIASES.get(name, ()))
        if alias in free
    ]


def _configured_but_missing(columns: Columns, header: Sequence[str], line: int) -> list[Problem]:
    present = set(map(normalise_header, header))
    return [
        problem("configured_column_missing", line=line, field=name, headers=" / ".join(headers))
        for name, headers in columns.items()
        if headers and present.isdisjoint(map(normalise_header, headers))
    ]


def _words(legend: Mapping[str, str], header: str, line: int) -> tuple[dict[str, str], list[Problem]]:
    """The words a column may hold, with the codes its own header explains; contradictions are problems."""
    words = {read_word(word): value for word, value in legend.items()}
    problems: list[Problem] = []
    match = _LEGEND.search(unicodedata.normalize("NFKC", header).strip())
    for entry in match[1].split(",") if match else ():
        code, separator, meaning = entry.partition(":")
        code, value = read_word(code), words.get(read_word(meaning))
        if not separator or not code:
            continue
        if (value is None and code in words) or (value is not None and words.get(code, value) != value):
            problems.append(
                problem("legend_contradicts", line=line, column=header, code=code, word=meaning.strip())
            )
        elif value is not None:
            words[code] = value
    return words, problems
