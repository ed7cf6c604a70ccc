"""One SMTP connection that remembers its phase and stops for a word just before the final dot."""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.maildelivery import Phase, UnfitServerError

_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where and how mails are handed over. Times in seconds; they are the ones RFC 5321 asks for."""

    host: str
    port: int
    security: Literal["starttls", "smtps", "plain"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None  # instead of the machine's own authorities
    local_hostname: str | None = None
    connect_timeout: float = 30
    command_timeout: float = 300
    dot_timeout: float = 600
    mails_per_connection: int = 50
    redirected_to: str | None = None  # on staging: who gets every mail

    def __post_init__(self) -> None:
        if self.security == "plain" and not _is_loopback(self.host):
            raise ConfigurationError(
                _('security = "plain" is only for a mail server on this machine; use "starttls" or "smtps".')
            )
        if not (self.user or "").isascii() or not (self.password or "").isascii():
            raise ConfigurationError(_("User and password of the mail server must be ASCII; check them."))


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's reply; its words stay inside this module's callers and are never kept."""

    code: int
    text: bytes

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code (RFC 3463) the reply begins with, if any."""
        match = _ENHANCED.match(self.text)
        return match[1].decode() if match else None

    @property
    def good(self) -> bool:
        """Whether the server agreed."""
        return 200 <= self.code <= 299


class Client(smtplib.SMTP):
    """``smtplib`` that remembers its phase and stops for a word just before the final dot."""

    phase = Phase.CONNECT
    server: MailServer
    _host: str

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self.phase = Phase.CONNECT
        connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        connection.settimeout(self.server.command_timeout)
        self.phase = Phase.BANNER
        return connection

    def open(self) -> Reply | None:
        """Connect, encrypt, log in; the first refusal, or None when the session stands."""
        server = self.server
        reply = Reply(*self.connect(server.host, server.port))
        if reply.code != 220:
            return reply
        if refusal := self._greet():
            return refusal
        if server.security == "starttls":
            self.phase = Phase.STARTTLS
            if not self.has_extn("starttls"):
                raise UnfitServerError("tls_not_offered")
            self.starttls(context=_tls(server))
            if refusal := self._greet():
                return refusal
        return self._log_in() if server.user else None

    def _greet(self) -> Reply | None:
        self.phase = Phase.EHLO
        reply = Reply(*self.ehlo())
        return None if reply.good else reply

    def _log_in(self) -> Reply | None:
        self.phase = Phase.AUTH
        self.user, self.password = self.server.user or "", self.server.password or ""
        offered = self.esmtp_features.get("auth", "").upper().split()
        # One mechanism, one attempt: a wrong password tried three ways locks some accounts.
        for mechanism, answer in (("PLAIN", self.auth_plain), ("LOGIN", self.auth_login)):
            if mechanism in offered:
                self.auth(mechanism, answer)
                return None
        raise UnfitServerError("auth_not_offered")

    def offer(self, content: bytes, sender: str, recipient: str) -> Reply | None:
        """MAIL, RCPT, DATA and the text, all but the final dot; the first refusal, or None."""
        self.phase = Phase.MAIL
        size = [f"SIZE={len(content)}"] if self.has_extn("size") else []
        reply = Reply(*self.mail(sender, size))
        if not reply.good:
            return reply
        self.phase = Phase.RCPT
        reply = Reply(*self.rcpt(recipient))
        if not reply.good:
            return reply
        self.phase = Phase.DATA
        reply = Reply(*self.docmd("DATA"))
        if reply.code != 354:
            return reply
        self.phase = Phase.BODY
        self.send(_transparent(content))
        return None

    def finish(self) -> Reply:
        """The final dot and the server's answer to it, or what the server said before the dot could leave."""
        if early := self._early_reply():
            return early
        connection = self._connection()
        self.phase = Phase.DOT
        connection.settimeout(self.server.dot_timeout)
        self.send(b".\r\n")
        self.phase = Phase.AFTER
        reply = Reply(*self.getreply())
        connection.settimeout(self.server.command_timeout)
        return reply

    def _connection(self) -> socket.socket:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected
        return self.sock

    def _early_reply(self) -> Reply | None:
        """A server that gave up during the text has said so already; asking first keeps that out of doubt."""
        connection = self._connection()
        connection.settimeout(0)
        try:
            text = connection.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        finally:
            connection.settimeout(self.server.command_timeout)
        if not text:
            raise smtplib.SMTPServerDisconnected
        return Reply(int(text[:3]) if text[:3].isdigit() else -1, text[4:])


class TlsClient(Client, smtplib.SMTP_SSL):
    """The same over a connection that is encrypted from the first byte."""


def new_client(server: MailServer) -> Client:
    """A client for ``server``, not yet connected."""
    timeout, name = server.connect_timeout, server.local_hostname
    client: Client
    if server.security == "smtps":
        client = TlsClient(local_hostname=name, timeout=timeout, context=_tls(server))
    else:
        client = Client(local_hostname=name, timeout=timeout)
    client.server = server
    client._host = (
        server.host
    )  # what the certificate must name; smtplib sets it only when it connects at once
    return client


def _tls(server: MailServer) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)


def _transparent(content: bytes) -> bytes:
    """CRLF line ends and doubled leading dots, so that no line of the mail is taken for its end."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    ended = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
