"""Folders in memory where there is room, for tests that write and sync all the time; else the usual temporary ones."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 * 2**30


@contextmanager
def quick_folder() -> Iterator[Path]:
    """A new folder, gone afterwards. Every account may enter it, as a server runs as one of its own."""
    there = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None
    folder = Path(tempfile.mkdtemp(prefix="eccube-sync-", dir=there))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
