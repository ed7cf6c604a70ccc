"""The plugin's PHP: its own tests, its style, and what it shares with the program."""

from __future__ import annotations

import json
import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from eccube_sync.linkcode import ALPHABET, new_code, read_code
from tests.support import php

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "plugin" / "EccubeSync42"
TESTS = Path(__file__).parent / "php"
VECTORS = json.loads((ROOT / "tests" / "vectors" / "plugin.json").read_text())

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    php.install()


def test_the_plugin_passes_its_own_tests() -> None:
    php.run("phpunit", "-c", TESTS / "phpunit.xml")


def test_the_plugin_follows_the_coding_standard() -> None:
    php.run("phpcs", "--standard=PSR12", "-q", PLUGIN, TESTS)


def test_the_plugin_has_no_dead_and_no_tangled_code() -> None:
    php.run("phpmd", PLUGIN, "text", TESTS / "phpmd.xml")


def test_php_and_python_read_the_same_codes() -> None:
    typed = list(_typed_codes(random.Random(42), 3000))
    found = json.loads(php.run("php", TESTS / "read_codes.php", stdin=json.dumps(typed)))
    assert found == [read_code(text) for text in typed]
    assert 500 < sum(code is not None for code in found) < 2500


def _typed_codes(chance: random.Random, number: int) -> Iterator[str]:
    """Codes as people type them, right and wrong, and text that is no code at all."""
    between = [*"-‐–—−－ーｰ─・_ \t\u3000\u00a0\u200b.,〜", "--", "\n", "!", "é", "①", "\x1f"]
    for _number in range(number):
        code = new_code() if chance.random() < 0.7 else "".join(chance.choices(ALPHABET + "OILUE", k=10))
        signs = [
            chance.choice((sign, sign.lower(), chr(ord(sign) + 0xFEE0), sign.replace("0", "O")))
            for sign in code
        ]
        if chance.random() < 0.5:
            signs.insert(chance.randrange(11), chance.choice(between))
        if chance.random() < 0.2:
            signs[:0] = "SHOPK0000123 "
        if chance.random() < 0.2:
            signs.pop(chance.randrange(len(signs)))
        yield "".join(signs)


def test_the_bridge_is_called_with_a_signature_it_can_check() -> None:
    with _bridge(202) as (url, requests):
        assert _call(url)["problem"] == ""
    ((path, headers, body),) = requests
    assert path == "/v1/customers/42/classify"
    assert body == b"{}"
    assert len(headers["X-Eccube-Sync-Nonce"]) == 32
    signed = php.run(
        "php",
        "-r",
        f"require '{TESTS}/bootstrap.php'; echo EccubeSync\\Tests\\Vectors::connection()->sign("
        f"'POST', '{path}', {headers['X-Eccube-Sync-Time']}, '{headers['X-Eccube-Sync-Nonce']}', '{{}}');",
    )
    assert headers["X-Eccube-Sync-Signature"] == signed


def test_a_refusal_of_the_bridge_is_told_to_the_log_only() -> None:
    with _bridge(401) as (url, _requests):
        assert _call(url)["problem"] == "HTTP 401"


def test_a_bridge_that_is_not_there_costs_nothing() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        answer = _call(f"http://127.0.0.1:{probe.getsockname()[1]}")
    assert answer["problem"]
    assert answer["seconds"] < 0.5


def test_a_bridge_that_hangs_costs_a_second_at_most(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bridge.sock"))
        silent.listen()
        answer = _call(f"unix://{tmp_path}/bridge.sock")
    assert answer["problem"]
    assert 0.9 < answer["seconds"] < 1.5


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8642", True),
        ("http://localhost:8642/", True),
        ("http://[::1]:8642", True),
        ("unix:///run/eccube-sync/bridge.sock", True),
        ("https://bridge.example.com", True),
        ("http://bridge.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com/", False),
        ("https://bridge.example.com/path", False),
        ("file:///etc/passwd", False),
        ("unix://socket", False),
    ],
)
def test_the_bridge_is_called_without_tls_on_this_machine_only(url: str, allowed: bool) -> None:
    code = (
        f"require '{TESTS}/bootstrap.php';"
        f" echo json_encode(Plugin\\EccubeSync42\\Service\\BridgeClient::allows('{url}'));"
    )
    assert json.loads(php.run("php", "-r", code)) is allowed


def _call(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(php.run("php", TESTS / "call_bridge.php", url))
    return answer


@contextmanager
def _bridge(status: int) -> Iterator[tuple[str, list[tuple[str, Any, bytes]]]]:
    """A server that answers everything with one status and keeps what it heard."""
    requests: list[tuple[str, Any, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            requests.append((self.path, self.headers, body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
