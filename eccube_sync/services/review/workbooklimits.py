"""Is this workbook one that a person filled in, or one made to eat all memory? Asked before a library unpacks it."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

UNPACKED_BYTES = 50_000_000
CELLS_IN_A_ROW = 16_384
"""What Excel itself can hold. A library keeps one row at a time, and all texts."""
TEXTS = 500_000

_CHUNK = 1 << 16
_LONGEST_TAG = 64
_TAG = re.compile(rb"<(?:\w{1,20}:)?(row|c|si)[\s/>]")


def is_far_too_large(path: Path, packed_bytes: int) -> bool:
    """Whether the workbook is beyond these limits; what is no workbook at all is not."""
    if path.stat().st_size > packed_bytes:
        return True
    try:
        with zipfile.ZipFile(path) as package:
            if sum(entry.file_size for entry in package.infolist()) > UNPACKED_BYTES:
                return True
            return any(_swells(package, entry) for entry in package.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return False


def _swells(package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a part has a row of too many cells, or too many texts."""
    counts: Counter[bytes] = Counter()
    with package.open(entry) as part:
        for tag in _tags(part):
            counts[tag] += 1
            if tag == b"row":
                counts[b"c"] = 0
            if counts[b"c"] > CELLS_IN_A_ROW or counts[b"si"] > TEXTS:
                return True
    return False


def _tags(part: IO[bytes]) -> Iterator[bytes]:
    """The tags in their order; one that lies across two chunks is found in the second."""
    left = b""
    while chunk := part.read(_CHUNK):
        text = left + chunk
        end = 0
        for found in _TAG.finditer(text):
            yield found[1]
            end = found.end()
        left = text[max(end, len(text) - _LONGEST_TAG) :]
