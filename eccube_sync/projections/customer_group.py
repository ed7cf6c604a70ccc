"""会員グループ管理 (CustomerGroup): store members belong to one group of the plugin, others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, column, delete, exists, insert, literal, select, table

from eccube_sync.dbcolumns import columns_of_tables
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

_CUSTOMERS = table("dtb_customer", column("id"))
_GROUPS = table("plg_customer_group", column("id"), column("name"), column("backend_name"))
_BELONGS = table("plg_customer_group_customers_groups", column("customer_id"), column("group_id"))


@dataclass(frozen=True, slots=True)
class CustomerGroup:
    """Belonging to a group; the value is ``member`` while the customer's row for that group is there."""

    group: str
    """The group's name, its name in the admin pages, or its id."""

    @property
    def key(self) -> str:
        return f"customer_group:{self.group}"

    def value_of(self, membership_class: MembershipClass) -> str | None:
        return "member" if membership_class == "store" else None

    def validate(self, connection: Connection) -> None:
        present = columns_of_tables(connection, [part.name for part in (_GROUPS, _BELONGS)])
        for part in (_GROUPS, _BELONGS):
            missing = set(part.c.keys()) - present[part.name].keys()
            if missing:
                raise ConfigurationError(
                    _(
                        "The customer group projection needs {columns} in {table}, which were not found: "
                        "is the customer group plugin installed, and were the grants made?"
                    ).format(columns=", ".join(sorted(missing)), table=part.name)
                )
        self.group_id(connection)

    def needed_grants(self) -> tuple[Grant, ...]:
        return (
            Grant("SELECT", "dtb_customer", ("id",)),
            Grant("SELECT", "plg_customer_group", ("id", "name", "backend_name")),
            Grant("SELECT", "plg_customer_group_customers_groups", ("customer_id", "group_id")),
            Grant("INSERT", "plg_customer_group_customers_groups", ("customer_id", "group_id")),
            Grant("DELETE", "plg_customer_group_customers_groups"),
        )

    def read(self, connection: Connection, eccube_ids: Sequence[int]) -> dict[int, str | None]:
        return self._present(connection, self.group_id(connection), eccube_ids)

    def write(self, connection: Connection, changes: Sequence[Change]) -> list[Outcome]:
        group_id = self.group_id(connection)

        def apply(alike: Sequence[Change]) -> int:
            move = leave if alike[0].new is None else join
            return move(connection, group_id, [change.eccube_id for change in alike])

        present = self._present(connection, group_id, [change.eccube_id for change in changes])
        return compare_and_set(connection, present, changes, apply)

    def group_id(self, connection: Connection) -> int:
        """The group's id: a name is looked for first, then an id."""
        named = select(_GROUPS.c.id, _GROUPS.c.name, _GROUPS.c.backend_name)
        groups = connection.execute(named).all()
        found = [row.id for row in groups if self.group in (row.name, row.backend_name)]
        found = found or [row.id for row in groups if str(row.id) == self.group]
        if len(found) == 1:
            return int(found[0])
        if found:
            message = _("Several customer groups are called {group}; give the id instead: {ids}.")
            ids = ", ".join(map(str, sorted(found)))
            raise ConfigurationError(message.format(group=self.group, ids=ids))
        message = _(
            "EC-CUBE has no customer group {group}; make it in the admin pages, or correct [[projection]]."
        )
        raise ConfigurationError(message.format(group=self.group))

    def _present(
        self, connection: Connection, group_id: int, eccube_ids: Sequence[int]
    ) -> dict[int, str | None]:
        member = self.value_of("store")
        values: dict[int, str | None] = {}
        for start in range(0, len(eccube_ids), IDS_AT_ONCE):
            ids = eccube_ids[start : start + IDS_AT_ONCE]
            belonging = (_BELONGS.c.customer_id == _CUSTOMERS.c.id) & (_BELONGS.c.group_id == group_id)
            statement = (
                select(_CUSTOMERS.c.id, _BELONGS.c.group_id)
                .select_from(_CUSTOMERS.outerjoin(_BELONGS, belonging))
                .where(_CUSTOMERS.c.id.in_(ids))
            )
            for eccube_id, found in connection.execute(statement):
                values[eccube_id] = None if found is None else member
        return values


def join(connection: Connection, group_id: int, eccube_ids: Sequence[int]) -> int:
    """Add the rows of those customers who are still there and whose row is not; returns how many."""
    belongs = exists().where(_BELONGS.c.customer_id == _CUSTOMERS.c.id, _BELONGS.c.group_id == group_id)
    rows = select(_CUSTOMERS.c.id, literal(group_id)).where(_CUSTOMERS.c.id.in_(eccube_ids), ~belongs)
    return connection.execute(insert(_BELONGS).from_select(["customer_id", "group_id"], rows)).rowcount


def leave(connection: Connection, group_id: int, eccube_ids: Sequence[int]) -> int:
    """Remove the customers' rows; the caller has seen that they are ours. Returns how many there were."""
    rows = delete(_BELONGS).where(_BELONGS.c.customer_id.in_(eccube_ids), _BELONGS.c.group_id == group_id)
    return connection.execute(rows).rowcount


def build(settings: Settings) -> Projection:
    """The group of the configuration; ``ConfigurationError`` where it names none."""
    if not settings.group:
        raise ConfigurationError(_("A customer_group projection needs the key group: a group's name or id."))
    return CustomerGroup(settings.group)
