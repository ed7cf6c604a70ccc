"""The PIN of a card, where a shop maps it: hashed while its file is read, so that no record ever holds it."""

from __future__ import annotations

from sqlalchemy import Connection

from eccube_sync.configsources import Source
from eccube_sync.exportdigest import HidePin
from eccube_sync.services.codes.coding import keys_for_codes
from eccube_sync.services.running import Shop


def pin_hider(shop: Shop, connection: Connection, source: Source) -> HidePin | None:
    """How to hide the PINs of a source's file; None where none is mapped.

    Always under the newest key: after a change of keys the next file gives every PIN its new hash.
    """
    if "pin" not in source.columns:
        return None
    keys = keys_for_codes(shop, connection)
    key_id = keys.current_id

    def hide(store_key: str, pin: str) -> str:
        typed = keys.hash_fact("pin", "", pin, key_id)
        return f"{key_id}:{keys.hash_stored_pin(store_key, typed, key_id)}"

    return hide
