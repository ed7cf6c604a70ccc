"""The demo's shop: a made-up EC-CUBE on SQLite, the store's exports of two days, a configuration."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from eccube_sync import resources
from eccube_sync.clock import tokyo_midnight
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _
from eccube_sync.population import (
    END_DATE_COLUMN,
    SHOP_PHONE,
    CustomerPerson,
    MemberPerson,
    Population,
    customer_rows,
    generate,
    write_smaregi_csv,
)
from eccube_sync.secretsfile import write_private

SEED = 20261123
CUSTOMERS, MEMBERS = 2000, 3000
NEW_TOMORROW = 12
ENDING, RENEWING, RETURNING = 60, 20, 15
FULL, ACTIVE = 2, 0
EMPTY_SHOP = "demo_schema.sqlite.sql", "demo_rows.sql"


@dataclass(slots=True)
class DemoShop:
    """Everything the demo plays with; positions in ``truth`` are those of the population."""

    directory: Path
    today: date
    population: Population

    @property
    def config_path(self) -> Path:
        """The configuration."""
        return self.directory / "eccube-sync.toml"

    @property
    def mails(self) -> Path:
        """Where the mails arrive."""
        return self.directory / "mails"

    @property
    def tomorrow(self) -> date:
        """The second day."""
        return self.today + timedelta(days=1)

    def export_path(self, day: date) -> Path:
        """The store's export of a day."""
        return self.directory / "pos" / f"members_{day:%Y%m%d}_0130.csv"

    def first_day_customers(self) -> list[CustomerPerson]:
        """Those registered before today; the last ones register tomorrow."""
        return self.population.customers[: CUSTOMERS - NEW_TOMORROW]

    def typed_at_registration(self) -> list[tuple[int, MemberPerson]]:
        """(EC-CUBE id, member) of people who will type a code printed for them."""
        members = self.population.members
        return [
            (customer + 1, members[member])
            for customer, member in self.population.truth
            if customer < CUSTOMERS - NEW_TOMORROW
            and self.population.customers[customer].status == FULL
            and members[member].status == ACTIVE
            and members[member].birth_date
        ][-10:]


def make_shop(directory: Path, today: date, *, language: str) -> DemoShop:
    """Fill an empty folder. Raises ``UsageError`` for a folder that has something in it."""
    if directory.exists() and any(directory.iterdir()):
        raise UsageError(
            _("{directory} is not empty; name another folder with --directory, or remove it.").format(
                directory=directory
            )
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    shop = DemoShop(directory, today, _population(today))
    _make_eccube(directory / "eccube.db", customer_rows(shop.first_day_customers(), mail_magazine=False))
    (directory / "pos").mkdir(mode=0o700)
    write_smaregi_csv(shop.population.members, shop.export_path(today))
    return shop


def _population(today: date) -> Population:
    """The made-up people, some of whose memberships end today."""
    population = generate(SEED, CUSTOMERS, MEMBERS, today)
    members = list(population.members)
    current = [
        member
        for customer, member in population.truth
        if members[member].status == ACTIVE
        and population.customers[customer].status == FULL
        and (members[member].unlimited or (members[member].end_date or today) > today)
    ]
    for position in current[:ENDING]:
        members[position] = replace(members[position], end_date=today, unlimited=False)
    for position, days in zip(current[ENDING : ENDING + 9], (31, 8, 2) * 3, strict=True):
        members[position] = replace(members[position], end_date=today + timedelta(days=days), unlimited=False)
    return replace(population, members=members)


def write_tomorrow(shop: DemoShop) -> None:
    """The next day: some renewed at the counter, some long expired came back, a few people registered."""
    members = list(shop.population.members)
    linked = [member for _customer, member in shop.population.truth]
    ending = [one for one in linked if members[one].end_date == shop.today][:RENEWING]
    expired = [one for one in linked if (members[one].end_date or shop.today) < shop.today][:RETURNING]
    for position in (*ending, *expired):
        members[position] = replace(
            members[position], end_date=shop.tomorrow.replace(year=shop.tomorrow.year + 1)
        )
    write_smaregi_csv(members, shop.export_path(shop.tomorrow))
    rows = customer_rows(shop.population.customers, mail_magazine=False)
    _add_customers(shop.directory / "eccube.db", rows[CUSTOMERS - NEW_TOMORROW :])


def _make_eccube(path: Path, rows: Sequence[dict[str, object]]) -> None:
    with sqlite3.connect(path) as database:
        for name in EMPTY_SHOP:
            database.executescript(resources.text("sql", "eccube", "v4", name))
    database.close()
    path.chmod(0o600)
    _add_customers(path, rows)


def _add_customers(path: Path, rows: Sequence[dict[str, object]]) -> None:
    columns = list(rows[0])
    marks = ", ".join("?" for _column in columns)
    with sqlite3.connect(path) as database:
        database.executemany(
            f"INSERT INTO dtb_customer ({', '.join(columns)}) VALUES ({marks})",
            [[_stored(row[name]) for name in columns] for row in rows],
        )
    database.close()


def _stored(value: object) -> object:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


CONFIGURATION = """\
# The configuration of the demo shop: only what differs from the defaults. `eccube-sync init` writes every key.
language = "{language}"

[shop]
name = "みほん堂オンライン"
url = "https://shop.example.jp/mypage"

[database]
kind = "sqlite"
eccube = "eccube.db"
own = "eccube_sync.db"

[[source]]
key = "smaregi"
format = "smaregi"
taken_at = "name"

[source.columns]
end_date = ["{end_date_column}"]

[source.expiry]
policy = "column"

[matching]
ignore_phones = ["{shop_phone}"]

[[projection]]
kind = "customer_group"
group = "店舗会員"

[codes]
entry_url = "https://shop.example.jp/entry"

[mail]
host = "127.0.0.1"
port = {mail_port}
security = "plain"
sender = "shop@shop.example.jp"

[owner]
mail = "owner@shop.example.jp"

[legal]
relation = "same_company"

[guards]
# Sixty of some seven hundred memberships end on one day here: a month's end in small.
downgrades = 100
"""


def write_configuration(shop: DemoShop, mail_port: int, language: str) -> None:
    """The configuration a shop like this would have; mails go to the sink."""
    text = CONFIGURATION.format(
        language=language, end_date_column=END_DATE_COLUMN, shop_phone=SHOP_PHONE, mail_port=mail_port
    )
    write_private(shop.config_path, text)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of the demo's clock, given in Japanese time."""
    return (tokyo_midnight(day) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)
