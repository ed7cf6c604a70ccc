"""The journal of mails that left: a file outside the database, so that a restored database mails nobody twice.

One line a mail, written and synced just before the mail can be accepted; a later line takes it back where the
server refused the mail or a person wants it sent again. It holds Message-IDs, which tell nothing about anybody.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Literal

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _

Mark = Literal["left", "refused", "resend"]


class OutboxJournal:
    """The journal of one shop; ``run_counter`` says how far the database had come."""

    def __init__(self, path: Path, run_counter: int) -> None:
        self._path = path
        self._run_counter = run_counter

    def add(self, message_id: str, mark: Mark, now: datetime) -> None:
        """Append one line; durable on return. Raises ``ConfigurationError`` when it cannot be written."""
        line = f"{now:%Y-%m-%dT%H:%M:%SZ} {self._run_counter} {mark} {message_id}\n"
        try:
            self._append(line.encode("ascii"))
        except OSError as error:
            raise ConfigurationError(
                _(
                    "{path} cannot be written ({reason}), so no mail leaves; make room or mend its rights."
                ).format(path=self._path, reason=error.strerror)
            ) from None

    def _append(self, line: bytes) -> None:
        new = not self._path.exists()
        if new:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if _ends_torn(descriptor):
                line = b"\n" + line
            written = 0
            while written < len(line):
                written += os.write(descriptor, line[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            _sync_folder(self._path.parent)

    def left(self, message_ids: Collection[str]) -> set[str]:
        """Those of these mails that left, or may have: they are never sent again by themselves."""
        wanted = {one.encode() for one in message_ids}
        found: set[bytes] = set()
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as lines:
                for line in lines:
                    parts = line.split()
                    # A line torn by a power cut was never synced, so its mail did not leave.
                    if len(parts) == 4 and parts[3] in wanted:
                        (found.add if parts[2] == b"left" else found.discard)(parts[3])
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise ConfigurationError(
                _("{path} cannot be read ({reason}), so no mail leaves; mend its rights.").format(
                    path=self._path, reason=error.strerror
                )
            ) from None
        return {one.decode() for one in found}


def _ends_torn(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
