"""What an inbox row may hold once it is opened; whatever else was sealed is refused whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from eccube_sync.db import AnyRow
from eccube_sync.pluginseal import PluginKeys, SealBrokenError, same

FactKind = Literal["birth_date", "phone_last4", "pin"]
Short = Annotated[str, Field(max_length=64)]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

LARGEST_FILE = 32 * 1024 * 1024
PART_SIZE = 192 * 1024
"""Bytes of a file in one row."""
_PART_LENGTH = PART_SIZE * 4 // 3
MOST_PARTS = 4096


class Payload(BaseModel):
    """What every row holds; ``repr`` shows nothing of it."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=False, hide_input_in_errors=True)

    v: Literal[1]

    def __repr__(self) -> str:
        return type(self).__name__


class TypedCode(Payload):
    """A link code a customer typed."""

    code: Short
    origin: Short = ""


class TypedCard(Payload):
    """A card number and a second fact a customer typed."""

    number: Short
    fact: FactKind
    answer: Annotated[str, Field(max_length=32)]
    origin: Short = ""


class TypedProof(Payload):
    """A fact of the store's record by which a customer proves a guessed link."""

    fact: FactKind
    answer: Annotated[str, Field(max_length=32)]
    origin: Short = ""


class Asked(Payload):
    """Who of the shop's staff asks for something."""

    actor: Annotated[str, Field(min_length=1, max_length=150)]
    permission: Short = ""


class Request(Asked):
    """Something an admin wants done about a customer."""

    action: Literal["store_until", "unlink", "check_again"]
    reason: Annotated[str, Field(min_length=1, max_length=190)]
    until: date | None = None


class Upload(Asked):
    """One part of a file; numbered from 1."""

    upload: Key
    purpose: Literal["export", "decisions"]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    part: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    parts: Annotated[int, Field(ge=1, le=MOST_PARTS)]
    size: Annotated[int, Field(ge=1, le=LARGEST_FILE)]
    sha256: Digest
    data: Annotated[str, Field(max_length=_PART_LENGTH)]
    source: Short = ""


class Download(Asked):
    """A file an admin wants."""

    what: Literal["review"]


KINDS: dict[str, type[Payload]] = {
    "link_code": TypedCode,
    "card": TypedCard,
    "proof": TypedProof,
    "request": Request,
    "upload": Upload,
    "download": Download,
}
ABOUT_A_CUSTOMER = frozenset({"link_code", "card", "proof", "request"})


@dataclass(frozen=True, slots=True)
class Opened:
    """A row and what was sealed in it; without a payload, why it is refused."""

    row: AnyRow
    payload: Payload | None
    refusal: str | None = None


def open_row(keys: PluginKeys, row: AnyRow) -> Opened:
    """Open a row the plugin wrote; one that somebody else put there is refused before it is opened."""
    if row.kind not in KINDS:
        return Opened(row, None, "unknown_kind")
    if not same(keys.mark(row.row_key, row.kind, row.customer_id, row.sealed or ""), row.mac or ""):
        return Opened(row, None, "wrong_mark")
    if (row.customer_id is None) is (row.kind in ABOUT_A_CUSTOMER):
        return Opened(row, None, "malformed")
    try:
        return Opened(row, KINDS[row.kind].model_validate(keys.open(row.sealed)))
    except SealBrokenError:
        return Opened(row, None, "broken_seal")
    except ValidationError:
        return Opened(row, None, "malformed")
