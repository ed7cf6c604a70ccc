"""The plugin's side of the tables: seals what people typed, and reads what the program answered."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from nacl.public import PublicKey, SealedBox
from nacl.secret import SecretBox

from eccube_sync.pluginseal import PluginKeys
from eccube_sync.services.projection.pluginkeys import ensure_keys
from tests.plugin.tables import CARD, INBOX
from tests.support.installed import InstalledShop
from tests.support.shop import stored

PART = 1000


@dataclass(slots=True)
class Plugin:
    """The plugin of one shop, connected."""

    shop: InstalledShop

    @property
    def keys(self) -> PluginKeys:
        return ensure_keys(self.shop.settings().folders)

    def put(self, kind: str, customer_id: int | None, **payload: Any) -> str:
        """Write one row, as the plugin does; returns its key."""
        row_key, keys = secrets.token_hex(16), self.keys
        content = {"v": 1, "at": "2026-04-10T03:00:00Z", **payload}
        sealed = base64.b64encode(
            SealedBox(PublicKey(keys.public)).encrypt(json.dumps(content).encode())
        ).decode()
        self.write(row_key, kind, customer_id, sealed, keys.mark(row_key, kind, customer_id, sealed))
        return row_key

    def write(self, row_key: str, kind: str, customer_id: int | None, sealed: str, mac: str) -> None:
        """Write a row as it is, sealed or not."""
        row = {
            "row_key": row_key,
            "kind": kind,
            "customer_id": customer_id,
            "sealed": sealed,
            "mac": mac,
            "create_date": stored(self.shop.clock.moment),
            "discriminator_type": "inbox",
        }
        self.shop.eccube.insert(INBOX, [row])

    def type_code(self, customer_id: int, code: str) -> str:
        """A customer typed a link code."""
        return self.put("link_code", customer_id, code=code, origin="a" * 32)

    def ask(self, customer_id: int, action: str, **more: Any) -> str:
        """An admin asks for something."""
        asked = {"actor": "tanaka", "permission": "owner", "reason": "at the counter", **more}
        return self.put("request", customer_id, action=action, **asked)

    def upload(
        self, purpose: str, name: str, content: bytes, *, leave_out: int | None = None, **wrong: Any
    ) -> str:
        """An admin uploads a file; returns the key of its first part."""
        pieces = [content[start : start + PART] for start in range(0, len(content), PART)]
        whole = {
            "upload": secrets.token_hex(16),
            "purpose": purpose,
            "name": name,
            "parts": len(pieces),
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "actor": "tanaka",
            "permission": "owner",
            **wrong,
        }
        first = ""
        for number, piece in enumerate(pieces, 1):
            if number != leave_out:
                key = self.put("upload", None, part=number, data=base64.b64encode(piece).decode(), **whole)
                first = first or key
        return first

    # --- what the program answered ---

    def card(self, customer_id: int) -> dict[str, Any] | None:
        """The front of a customer's card, with its state column."""
        rows = self.shop.eccube.rows(f"SELECT front FROM {CARD} WHERE customer_id = {customer_id}")
        return json.loads(rows[0][0]) if rows and rows[0][0] else None

    def membership_class(self, customer_id: int) -> str | None:
        """What the plugin shows as the class."""
        rows = self.shop.eccube.rows(f"SELECT membership_class FROM {CARD} WHERE customer_id = {customer_id}")
        return rows[0][0] if rows else None

    def answer(self, row_key: str) -> dict[str, Any] | None:
        """The answer to a request or a file."""
        rows = self.shop.eccube.rows(f"SELECT front FROM {CARD} WHERE name = 'answer:{row_key}'")
        return json.loads(rows[0][0]) if rows else None

    def opened(self, name: str) -> bytes:
        """What was sealed for the plugin in a row."""
        ((sealed,),) = self.shop.eccube.rows(f"SELECT sealed FROM {CARD} WHERE name = '{name}'")
        return SecretBox(self.keys.derive("answer")).decrypt(base64.b64decode(sealed))
