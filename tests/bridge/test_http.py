"""What the bridge takes and refuses over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import (  # what an unsigned request may be answered
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from eccube_sync.configsections import Bridge as Section
from eccube_sync.errors import ConfigurationError
from eccube_sync.pluginseal import PluginKeys
from eccube_sync.services.bridge.app import SECONDS_OFF, Bridge, Intake
from eccube_sync.services.bridge.bridging import check_address
from eccube_sync.services.bridge.openapi import description
from eccube_sync.services.bridge.queue import EVERYTHING, Queue
from tests.bridge.running import SECRET, signed, webhook

CLASSIFY = "/v1/customers/42/classify"
KEYS = PluginKeys.new()
HEALTH = {"status": "ok", "waiting": 0, "oldest_seconds": 0, "database": "reachable"}


def bridge_of(queue: Queue, secret: bytes | None = SECRET.encode()) -> Bridge:
    return Bridge(KEYS, secret, Intake(queue, lambda: None), lambda: HEALTH)


class Client:
    """Requests to a bridge in this process."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.bridge = bridge_of(queue)

    def post(self, path: str, body: bytes = b"{}", headers: dict[str, str] | None = None) -> int:
        return self.together([(path, body, headers or {})])[0]

    def together(self, requests: list[tuple[str, bytes, dict[str, str]]]) -> list[int]:
        async def ask() -> list[int]:
            transport = httpx.ASGITransport(self.bridge.app())
            async with httpx.AsyncClient(transport=transport, base_url="http://bridge") as client:
                sent = [client.post(path, content=body, headers=more) for path, body, more in requests]
                return [one.status_code for one in await asyncio.gather(*sent)]

        return asyncio.run(ask())

    def told(self) -> set[int]:
        return {one.eccube_id for one in self.queue.take(100_000, time.time() + 1)}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    queue = Queue(tmp_path / "queue.sqlite")
    yield Client(queue)
    queue.close()


def test_a_signed_request_is_written_down_at_once(client: Client) -> None:
    assert client.post(CLASSIFY, b"{}", signed(KEYS, CLASSIFY)) == 202
    assert client.post("/v1/inbox", b"{}", signed(KEYS, "/v1/inbox")) == 202
    assert client.told() == {42, EVERYTHING}


def test_a_request_that_comes_again_is_refused(client: Client) -> None:
    headers = signed(KEYS, CLASSIFY)
    assert client.post(CLASSIFY, b"{}", headers) == 202
    assert client.post(CLASSIFY, b"{}", headers) == 409
    restarted = Client(client.queue)
    assert restarted.post(CLASSIFY, b"{}", headers) == 409


def wrong(headers: dict[str, str], **values: str) -> dict[str, str]:
    return headers | {f"X-Eccube-Sync-{name.title()}": value for name, value in values.items()}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        wrong(signed(KEYS, CLASSIFY), signature="0" * 64),
        wrong(signed(KEYS, CLASSIFY), signature="ü"),
        wrong(signed(KEYS, CLASSIFY), nonce="0" * 32),
        wrong(signed(KEYS, CLASSIFY), nonce="short"),
        wrong(signed(KEYS, CLASSIFY), time="-1"),
        signed(KEYS, "/v1/customers/43/classify"),
        signed(KEYS, CLASSIFY, b"{} "),
        signed(PluginKeys.new(), CLASSIFY),
        signed(KEYS, CLASSIFY, now=time.time() - SECONDS_OFF - 5000),
        signed(KEYS, CLASSIFY, now=time.time() + SECONDS_OFF + 5000),
    ],
)
def test_whatever_the_plugin_did_not_sign_just_now_is_refused(
    client: Client, headers: dict[str, str]
) -> None:
    encoded: Any = {name: value.encode() for name, value in headers.items()}
    assert client.post(CLASSIFY, b"{}", encoded) == 401
    assert client.told() == set()


@pytest.mark.parametrize("eccube_id", ["0", "-1", "1.5", "abc", str(2**63), "4²", "９"])
def test_what_is_no_customer_id_is_not_found(client: Client, eccube_id: str) -> None:
    path = str(httpx.URL(f"http://bridge/v1/customers/{eccube_id}/classify").raw_path, "ascii")
    assert client.post(path, b"{}", signed(KEYS, path)) == 404


def test_a_body_may_not_be_large(client: Client) -> None:
    body = b"x" * 5000
    assert client.post(CLASSIFY, body, signed(KEYS, CLASSIFY, body)) == 413
    events = b"[" + b" " * 1024 * 1024 + b"]"
    assert client.post("/webhooks/eccube", events, webhook(events)) == 413


def test_a_webhook_tells_about_customers_and_nothing_else_is_of_interest(client: Client) -> None:
    events: list[dict[str, Any]] = [
        {"entity": "customer", "id": 7, "action": "created"},
        {"entity": "customer", "id": 8, "action": "updated"},
        {"entity": "customer", "id": None, "action": "deleted"},
        {"entity": "customer", "id": True, "action": "updated"},
        {"entity": "order", "id": 9, "action": "updated"},
    ]
    body = json.dumps(events).encode()
    assert client.post("/webhooks/eccube", body, webhook(body)) == 202
    assert client.told() == {7, 8}


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'{"entity": "customer"}', b"[" * 100_000, b"\xff"])
def test_a_webhook_that_is_no_list_of_events_is_refused(client: Client, body: bytes) -> None:
    assert client.post("/webhooks/eccube", body, webhook(body)) == 400


def test_a_webhook_with_another_secret_is_refused(client: Client) -> None:
    assert client.post("/webhooks/eccube", b"[]", webhook(b"[]", "another")) == 401
    client.bridge = bridge_of(client.queue, None)
    assert client.post("/webhooks/eccube", b"[]", webhook(b"[]", "")) == 404


def test_a_burst_of_webhooks_is_written_down_whole(client: Client) -> None:
    requests = []
    for number in range(1, 1001):
        body = json.dumps([{"entity": "customer", "id": number, "action": "updated"}]).encode()
        requests.append(("/webhooks/eccube", body, webhook(body)))
    assert set(client.together(requests)) == {202}
    assert client.told() == set(range(1, 1001))


def test_what_cannot_be_written_down_is_not_acknowledged(client: Client) -> None:
    client.queue.close()
    assert client.post(CLASSIFY, b"{}", signed(KEYS, CLASSIFY)) == 503


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_on_this_machine_it_may_listen_anywhere(host: str) -> None:
    check_address(Section(host=host))


@pytest.mark.parametrize(
    "more", [{}, {"outside": True}, {"tls_key": Path("k"), "tls_certificate": Path("c")}]
)
def test_outside_it_listens_by_choice_and_with_tls_only(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        check_address(Section(host="0.0.0.0", **more))


def test_outside_with_both_it_may() -> None:
    check_address(Section(host="0.0.0.0", outside=True, tls_key=Path("k"), tls_certificate=Path("c")))


OPERATIONS = [(path, method) for path, methods in description()["paths"].items() for method in methods]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_it_answers_as_it_describes_itself(client: Client, path: str, method: str) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.bridge.app())

    @given(case=schema[path][method].as_strategy())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(
            checks=[status_code_conformance, content_type_conformance, response_schema_conformance]
        )

    check()


def test_the_description_names_every_route() -> None:
    assert set(description()["paths"]) == {
        "/v1/customers/{eccube_id}/classify", "/v1/inbox", "/webhooks/eccube", "/healthz",
    }  # fmt: skip
