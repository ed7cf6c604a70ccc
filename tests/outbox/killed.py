"""A call of sending in a process of its own that dies, without any clean-up, where it is told to."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

from eccube_sync.clock import FixedClock
from eccube_sync.db import Database
from eccube_sync.mailclient import Client
from eccube_sync.mailer import Session
from eccube_sync.services.notices.outboxjournal import OutboxJournal
from eccube_sync.services.notices.sending import Sender, send_notices
from eccube_sync.services.running import Shop

PLACES: dict[str, tuple[type, str]] = {
    "before the claim": (Sender, "_claim"),
    "after the claim": (Session, "deliver"),
    "after the mark": (OutboxJournal, "add"),
    "before the dot": (Client, "finish"),
    "after the answer": (Sender, "_after"),
}


def die_at(place: str) -> None:
    """Let this process end the moment it comes to ``place``."""
    owner, name = PLACES[place]
    setattr(owner, name, lambda *_arguments, **_options: os._exit(9))


def main() -> None:
    settings, moment = pickle.load(sys.stdin.buffer)
    die_at(sys.argv[1])
    shop = Shop(settings, Database(settings), FixedClock(moment), "tests")
    with shop.database.connect() as connection:
        send_notices(shop, connection, wait=_never)
    sys.exit(0)


_never: Callable[[float], Any] = lambda _seconds: None  # noqa: E731

if __name__ == "__main__":
    main()
