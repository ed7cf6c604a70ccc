"""Sessions of sending: many mails over one connection, each outcome judged, "maybe sent" never "not sent"."""

from __future__ import annotations

import contextlib
import smtplib
import time
from collections.abc import Callable, Iterator

from eccube_sync.mailclient import Client, MailServer, Reply, new_client
from eccube_sync.maildelivery import (
    Delivery,
    MailServerError,
    Phase,
    UnfitServerError,
    judge_failure,
    judge_reply,
)
from eccube_sync.mailmessage import check_address, redirected

__all__ = ["MailServer", "Session", "open_session"]

_STALE_AFTER = 10  # seconds of silence after which the server is asked whether it is still there


class Session:
    """A connection for many mails, opened before the first one is claimed and mended between mails."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._client: Client | None = None
        self._ready = False  # a fresh or reset session: MAIL may follow
        self._heard_at = 0.0
        self._mails = 0

    def prepare(self) -> None:
        """See to it that the server is there. Call it before a mail is claimed.

        Raises ``MailServerError`` when it is not; nothing can have been sent then.
        """
        if self._ready and time.monotonic() - self._heard_at < _STALE_AFTER:
            return
        if self._client is not None and not self._reset():
            self.close()
        if self._client is None:
            self._open()
        self._ready = True
        self._heard_at = time.monotonic()

    def deliver(
        self, content: bytes, *, sender: str, recipient: str, before_dot: Callable[[], None]
    ) -> Delivery:
        """Hand over one mail to one address and judge what became of it; an SMTP failure never raises.

        ``before_dot`` is called when all but the final dot has left: commit the state ``dot`` there.
        What it raises goes through, and the mail is not accepted. Raises ``MessageRefusedError`` where
        ``sender`` or ``recipient`` is not exactly one address.
        """
        sender, recipient = check_address(sender), check_address(recipient)
        if self._server.redirected_to is not None:
            recipient = check_address(self._server.redirected_to)
            content = redirected(content, recipient)
        try:
            self.prepare()
        except MailServerError as error:
            return error.delivery
        client = self._open_client()
        self._ready = False
        self._mails += 1
        refused = self._judged(client, lambda: client.offer(content, sender, recipient))
        if refused is not None:
            return refused
        try:
            before_dot()
        except BaseException:
            self._drop()
            raise
        outcome = self._judged(client, client.finish)
        assert outcome is not None  # finish always has a reply
        return outcome

    def close(self) -> None:
        """End the session politely; what the server makes of it changes nothing any more."""
        if self._client is not None and self._client.sock is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._client.sock.settimeout(min(5, self._server.command_timeout))
                self._client.quit()
        self._drop()

    def _open(self) -> None:
        client = new_client(self._server)
        self._client = client
        self._mails = 0
        refused = self._judged(client, client.open)
        if refused is not None:
            self._drop()
            raise MailServerError(refused)

    def _open_client(self) -> Client:
        if self._client is None:
            raise RuntimeError("the session was not prepared")
        return self._client

    def _reset(self) -> bool:
        if self._client is None or self._mails >= self._server.mails_per_connection:
            return False
        try:
            return Reply(*self._client.rset()).good
        except (smtplib.SMTPException, OSError):
            return False

    def _judged(self, client: Client, step: Callable[[], Reply | None]) -> Delivery | None:
        """Take one step; None when it went on well without a last word of the server."""
        try:
            reply = step()
        except smtplib.SMTPResponseException as error:
            delivery = _judge_exception(client.phase, error)
        except (smtplib.SMTPException, OSError, UnfitServerError) as error:
            delivery = judge_failure(client.phase, error)
        except BaseException:
            self._drop()
            raise
        else:
            if reply is None:
                return None
            delivery = judge_reply(client.phase, reply.code, reply.enhanced)
        usable = (
            delivery.code is not None and delivery.code != 421 and client.phase not in {Phase.BODY, Phase.DOT}
        )
        if not usable:
            self._drop()
        return delivery

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None
        self._ready = False


@contextlib.contextmanager
def open_session(server: MailServer) -> Iterator[Session]:
    """A session that stands: connected, encrypted, logged in. Raises ``MailServerError`` otherwise."""
    session = Session(server)
    session.prepare()
    try:
        yield session
    finally:
        session.close()


def _judge_exception(phase: Phase, error: smtplib.SMTPResponseException) -> Delivery:
    if phase is Phase.AFTER:  # an answer too long to read is no answer
        return judge_failure(phase, error)
    text = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    return judge_reply(phase, error.smtp_code, Reply(error.smtp_code, text).enhanced)
