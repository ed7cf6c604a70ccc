"""Every kind of damage a delimited file can have: what we do about it, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from eccube_sync.errors import BadInputError, Problem
from eccube_sync.i18n import _, mark, ngettext


class Verdict(StrEnum):
    """What becomes of a file with one kind of damage."""

    ACCEPTED = "accepted"  # read as it is, and mentioned
    REPAIRED = "repaired"  # mended, and the row carries a flag
    REFUSED = "refused"  # the whole file changes nothing


class DamageKind(NamedTuple):
    """The verdict on one kind of damage and the sentence shown to a person.

    A sentence may name headers, counts, line numbers, codes of a legend and shapes of dates;
    never a cell's own text, which may be somebody's name or phone number.
    """

    verdict: Verdict
    message: str


def _accepted(message: str) -> DamageKind:
    return DamageKind(Verdict.ACCEPTED, message)


def _repaired(message: str) -> DamageKind:
    return DamageKind(Verdict.REPAIRED, message)


def _refused(message: str) -> DamageKind:
    return DamageKind(Verdict.REFUSED, message)


DAMAGE_KINDS: Mapping[str, DamageKind] = {
    # the file as a whole
    "not_a_file": _refused(mark("This is not a regular file that can be read; give the path of the export.")),
    "file_too_large": _refused(mark("The file has {size} bytes, more than {limit}. Export fewer columns.")),
    "too_many_rows": _refused(mark("The file has more than {limit} rows. Export it in parts.")),
    "empty_file": _refused(mark("The file is empty; export it again.")),
    "no_rows": _refused(mark("The file has a header and no row below it; export it again.")),
    "encoding_unreadable": _refused(
        mark("The text is not valid {encodings} from this line on; export the file again as UTF-8 or CP932.")
    ),
    "encoding_contradicts": _refused(
        mark("The file begins with the mark of {found}, but {configured} is configured; correct one of them.")
    ),
    "utf8_broken": _refused(
        mark("The file is UTF-8 but damaged at this line; it was cut or joined on the way. Export it again.")
    ),
    "mojibake": _refused(
        mark("The text was garbled by a wrong character encoding before it got here; export it again.")
    ),
    "control_character": _refused(
        mark("The character U+{code} has no place in a text file; export the file again.")
    ),
    "private_character": _accepted(
        mark("Characters of the shop's own (外字, U+E000 and above) mean nothing elsewhere (found: {count}).")
    ),
    "replacement_character": _accepted(
        mark(
            "Characters were lost before the file got here (U+FFFD: {count}); look at the export's encoding."
        )
    ),
    # lines and cells
    "line_too_long": _refused(mark("A line is longer than {limit} characters; this is not a member export.")),
    "quote_broken": _refused(
        mark('A quotation mark is never closed or stands in a wrong place; the row begins here. Mend the ".')
    ),
    "newline_in_cell": _refused(
        mark("A cell holds a line break; a stray quotation mark may have swallowed rows. Mend the file.")
    ),
    "rows_swallowed": _refused(
        mark("A memo cell seems to hold whole rows, swallowed by a stray quotation mark; mend the file.")
    ),
    "cell_too_long": _refused(mark("A cell is longer than {limit} characters; this is not a member export.")),
    "row_width": _refused(
        mark("The row has {found} cells where the header has {expected}; a comma or a line is missing.")
    ),
    "blank_rows": _accepted(mark("Blank rows were passed over (rows: {count}).")),
    "title_lines": _accepted(mark("Title lines above the header were passed over (lines: {count}).")),
    "total_line": _accepted(mark("The total line at the end was passed over.")),
    "total_in_middle": _refused(mark("A member row follows the total line; two exports may be joined here.")),
    "total_differs": _refused(
        mark("The total line speaks of {stated} rows, but the file has {found}; it was cut. Export it again.")
    ),
    # the header
    "no_header": _refused(
        mark("No header of a member export stands in the first {limit} lines. Recognised headers: {headers}.")
    ),
    "duplicate_header": _refused(mark("Two columns have this header; give each column its own.")),
    "unnamed_column": _refused(mark("Column {position} has no header; name it or take it out.")),
    "too_many_columns": _refused(mark("The file has more than {limit} columns; it is no member export.")),
    "needed_column_missing": _refused(
        mark("No column for {fields} was found. Add it to the export, or name it under [source.columns].")
    ),
    "configured_column_missing": _refused(
        mark("[source.columns] wants {headers} for {field}, but the file has no such column.")
    ),
    "column_ambiguous": _accepted(
        mark("This column could be {field} too, but {used} is used; say which under [source.columns].")
    ),
    "eccube_customer_export": _refused(
        mark("This is EC-CUBE's own customer CSV, not the store's member export; give the POS's file.")
    ),
    "legend_contradicts": _refused(
        mark("The header says that code {code} means {word}, which is not what this format knows.")
    ),
    # codes
    "code_missing": _refused(mark("The row has no member code or id; every member needs one.")),
    "code_scientific": _refused(
        mark(
            "Excel turned a code into a number like 1.23E+12; digits are lost. Export again, unopened by Excel."
        )
    ),
    "code_duplicate": _refused(mark("The same code stands in lines {first} and {second}.")),
    "code_zeros_at_end": _accepted(
        mark(
            "Codes of 16 digits or more end in 0000; Excel may have cut them (codes: {count}, first: line {first})."
        )
    ),
    "code_lengths_differ": _accepted(
        mark("Codes have fewer digits than {usual}; lost zeros? (codes: {count}, first: line {first})")
    ),
    "apostrophe_stripped": _repaired(mark("A leading apostrophe was taken off (cells: {count}).")),
    "formula_stripped": _repaired(
        mark('A cell was written as ="…"; the text inside was taken (cells: {count}).')
    ),
    "phone_zero_restored": _repaired(
        mark("Phone numbers got back their lost leading zero (cells: {count}).")
    ),
    "postal_zero_restored": _repaired(
        mark("Postal codes got back their lost leading zeros (cells: {count}).")
    ),
    # words and numbers
    "status_unknown": _refused(
        mark("The status {code} is unknown; whether it is a member must not be guessed.")
    ),
    "status_missing": _refused(mark("The status is empty; whether this is a member must not be guessed.")),
    "word_unknown": _refused(mark("The code {code} in this column is unknown and must not be guessed.")),
    "sex_unknown": _repaired(mark("Unknown words for sex were read as no information (cells: {count}).")),
    "points_unreadable": _refused(mark("The points are not a whole number; the cell has the shape {shape}.")),
    # dates
    "date_two_digit_year": _refused(
        mark("The year has two digits (shape {shape}) and may be of either calendar; write four.")
    ),
    "date_impossible": _refused(mark("The calendar has no such day (shape {shape}).")),
    "date_implausible": _refused(mark("Such a day cannot be meant in this column (shape {shape}).")),
    "date_outside_era": _refused(mark("The day lies outside its era (shape {shape}); correct it.")),
    "date_unreadable": _refused(mark("This is not a date we can read (shape {shape}); write YYYY-MM-DD.")),
    "date_serial": _repaired(
        mark("Excel's number of a day was read as that day, 1900 calendar (cells: {count}).")
    ),
    "date_null": _repaired(mark("0000-00-00 or 0001-01-01 was read as no date (cells: {count}).")),
    "date_placeholder": _repaired(mark("Placeholders such as - were read as no date (cells: {count}).")),
    "moment_in_future": _accepted(
        mark("Times in the future say nothing about the file's age (rows: {count}, first: line {first}).")
    ),
}


REPAIRS: Mapping[str, str] = {
    "apostrophe_stripped": mark("leading apostrophe"),
    "formula_stripped": mark("text written as a formula"),
    "phone_zero_restored": mark("phone number without its leading zero"),
    "postal_zero_restored": mark("postal code without its leading zeros"),
    "sex_unknown": mark("unknown word for sex"),
    "date_serial": mark("date written as Excel's number of a day"),
    "date_null": mark("date that is none, such as 0000-00-00"),
    "date_placeholder": mark("placeholder in place of a date"),
}
"""The damage that is mended, in a few words."""


def sentence(kind: str, values: Mapping[str, object]) -> str:
    """The sentence for one kind of damage in the user's language."""
    return _(DAMAGE_KINDS[kind].message).format(**values)


