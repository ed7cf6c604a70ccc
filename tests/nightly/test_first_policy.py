"""A shop with many long expired members: nobody falls and nobody is mailed before a person chose a policy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from eccube_sync.population import MemberPerson
from eccube_sync.tables.customers import customer_class
from eccube_sync.tables.members import member
from eccube_sync.tables.notices import notice
from tests.nightly.story import FAR, SECTIONS
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

LONG_AGO, YESTERDAY = date(2019, 3, 31), TODAY - timedelta(days=1)
MEMBERS = 20_000


def expired_members(shop: InstalledShop) -> list[MemberPerson]:
    """The made-up members, and thousands more; all expired, some of them only yesterday."""
    few = [
        replace(one, end_date=YESTERDAY if position % 9 == 0 else LONG_AGO, unlimited=False)
        for position, one in enumerate(shop.members)
    ]
    model = replace(few[0], person=-1, emails=(), birth_date=None, end_date=LONG_AGO)
    many = [
        replace(
            model,
            store_key=100_000 + number,
            code=f"29{number:011d}",
            number=f"{number:08d}",
            family_name=f"姓{number}",
            given_name=f"名{number}",
            family_kana="",
            given_kana="",
            phone=f"0{number:09d}",
            mobile="",
        )
        for number in range(MEMBERS - len(few))
    ]
    return few + many


def test_long_expired_members_wait_for_a_persons_choice(
    installed: InstalledShop, sink: Sink, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = installed
    shop.mail_port, shop.sections, shop.policy, shop.guards = sink.port, SECTIONS, "none", ""
    shop.configure()
    shop.fill(200, 250)
    shop.members = expired_members(shop)

    first = shop.drop_export(TODAY)
    shop.at(TODAY, 10, 30)
    assert shop.run("nightly") == 0
    assert first.exists() is False
    assert shop.count(member) == MEMBERS
    holders = store_members(shop)
    assert holders > 50
    assert mailed(shop, sink) == 0

    # Choosing a policy is asked about by number, whatever else a night has to do.
    shop.policy = "column"
    shop.configure()
    renewed = len(shop.members) - 1
    shop.members[renewed] = replace(shop.members[renewed], end_date=FAR)
    shop.drop_export(TODAY + timedelta(days=1))
    shop.at(TODAY + timedelta(days=1), 10, 30)
    capsys.readouterr()
    assert shop.run("nightly") == 70
    said = capsys.readouterr().err
    numbers = set(re.findall(r"--i-expect (\d+)", said))
    assert len(numbers) == 1
    number = int(numbers.pop())
    assert 50 < number <= holders
    assert store_members(shop) == holders
    assert shop.run("nightly", "--i-expect", str(number - 1)) == 70
    assert f"You expected {number - 1}, but it is {number}." in capsys.readouterr().err
    assert store_members(shop) == holders

    assert shop.run("nightly", "--i-expect", str(number)) == 0
    assert store_members(shop) == holders - number
    assert shown(shop) == holders - number
    # An event of a changed policy is recorded, and mails nobody, not even about yesterday.
    assert mailed(shop, sink) == 0
    assert shop.count(notice, notice.c.state == "baseline", notice.c.end_date == YESTERDAY) > 3

    shop.at(TODAY + timedelta(days=1), 11)
    assert shop.run("-q", "nightly") == 0
    assert store_members(shop) == holders - number
    assert mailed(shop, sink) == 0


def store_members(shop: InstalledShop) -> int:
    return shop.count(customer_class, customer_class.c.membership_class == "store")


def shown(shop: InstalledShop) -> int:
    return len(shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups"))


def mailed(shop: InstalledShop, sink: Sink) -> int:
    """How many mails customers got or will get."""
    left = [mail for mail in sink.mails if not mail[1][0].startswith("owner@")]
    return len(left) + shop.count(notice, notice.c.state.not_in(("baseline", "cancelled")))
