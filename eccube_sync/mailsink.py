"""A mail server on loopback that delivers to nobody: each mail becomes an .eml file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class _Sink:
    """The handler aiosmtpd calls for every mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._number += 1
        recipient = re.sub(r"[^A-Za-z0-9.@_-]", "_", envelope.rcpt_tos[0])[:80]
        path = self._folder / f"{self._number:03d}-{recipient}.eml"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        content = envelope.content
        with os.fdopen(descriptor, "wb") as file:
            file.write(content if isinstance(content, bytes) else (content or "").encode())
        return "250 written to a file"


@contextmanager
def mail_sink(folder: Path) -> Iterator[int]:
    """Run the server while the block runs; yields its port."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    controller = Controller(_Sink(folder), hostname="127.0.0.1", port=_free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
