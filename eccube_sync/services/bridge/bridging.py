"""Run the bridge: listen where only this machine reaches it, write down what comes, and work on it beside."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from eccube_sync.configsections import Bridge as Section
from eccube_sync.errors import ConfigurationError, LockedError
from eccube_sync.i18n import _
from eccube_sync.secretsfile import read_secret
from eccube_sync.services.projection.pluginkeys import load_keys
from eccube_sync.services.running import Shop

try:
    import uvicorn
    from starlette.applications import Starlette

    from eccube_sync.services.bridge.app import NONCES_KEPT, Bridge, Intake
    from eccube_sync.services.bridge.queue import Queue
    from eccube_sync.services.bridge.worker import Worker

    INSTALLED = True
except ModuleNotFoundError:
    INSTALLED = False

BACKLOG = 4096
STOP_SECONDS = 60
STUCK_SECONDS = 600
"""A customer who waits so long means that something is wrong."""


def run_bridge(shop: Shop) -> None:
    """Serve until told to stop (SIGTERM, Ctrl-C); then bring what is under way to its end.

    Raises ``ConfigurationError`` where it would listen to other machines without being told to, or without TLS.
    """
    settings = shop.settings.bridge or Section()
    if not INSTALLED:
        raise ConfigurationError(
            _("The bridge needs two more packages; install them with: pip install 'eccube-sync[bridge]'")
        )
    check_address(settings)
    listening = listen(settings)
    _log()
    queue = Queue(shop.settings.folders.bridge_queue)
    try:
        worker = Worker(shop, queue)
        # The server stops in peace at the signal and then passes it on: that alone shall not end us.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server = uvicorn.Server(_server_settings(settings, _application(shop, settings, queue, worker)))
        server.run(None if listening is None else [listening])
    finally:
        queue.close()


def _log() -> None:
    """Log what we say ourselves. Libraries could log rows and requests, which hold personal data."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    for library in ("sqlalchemy", "uvicorn", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)


def check_address(settings: Section) -> None:
    """Raise ``ConfigurationError`` unless the bridge listens on this machine only, or outside with TLS by choice."""
    if settings.socket is not None or _is_loopback(settings.host):
        return
    if not settings.outside:
        raise ConfigurationError(
            _(
                "bridge.host is {host}, which other machines reach. Use 127.0.0.1 or a socket; if it must be so, say "
                "outside = true in [bridge]."
            ).format(host=settings.host)
        )
    if settings.tls_certificate is None or settings.tls_key is None:
        raise ConfigurationError(
            _("Outside this machine the bridge speaks TLS only: set tls_certificate and tls_key in [bridge].")
        )


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _application(shop: Shop, settings: Section, queue: Queue, worker: Worker) -> Starlette:
    secret = settings.webhook_secret_file
    intake = Intake(queue, worker.tell)
    keys = load_keys(shop.settings.folders)
    bridge = Bridge(
        keys, read_secret(secret).encode() if secret else None, intake, lambda: _health(queue, worker)
    )

    @asynccontextmanager
    async def living(_app: Starlette) -> AsyncIterator[None]:
        queue.forget_nonces(time.time() - NONCES_KEPT)
        worker.start()
        yield
        worker.stop(STOP_SECONDS)

    return bridge.app(living)


def _health(queue: Queue, worker: Worker) -> dict[str, Any]:
    count, since = queue.waiting()
    oldest = int(time.time() - since) if since is not None else 0
    works = worker.is_alive() and oldest < STUCK_SECONDS
    return {
        "status": "ok" if works else "failing",
        "waiting": count,
        "oldest_seconds": max(oldest, 0),
        "database": "reachable" if worker.reachable else "unreachable",
    }


def _server_settings(settings: Section, app: Starlette) -> uvicorn.Config:
    where: dict[str, Any] = {} if settings.socket is None else {"uds": str(settings.socket)}
    if settings.tls_certificate is not None:
        where |= {"ssl_certfile": str(settings.tls_certificate), "ssl_keyfile": str(settings.tls_key)}
    return uvicorn.Config(
        app,
        **where,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        backlog=BACKLOG,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=10,
        ws="none",
    )


def listen(settings: Section) -> socket.socket | None:
    """The socket to listen on with an address and a port; with a unix socket, only the room for it.

    Raises ``LockedError`` where another process listens there, ``ConfigurationError`` where nobody can.
    """
    if settings.socket is not None:
        _make_room(settings.socket)
        return None
    where = {"host": settings.host, "port": settings.port}
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LockedError(
                _(
                    "Another process listens on {host}, port {port}; nothing was started. Stop it, or choose another "
                    "port in [bridge]."
                ).format(**where)
            ) from None
        raise ConfigurationError(
            _("The bridge cannot listen on {host}, port {port}: {reason}").format(
                **where, reason=error.strerror
            )
        ) from None


def _make_room(path: Path) -> None:
    """Remove the socket a killed bridge left; anything else is left alone.

    Raises ``LockedError`` where another bridge listens on it.
    """
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    if not path.is_socket():
        return
    with suppress(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        raise LockedError(_("Another bridge listens on {path}; nothing was started.").format(path=path))
    path.unlink()
