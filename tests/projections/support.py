"""What the tests of the projections share: a configuration entry and short ways to read and write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eccube_sync.projections import PROJECTIONS, Change, Outcome, Projection
from tests.support.shop import Shop


@dataclass(frozen=True)
class Entry:
    """One ``[[projection]]`` as the configuration hands it over."""

    kind: str
    group: str | None = None
    table: str = "dtb_customer"
    customer_column: str = "id"
    column: str | None = None
    store_value: str | None = None
    ec_only_value: str | None = None


def group(name: str = "店舗会員") -> Projection:
    return PROJECTIONS["customer_group"](Entry("customer_group", group=name))


def column(name: str = "customer_rank_id", store: str = "2", ec_only: str | None = None) -> Projection:
    entry = Entry("column", column=name, store_value=store, ec_only_value=ec_only)
    return PROJECTIONS["column"](entry)


def validate(shop: Shop, projection: Projection) -> None:
    with shop.connect() as connection:
        projection.validate(connection)


def read(shop: Shop, projection: Projection, *ids: int) -> dict[int, str | None]:
    with shop.connect() as connection:
        return projection.read(connection, ids)


def write(shop: Shop, projection: Projection, *changes: Change) -> Sequence[Outcome]:
    with shop.connect() as connection:
        outcomes = projection.write(connection, changes)
        connection.commit()
        return outcomes
