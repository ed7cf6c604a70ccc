"""One event is one row of the outbox with one Message-ID and the very same bytes, however often it happens (P4).

Events of every kind are made up by chance and told three times each, in another order each time. The row of an
event and its commit are one: that is in ``test_whatever_happens_the_books_agree.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, update

from eccube_sync.notices import NOTICES, Event
from eccube_sync.services.notices.noticing import queue
from eccube_sync.services.notices.situations import DueNotice
from eccube_sync.tables.notices import notice
from eccube_sync.tables.runs import installation
from tests.outbox.conftest import MAIL, TODAY
from tests.promises.scale import chance, parts, scale
from tests.support.rows import OurShop, our_shop
from tests.support.shop import Shop

pytestmark = pytest.mark.promise("P4")

KINDS = ("expired", "restored", "linked", "expiring", "correction", "card_linked")
EVENTS = scale(400, 2500)
ALL_KINDS = '[notices]\nkinds = ["expired", "restored", "linked", "expiring", "card_linked"]\n'


@pytest.fixture
def ours(shop: Shop, tmp_path: Path) -> Iterator[OurShop]:
    """A shop whose first classification is over."""
    with our_shop(shop, tmp_path, MAIL + ALL_KINDS) as made:
        made.apply(lambda run: None)
        with made.connect() as connection, connection.begin():
            connection.execute(update(installation).values(first_classify_run_id=made.run_id))
        yield made


def happenings(luck: Random, people: list[tuple[int, int, int]], runs: list[int]) -> list[DueNotice]:
    """Events of every kind about these people: our id, member, link; some are the same event by chance."""
    found = []
    for _one in range(EVENTS):
        customer, member, link = luck.choice(people)
        kind, days = luck.choice(KINDS), luck.choice((30, 7, 1))
        end = date(2026, 1, 1) + timedelta(days=luck.randrange(700))
        event = Event(
            customer=customer,
            member=member,
            link=link,
            end_date=end,
            days=days if kind == "expiring" else None,
            run=luck.choice(runs),
        )
        found.append(DueNotice(kind, event, TODAY, proven=luck.random() < 0.5))
    return found


@pytest.mark.parametrize("part", parts(1, 2))
def test_events_told_three_times_are_one_row_each_with_the_same_bytes(
    ours: OurShop, proof: Counter[str], part: int
) -> None:
    luck = chance("events", part, ours.service.database.kind)
    people = [person(ours, number) for number in range(scale(20, 100))]
    events = happenings(luck, people, list(range(1, 30)))
    distinct = {NOTICES[one.kind].key(one.event) for one in events}
    assert len(distinct) < len(events)

    seen: dict[str, tuple[object, ...]] = {}
    for time in range(3):
        tell(ours, luck, events)
        rows = {row.notice_key: tuple(row) for row in ours.rows(notice)}
        assert rows.keys() == distinct
        if time:
            assert rows == seen
        seen = rows
    with ours.connect() as connection:
        names = connection.execute(select(func.count(notice.c.message_id.distinct()))).scalar_one()
    assert names == len(distinct)
    proof["events told"] += 3 * len(events)
    proof["rows"] += len(distinct)


def person(ours: OurShop, number: int) -> tuple[int, int, int]:
    """A customer with a linked member."""
    customer = ours.add_customer(name02=f"花子{number}")
    member = ours.add_member(emails=f"member{number}@example.jp")
    return customer, member, ours.add_link(customer, member)


def tell(ours: OurShop, luck: Random, events: list[DueNotice]) -> None:
    """Let everything happen, in an order of its own, in runs of a hundred."""
    order = luck.sample(events, len(events))
    for start in range(0, len(order), 100):
        some = order[start : start + 100]
        mailed_on = {one.event.customer: TODAY for one in some}
        ours.apply(lambda run: run.transaction(queue, run, some, mailed_on))  # noqa: B023 - carried out at once
