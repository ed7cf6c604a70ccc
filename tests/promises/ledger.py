"""What changed between two looks at our tables, and what the journal says changed, as one kind of line.

A line is (subject, id, field, old, new). Several lines about one field are folded into one, and must follow from
each other: what a line calls old is what the line before called new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Line = tuple[str, int, str, str | None, str | None]
Row = Mapping[str, Any]
Tables = Mapping[str, Mapping[Any, Row]]
"""Table → primary key → row, a value by its column."""

NAMED = ("link", "customer_class", "class_override", "review_case", "notice", "member_import", "customer", "claim",
         "link_code", "member")  # fmt: skip
"""The tables whose every change is in the journal, field by field; of a member, its version and whether it counts."""

STATES: Mapping[str, str] = {
    "review_case": "case", "notice": "notice", "member_import": "import", "customer": "customer",
    "claim": "claim", "link_code": "link_code",
}  # fmt: skip
"""Tables with a state → what the journal calls a row of them."""


WITHOUT_LINE = {("customer", "full"), ("notice", "baseline"), ("link_code", "issued")}
"""What is usual of a new row: a customer is full, a batch of codes has a line of its own."""


def text_of(value: Any) -> str | None:
    """A value as the journal writes it."""
    return None if value is None else str(value)


def lines_of(table: str, old: Row | None, new: Row | None) -> Iterator[Line]:
    """The lines the journal owes for one row that changed, appeared or vanished."""
    row = new or old or {}
    if table == "link":
        yield from _of_link(old, row)
    elif table == "customer_class":
        yield from _of_class(old, row)
    elif table == "class_override":
        yield from _of_override(old, row)
    elif table == "member":
        yield from _of_member(old, row)
    elif table in STATES:
        yield from _of_state(table, old, row)


def _of_member(old: Row | None, new: Row) -> Iterator[Line]:
    before, after = (
        text_of((row and row["version_id"]) or None) for row in (old, new)
    )  # 0 before the first one
    if before != after:
        yield "member", new["id"], "version", before, after
    if old is not None and old["current"] != new["current"]:
        yield "member", new["id"], "current", text_of(old["current"]), text_of(new["current"])


def _of_link(old: Row | None, new: Row) -> Iterator[Line]:
    before = None if old is None else _standing(old)
    if before != _standing(new):
        yield "link", new["id"], "state", before, _standing(new)
    for name in ("method", "proven_by"):
        if old is not None and old[name] != new[name]:
            yield "link", new["id"], name, old[name], new[name]


def _standing(row: Row) -> str:
    return "active" if row["active"] == 1 else "ended"


def _of_class(old: Row | None, new: Row) -> Iterator[Line]:
    whose, before = new["customer_id"], None if old is None else old["membership_class"]
    if before != new["membership_class"]:
        yield "customer", whose, "class", before, new["membership_class"]
    elif old is not None and before == "store" and old["end_date"] != new["end_date"]:
        yield "customer", whose, "end_date", text_of(old["end_date"]), text_of(new["end_date"])


def _of_override(old: Row | None, new: Row) -> Iterator[Line]:
    if old is None and new["active"] == 1:
        yield "customer", new["customer_id"], new["kind"], None, new["membership_class"]
    elif old is not None and old["active"] == 1 != new["active"]:
        yield "customer", new["customer_id"], new["kind"], new["membership_class"], None


def _of_state(table: str, old: Row | None, new: Row) -> Iterator[Line]:
    if old is None and (table, new["state"]) in WITHOUT_LINE:
        return
    before = None if old is None else old["state"]
    if before != new["state"]:
        yield STATES[table], new["id"], "state", before, new["state"]
    if table == "review_case" and old is not None and old["version"] != new["version"]:
        yield "case", new["id"], "version", str(old["version"]), str(new["version"])


def new_rows(table: str, before: Tables, after: Tables) -> list[Row]:
    """The rows of a table that were not there at the first look."""
    return [row for key, row in after[table].items() if key not in before[table]]


def differences(before: Tables, after: Tables) -> Iterator[Line]:
    """Every line the journal owes for what differs between two looks."""
    for table in NAMED:
        old, new = before[table], after[table]
        for key in sorted(old.keys() | new.keys()):  # an exception ends before another one takes its place
            if old.get(key) != new.get(key):
                yield from lines_of(table, old.get(key), new.get(key))


FIELDS = frozenset(
    {"state", "version", "class", "end_date", "override", "hold", "method", "proven_by", "current"}
)
SUBJECTS = frozenset({"link", "customer", "case", "notice", "import", "claim", "link_code", "member"})


def journal_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """The lines of the journal about what ``differences`` compares."""
    for row in rows:
        line = (row["subject"], row["subject_id"], row["field"], row["old_value"], row["new_value"])
        usual = (line[0], *line[2:]) == ("customer", "state", None, "full")
        if row["subject"] in SUBJECTS and row["field"] in FIELDS and not usual:
            yield line


def version_lines(rows: Iterable[Row]) -> Iterator[Line]:
    """What an import says of its members: each version names the one before it, and keeps all it said."""
    for row in rows:
        yield "member", row["member_id"], "version", text_of(row["previous_version_id"]), str(row["id"])


def folded(lines: Iterable[Line]) -> set[Line]:
    """Lines about one field of one subject as one; what ends where it began is none."""
    found: dict[tuple[str, int, str], tuple[str | None, str | None]] = {}
    for subject, number, field, old, new in lines:
        key = (subject, number, field)
        first, last = found.get(key, (old, old))
        assert last == old, f"{key}: {old!r} → {new!r} follows {last!r}"
        found[key] = (first, new)
    changed = {key: values for key, values in found.items() if values[0] != values[1]}
    # Where the class itself changed, its new end date is no news of its own.
    return {
        (*key, *values)
        for key, values in changed.items()
        if key[2] != "end_date" or (*key[:2], "class") not in found
    }
