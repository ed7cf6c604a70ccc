"""Many webhooks at once, as a shop under load sends them, and a kill in their midst."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.bridge.running import RunningBridge, webhook

AT_ONCE = 20


def tell_each(bridge: RunningBridge, eccube_ids: Sequence[int], *, kill_after: int | None = None) -> set[int]:
    """One webhook about each of these; those that were acknowledged.

    The bridge is killed once it acknowledged ``kill_after``; nobody sends again what was not answered then.
    """
    acknowledged: set[int] = set()
    with ThreadPoolExecutor(AT_ONCE) as shop:
        sent = [shop.submit(_tell, bridge, one) for one in eccube_ids]
        for count, one in enumerate(as_completed(sent), 1):
            acknowledged |= one.result()
            if count == kill_after:
                bridge.stop(signal.SIGKILL)
    return acknowledged


def _tell(bridge: RunningBridge, eccube_id: int) -> set[int]:
    body = json.dumps([{"entity": "customer", "id": eccube_id, "action": "updated"}]).encode()
    try:
        status, _answer = bridge.ask("POST", "/webhooks/eccube", body, webhook(body))
    except (OSError, http.client.HTTPException):
        return set()
    return {eccube_id} if status == 202 else set()
