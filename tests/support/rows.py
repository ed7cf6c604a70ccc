"""Rows in our own tables, made one by one, for tests of what works on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from eccube_sync import config
from eccube_sync.clock import FixedClock, to_database
from eccube_sync.db import OWN_SCHEMA, AnyRow, Database, inserted_id
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.linkage.people import fingerprint_rows
from eccube_sync.services.matching.people import people_of_customers
from eccube_sync.services.review.casing import new_public_id, subject_key
from eccube_sync.services.running import Run, applied_run
from eccube_sync.services.running import Shop as ServiceShop
from eccube_sync.services.setup.migrating import needed_version
from eccube_sync.settings import Settings
from eccube_sync.tables import metadata
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_import, member_version, source
from eccube_sync.tables.members import store as store_table
from eccube_sync.tables.runs import run as run_table
from eccube_sync.tables.version import schema_version
from tests.support.accounts import single_account
from tests.support.shop import OPENED, Shop

NOON = datetime(2026, 4, 10, 3, 0, tzinfo=UTC)
"""Noon in Tokyo of the day the tests play on."""

_numbers = count(1)


@dataclass(slots=True)
class OurShop:
    """An EC-CUBE shop with our tables beside it; every method commits what it makes."""

    eccube: Shop
    service: ServiceShop
    clock: FixedClock
    _run_id: int = field(default=0, repr=False)
    _import_ids: dict[str, int] = field(default_factory=dict, repr=False)
    _kept: Connection | None = field(default=None, repr=False)

    @contextmanager
    def _own_transaction(self) -> Iterator[Connection]:
        """A transaction on a connection of the tests' own, opened once."""
        if self._kept is None:
            self._kept = self.service.database.engine.connect().execution_options(
                schema_translate_map={OWN_SCHEMA: self.service.database.own_schema}
            )
        with self._kept.begin():
            yield self._kept

    def close(self) -> None:
        """Close what the tests opened."""
        if self._kept is not None:
            self._kept.close()

    @property
    def settings(self) -> Settings:
        """The shop's configuration."""
        return self.service.settings

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection as the program opens it."""
        with self.service.database.connect() as connection:
            yield connection

    def apply(self, work: Callable[[Run], Any], command: str = "test") -> Any:
        """Do ``work`` in a run of its own."""
        with self.connect() as connection, applied_run(self.service, connection, command) as run:
            return work(run)

    def rows(self, table: Table, **equal: Any) -> list[AnyRow]:
        """All rows of one of our tables whose columns have these values, by their primary key."""
        statement = select(table).order_by(*table.primary_key.columns)
        for name, value in equal.items():
            statement = statement.where(table.c[name] == value)
        with self._own_transaction() as connection:
            return list(connection.execute(statement))

    def row(self, table: Table, **equal: Any) -> AnyRow:
        """The one row that has these values."""
        (found,) = self.rows(table, **equal)
        return found

    def snapshot(self, *tables: Table) -> dict[str, list[tuple[Any, ...]]]:
        """The whole content of these tables, for comparing before and after."""
        return {table.name: [tuple(row) for row in self.rows(table)] for table in tables}

    # --- making rows ---

    def insert(self, table: Table, **values: Any) -> int:
        """Insert one row; returns its id."""
        with self._own_transaction() as connection:
            return inserted_id(connection.execute(insert(table).values(**values)))

    @property
    def run_id(self) -> int:
        """The run that made all these rows."""
        if not self._run_id:
            self._run_id = self.insert(
                run_table,
                command="setup",
                today=date(2026, 4, 1),
                state="done",
                started_at=to_database(NOON),
                actor="tests",
                program_version="0",
            )
        return self._run_id

    def import_id(self, source_key: str) -> int:
        """An accepted full import of a source, which is made with it."""
        if source_key not in self._import_ids:
            source_id = self.insert(
                source,
                source_key=source_key,
                name=self.settings.source(source_key).label,
                taken_at=to_database(NOON),
            )
            self._import_ids[source_key] = self.insert(
                member_import,
                source_id=source_id,
                run_id=self.run_id,
                sha256="0" * 64,
                file_name="members.csv",
                format_key="generic",
                encoding="utf-8",
                partial=False,
                taken_at=to_database(NOON),
                row_count=1,
                counts="{}",
                fill_rates="{}",
                state="accepted",
            )
        return self._import_ids[source_key]

    def source_id(self, source_key: str = "store") -> int:
        """Our id of a source."""
        self.import_id(source_key)
        return int(self.row(source, source_key=source_key).id)

    def add_branch(self, code: str, name: str, source_key: str = "store") -> int:
        """A branch of a source."""
        return self.insert(store_table, source_id=self.source_id(source_key), code=code, name=name)

    def add_customer(self, *, state: str = "full", current: int | None = 1, **values: Any) -> int:
        """A customer in EC-CUBE and in our tables; see ``Shop.customer_row`` for ``values``. Returns our id."""
        eccube_id = self.eccube.add_customer(**values)
        with self._own_transaction() as connection:
            seen = GENERATIONS[detect(connection)].customers_by_id(connection, [eccube_id])
        return self.insert(
            customer,
            eccube_id=eccube_id,
            eccube_created_at=to_database(values.get("created_at", OPENED)),
            state=state,
            current=current,
            fingerprint=fingerprint_rows(people_of_customers([0], seen))[0],
            first_run_id=self.run_id,
            changed_run_id=self.run_id,
        )

    def add_member(
        self, *, source_key: str = "store", code: str | None = None, current: int | None = 1, **values: Any
    ) -> int:
        """A member with one version; ``values`` are columns of ``member_version``. Returns our id."""
        number = next(_numbers)
        code = code or f"{number:013d}"
        marks = {"content_hash": f"{number:032x}", "fingerprint": f"{number:032x}"}
        import_id = self.import_id(source_key)
        member_id = self.insert(
            member,
            source_id=self.source_id(source_key),
            store_key=code,
            current=current,
            version_id=0,
            first_import_id=import_id,
            changed_import_id=import_id,
            changed_run_id=self.run_id,
            **marks,
        )
        person = {
            "family_name": "山田",
            "given_name": "花子",
            "family_kana": "ヤマダ",
            "given_kana": "ハナコ",
            "postal_code": "5300001",
            "address": "大阪府大阪市北区梅田2-4-9",
            "phone": "0612345678",
            "birth_date": date(1985, 4, 5),
            "status": "active",
        }
        version_id = self.insert(
            member_version, member_id=member_id, import_id=import_id, code=code, **(person | marks | values)
        )
        with self._own_transaction() as connection:
            connection.execute(member.update().where(member.c.id == member_id).values(version_id=version_id))
        return member_id

    def add_link(self, customer_id: int, member_id: int, method: str = "match", **values: Any) -> int:
        """An active link."""
        of_source = self.row(member, id=member_id).source_id
        standing = {
            "source_id": of_source,
            "probability": 0.995,
            "actor": "tests",
            "run_id": self.run_id,
            "created_at": to_database(NOON),
            "active": 1,
        }
        return self.insert(
            link, customer_id=customer_id, member_id=member_id, method=method, **(standing | values)
        )

    def add_case(
        self,
        customer_id: int | None,
        member_id: int | None,
        kind: str = "uncertain",
        *,
        reasons: Sequence[tuple[str, float]] = (("family_name.same", 6.0), ("birth_date.different", -3.0)),
        **values: Any,
    ) -> str:
        """An open case; returns its public id."""
        case = {
            "public_id": new_public_id(),
            "subject_key": subject_key(kind, customer_id, member_id),
            "version": 1,
            "customer_fingerprint": "c" * 32 if customer_id else "",
            "member_fingerprint": "d" * 32 if member_id else "",
            "state": "open",
            "probability": 0.6,
            "bits": 3.0,
            "reasons": json.dumps([list(one) for one in reasons]),
            "opened_on": date(2026, 4, 1),
            "opened_run_id": self.run_id,
            "changed_run_id": self.run_id,
        } | values
        self.insert(review_case, kind=kind, customer_id=customer_id, member_id=member_id, **case)
        return str(case["public_id"])

    def raise_version(self, public_id: str, **values: Any) -> None:
        """What a changed fingerprint does to a case."""
        before = self.row(review_case, public_id=public_id)
        changed = {"version": before.version + 1, "member_fingerprint": f"{before.version + 1:032d}"} | values
        with self._own_transaction() as connection:
            connection.execute(
                review_case.update().where(review_case.c.public_id == public_id).values(**changed)
            )

    def class_of(self, customer_id: int) -> str | None:
        """The class a customer has now; None before it has any."""
        found = self.rows(customer_class, customer_id=customer_id)
        return found[0].membership_class if found else None


@contextmanager
def our_shop(eccube: Shop, folder: Path, configuration: str = "", now: datetime = NOON) -> Iterator[OurShop]:
    """Our tables beside an EC-CUBE shop; ``configuration`` is TOML put after the sections needed for that."""
    own = f"own_{next(_numbers)}"
    text = _configuration(eccube, folder, own)
    if "[[source]]" not in configuration:
        configuration = '[[source]]\nkey = "store"\nname = "本店"\n' + configuration
    settings = config.parse(text + configuration, folder / "eccube-sync.toml")
    settings.folders.create()
    database = Database(settings)
    if eccube.server is not None:
        eccube.server.execute(f"CREATE DATABASE {own} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    try:
        with database.connect() as connection, connection.begin():
            metadata.create_all(connection)
            schema_version.create(connection)
            connection.execute(insert(schema_version).values(version_num=needed_version()))
        clock = FixedClock(now)
        ours = OurShop(eccube, ServiceShop(settings, database, clock, "reviewer@shop"), clock)
        try:
            yield ours
        finally:
            ours.close()
    finally:
        database.engine.dispose()
        if eccube.server is not None:
            eccube.server.execute(f"DROP DATABASE {own}")


def _configuration(eccube: Shop, folder: Path, own: str) -> str:
    lines = ["[shop]", 'name = "見本商店"', "[database]", f'kind = "{eccube.kind}"']
    if eccube.server is None:
        lines += [f'eccube = "{eccube.database}"', f'own = "{folder / own}.db"']
    else:
        lines += [
            f'eccube = "{eccube.database}"',
            f'own = "{own}"',
            f'socket = "{eccube.server.socket}"',
            'accounts = "single"',
            "[database.runtime]",
            f'user = "{single_account(eccube.server, eccube.database, own)}"',
        ]
    return "\n".join(lines) + "\n"


__all__ = ["NOON", "OurShop", "our_shop"]
