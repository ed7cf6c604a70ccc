"""A proxy before a MariaDB that breaks the connection on cue: at a COMMIT, or for good as a dead network does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

COMMIT = b"\x03COMMIT"
RESET = struct.pack("ii", 1, 0)
"""Closing with this says RST instead of FIN."""


@dataclass(slots=True)
class Proxy:
    """Between a client's TCP and a server's socket. ``when`` looks at each request and may break the connection.

    It is called with the number of the request on all connections and its bytes (command byte and text), and says
    what is to happen: None, ``before`` (the server never gets it), ``after`` (the server did it, its answer is
    lost), ``reset`` (as before, by RST), ``hole`` (nothing passes any more, nobody is told), or seconds to wait.
    """

    server: Path
    when: Callable[[int, bytes], str | float | None] = lambda _number, _request: None
    requests: int = 0
    broken: int = 0
    holes: list[socket.socket] = field(default_factory=list)
    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Proxy:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._begin(self._accept)
        return self

    def __exit__(self, *_exception: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.fill_holes()
        for thread in self._threads:
            thread.join(10)

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self._listener.getsockname()[1])

    def fill_holes(self) -> None:
        """The dead network says at last that it is dead."""
        for one in self.holes:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self.holes.clear()

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _peer = self._listener.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            try:
                behind.connect(str(self.server))
            except OSError:  # the server is down, and so are we
                client.close()
                continue
            self._begin(self._forward, client, behind)

    def _forward(self, client: socket.socket, behind: socket.socket) -> None:
        """Answers flow by themselves; requests are looked at one by one."""
        mute = threading.Event()
        answers = threading.Thread(target=_answers, args=(behind, client, mute), daemon=True)
        answers.start()
        kept = False
        try:
            while (packet := _packet(client)) is not None:
                self.requests += 1
                what = self.when(self.requests, packet[4:])
                if isinstance(what, float):
                    time.sleep(what)
                elif what is not None:
                    self.broken += 1
                    kept = self._break(what, packet, client, behind, mute)
                    return
                behind.sendall(packet)
        except OSError:
            pass
        finally:
            if not kept:
                for one in (client, behind):
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
            answers.join(10 if not kept else 0)
            if not kept:
                client.close()
                behind.close()

    def _break(
        self, what: str, packet: bytes, client: socket.socket, behind: socket.socket, mute: threading.Event
    ) -> bool:
        """Whether the sockets stay open."""
        mute.set()
        if what == "after":
            behind.sendall(packet)
            time.sleep(0.1)  # the server does it, and its answer is lost on the way
        if what == "hole":
            self.holes += [client, behind]
            return True
        if what == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return False


def _packet(client: socket.socket) -> bytes | None:
    head = _exactly(client, 4)
    if head is None:
        return None
    body = _exactly(client, int.from_bytes(head[:3], "little"))
    return None if body is None else head + body


def _exactly(client: socket.socket, number: int) -> bytes | None:
    found = b""
    while len(found) < number:
        part = client.recv(number - len(found))
        if not part:
            return None
        found += part
    return found


def _answers(behind: socket.socket, client: socket.socket, mute: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while part := behind.recv(65536):
            if not mute.is_set():
                client.sendall(part)
    if not mute.is_set():
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
