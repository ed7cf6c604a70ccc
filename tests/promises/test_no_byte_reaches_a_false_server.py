"""A server that is not the one it says it is hears neither a password nor anything about a customer.

The mail server, the database server on another machine, and the monitor that is told of each night.
"""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from eccube_sync import config
from eccube_sync.db import Database
from eccube_sync.errors import ConfigurationError
from eccube_sync.maildelivery import Verdict
from eccube_sync.services.pinging import ping
from eccube_sync.services.setup.checks.database import encryption
from tests.support.smtp import FaultyServer
from tests.test_mailer import attempt, context_for

pytestmark = pytest.mark.promise("P30")


def bad_certificates(authority: trustme.CA) -> dict[str, trustme.LeafCert]:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return {
        "unknown authority": trustme.CA().issue_cert("127.0.0.1"),
        "another host": authority.issue_cert("mail.example.net"),
        "run out": authority.issue_cert("127.0.0.1", not_after=yesterday),
    }


@pytest.mark.parametrize("fault", ["unknown authority", "another host", "run out"])
@pytest.mark.parametrize("security", ["starttls", "smtps"])
def test_a_wrong_certificate_stops_the_run_before_a_secret_is_said(
    security: str, fault: str, authority: trustme.CA, ca_file: Path, proof: Counter[str]
) -> None:
    context = context_for(bad_certificates(authority)[fault])
    settings: dict[str, object] = {
        "security": security,
        "ca_file": ca_file,
        "user": "shop",
        "password": "right",
    }
    with FaultyServer(tls=context, smtps=security == "smtps") as faulty:
        delivery = attempt(faulty, **settings)
    assert (delivery.verdict, delivery.note) == (Verdict.STOP_RUN, "certificate_invalid")
    assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in faulty.heard)
    proof["false servers"] += 1


@pytest.mark.parametrize(
    ("script", "security", "note"),
    [
        ({"offers": ("SIZE 1000", "AUTH PLAIN")}, "starttls", "tls_not_offered"),
        ({"phase": "starttls", "fault": "502 never heard of it"}, "starttls", "tls_failed"),
        ({"phase": "starttls", "fault": "220 go on\r\n250 said too early"}, "starttls", "tls_failed"),
        ({}, "smtps", "tls_failed"),
    ],
)
def test_a_server_without_proper_encryption_hears_neither_login_nor_mail(
    script: dict[str, str], security: str, note: str, ca_file: Path, proof: Counter[str]
) -> None:
    with FaultyServer(**script) as faulty:  # type: ignore[arg-type]
        delivery = attempt(faulty, security=security, ca_file=ca_file, user="shop", password="right")
    assert (delivery.verdict, delivery.note) == (Verdict.STOP_RUN, note)
    assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in faulty.heard)
    proof["false servers"] += 1


# --- the database ---------------------------------------------------------------------------------------------

PASSWORD = "canary-of-the-database"
TLS_OFFERED = 0x0800


class FalseServer:
    """Greets as MySQL does, goes over to TLS when asked, and keeps every byte it is told."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.heard = b""
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _peer = self._listener.accept()
        connection.settimeout(5)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.sendall(greeting(tls=self._context is not None))
            self.heard += connection.recv(36)
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            while more := connection.recv(4096):
                self.heard += more

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


def greeting(*, tls: bool) -> bytes:
    """The first packet of a MySQL 8.0 server."""
    abilities = 0x000FA28F | 0x00080000 | (TLS_OFFERED if tls else 0)
    payload = b"\x0a8.0.36\0" + struct.pack("<I", 7) + b"saltsalt\0"
    payload += struct.pack("<HBHHB", abilities & 0xFFFF, 45, 2, abilities >> 16, 21)
    payload += bytes(10) + b"saltsaltsalt\0" + b"mysql_native_password\0"
    return struct.pack("<I", len(payload))[:3] + b"\0" + payload


def told_to(server: FalseServer, folder: Path, ca: Path) -> bytes:
    """What a database server heard before the program refused it."""
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o600)
    path = folder / "eccube-sync.toml"
    lines = f'[shop]\nname = "x"\n[database]\nhost = "127.0.0.1"\nport = {server.port}\nssl_ca = "{ca}"\n'
    lines += 'eccube = "shop"\n[database.runtime]\nuser = "canary-user"\npassword_file = "password"\n'
    settings = config.parse(lines + '[[source]]\nkey = "store"\n', path)
    with pytest.raises(ConfigurationError, match="Cannot connect"), Database(settings).connect():
        pytest.fail("connected to a false server")
    server.close()
    return server.heard


@pytest.mark.parametrize("fault", ["unknown authority", "another host", "run out", "no encryption at all"])
def test_a_false_database_server_hears_no_account_and_no_statement(
    fault: str, authority: trustme.CA, ca_file: Path, tmp_path: Path, proof: Counter[str]
) -> None:
    encrypted = fault != "no encryption at all"
    server = FalseServer(context_for(bad_certificates(authority)[fault]) if encrypted else None)
    heard = told_to(server, tmp_path, ca_file)
    # Where encryption is offered, the request for it may be said: 36 bytes of abilities and nothing else.
    assert len(heard) <= (36 if encrypted else 0)
    assert b"canary" not in heard
    proof["false servers"] += 1


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('host = "db.example.jp"', 1),
        ('host = "db.example.jp"\nssl_ca = "ca.pem"', 0),
        ('host = "127.0.0.1"', 0),
        ('socket = "/run/mysqld.sock"', 0),
    ],
)
def test_check_tells_when_nothing_proves_the_database_server(lines: str, told: int, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    text = f'[shop]\nname = "x"\n[database]\n{lines}\neccube = "shop"\n[database.runtime]\nuser = "x"\n'
    settings = config.parse(text + '[[source]]\nkey = "store"\n', tmp_path / "eccube-sync.toml")
    assert len(list(encryption(settings))) == told


# --- the monitor ------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def listening(context: ssl.SSLContext) -> Iterator[tuple[int, list[bytes]]]:
    """A web server with this certificate; the port, and what it heard."""
    heard: list[bytes] = []

    def serve() -> None:
        connection, _peer = listener.accept()
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.settimeout(5)
            with context.wrap_socket(connection, server_side=True) as encrypted:
                heard.append(encrypted.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        thread.join(10)


@pytest.mark.parametrize("fault", ["unknown authority", "another host", "run out"])
def test_a_false_monitor_hears_no_address(fault: str, authority: trustme.CA, proof: Counter[str]) -> None:
    with listening(context_for(bad_certificates(authority)[fault])) as (port, heard):
        assert ping(f"https://127.0.0.1:{port}/canary-of-the-monitor") is not None
    assert heard == []
    proof["false servers"] += 1
