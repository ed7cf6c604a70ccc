"""Places in EC-CUBE where a class is shown: the contract of a projection, and the list of the kinds.

A value is what stands in that place as text, or ``None`` for nothing (no row, NULL). A projection works on
an open connection whose default database is EC-CUBE's, and never commits. It touches no date of EC-CUBE's
own: ``update_date`` stays, because it says when the customer or an order changed, not when we did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from sqlalchemy import Connection

MembershipClass = Literal["store", "ec_only"]

CHUNK = 50
"""At most so many changes in one ``write``, so that a transaction on EC-CUBE's tables stays short."""

IDS_AT_ONCE = 5000
"""At most so many ids in one SELECT; SQLite takes 32,766 parameters."""


class Settings(Protocol):
    """One ``[[projection]]`` of the configuration."""

    @property
    def kind(self) -> str: ...
    @property
    def group(self) -> str | None: ...
    @property
    def table(self) -> str: ...
    @property
    def customer_column(self) -> str: ...
    @property
    def column(self) -> str | None: ...
    @property
    def store_value(self) -> str | None: ...
    @property
    def ec_only_value(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """A right on a table of EC-CUBE's; without columns it is on the whole table."""

    privilege: Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
    table: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Put ``new`` in the customer's place, provided that ``expected``, what we wrote last, stands there."""

    eccube_id: int
    expected: str | None
    new: str | None


class Outcome(StrEnum):
    """What became of a change."""

    WRITTEN = "written"
    ALREADY = "already"  # ``new`` stood there before; somebody else wrote it, so it is not ours
    CHANGED = "changed"  # something other than ``expected`` stands there; left alone
    GONE = "gone"  # the customer, or the row to write to, is not there


class Projection(Protocol):
    """One place in EC-CUBE."""

    @property
    def key(self) -> str:
        """Names the place; what was written last is remembered under it."""
        ...

    def value_of(self, membership_class: MembershipClass) -> str | None:
        """The value that shows a class."""
        ...

    def validate(self, connection: Connection) -> None:
        """Raise ``ConfigurationError`` unless the place exists and can hold both values."""
        ...

    def needed_grants(self) -> tuple[Grant, ...]:
        """The rights on EC-CUBE's tables that reading and writing take."""
        ...

    def read(self, connection: Connection, eccube_ids: Sequence[int]) -> dict[int, str | None]:
        """The present value of each customer; those without a place to write to are left out."""
        ...

    def write(self, connection: Connection, changes: Sequence[Change]) -> list[Outcome]:
        """Carry out up to ``CHUNK`` changes by compare-and-set; the outcomes in the same order."""
        ...


def compare_and_set(
    connection: Connection,
    present: Mapping[int, str | None],
    changes: Sequence[Change],
    apply: Callable[[Sequence[Change]], int],
) -> list[Outcome]:
    """The outcomes of ``changes`` where ``present`` was read in the same transaction.

    ``apply`` carries out changes that are alike but for the customer, repeats the comparison in the database and
    says how many it wrote: the database compares text more loosely than we do (case, trailing spaces), and a value
    can change after it was read.
    """
    if len(changes) > CHUNK:
        raise ValueError(f"{len(changes)} changes in one chunk; {CHUNK} at most")
    outcomes: list[Outcome] = []
    alike: dict[tuple[str | None, str | None], list[int]] = {}
    for position, change in enumerate(changes):
        if change.eccube_id not in present:
            outcomes.append(Outcome.GONE)
        elif present[change.eccube_id] == change.new:
            outcomes.append(Outcome.ALREADY)
        else:
            outcomes.append(Outcome.CHANGED)
            if present[change.eccube_id] == change.expected:
                alike.setdefault((change.expected, change.new), []).append(position)
    for positions in alike.values():
        for position in _carried_out(connection, changes, positions, apply):
            outcomes[position] = Outcome.WRITTEN
    return outcomes


def _carried_out(
    connection: Connection,
    changes: Sequence[Change],
    positions: Sequence[int],
    apply: Callable[[Sequence[Change]], int],
) -> Sequence[int]:
    """Those of these changes that were written: all in one go, or one by one where one of them no longer fits."""
    if len(positions) > 1:
        with connection.begin_nested() as together:
            if apply([changes[position] for position in positions]) == len(positions):
                return positions
            together.rollback()
    return [position for position in positions if apply([changes[position]]) == 1]


from eccube_sync.projections import column, customer_group, none, plugin  # noqa: E402 - parts need the contract above

PROJECTIONS: dict[str, Callable[[Settings], Projection]] = {
    "customer_group": customer_group.build,
    "column": column.build,
    "plugin": plugin.build,
    "none": none.build,
}
