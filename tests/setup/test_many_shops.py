"""Ten shops on one machine, three of them on one database server, all at night at once: none hears of another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import select

from eccube_sync.tables.customers import customer
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation, run
from tests.support.installed import TODAY, InstalledShop, install, remove
from tests.support.mariadb import Server
from tests.support.shop import mariadb_shop, sqlite_shop
from tests.support.smtp import Sink

Captured = pytest.CaptureFixture[str]
SHOPS = 10
ON_ONE_SERVER = 3
"""So many share a database server, where names of locks are server-wide; the others have files of their own."""


@contextmanager
def monitor() -> Iterator[tuple[int, Counter[str]]]:
    """A monitoring service: its port, and how often each address was called."""
    called: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called[self.path] += 1
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], called
        server.shutdown()


@pytest.fixture
def shops(mariadb_server: Server, tmp_path: Path, sink: Sink) -> Iterator[list[InstalledShop]]:
    """Ten shops, each with its own number of customers."""
    with ExitStack() as opened:
        made = []
        for number in range(SHOPS):
            if number < ON_ONE_SERVER:
                eccube = opened.enter_context(mariadb_shop(mariadb_server))
            else:
                eccube = opened.enter_context(sqlite_shop(tmp_path / f"eccube{number}.db"))
            shop = install(eccube, tmp_path / f"shop{number}")
            opened.callback(remove, shop)
            shop.mail_port = sink.port
            shop.fill(customers=60, members=80, register=50 + number)
            shop.members = [replace(one, end_date=TODAY, unlimited=False) for one in shop.members]
            made.append(shop)
        yield made


def test_ten_nights_at_once_keep_to_themselves(
    shops: list[InstalledShop], sink: Sink, capsys: Captured
) -> None:
    with monitor() as (port, called):
        for number, shop in enumerate(shops):
            address = f"http://127.0.0.1:{port}/{number}"
            shop.sections = (
                f'[ping]\nstart = "{address}/start"\nsuccess = "{address}/success"\nfailure = "{address}/failure"\n'
                f'[owner]\nmail = "owner{number}@shop.example.jp"\n'
                '[notices]\nkinds = ["expired"]\nper_hour = 2\n'
            )
            shop.configure()
            shop.at(TODAY, 3)
            shop.drop_export(TODAY)
        assert set(at_once(shops)) <= {0, 1}
    assert called == {f"/{number}/{word}": 1 for number in range(SHOPS) for word in ("start", "success")}
    assert sorted(recipients for _sender, recipients, _content in sink.mails) == [
        [f"owner{number}@shop.example.jp"] for number in range(SHOPS)
    ]
    assert len({shop.rows(select(installation.c.install_id))[0].install_id for shop in shops}) == SHOPS
    for number, shop in enumerate(shops):
        assert shop.count(customer) == 50 + number
        assert [row.state for row in shop.rows(select(run.c.state))] == ["done"]
    capsys.readouterr()
    for shop in shops:
        assert_monitored(shop, capsys)
    assert_capped(shops, sink)


def at_once(shops: list[InstalledShop]) -> list[int]:
    """A night of every shop, all at the same time; their exit codes."""
    with ThreadPoolExecutor(SHOPS) as pool:
        return list(pool.map(lambda shop: shop.run("-q", "nightly"), shops))


def assert_capped(shops: list[InstalledShop], sink: Sink) -> None:
    """Two mails an hour for each shop, not for all of them together."""
    sink.mails.clear()
    for shop in shops:
        shop.at(TODAY + timedelta(days=2), 11)
        shop.drop_export(TODAY + timedelta(days=2))
        shop.sections = shop.sections[shop.sections.index("[owner]") :]  # the monitor is gone
        shop.configure()
    assert set(at_once(shops)) <= {0, 1}
    to_customers = [content for _sender, (to,), content in sink.mails if not to.startswith("owner")]
    assert len(to_customers) == 2 * SHOPS
    assert all(shop.count(notice, notice.c.state == "sent") == 2 for shop in shops)
    assert all(shop.count(notice, notice.c.state == "queued") > 2 for shop in shops)


def assert_monitored(shop: InstalledShop, capsys: Captured) -> None:
    """``check --json`` tells a monitor how the last night went, and names nobody."""
    shop.run("check", "--json")
    printed = capsys.readouterr().out
    facts = next(one["facts"] for one in json.loads(printed)["checks"] if one["check"] == "nightly")
    assert (facts["run"], facts["day"], facts["state"]) == (1, TODAY.isoformat(), "done")
    assert facts["counts"]["rows"] == len(shop.members)
    names = {person.family_name + person.given_name for person in shop.members}
    personal = names | {person.code for person in shop.members} | {one.email for one in shop.customers}
    assert not [word for word in personal if word in printed]
