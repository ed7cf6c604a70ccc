"""The keys link codes are hashed with: outside the database, so that a stolen database opens no link.

``secrets/link-codes.json`` (0600) holds every key by its id and says which one new codes get. Codes keep the id
of their key, so after a change of keys the old codes stay good.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eccube_sync.csvwriter import atomic_file
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.secretsfile import read_secret, write_private
from eccube_sync.statefolders import StateFolders

_KEY_BYTES = 32
_ID_BYTES = 4


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """All keys; ``repr`` shows their ids only."""

    current_id: str
    _keys: Mapping[str, bytes]

    def __repr__(self) -> str:
        return f"CodeKeys(current_id={self.current_id!r}, ids={self.ids!r})"

    @property
    def ids(self) -> list[str]:
        """The ids of all keys, the current one first."""
        return sorted(self._keys, key=lambda key_id: (key_id != self.current_id, key_id))

    def hash_code(self, code: str, key_id: str | None = None) -> str:
        """HMAC-SHA256 of a code (as ``linkcode.read_code`` gives it), in hex; by default under the current key."""
        return self._hash(key_id or self.current_id, b"code", code)

    def hash_claim(self, eccube_id: int, written: str, key_id: str | None = None) -> str:
        """What makes one customer's claim with one code the same claim when it comes again, in hex."""
        return self._hash(key_id or self.current_id, b"claim", f"{eccube_id}\0{written}")

    def hash_fact(self, kind: str, number: str, value: str, key_id: str) -> str:
        """A second fact typed beside a card number, in hex; a PIN without the number, as the store's record has it."""
        beside = "" if kind == "pin" else number
        return self._hash(key_id, b"fact", f"{kind}\0{beside}\0{value}")

    def hash_stored_pin(self, store_key: str, typed_hash: str, key_id: str) -> str:
        """What is kept of a member's PIN, from ``hash_fact`` of it, in hex: equal PINs of two members differ."""
        return self._hash(key_id, b"stored pin", f"{store_key}\0{typed_hash}")

    def hash_origin(self, origin: str) -> str:
        """Where a claim came from, in hex."""
        return self._hash(self.current_id, b"origin", origin)

    def _hash(self, key_id: str, purpose: bytes, text: str) -> str:
        return hmac.new(self._keys[key_id], purpose + b"\0" + text.encode(), hashlib.sha256).hexdigest()


def key_file(folders: StateFolders) -> Path:
    """Where the keys are."""
    return folders.secrets / "link-codes.json"


def ensure_key(folders: StateFolders) -> Path:
    """Make the first key where there is none; keys that exist are left alone. Returns the file."""
    path = key_file(folders)
    if not path.exists():
        key_id, key = _new_key()
        write_private(path, _as_text(key_id, {key_id: key}))
    return path


def rotate_key(folders: StateFolders) -> CodeKeys:
    """Make a new key for the codes of the future and keep the others readable."""
    before = load_keys(folders)
    key_id, key = _new_key()
    with atomic_file(key_file(folders)) as file:
        file.write(_as_text(key_id, {**before._keys, key_id: key}).encode())
    return load_keys(folders)


def load_keys(folders: StateFolders) -> CodeKeys:
    """Read the keys. Raises ``ConfigurationError`` when they are missing, damaged or readable by others."""
    path = key_file(folders)
    if not path.exists():
        raise ConfigurationError(
            _(
                "{path} is missing, and without it no issued code can be used. Put back your backup of it; where no "
                "code was ever issued, eccube-sync codes issue makes it."
            ).format(path=path)
        )
    try:
        content = json.loads(read_secret(path))
        keys = {str(key_id): bytes.fromhex(key) for key_id, key in content["keys"].items()}
        current = str(content["current"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _damaged(path) from None
    if current not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
        raise _damaged(path)
    return CodeKeys(current, keys)


def _damaged(path: Path) -> ConfigurationError:
    return ConfigurationError(
        _("{path} is damaged; put back your backup of it, for without it no issued code can be used").format(
            path=path
        )
    )


def _new_key() -> tuple[str, bytes]:
    return secrets.token_hex(_ID_BYTES), secrets.token_bytes(_KEY_BYTES)


def _as_text(current: str, keys: Mapping[str, bytes]) -> str:
    content = {"current": current, "keys": {key_id: key.hex() for key_id, key in keys.items()}}
    return json.dumps(content) + "\n"
