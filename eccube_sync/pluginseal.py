"""What the EC-CUBE plugin and this program share besides two tables: one line of keys, seals and signatures.

What a customer types is sealed for us with a public key, so that the shop cannot read it back (X25519,
libsodium's sealed box). The rest rests on one shared key, from which a key is derived for each purpose. Both
lie outside the database. ``tests/vectors/plugin.json`` holds what both languages must agree on.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any, Literal

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox
from nacl.secret import SecretBox

Purpose = Literal["inbox", "answer", "bridge", "origin"]

KEY_BYTES = 32
VERSION = "es42"
_CHECK_DIGITS = 8


class SealBrokenError(Exception):
    """Something was not sealed for us, or was changed on the way."""


@dataclass(frozen=True, slots=True, repr=False)
class PluginKeys:
    """Both keys of a shop's plugin; ``repr`` shows neither."""

    secret: bytes
    shared: bytes

    @classmethod
    def new(cls) -> PluginKeys:
        """Fresh keys from the operating system's random source."""
        return cls(bytes(PrivateKey.generate()), secrets.token_bytes(KEY_BYTES))

    def __repr__(self) -> str:
        return f"PluginKeys(check={self.check!r})"

    @property
    def public(self) -> bytes:
        """The key the plugin seals with."""
        return bytes(PrivateKey(self.secret).public_key)

    @property
    def check(self) -> str:
        """Eight hex digits by which two people see that they speak of the same keys."""
        return hashlib.sha256(self.public + self.shared).hexdigest()[:_CHECK_DIGITS]

    @property
    def line(self) -> str:
        """The connection line, to be pasted into the plugin's configuration page."""
        return ".".join((VERSION, _unpadded(self.public), _unpadded(self.shared), self.check))

    def derive(self, purpose: Purpose) -> bytes:
        """The key of one purpose, which tells nothing about another's."""
        return hmac.digest(self.shared, f"eccube-sync/1 {purpose}".encode(), "sha256")

    def open(self, sealed: str) -> dict[str, Any]:
        """What the plugin sealed for us. Raises ``SealBrokenError``, which never holds what was sealed."""
        try:
            opened = json.loads(SealedBox(PrivateKey(self.secret)).decrypt(_decoded(sealed)))
        except (CryptoError, ValueError, TypeError):
            raise SealBrokenError from None
        if not isinstance(opened, dict):
            raise SealBrokenError
        return opened

    def seal_answer(self, content: bytes) -> str:
        """What only the plugin and we can read."""
        return base64.b64encode(SecretBox(self.derive("answer")).encrypt(content)).decode()

    def mark(self, row_key: str, kind: str, customer_id: int | None, sealed: str) -> str:
        """The mark of an inbox row the plugin wrote, in hex."""
        message = "\n".join((row_key, kind, "" if customer_id is None else str(customer_id), sealed))
        return hmac.new(self.derive("inbox"), message.encode(), hashlib.sha256).hexdigest()

    def sign(self, method: str, path: str, time: str, nonce: str, body: bytes) -> str:
        """The signature of a request to the bridge, in hex."""
        message = "\n".join((method, path, time, nonce, hashlib.sha256(body).hexdigest()))
        return hmac.new(self.derive("bridge"), message.encode(), hashlib.sha256).hexdigest()


def same(left: str, right: str) -> bool:
    """Whether two hex digests are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def _unpadded(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SealBrokenError from None
