"""The digest of a row, by which a row that was read before is known without being read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b

import eccube_sync
from eccube_sync.exportheader import HeaderMap

HidePin = Callable[[str, str], str]
"""Store key and PIN → what may be kept of the PIN: a keyed hash that names its key."""


def row_digests(header: HeaderMap, hide_pin: HidePin | None = None) -> Callable[[Sequence[str]], str]:
    """The function from a row's cells to 32 hex digits, equal only where both rows say the same.

    It covers each cell that is read and all that decides how they are read: format, columns, the
    meaning of their codes, and the version of this program, whose next release may read them differently.
    """
    columns = sorted(header.positions.items())
    places = sorted({position for name, positions in columns for position in positions if name != "pin"})
    pins = header.positions.get("pin", ()) if hide_pin else ()
    how_read = repr(
        (
            eccube_sync.__version__,
            header.format_key,
            [(name, [header.header[position] for position in at]) for name, at in columns],
            [(name, sorted(words.items())) for name, words in sorted(header.words.items())],
        )
    )
    key = blake2b(how_read.encode("utf-8", "surrogatepass"), digest_size=32).digest()

    def digest(cells: Sequence[str]) -> str:
        # A file that holds control characters is refused, so that none of its cells holds this one.
        text = "\x1f".join([cells[position] for position in places])
        if hide_pin:  # four digits could be found out from a digest without a key
            text += "".join(f"\x1f{hide_pin('', cells[position])}" for position in pins)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()

    return digest
