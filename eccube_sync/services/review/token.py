"""The token of a review row: proof that the row is one we wrote, about the case as it stood then."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from typing import Literal, Protocol

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.secretsfile import read_secret, write_private
from eccube_sync.statefolders import StateFolders

LETTERS = "ABCDFGHJKMNPQRSTVWXYZ"
ALPHABET = "0123456789" + LETTERS
"""Without E, which makes a number of digits in a spreadsheet, and without I, L, O, U, which look like others."""

KEY_FILE = "review.key"
_EXPORT_SYMBOLS = 8
_MAC_BYTES = 10
_MAC_SYMBOLS = 17  # 31 ** 17 > 2 ** 80
_FORM = re.compile(rf"([{LETTERS}]{{{_EXPORT_SYMBOLS}}})-([1-9][0-9]{{0,8}})-[{ALPHABET}]{{{_MAC_SYMBOLS}}}")

Verdict = Literal["genuine", "stale", "tampered"]


class Signable(Protocol):
    """What a token is about; a row of ``review_case``."""

    @property
    def public_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def customer_fingerprint(self) -> str: ...
    @property
    def member_fingerprint(self) -> str: ...


def make_key(folders: StateFolders) -> bytes:
    """The key tokens are signed with, made where it is missing."""
    path = folders.secrets / KEY_FILE
    if not path.exists():
        write_private(path, secrets.token_hex(32) + "\n")
    return read_secret(path).encode()


def read_key(folders: StateFolders) -> bytes:
    """The key, for reading a filled file. Raises ``ConfigurationError`` when it is gone."""
    path = folders.secrets / KEY_FILE
    if not path.exists():
        raise ConfigurationError(
            _(
                "{path} is missing, so no review file can be told from a forged one. Restore it from a backup, or "
                "write a new review file with: eccube-sync review export"
            ).format(path=path)
        )
    return read_secret(path).encode()


def new_export_key() -> str:
    """A random name for one export; it is part of every token in it."""
    return "".join(secrets.choice(LETTERS) for _position in range(_EXPORT_SYMBOLS))


def token(key: bytes, case: Signable, export_key: str) -> str:
    """The token of one case in one export: ``<export>-<version>-<first 80 bits of HMAC-SHA256>``."""
    message = "|".join(
        (
            case.public_id,
            str(case.version),
            case.customer_fingerprint or "",
            case.member_fingerprint or "",
            export_key,
        )
    )
    digest = hmac.new(key, message.encode(), hashlib.sha256).digest()[:_MAC_BYTES]
    return f"{export_key}-{case.version}-{_symbols(int.from_bytes(digest, 'big'))}"


def _symbols(number: int) -> str:
    found = []
    for _position in range(_MAC_SYMBOLS):
        number, rest = divmod(number, len(ALPHABET))
        found.append(ALPHABET[rest])
    return "".join(reversed(found))


def tidy(text: str) -> str:
    """An id or a token as typed or mangled by a spreadsheet: full width, small letters, spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def verify(key: bytes, case: Signable, given: str) -> Verdict:
    """Judge a tidied token against the case as it stands now.

    ``stale`` means that it names an earlier version; whether that one was genuine cannot be told any more,
    and does not matter, as neither is applied.
    """
    form = _FORM.fullmatch(given)
    if form is None:
        return "tampered"
    if int(form[2]) < case.version:
        return "stale"
    return "genuine" if hmac.compare_digest(token(key, case, form[1]), given) else "tampered"


def export_key_of(given: str) -> str:
    """The export a genuine token comes from."""
    return given[:_EXPORT_SYMBOLS]
