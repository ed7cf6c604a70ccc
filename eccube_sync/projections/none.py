"""No place at all: the classes stay in our own tables, for shops that read them from there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from eccube_sync.projections import (
    Change,
    Grant,
    MembershipClass,
    Outcome,
    Projection,
    Settings,
    compare_and_set,
)


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Every class is shown by nothing, so there is never a change to write."""

    key: str = "none"

    def value_of(self, membership_class: MembershipClass) -> str | None:
        return None

    def validate(self, connection: Connection) -> None:
        return None

    def needed_grants(self) -> tuple[Grant, ...]:
        return ()

    def read(self, connection: Connection, eccube_ids: Sequence[int]) -> dict[int, str | None]:
        return dict.fromkeys(eccube_ids)

    def write(self, connection: Connection, changes: Sequence[Change]) -> list[Outcome]:
        present = self.read(connection, [change.eccube_id for change in changes])
        return compare_and_set(connection, present, changes, lambda alike: 0)


def build(settings: Settings) -> Projection:
    """The projection to nowhere."""
    return Nowhere()
