"""What the bridge answers over HTTP: it checks who asks, writes it down, and answers at once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from eccube_sync.pluginseal import PluginKeys, same
from eccube_sync.services.bridge.openapi import description
from eccube_sync.services.bridge.queue import EVERYTHING, Queue, Told

SECONDS_OFF = 120
"""How far a signed request's time may be from ours."""
LARGEST_BODY = 4 * 1024
LARGEST_WEBHOOK = 1024 * 1024
LARGEST_ID = 2**63 - 1
NONCES_KEPT = 10 * SECONDS_OFF

_NONCE = re.compile(r"[0-9a-f]{32}")
_TIME = re.compile(r"[0-9]{1,12}")

Handler = Callable[[Request], Awaitable[Response]]
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class RefusedError(Exception):
    """A request that is answered with a status and one sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(slots=True)
class Intake:
    """Writes down what requests tell; what comes in together is written in one transaction."""

    queue: Queue
    tell: Callable[[], None]
    clock: Callable[[], float] = time.time
    _pending: list[tuple[Told, asyncio.Future[bool]]] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None

    async def put(self, told: Told) -> bool:
        """Durable on return; False where the nonce was taken before."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append((told, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, []
            try:
                taken = await asyncio.to_thread(
                    self.queue.put, [told for told, _future in batch], self.clock()
                )
            except Exception as error:  # a full disk: nobody may believe that it was kept
                for _told, future in batch:
                    future.set_exception(RefusedError(503, f"not kept: {type(error).__name__}"))
                continue
            for (_told, future), new in zip(batch, taken, strict=True):
                future.set_result(new)
            self.tell()


@dataclass(slots=True)
class Bridge:
    """The routes and what they need."""

    keys: PluginKeys
    webhook_secret: bytes | None
    intake: Intake
    health: Callable[[], dict[str, Any]]

    def app(self, lifespan: Lifespan | None = None) -> Starlette:
        """The application; ``lifespan`` starts and stops what works beside it."""
        routes = [
            Route("/v1/customers/{eccube_id}/classify", _answering(self.classify), methods=["POST"]),
            Route("/v1/inbox", _answering(self.inbox), methods=["POST"]),
            Route("/webhooks/eccube", _answering(self.webhook), methods=["POST"]),
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/openapi.json", self.openapi, methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=lifespan)

    async def classify(self, request: Request) -> Response:
        """Look at one customer."""
        body = await read_body(request, LARGEST_BODY)
        nonce = self._signed(request, body)
        written = request.path_params["eccube_id"]
        if not (written.isascii() and written.isdigit() and 0 < int(written) <= LARGEST_ID):
            raise RefusedError(404, "no such customer id")
        return await self._queued(Told(frozenset({int(written)}), nonce))

    async def inbox(self, request: Request) -> Response:
        """Look at the whole inbox."""
        nonce = self._signed(request, await read_body(request, LARGEST_BODY))
        return await self._queued(Told(frozenset({EVERYTHING}), nonce))

    async def webhook(self, request: Request) -> Response:
        """What EC-CUBE's Web API plugin tells: customers are looked at, anything else is of no interest."""
        if self.webhook_secret is None:
            raise RefusedError(404, "no webhook secret is configured")
        body = await read_body(request, LARGEST_WEBHOOK)
        expected = hmac.new(self.webhook_secret, body, hashlib.sha256).hexdigest()
        if not same(expected, request.headers.get("x-eccube-signature", "")):
            raise RefusedError(401, "wrong signature")
        ids = customers_of(body)
        return await self._queued(Told(frozenset(ids))) if ids else JSONResponse({"queued": False}, 202)

    async def healthz(self, _request: Request) -> Response:
        """Whether the bridge works, and how much waits."""
        told = await asyncio.to_thread(self.health)
        return JSONResponse(told, 200 if told["status"] == "ok" else 503)

    async def openapi(self, _request: Request) -> Response:
        """This description."""
        return JSONResponse(description())

    async def _queued(self, told: Told) -> Response:
        if not await self.intake.put(told):
            raise RefusedError(409, "this nonce was used before")
        return JSONResponse({"queued": True}, 202)

    def _signed(self, request: Request, body: bytes) -> str:
        """The nonce of a request signed by the plugin a moment ago."""
        written = {
            name: request.headers.get(f"x-eccube-sync-{name}", "") for name in ("time", "nonce", "signature")
        }
        if not _TIME.fullmatch(written["time"]) or not _NONCE.fullmatch(written["nonce"]):
            raise RefusedError(401, "not signed")
        path = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0]
        expected = self.keys.sign(request.method, path, written["time"], written["nonce"], body)
        if not same(expected, written["signature"]):
            raise RefusedError(401, "wrong signature")
        if abs(self.intake.clock() - int(written["time"])) > SECONDS_OFF:
            raise RefusedError(401, "the time is too far off")
        return written["nonce"]


def customers_of(body: bytes) -> set[int]:
    """The customers a webhook tells about. One that was deleted may have no id any more; the night sees it."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "no JSON") from None
    if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
        raise RefusedError(400, "no list of events")
    return {
        one["id"]
        for one in events
        if one.get("entity") == "customer" and type(one.get("id")) is int and 0 < one["id"] <= LARGEST_ID
    }


async def read_body(request: Request, limit: int) -> bytes:
    """The body; refused as soon as it is longer than it may be."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise RefusedError(413, "too large")
    return bytes(body)


def _answering(handler: Handler) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refused:
            return JSONResponse({"detail": refused.detail}, refused.status)
        except ClientDisconnect:
            return Response(status_code=400)

    return answer
