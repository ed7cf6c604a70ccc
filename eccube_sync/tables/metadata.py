"""What all our tables share: the schema they live in, key types, the engine MySQL stores them with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Integer, MetaData, String, Text
from sqlalchemy.dialects.mysql import LONGTEXT

OWN_SCHEMA = "eccube_sync"
"""The name our tables carry in the source; the real one comes from configuration by schema translation."""

metadata = MetaData(
    schema=OWN_SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    },
)

TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
    "mysql_row_format": "DYNAMIC",
}

BigKey = BigInteger().with_variant(Integer(), "sqlite")
"""64-bit key; SQLite only counts up by itself on a column declared INTEGER."""

LongText = Text().with_variant(LONGTEXT(), "mysql", "mariadb")


def key() -> Column[int]:
    """Our own 64-bit id of a row."""
    return Column("id", BigKey, primary_key=True, autoincrement=True)


def reference(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    """A foreign key to one of our own tables; EC-CUBE's tables are never referred to."""
    return Column(name, BigKey, ForeignKey(f"{OWN_SCHEMA}.{target}.id"), nullable=nullable, index=index)


def moment(name: str, *, nullable: bool = False) -> Column[Any]:
    """A moment in UTC, to the second."""
    return Column(name, DateTime, nullable=nullable)


def word(name: str, length: int = 32, *, nullable: bool = False, default: str | None = None) -> Column[str]:
    """A short key of this program's own vocabulary, ASCII."""
    return Column(name, String(length), nullable=nullable, server_default=default)
