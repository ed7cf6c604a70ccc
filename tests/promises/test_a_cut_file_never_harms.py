"""An export that broke off anywhere is refused, or those whose rows are missing keep what they have."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from eccube_sync.errors import BadInputError
from eccube_sync.services.members.importing import guard, plan_import
from eccube_sync.tables.customers import customer_class
from tests.promises.scale import chance, parts, scale
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

pytestmark = [pytest.mark.promise("P21"), pytest.mark.parametrize("shop", ["sqlite"], indirect=True)]

CUSTOMERS, MEMBERS = 90, 120
LAST_BYTES = 4096


@pytest.fixture
def linked(installed: InstalledShop, sink: Sink) -> InstalledShop:
    """A shop whose customers are linked and in the class; all memberships run on."""
    installed.mail_port = sink.port
    installed.guards = ""
    installed.configure()
    installed.fill(CUSTOMERS, MEMBERS)
    far = TODAY + timedelta(days=200)
    installed.members = [replace(one, end_date=far, unlimited=False, status=0) for one in installed.members]
    night(installed, 0)
    return installed


def night(shop: InstalledShop, days: int, content: bytes | None = None) -> int:
    day = TODAY + timedelta(days=days)
    path = shop.drop_export(day)
    if content is not None:
        path.write_bytes(content)
    shop.at(day, 3)
    return shop.run("-q", "nightly")


def store_members(shop: InstalledShop) -> int:
    return shop.count(customer_class, customer_class.c.membership_class == "store")


def is_refused(shop: InstalledShop, path: Path) -> bool:
    """Whether an import of this file is refused, by its form or by a guard."""
    with shop.connect() as (service, connection):
        try:
            plan = plan_import(service, connection, path, source_key="smaregi")
        except BadInputError:
            return True
        return any(verdict.refused for verdict in guard(service, connection, plan))


@pytest.mark.parametrize("part", parts(1, 4))
def test_a_file_cut_anywhere_is_refused_or_harms_nobody(
    linked: InstalledShop, sink: Sink, part: int, proof: Counter[str]
) -> None:
    whole = linked.drop_export(TODAY + timedelta(days=1)).read_bytes()
    linked.at(TODAY + timedelta(days=1), 3)
    before = store_members(linked)
    assert before > CUSTOMERS // 3
    cut = linked.folder / f"members_{TODAY + timedelta(days=1):%Y%m%d}_0030.csv"
    taken: dict[bytes, int] = {}
    for length in cuts(len(whole), part):
        cut.write_bytes(whole[:length])
        if is_refused(linked, cut):
            proof["cuts refused"] += 1
        else:
            taken[whole[:length]] = length
            proof["cuts taken"] += 1
    # What may be taken lacks the very last row at most; its night takes the class from nobody, mails nobody.
    assert min(taken.values(), default=len(whole)) > len(whole) - 2000
    chosen = chance("nights", part).sample(sorted(taken), min(len(taken), scale(2, 5)))
    for days, content in enumerate(chosen, start=1):
        assert night(linked, days, content) in {0, 1, 65, 70}
        assert store_members(linked) == before
        proof["nights"] += 1
    assert not [mail for mail in sink.mails if mail[1] != ["owner@shop.example.jp"]]


def cuts(size: int, part: int) -> list[int]:
    """At every hundredth, and at each of the last bytes; with all tests at some of them."""
    every = [size * hundredth // 100 for hundredth in range(100)]
    last = list(range(size - min(LAST_BYTES, size - 1), size))
    wanted = scale(every[::12] + chance("cuts").sample(last, 60) + last[-4:], every + last)
    return wanted[part :: scale(1, 4)]
