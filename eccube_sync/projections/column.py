"""A column that a plugin added to ``dtb_customer``, or to a table of its own with one row a customer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, TableClause, select, table, update
from sqlalchemy import column as named
from sqlalchemy.sql.elements import quoted_name

from eccube_sync.dbcolumns import Column, columns_of, unique_columns
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.projections import (
    IDS_AT_ONCE,
    Change,
    Grant,
    MembershipClass,
    Outcome,
    Projection,
    Settings,
    compare_and_set,
)

_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,64}")
_CUSTOMER_TABLE = "dtb_customer"

#: EC-CUBE's own columns of dtb_customer, all but the shop's memo ``note``.
# fmt: off
_OWN_COLUMNS = frozenset((
    "id", "customer_status_id", "sex_id", "job_id", "country_id", "pref_id", "name01", "name02", "kana01",
    "kana02", "company_name", "postal_code", "addr01", "addr02", "email", "phone_number", "birth",
    "password", "salt", "secret_key", "first_buy_date", "last_buy_date", "buy_times", "buy_total",
    "reset_key", "reset_expire", "point", "create_date", "update_date", "discriminator_type",
))
#: Words in the name of a plugin's column that say it holds something that is not ours to write.
_FOREIGN_WORDS = frozenset((
    "password", "passwd", "salt", "secret", "token", "key", "auth", "authed", "mail", "email",
    "mailmagazine", "mailmaga", "point", "points", "name01", "name02", "kana", "kana01", "kana02", "addr",
    "addr01", "addr02", "address", "postal", "zip", "phone", "tel", "birth", "birthday", "date",
    "discriminator",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """A value in ``table.column``, in the row whose ``customer_column`` is EC-CUBE's customer id."""

    table: str
    customer_column: str
    column: str
    store_value: str
    ec_only_value: str | None

    @property
    def key(self) -> str:
        return f"column:{self.table}.{self.column}"

    def value_of(self, membership_class: MembershipClass) -> str | None:
        return self.store_value if membership_class == "store" else self.ec_only_value

    def validate(self, connection: Connection) -> None:
        columns = columns_of(connection, self.table)
        for name in (self.customer_column, self.column):
            if name not in columns:
                raise ConfigurationError(
                    _(
                        "The projection's column {column} was not found in {table}: check the name, "
                        "and that the grants were made."
                    ).format(column=name, table=self.table)
                )
        if self.customer_column not in unique_columns(connection, self.table):
            raise ConfigurationError(
                _(
                    "{table} may have several rows for one {column}; "
                    "a projection needs a table with a unique key on it."
                ).format(table=self.table, column=self.customer_column)
            )
        for value in (self.store_value, self.ec_only_value):
            self._check_fit(columns[self.column], value)

    def needed_grants(self) -> tuple[Grant, ...]:
        return (
            Grant("SELECT", self.table, (self.customer_column, self.column)),
            Grant("UPDATE", self.table, (self.column,)),
        )

    def read(self, connection: Connection, eccube_ids: Sequence[int]) -> dict[int, str | None]:
        place = self._place()
        customer_id, value = place.c
        values: dict[int, str | None] = {}
        for start in range(0, len(eccube_ids), IDS_AT_ONCE):
            ids = eccube_ids[start : start + IDS_AT_ONCE]
            for eccube_id, present in connection.execute(
                select(customer_id, value).where(customer_id.in_(ids))
            ):
                values[eccube_id] = None if present is None else str(present)
        return values

    def write(self, connection: Connection, changes: Sequence[Change]) -> list[Outcome]:
        place = self._place()
        customer_id, value = place.c

        def apply(alike: Sequence[Change]) -> int:
            expected, new = alike[0].expected, alike[0].new
            unchanged = value.is_(None) if expected is None else value == expected
            statement = update(place).where(customer_id.in_([one.eccube_id for one in alike]), unchanged)
            return connection.execute(statement.values({value: new})).rowcount

        present = self.read(connection, [change.eccube_id for change in changes])
        return compare_and_set(connection, present, changes, apply)

    def _place(self) -> TableClause:
        """The table with its two columns, whose names the dialect always quotes."""
        names = [quoted_name(name, quote=True) for name in (self.table, self.customer_column, self.column)]
        return table(names[0], named(names[1]), named(names[2]))

    def _check_fit(self, column: Column, value: str | None) -> None:
        if column.family not in ("integer", "text"):
            problem = _("only columns of whole numbers or text can show a class")
        elif value is None:
            problem = "" if column.nullable else _("it cannot be empty, so ec_only_value must be set")
        elif column.family == "integer":
            problem = "" if _fits_integer(column, value) else _("a value is no whole number it can hold")
        else:
            fits = column.length is None or len(value) <= column.length
            problem = "" if fits else _("a value is longer than it")
        if problem:
            message = _("The projection cannot use the column {column} of {table}: {problem}.")
            raise ConfigurationError(message.format(column=self.column, table=self.table, problem=problem))


def build(settings: Settings) -> Projection:
    """The column of the configuration; ``ConfigurationError`` where it is incomplete or not ours to write."""
    if not settings.column or settings.store_value is None:
        raise ConfigurationError(_("A column projection needs the keys column and store_value."))
    if settings.store_value == settings.ec_only_value:
        raise ConfigurationError(
            _(
                "The column projection shows both classes by the same value; "
                "store_value and ec_only_value must differ."
            )
        )
    for name in (settings.table, settings.customer_column, settings.column):
        if not _IDENTIFIER.fullmatch(name):
            raise ConfigurationError(
                _("A name in [[projection]] is not a plain name of 1 to 64 letters A-Z, a-z, digits and _.")
            )
    if _is_forbidden(settings.table.lower(), settings.customer_column.lower(), settings.column.lower()):
        raise ConfigurationError(
            _(
                "{table}.{column} is not ours to write: a projection uses a column that a plugin added, "
                "never EC-CUBE's own data."
            ).format(table=settings.table, column=settings.column)
        )
    return ColumnValue(
        table=settings.table,
        customer_column=settings.customer_column,
        column=settings.column,
        store_value=settings.store_value,
        ec_only_value=settings.ec_only_value,
    )


def _is_forbidden(table_name: str, customer_column: str, column_name: str) -> bool:
    if table_name == _CUSTOMER_TABLE:
        if customer_column != "id" or column_name in _OWN_COLUMNS:
            return True
    elif table_name.startswith(("dtb_", "mtb_")) or column_name in ("id", "customer_id", customer_column):
        return True
    return not _FOREIGN_WORDS.isdisjoint(column_name.split("_"))


def _fits_integer(column: Column, value: str) -> bool:
    """Whether the value reads back as it was written; 01 and +1 would not."""
    try:
        number = int(value)
    except ValueError:
        return False
    return str(number) == value and column.low <= number <= column.high
