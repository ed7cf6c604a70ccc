"""Our plugin and the bridge: whether they are connected, and whether what comes in is taken."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from eccube_sync.clock import to_database
from eccube_sync.configsections import Bridge as Section
from eccube_sync.db import reading
from eccube_sync.i18n import _
from eccube_sync.projections.plugin import is_installed
from eccube_sync.services.bridge.bridging import INSTALLED, check_address
from eccube_sync.services.inbox.inboxing import obstacle
from eccube_sync.services.projection.pluginkeys import has_cards, is_connected, load_keys
from eccube_sync.services.running import Shop
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.tables.inbox import inbox_row, waiting_since

PATIENCE = timedelta(minutes=15)
FOREIGN = ("wrong_mark", "broken_seal", "unknown_kind", "malformed")
"""Why a row of the inbox is refused that our plugin would not write."""
ANSWER_SECONDS = 2


def plugin(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether what comes in through the plugin is taken."""
    if not has_cards(shop.settings):
        yield note("plugin", _("not used"))
        return
    if not is_connected(shop.settings.folders):
        yield wrong("plugin", _("not connected; run: eccube-sync plugin connect"))
        return
    load_keys(shop.settings.folders)
    with reading(connection):
        if not is_installed(connection):
            yield wrong("plugin", _("its tables are not there; install the plugin EccubeSync42 in EC-CUBE"))
            return
        since = waiting_since(connection)
        recent = to_database(shop.clock.now() - timedelta(days=7))
        foreign = connection.execute(
            select(func.count())
            .select_from(inbox_row)
            .where(inbox_row.c.reason.in_(FOREIGN), inbox_row.c.received_at >= recent)
        ).scalar_one()
    if since is not None and since < to_database(shop.clock.now() - PATIENCE):
        yield wrong("plugin", _("what came in is not taken; does cron run `eccube-sync inbox` every minute?"))
    if foreign:
        yield wrong(
            "plugin",
            _(
                "{count} rows of its inbox in 7 days were not written by it: find out who writes there, and whether "
                "the connection line in its configuration page is the one of `eccube-sync plugin connect`"
            ).format(count=foreign),
        )
    if not foreign and (since is None or since >= to_database(shop.clock.now() - PATIENCE)):
        yield fine("plugin", _("connected"))


def inbox(shop: Shop, connection: Connection) -> Iterator[Finding]:
    """Whether customers are decided about between two nights."""
    with reading(connection):
        found = obstacle(shop, connection)
    yield fine("inbox", _("may decide about single customers")) if found is None else note("inbox", found)


def bridge(shop: Shop, _connection: Connection) -> Iterator[Finding]:
    """Whether the bridge answers."""
    settings = shop.settings.bridge
    if settings is None:
        yield note("bridge", _("none; `eccube-sync inbox` decides within minutes"))
        return
    if not INSTALLED:
        yield wrong("bridge", _("its packages are missing; run: pip install 'eccube-sync[bridge]'"))
        return
    check_address(settings)
    try:
        told = _ask(settings)
    except (OSError, ValueError, http.client.HTTPException):
        yield wrong("bridge", _("does not answer; start it with: eccube-sync bridge"))
        return
    words = _("answers; {count} customers wait").format(count=told["waiting"])
    yield fine("bridge", words) if told["status"] == "ok" else wrong("bridge", words + _("; read its log"))


def _ask(settings: Section) -> dict[str, Any]:
    connection = _Door(settings)
    try:
        connection.request("GET", "/healthz")
        told: dict[str, Any] = json.loads(connection.getresponse().read(10_000))
        return told
    finally:
        connection.close()


class _Door(http.client.HTTPConnection):
    """A connection to the bridge where it listens."""

    def __init__(self, settings: Section) -> None:
        super().__init__(settings.host, settings.port, timeout=ANSWER_SECONDS)
        self._settings = settings

    def connect(self) -> None:
        if self._settings.socket is not None:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(ANSWER_SECONDS)
            self.sock.connect(str(self._settings.socket))
            return
        super().connect()
        if self._settings.tls_certificate is not None:
            context = ssl.create_default_context(cafile=str(self._settings.tls_certificate))
            context.check_hostname = False  # its own certificate, at an address of this machine
            context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever issued it may not be in the file
            self.sock = context.wrap_socket(self.sock)
