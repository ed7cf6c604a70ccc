"""Reading EC-CUBE: the contract every generation fulfils, and the list of the generations we know.

A part is a module that runs ``sql/eccube/<generation>/*.sql`` on an open connection whose default
database (on SQLite: ``main``) is EC-CUBE's. It reads named columns only and never commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, Select

from eccube_sync.dbcolumns import columns_of
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _

CustomerState = Literal["provisional", "full", "withdrawn", "unknown"]
Findable = Literal["name", "phone", "email"]
Sex = Literal["", "male", "female", "other"]


@dataclass(frozen=True, slots=True)
class EccubeCustomer:
    """One account. An empty string means that EC-CUBE holds nothing there."""

    eccube_id: int
    created_at: datetime
    state: CustomerState
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    postal_code: str
    prefecture: str
    address: str
    phone: str
    email: str
    birth_date: date | None
    sex: Sex
    mail_consent: bool | None
    """Wants the shop's mail magazine; ``None`` where the shop does not ask."""


@dataclass(frozen=True, slots=True)
class ShopIdentity:
    """What the shop says about itself; its own phone and addresses prove nothing about a customer."""

    name: str
    phone: str
    postal_code: str
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plugin:
    """An enabled EC-CUBE plugin."""

    code: str
    version: str


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """A table or column that we read and that is not as EC-CUBE made it.

    ``kind`` is ``missing`` (also: not granted to this account), ``narrowed``, ``retyped``, ``nullable`` (may be
    empty now) or ``charset`` (in a character set that cannot hold every name);
    ``column`` is ``None`` when the whole table is missing.
    """

    table: str
    column: str | None
    kind: Literal["missing", "narrowed", "retyped", "nullable", "charset"]


class Generation(Protocol):
    """One generation of EC-CUBE's database."""

    def recognises(self, connection: Connection) -> bool:
        """Whether the database has the columns only this generation has."""
        ...

    def customers(self, connection: Connection, after_id: int, limit: int) -> list[EccubeCustomer]:
        """Up to ``limit`` customers with an id above ``after_id``, by id; empty at the end."""
        ...

    def customers_by_id(self, connection: Connection, ids: Sequence[int]) -> list[EccubeCustomer]:
        """Those of these customers that exist, by id."""
        ...

    def customer_digests(
        self, connection: Connection, after_id: int, limit: int, how_read: str
    ) -> dict[int, str | None]:
        """For up to ``limit`` customers with an id above ``after_id``, by id: 32 hex digits that stay the same while
        ``how_read`` and all that ``customers`` tells of them do, consent to mails apart; ``None`` where the server
        gives none.
        """
        ...

    def find(self, connection: Connection, what: Findable, patterns: Sequence[str], limit: int) -> list[int]:
        """Ids of customers in any state whose name, phone number (digits only) or e-mail address (in small
        letters) fits one of these patterns, which escape with ``!``; up to ``limit`` a pattern, each once."""
        ...

    def full_customers(self) -> Select[int]:
        """The ids (``id``) of all full customers, as a statement to join with."""
        ...

    def identities(self, connection: Connection) -> dict[int, datetime]:
        """The id and the moment of creation of every customer."""
        ...

    def count_by_state(self, connection: Connection) -> dict[CustomerState, int]:
        """How many customers are in each state; all four states are there."""
        ...

    def recent_orders(self, connection: Connection, ids: Sequence[int], since: datetime) -> dict[int, int]:
        """How many orders that count each of these customers placed since then; only those who did."""
        ...

    def shop(self, connection: Connection) -> ShopIdentity:
        """What the shop says about itself."""
        ...

    def group_rewriting_plugins(self, connection: Connection) -> tuple[Plugin, ...]:
        """Enabled plugins known to reassign a customer's group or rank on their own."""
        ...

    def server_time(self, connection: Connection) -> datetime:
        """The database server's clock, aware, to the second."""
        ...

    def needed_columns(self) -> dict[str, tuple[str, ...]]:
        """The columns this part reads in every shop, by table; what SELECT must be granted on."""
        ...

    def optional_columns(self) -> dict[str, tuple[str, ...]]:
        """Columns of plugins that this part reads where they exist, by table."""
        ...

    def check_schema(self, connection: Connection) -> tuple[SchemaProblem, ...]:
        """Needed tables and columns that are missing or can no longer hold what EC-CUBE stores."""
        ...


from eccube_sync.eccube import v4  # noqa: E402 - a part needs the contract above

GENERATIONS: dict[str, Generation] = {"4": v4}


_FOUND: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
"""What was found in each database; it stays so while a process runs."""


def detect(connection: Connection) -> str:
    """The key in ``GENERATIONS`` of the connected database.

    Raises ``ConfigurationError`` for a generation that is not supported yet and for any other database.
    """
    if connection.engine in _FOUND:
        return _FOUND[connection.engine]
    for key, generation in GENERATIONS.items():
        if generation.recognises(connection):
            _FOUND[connection.engine] = key
            return key
    if "del_flg" in columns_of(connection, "dtb_customer"):
        version = "2" if columns_of(connection, "dtb_baseinfo") else "3"
        raise ConfigurationError(
            _("This is the database of an EC-CUBE {version} shop; only EC-CUBE 4 is supported yet.").format(
                version=version
            )
        )
    raise ConfigurationError(
        _(
            "This is not an EC-CUBE database, or the account may not read it: dtb_customer with "
            "customer_status_id was not found. Check the database's name and the account's grants."
        )
    )
