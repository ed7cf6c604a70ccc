"""Guards on a staged store file: may it become the store data?

The number that overrules them is the file's rows, one number for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eccube_sync.i18n import _
from eccube_sync.membership.verdicts import Figures, GuardNumbers, GuardVerdict, limit_of, verdict


@dataclass(frozen=True, slots=True)
class FileCounts:
    """A store file in numbers: member rows, and filled cells of every mapped column."""

    rows: int
    filled: Mapping[str, int] = field(default_factory=dict)

    def fill_points(self, column: str) -> float:
        """How many per cent of the rows have something in ``column``."""
        return 100 * self.filled.get(column, 0) / self.rows if self.rows else 0.0


def import_shrinks(
    file: FileCounts,
    last_good: FileCounts | None,
    numbers: GuardNumbers,
    expected: int | None = None,
    *,
    partial: bool = False,
) -> GuardVerdict:
    """An empty file, or a full one much shorter than the last good full one (None: this is the first)."""
    before = last_good.rows if last_good and not partial else 0
    figures: Figures = {"rows": file.rows, "before": before, "percent": 100 * numbers.import_keeps_share}
    if file.rows == 0:
        message = _("The file has no member rows. Nothing was changed. Export it again from the POS.")
        return verdict("import_shrinks", "import", True, figures, message)
    message = _(
        "The file has {rows} rows, the last good one had {before}; at least {percent:g} percent are expected. "
        "Nothing was changed. Check that the export was complete; import a part of the members with "
        "--partial."
    ).format(**figures)
    tripped = file.rows < numbers.import_keeps_share * before
    return verdict("import_shrinks", "import", tripped, figures, message, count=file.rows, expected=expected)


def members_vanish(
    missing: int, known: int, file: FileCounts, numbers: GuardNumbers, expected: int | None = None
) -> GuardVerdict:
    """Members of the last good file that are not in this one: perhaps the export of another shop, with as many rows."""
    limit = limit_of(numbers.missing_minimum, numbers.missing_share, known)
    figures: Figures = {"missing": missing, "known": known, "limit": limit}
    message = _(
        "{missing} of {known} members of the last good file are not in this one; at most {limit} may be missing. "
        "Nothing was changed. Check that this is the export of this store, and all of it."
    ).format(**figures)
    tripped = missing > limit
    return verdict("members_vanish", "import", tripped, figures, message, count=file.rows, expected=expected)


def filled_column_empties(
    file: FileCounts, last_good: FileCounts | None, numbers: GuardNumbers, expected: int | None = None
) -> GuardVerdict:
    """A mapped column of which much less is filled than in the last good file, or which is gone."""
    drops: dict[str, float] = {}
    if last_good:
        drops = {each: last_good.fill_points(each) - file.fill_points(each) for each in last_good.filled}
    fallen = sorted(column for column, drop in drops.items() if drop > numbers.fill_drop_points)
    figures: Figures = {
        "columns": len(fallen),
        "drop": round(max(drops.values(), default=0.0), 1),
        "limit": numbers.fill_drop_points,
    }
    message = _(
        "Much less is filled than in the last good file in: {names} (up to {drop:g} percentage points less, "
        "limit {limit:g}). Nothing was changed. Check the template and the columns of the export."
    ).format(names=", ".join(fallen), **figures)
    return verdict(
        "filled_column_empties", "import", bool(fallen), figures, message, count=file.rows, expected=expected
    )


def expiry_moved_backwards(
    backwards: int, file: FileCounts, numbers: GuardNumbers, expected: int | None = None
) -> GuardVerdict:
    """Members whose end date is earlier than it was: a wrong date format or year."""
    figures: Figures = {
        "backwards": backwards,
        "members": file.rows,
        "percent": 100 * numbers.backwards_share,
    }
    message = _(
        "{backwards} of {members} members have an earlier end date than before; more than {percent:g} percent is "
        "refused. Nothing was changed. Check the dates of the file."
    ).format(**figures)
    tripped = backwards > numbers.backwards_share * file.rows
    return verdict(
        "expiry_moved_backwards", "import", tripped, figures, message, count=file.rows, expected=expected
    )


def codes_change_hands(
    reused: int, file: FileCounts, numbers: GuardNumbers, expected: int | None = None
) -> GuardVerdict:
    """Codes that now name another person: keys sorted apart from their people, or columns taken for others."""
    limit = limit_of(numbers.reused_minimum, numbers.reused_share, file.rows)
    figures: Figures = {"reused": reused, "members": file.rows, "limit": limit}
    message = _(
        "{reused} of {members} member codes name another person than before; at most {limit} may. Nothing was "
        "changed. Check whether the rows or columns of the file were mixed up."
    ).format(**figures)
    tripped = reused > limit
    return verdict(
        "codes_change_hands", "import", tripped, figures, message, count=file.rows, expected=expected
    )