def problem(kind: str, *, line: int | None = None, column: str | None = None, **values: object) -> Problem:
    """One thing wrong (or mended, or noticed) as a ``Problem``; ``values`` fill the sentence's blanks."""
    return Problem(sentence(kind, values), line, column)


def refusal(file_name: str, problems: Sequence[Problem], count: int | None = None) -> BadInputError:
    """The error that refuses a whole file: its sentence names the file and the first of ``problems``.

    ``count`` is the number of all problems where ``problems`` are only the first ones.
    """
    first = problems[0]
    where = [file_name]
    if first.line is not None:
        where.append(_("line {line}").format(line=first.line))
    if first.column is not None:
        where.append(_("column {column}").format(column=first.column))
    message = _("{where}: {reason} Nothing was changed.").format(
        where=_(", ").join(where), reason=first.message
    )
    more = (count or len(problems)) - 1
    if more:
        message += " " + ngettext("{n} more problem.", "{n} more problems.", more).format(n=more)
    return BadInputError(message, tuple(problems))


def shape_of(text: str, limit: int = 24) -> str:
    """``text`` with digits as 9, other letters and numbers as A, but 年 月 日 after a digit: safe to show."""
    signs: list[str] = []
    for sign in text[:limit]:
        if sign.isdigit():
            signs.append("9")
        elif sign in "年月日時分秒" and signs and signs[-1] == "9":
            signs.append(sign)
        else:
            signs.append("A" if sign.isalnum() else sign)
    return "".join(signs)
