"""Where the bridge listens: a port, a unix socket, a port with TLS; and that ``check`` finds it there."""

from __future__ import annotations

import http.client
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from eccube_sync.configsections import Bridge
from eccube_sync.errors import ConfigurationError, LockedError
from eccube_sync.services.bridge.bridging import listen, run_bridge
from eccube_sync.tables.customers import customer
from tests.bridge.running import RunningBridge
from tests.plugin.checked import found
from tests.plugin.test_inbox import new_customer


@pytest.fixture
def place() -> Iterator[Path]:
    """A socket's path in a folder that is not there yet; short, as the system asks of such paths."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "run" / "bridge.sock"


def assert_it_works(bridge: RunningBridge, capsys: pytest.CaptureFixture[str]) -> None:
    eccube_id = new_customer(bridge.shop)
    assert found(bridge.shop, capsys, "bridge")[0] == "ok"
    assert bridge.classify(eccube_id) == 202
    bridge.settle()
    assert bridge.shop.count(customer, customer.c.eccube_id == eccube_id) == 1


def test_on_a_unix_socket(small: RunningBridge, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small.socket = place
    small.configure()
    assert found(small.shop, capsys, "bridge")[0] == "wrong"
    small.start()
    assert_it_works(small, capsys)
    small.stop(signal.SIGKILL)
    assert place.is_socket()
    assert found(small.shop, capsys, "bridge")[0] == "wrong"
    small.start()
    assert found(small.shop, capsys, "bridge")[0] == "ok"
    assert small.stop() == 0


def test_a_second_bridge_leaves_the_socket_to_the_first(small: RunningBridge, place: Path) -> None:
    small.socket = place
    small.configure()
    small.start()
    with small.shop.connect() as (shop, _connection), pytest.raises(LockedError):
        run_bridge(shop)
    assert small.ask("GET", "/healthz")[0] == 200


def test_a_port_that_is_taken_is_named_in_one_sentence(
    small: RunningBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    small.configure()
    with socket.create_server(("127.0.0.1", small.port)):
        assert small.shop.run("bridge") == 75
    (sentence,) = capsys.readouterr().err.splitlines()
    assert str(small.port) in sentence


def test_an_address_of_another_machine_is_named_in_one_sentence() -> None:
    with pytest.raises(ConfigurationError) as refused:
        listen(Bridge(host="203.0.113.1"))
    assert "203.0.113.1" in str(refused.value)


def test_with_tls_and_a_certificate_somebody_else_issued(
    small: RunningBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    small.authority = trustme.CA()
    small.configure()
    small.start()
    assert_it_works(small, capsys)
    plain = http.client.HTTPConnection("127.0.0.1", small.port, timeout=10)
    plain.request("GET", "/healthz")
    with pytest.raises((http.client.HTTPException, OSError)):
        plain.getresponse()
    plain.close()


def test_check_is_not_content_with_another_certificate(
    small: RunningBridge, capsys: pytest.CaptureFixture[str]
) -> None:
    small.authority = trustme.CA()
    small.configure()
    small.start()
    other = trustme.CA().issue_cert("127.0.0.1")
    (small.shop.folder / "bridge.pem").write_bytes(other.cert_chain_pems[0].bytes())
    assert found(small.shop, capsys, "bridge")[0] == "wrong"
