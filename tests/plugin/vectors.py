"""Write ``tests/vectors/plugin.json``, which the plugin's tests read too: ``python -m tests.plugin.vectors``."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

from nacl.public import PublicKey, SealedBox
from nacl.secret import SecretBox

from eccube_sync.linkcode import read_code
from eccube_sync.pluginseal import PluginKeys, Purpose

FILE = Path(__file__).parents[1] / "vectors" / "plugin.json"
KEYS = PluginKeys(hashlib.sha256(b"secret of the tests").digest(), hashlib.sha256(b"shared").digest())
PURPOSES: tuple[Purpose, ...] = ("inbox", "answer", "bridge", "origin")
PAYLOAD = {"v": 1, "at": "2026-04-10T03:00:00Z", "code": "K7F3M9QX2C", "origin": "0" * 32, "from": "entry"}
TYPED = (
    "K7F3M-9QX2C", "ｋ７ｆ３ｍ－９ｑｘ２ｃ", "k7f3m 9qx2c", "K7F3M ー 9QX2C", "SHOPK0000123 K7F3M-9QX2C", "B3HJD93M29",
    "Z0Z1A9K7XN", "zOzlA-9K7XN", "K7F3M9QX2D", "K7F3M9QX2", "7KF3M9QX2C", "M7W3P9K2TU", "山田花子", "",
    "K7F3M9QX2CK7F3M9QX2CK7F3M9QX2C",
)  # fmt: skip


def seal(payload: dict[str, Any]) -> str:
    """A payload sealed as the plugin does it."""
    content = json.dumps(payload, ensure_ascii=False).encode()
    return b64encode(SealedBox(PublicKey(KEYS.public)).encrypt(content)).decode()


def vectors() -> dict[str, Any]:
    """Everything both languages must agree on; what has randomness in it was made once and is only opened."""
    kept = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    sealed = kept.get("seal", [{}])[0].get("sealed") or seal(PAYLOAD)
    text = "答え"
    nonce = bytes(range(24))
    box = b64encode(SecretBox(KEYS.derive("answer")).encrypt(text.encode(), nonce)).decode()
    rows = [("0" * 31 + "1", "link_code", 42, sealed), ("f" * 32, "upload", None, sealed)]
    request = ("POST", "/v1/customers/42/classify", "1790000000", "a" * 32, b"{}")
    return {
        "connection": {
            "line": KEYS.line,
            "public": KEYS.public.hex(),
            "secret": KEYS.secret.hex(),
            "shared": KEYS.shared.hex(),
        },
        "derive": {purpose: KEYS.derive(purpose).hex() for purpose in PURPOSES},
        "mac": [
            {"row_key": key, "kind": kind, "customer_id": who, "sealed": what, "mac": KEYS.mark(key, kind, who, what)}
            for key, kind, who, what in rows
        ],
        "seal": [{"sealed": sealed, "payload": PAYLOAD}],
        "secretbox": [{"sealed": box, "text": text}],
        "signature": [
            {
                "method": request[0],
                "path": request[1],
                "time": request[2],
                "nonce": request[3],
                "body": request[4].decode(),
                "signature": KEYS.sign(*request),
            }
        ],
        "code": [{"typed": one, "code": read_code(one)} for one in TYPED],
        "origin": [{"ip": one, "origin": _origin(one)} for one in ("203.0.113.7", "2001:db8::1")],
    }  # fmt: skip


def _origin(address: str) -> str:
    return hmac.new(KEYS.derive("origin"), address.encode(), hashlib.sha256).hexdigest()[:32]


def main() -> None:
    """Write the file."""
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
