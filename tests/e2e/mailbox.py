"""The mails the shop sends: the shop's mail server has to be this one while the story runs."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

WAIT_SECONDS = 30


class Mailbox:
    """Keeps every mail, newest last."""

    def __init__(self, port: int) -> None:
        self._mails: list[tuple[list[str], str]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=port)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._controller.stop()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        body = message_from_bytes(content, policy=policy.default).get_body(("plain",))
        self._mails.append((list(envelope.rcpt_tos), body.get_content() if body else ""))
        return "250 taken"

    def link_to(self, address: str, path: str) -> str:
        """The link with this path in the newest mail to an address, waited for."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            for recipients, text in reversed(self._mails):
                found = re.search(rf"https?://\S*{re.escape(path)}\S*", text)
                if address in recipients and found:
                    return found.group()
            time.sleep(0.1)
        raise LookupError(f"no mail with {path} came to {address}; does the shop send its mail here?")
