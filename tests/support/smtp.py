"""Mail servers for tests: one that fails on cue at any point, and a well-behaved one that keeps what it gets."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PHASES = ("banner", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "body", "dot", "rset", "quit")


class HangUpError(Exception):
    """The script says that the server closes the connection now."""


class FaultyServer:
    """A mail server on loopback that does as told at one phase and behaves at all others.

    ``fault`` is ``drop`` (close), ``stall`` (say nothing), ``late`` (the right reply after ``delay``
    seconds), ``garbage``, or a reply line such as ``550 5.1.1 unknown``. ``accepted`` counts the mails
    that truly arrived, whatever the client was told.
    """

    def __init__(
        self,
        phase: str | None = None,
        fault: str = "",
        *,
        delay: float = 0.0,
        tls: ssl.SSLContext | None = None,
        smtps: bool = False,
        offers: tuple[str, ...] = ("SIZE 1000000", "STARTTLS", "AUTH PLAIN LOGIN"),
        times: int = 1_000_000,
    ) -> None:
        self.phase, self.fault, self.delay, self.times = phase, fault, delay, times
        self.tls, self.smtps, self.offers = tls, smtps, offers
        self.accepted: list[bytes] = []
        self.heard: list[bytes] = []
        self.connections = 0
        self.hung_up = threading.Event()
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> FaultyServer:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            pass  # wakes the accept
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            connection, _peer = self._listener.accept()
            with contextlib.closing(connection):
                if self._stopping.is_set():
                    return
                self.connections += 1
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                with contextlib.suppress(OSError, HangUpError):
                    Conversation(self, connection).hold()
            self.hung_up.set()

    def say_nothing(self, connection: socket.socket) -> None:
        """Keep silent until the client has had enough, the server is stopped, or half a minute is over."""
        poll = select.poll()
        poll.register(connection, select.POLLRDHUP)
        until = time.monotonic() + 30
        while not self._stopping.is_set() and time.monotonic() < until and not poll.poll(50):
            pass

    def fault_at(self, phase: str) -> str | None:
        """The fault to show at this phase, if it is its turn."""
        if phase != self.phase or self.times <= 0:
            return None
        self.times -= 1
        return self.fault


class Conversation:
    """One connection to the faulty server."""

    def __init__(self, server: FaultyServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = self._encrypted(connection) if server.smtps else connection
        self.lines = self.connection.makefile("rb")

    def hold(self) -> None:
        try:
            self.answer("banner", "220 faulty.test ESMTP")
            while line := self.lines.readline():
                self.server.heard.append(line)
                self._command(line.split()[0].decode("ascii", "replace").lower(), line)
        finally:
            self.lines.close()
            self.connection.close()

    def answer(self, phase: str, reply: str) -> bool:
        """Say ``reply``, or what the script wants instead; whether ``reply`` was said."""
        fault = self.server.fault_at(phase)
        if fault == "drop":
            raise HangUpError
        if fault == "stall":
            self.server.say_nothing(self.connection)
            raise HangUpError
        if fault == "late":
            self.server._stopping.wait(self.server.delay)
        elif fault == "garbage":
            reply = "!!"
        elif fault:
            reply = fault
        self.connection.sendall(reply.encode() + b"\r\n")
        if reply.startswith("421"):
            raise HangUpError
        return fault in (None, "late")

    def _command(self, verb: str, line: bytes) -> None:
        if verb == "ehlo":
            lines = ["faulty.test", *self.server.offers]
            self.answer("ehlo", "\r\n".join(f"250-{x}" for x in lines[:-1]) + f"\r\n250 {lines[-1]}")
        elif verb == "starttls":
            if self.answer("starttls", "220 go on"):
                self.lines.close()
                self.connection = self._encrypted(self.connection)
                self.lines = self.connection.makefile("rb")
        elif verb == "auth":
            self.answer("auth", "235 2.7.0 welcome")
        elif verb == "data":
            if self.answer("data", "354 go on"):
                self._body()
        elif verb == "quit":
            self.answer("quit", "221 bye")
            raise HangUpError
        else:
            self.answer(verb, "250 2.0.0 fine")

    def _body(self) -> None:
        content = [self.lines.readline()]
        fault = self.server.fault_at("body")
        if fault == "drop":
            raise HangUpError
        if fault == "stall":
            self.server.say_nothing(self.connection)
            raise HangUpError
        if fault:
            self.connection.sendall(fault.encode() + b"\r\n")
            raise HangUpError
        while (line := self.lines.readline()) not in (b".\r\n", b""):
            content.append(line)
        if line == b"":
            return
        # A server that hangs up or falls silent now may well have accepted: that is the doubt.
        refuses = self.server.phase == "dot" and self.server.times > 0 and self.server.fault[:1] in ("4", "5")
        arrived = not refuses
        if arrived:
            self.server.accepted.append(b"".join(content))
        self.answer("dot", "250 2.0.0 accepted")

    def _encrypted(self, connection: socket.socket) -> socket.socket:
        if self.server.tls is None:
            raise HangUpError
        return self.server.tls.wrap_socket(connection, server_side=True)


@dataclass
class Sink:
    """A well-behaved mail server: every mail it took, and every login it was shown."""

    port: int
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.content)))
        return "250 2.0.0 accepted"

    def authenticate(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        login = (data.login.decode(), data.password.decode())
        self.logins.append(login)
        return AuthResult(success=login == ("shop", "right"), handled=False)


@contextlib.contextmanager
def mail_sink(
    *, starttls: ssl.SSLContext | None = None, smtps: ssl.SSLContext | None = None
) -> Iterator[Sink]:
    """A running ``Sink`` on loopback; with a context it asks for encryption and a login."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    sink = Sink(port)
    options: dict[str, Any] = {"authenticator": sink.authenticate} if starttls or smtps else {}
    if starttls:
        options |= {"tls_context": starttls, "require_starttls": True}
    if smtps:
        options |= {"ssl_context": smtps, "auth_require_tls": False}
    controller = Controller(sink, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()
