"""A bridge in a process of its own, and requests to it signed as the plugin signs them."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

from eccube_sync.pluginseal import PluginKeys
from eccube_sync.services.bridge.queue import Queue
from eccube_sync.services.projection.pluginkeys import ensure_keys
from tests.support.installed import InstalledShop

SECRET = "secret of the webhook"
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def signed(keys: PluginKeys, path: str, body: bytes = b"{}", now: float | None = None) -> dict[str, str]:
    """The headers of a request the plugin signs."""
    moment, nonce = str(int(time.time() if now is None else now)), secrets.token_hex(16)
    return {
        "Content-Type": "application/json",
        "X-Eccube-Sync-Time": moment,
        "X-Eccube-Sync-Nonce": nonce,
        "X-Eccube-Sync-Signature": keys.sign("POST", path, moment, nonce, body),
    }


def webhook(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-ECCUBE-Signature": digest}


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, whose path stands in the host's place."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.host)


@dataclass(slots=True)
class RunningBridge:
    """A bridge, started and stopped as systemd would."""

    shop: InstalledShop
    port: int = field(default_factory=free_port)
    socket: Path | None = None
    """Where it listens instead of on a port."""
    authority: trustme.CA | None = None
    """Who issues its certificate; without one it speaks without TLS."""
    debug: bool = False
    """Whether everything in the process logs all it can."""
    process: subprocess.Popen[str] | None = None

    def configure(self) -> None:
        """Add the section and the secrets to the shop's configuration."""
        ensure_keys(self.shop.settings().folders)
        self._secret("webhook", SECRET.encode())
        lines = ["[bridge]", 'webhook_secret_file = "webhook"']
        lines.append(f'socket = "{self.socket}"' if self.socket else f"port = {self.port}")
        if self.authority is not None:
            issued = self.authority.issue_cert("127.0.0.1")
            self._secret("bridge.pem", b"".join(one.bytes() for one in issued.cert_chain_pems))
            self._secret("bridge-key.pem", issued.private_key_pem.bytes())
            lines += ['tls_certificate = "bridge.pem"', 'tls_key = "bridge-key.pem"']
        self.shop.sections += "\n".join([*lines, ""])
        self.shop.configure()

    def _secret(self, name: str, content: bytes) -> None:
        path = self.shop.folder / name
        path.write_bytes(content)
        path.chmod(0o600)

    @property
    def keys(self) -> PluginKeys:
        return ensure_keys(self.shop.settings().folders)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "tests.bridge.run",
            str(self.shop.path),
            self.shop.clock.moment.isoformat(),
            *(["--debug"] if self.debug else []),
        ]
        with (self.shop.folder / "bridge.log").open("a") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, text=True)
        wait_for(self._answers)

    def _answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log()
        try:
            return self.ask("GET", "/healthz")[0] in {200, 503}
        except OSError:
            return False

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop it; the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(60)

    def end(self) -> None:
        """Kill it if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.stop(signal.SIGKILL)

    def log(self) -> str:
        """What it wrote."""
        return (self.shop.folder / "bridge.log").read_text()

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Status and answer of one request."""
        connection = self._door()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        finally:
            connection.close()

    def _door(self) -> http.client.HTTPConnection:
        if self.authority is not None:
            context = ssl.create_default_context()
            self.authority.configure_trust(context)
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=context)
        if self.socket is not None:
            return _SocketConnection(str(self.socket), timeout=30)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def classify(self, eccube_id: int) -> int:
        """Tell it about a customer, as the plugin does; the status."""
        path = f"/v1/customers/{eccube_id}/classify"
        return self.ask("POST", path, b"{}", signed(self.keys, path))[0]

    def tell(self, *eccube_ids: int) -> int:
        """Tell it about customers, as EC-CUBE's webhook does; the status."""
        events = [{"entity": "customer", "id": one, "action": "updated"} for one in eccube_ids]
        body = json.dumps(events).encode()
        return self.ask("POST", "/webhooks/eccube", body, webhook(body))[0]

    def waiting(self) -> int:
        """How many customers wait."""
        return int(self.ask("GET", "/healthz")[1]["waiting"])

    def settle(self) -> None:
        """Wait until nobody waits any more."""
        wait_for(lambda: self.waiting() == 0)


def left_in_queue(shop: InstalledShop) -> int:
    """How many wait in the file of a bridge that does not run."""
    queue = Queue(shop.settings().folders.bridge_queue)
    try:
        return queue.waiting()[0]
    finally:
        queue.close()


def wait_for(what: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is true."""
    limit = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)
