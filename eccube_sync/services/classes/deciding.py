"""Apply class changes: class, wanted projection, notices and journal in one transaction a chunk."""

from __future__ import annotations

from collections.abc import Sequence

from eccube_sync.db import CHUNK
from eccube_sync.services.classes.classing import ClassChange, write_classes
from eccube_sync.services.notices.noticing import queue_for_classes
from eccube_sync.services.projection.places import want
from eccube_sync.services.running import Run


def apply_class_changes(run: Run, changes: Sequence[ClassChange]) -> None:
    """Write all changes, chunk by chunk; what one chunk wrote stays when a later one fails."""
    for start in range(0, len(changes), CHUNK):
        run.transaction(decide, run, changes[start : start + CHUNK])


def decide(run: Run, changes: Sequence[ClassChange]) -> None:
    """One chunk, inside the transaction under way."""
    written = write_classes(run, changes)
    want(run, written)
    queue_for_classes(run, written)
