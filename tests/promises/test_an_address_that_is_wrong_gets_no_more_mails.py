"""Of mails that came back, those that name a wrong address end it; no address is called wrong for another reason.

Each shape of such a mail is looked at in tests/outbox/test_bounces.py; here a shop's night reads what its customers'
servers returned.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from eccube_sync.mailbounces import Blame
from eccube_sync.tables.notices import notice, suspended_address
from tests.nightly.endstate import received
from tests.nightly.story import FAR
from tests.outbox.returned import RETURNED, Shape
from tests.promises.scale import chance, scale
from tests.support.installed import TODAY, InstalledShop
from tests.support.maildir import Maildir
from tests.support.smtp import Sink

pytestmark = pytest.mark.promise("P10")

CAPS = '[notices]\nper_minute = 10000\nper_hour = 10000\nkinds = ["expired", "restored"]\n'


def night(shop: InstalledShop, days: int) -> int:
    """A night on new data, by day, so that its mails leave at once."""
    day = TODAY + timedelta(days=days)
    shop.drop_export(day)
    shop.at(day, 11)
    return shop.run("-q", "nightly")


def told(sink: Sink) -> set[str]:
    """The addresses of the customers who were mailed since."""
    addresses = {to for to, _header, _subject in received(sink.mails).values()}
    sink.mails.clear()
    return {one for one in addresses if not one.startswith("owner@")}


def some_wrong_ones() -> list[tuple[Shape, Blame | None]]:
    """Each shape twice, then no more wrong addresses: beyond thirty a person would be asked."""
    shapes = list(RETURNED.values())
    chance("shapes").shuffle(shapes)
    others = [one for one in shapes if one[1] is not Blame.HARD]
    return [*shapes, *shapes, *others * scale(1, 10)]


@pytest.mark.parametrize("shop", scale(["sqlite"], ["sqlite", "mariadb"]), indirect=True)
def test_of_mails_that_came_back_those_that_name_a_wrong_address_end_it_and_no_other(
    installed: InstalledShop, sink: Sink, maildir: Maildir, proof: Counter[str]
) -> None:
    shop = installed
    shop.mail_port, shop.mail = sink.port, f'bounces = "{maildir.folder}"\n'
    shop.sections, shop.guards = CAPS, "downgrades = 1000\nsurprise_downgrades = 1000"
    shop.configure()
    shop.fill(scale(110, 400), scale(140, 500))
    shop.members = [
        replace(one, status=0, left_on=None, end_date=TODAY, unlimited=False) for one in shop.members
    ]
    assert night(shop, 0) in {0, 1}
    sink.mails.clear()
    assert night(shop, 1) in {0, 1}
    sent = {to: one for one, (to, *_more) in received(sink.mails).items() if not to.startswith("owner@")}
    everybody = told(sink)
    shapes = some_wrong_ones()
    assert len(everybody) >= scale(len(RETURNED), 100)

    wrong: set[str] = set()
    for number, (address, message_id) in enumerate(sorted(sent.items())):
        shape, blame = shapes[number % len(shapes)]
        wrong |= {address} if blame is Blame.HARD else set()
        maildir.arrives(shape(message_id, address))
    assert night(shop, 2) == 1
    assert shop.count(notice, notice.c.reason == "returned_hard") == len(wrong)
    assert shop.count(suspended_address) == len(wrong)

    sink.mails.clear()
    shop.members = [replace(one, end_date=FAR) for one in shop.members]
    assert night(shop, 3) in {0, 1}
    assert told(sink) == everybody - wrong
    proof["mails that came back"] += len(sent)
    proof["addresses ended"] += len(wrong)
