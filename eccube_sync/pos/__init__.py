"""POS export formats: the contract of a format, the list of them, and the member record they lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple, Protocol

from eccube_sync.pos import generic, smaregi


@dataclass(frozen=True, slots=True)
class Repair:
    """Something mended in one cell: the column's header and the kind of damage, never the value."""

    column: str
    kind: str


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """One member as the export tells it; an empty text or None is "no information"."""

    line: int  # first physical line in the file, 1-based
    store_key: str  # the POS's internal id where mapped, else the code
    code: str | None  # card, barcode
    number: str | None  # a second number (会員番号)
    family_name: str
    given_name: str
    full_name: str  # where the file has one column for both
    family_kana: str
    given_kana: str
    full_kana: str
    postal_code: str
    address: str
    phone: str
    mobile: str
    emails: tuple[str, ...]
    birth_date: date | None
    sex: str  # "", "male", "female", "other"
    joined_on: date | None
    left_on: date | None
    last_visit_on: date | None
    end_date: date | None
    unlimited: bool  # 無期限 said by the file
    status: str  # "active", "suspended", "lost", "withdrawn", "merged"
    store_code: str
    rank_code: str
    rank_name: str
    member_type: str
    points: int | None
    points_expire_on: date | None
    mail_allowed: bool | None  # only ever used to suppress
    link_code_serial: str
    pin_hash: str = field(repr=False)  # a keyed hash; the PIN itself is in no record
    repairs: tuple[Repair, ...]
    row_digest: str = ""  # of the cells it was read from
    row_newest: datetime | None = None  # the newest moment told by a column that shows how old the file is


class KnownRow(NamedTuple):
    """A row whose cells were read before, word for word: only its place in the file is new."""

    line: int
    store_key: str
    code: str | None
    row_newest: datetime | None


# The digest of a row → the store key of its member, and the row's newest moment.
KnownRows = Mapping[str, tuple[str, datetime | None]]


# Every field a column can be mapped to, in the order in which fields choose their columns: those of
# ``MemberRecord``, and ``updated_at``, which only tells how old the file is.
FIELDS: tuple[str, ...] = (
    "code", "number", "store_key", "family_name", "given_name", "full_name", "family_kana", "given_kana",
    "full_kana", "postal_code", "address", "phone", "mobile", "emails", "birth_date", "sex", "joined_on",
    "left_on", "last_visit_on", "end_date", "unlimited", "status", "store_code", "rank_code", "rank_name",
    "member_type", "points", "points_expire_on", "mail_allowed", "link_code_serial", "pin", "updated_at",
)  # fmt: skip

# Fields that take all of their columns, in the order of the aliases, and not only the best one.
SPREAD_FIELDS = frozenset(("address", "emails"))


class PosFormat(Protocol):
    """One export format: a module with these names; headers are written as the POS writes them."""

    # The name used in configuration and in reports.
    KEY: str
    # Field of FIELDS -> the headers it may have, the best first.
    ALIASES: Mapping[str, tuple[str, ...]]
    # At least one field of each group must have a column.
    NEEDED: tuple[tuple[str, ...], ...]
    # Headers of free text whose cells may hold line breaks.
    MEMO: tuple[str, ...]
    # Headers of secrets: only the field ``pin`` may be mapped to them, and is kept as a keyed hash.
    NEVER_READ: tuple[str, ...]
    # Field -> word or code in the file -> our value; "" among the words allows an empty cell.
    LEGENDS: Mapping[str, Mapping[str, str]]
    # What to click in the POS to get the file, in words to be translated.
    EXPORT_STEPS: tuple[str, ...]
    # A fallback takes a file that no other format claims and whose needed columns are there.
    FALLBACK: bool

    def claims(self, headers: frozenset[str], /) -> bool:
        """Whether the whole set of headers, normalised, is this format's signature."""
        ...


FORMATS: dict[str, PosFormat] = {
    "smaregi": smaregi,
    "generic": generic,
}
