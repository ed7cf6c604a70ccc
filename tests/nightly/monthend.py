"""A month-end played through: many memberships that end on one day, every night and send window around it."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select

from eccube_sync.clock import TOKYO, from_database
from eccube_sync.db import AnyRow
from eccube_sync.population import Mix, generate
from eccube_sync.services.notices.sending import send_notices
from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.notices import notice
from tests.nightly.endstate import received
from tests.nightly.story import FAR
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

END = TODAY
"""The day on which everybody's membership ends."""
RENEWED = END + timedelta(days=3)
"""The night whose export says that some have renewed after all."""
ALIKE = Mix(overlap=1.0, extra_accounts=0.0, older_cards=0.0, damage=0.0)
SECTIONS = """\
[owner]
mail = "owner@shop.example.jp"
[notices]
{caps}
"""


@dataclass(slots=True)
class MonthEnd:
    """The shop, and what is checked while its days go by."""

    shop: InstalledShop
    sink: Sink
    people: int
    caps: str
    """Lines of ``[notices]`` that set the caps."""
    every: timedelta = timedelta(minutes=10)
    """How often cron sends."""
    said: dict[date, str] = field(default_factory=dict)
    """What each night printed."""
    codes: dict[date, int] = field(default_factory=dict)
    ending: set[int] = field(default_factory=set)
    """Customers whose membership ends on the day."""
    sent: list[AnyRow] = field(default_factory=list)
    """All mails to customers, in the order in which the server took them."""
    _read: int = 0

    def settle(self) -> None:
        """Everybody is known and linked, a month before the day; nobody is mailed about that."""
        shop = self.shop
        shop.mail_port, shop.sections = self.sink.port, SECTIONS.format(caps=self.caps)
        # The guard on mails lets a night pass with fewer than will renew in one.
        shop.guards = f"mails = {self.people // 25}"
        shop.configure()
        found = generate(7, self.people, self.people, END, ALIKE)
        shop.customers, shop.truth = list(found.customers), list(found.truth)
        shop.members = [replace(one, status=0, end_date=END, unlimited=False) for one in found.members]
        shop.add_customers(0, self.people)
        self.night(-31)
        self.ending = {
            row.customer_id
            for row in shop.rows(
                select(customer_class.c.customer_id).where(
                    customer_class.c.membership_class == "store", customer_class.c.end_date == END
                )
            )
        }

    def night(self, offset: int, *, at: time = time(3)) -> int:
        """One night on a fresh export, so many days from the end; the exit code."""
        day = END + timedelta(days=offset)
        last = self.shop.members[-1]
        self.shop.members[-1] = replace(last, points=last.points + 1)
        self.shop.drop_export(day)
        self.shop.at(day, at.hour, at.minute)
        printed = io.StringIO()
        with redirect_stdout(printed), redirect_stderr(printed):
            code = self.shop.run("nightly")
        self.said[day], self.codes[day] = printed.getvalue(), code
        return code

    def send(self, offset: int) -> list[AnyRow]:
        """A day's send window, asked every ten minutes; what left, in order. Waiting moves the clock."""
        shop, before = self.shop, len(self.sent)
        day = END + timedelta(days=offset)
        closes = datetime.combine(day, time(18), TOKYO).astimezone(UTC)
        shop.at(day, 10)
        while shop.clock.moment < closes:
            began = shop.clock.moment
            with shop.connect() as (service, connection):
                report = send_notices(service, connection, wait=self._wait)
            fresh = self._newly_sent()
            assert fresh == sorted(fresh, key=lambda row: (row.urgency, row.days or 0)), "not by urgency"
            self.sent += fresh
            if not report.counts["notices_waiting"]:
                break
            shop.clock.moment = max(shop.clock.moment, began + self.every)
        return self.sent[before:]

    def _wait(self, seconds: float) -> None:
        self.shop.clock.advance(timedelta(seconds=seconds))

    def _newly_sent(self) -> list[AnyRow]:
        """What the server took since the last question, but for the mails to the owner."""
        mails = self.sink.mails[self._read :]
        self._read = len(self.sink.mails)
        keys = list(received(mails))
        rows = {}
        for start in range(0, len(keys), 500):
            part = _SENT.where(notice.c.message_id.in_(keys[start : start + 500]))
            rows.update({row.message_id: row for row in self.shop.rows(part)})
        return [rows[key] for key in keys if key in rows]

    def renew(self, share: float) -> set[int]:
        """Some renew at the counter after the end; their customers."""
        count = round(self.people * share)
        codes = {row.eccube_id: row.id for row in self.shop.rows(select(customer.c.eccube_id, customer.c.id))}
        renewing = set()
        for c, m in self.shop.truth[:count]:
            self.shop.members[m] = replace(self.shop.members[m], end_date=FAR)
            renewing.add(codes[c + 1])
        return renewing & self.ending

    def classes(self) -> Counter[str]:
        """How many of those whose membership ends have which class."""
        rows = self.shop.rows(select(customer_class.c.customer_id, customer_class.c.membership_class))
        return Counter(row.membership_class for row in rows if row.customer_id in self.ending)

    # --- what must be true of all mails, at the end ---

    def check_caps(self, per_minute: int, per_hour: int, per_day: int) -> dict[str, int]:
        """No minute, hour or day, wherever it begins, saw more mails than its cap; the most each saw."""
        moments = sorted(from_database(row.sent_at) for row in self.sent)
        most = {}
        for name, span, cap in (
            ("minute", timedelta(minutes=1), per_minute),
            ("hour", timedelta(hours=1), per_hour),
            ("day", timedelta(days=1), per_day),
        ):
            start, found = 0, 0
            for position, moment in enumerate(moments):
                while moments[start] <= moment - span:
                    start += 1
                found = max(found, position - start + 1)
            assert found <= cap, f"{found} mails within a {name}"
            most[name] = found
        return most

    def check_truth(self, renewing: set[int]) -> None:
        """No mail said what was not true on the day it left, and nobody was told anything twice."""
        told: Counter[tuple[int, str, int | None]] = Counter()
        for row in self.sent:
            left = from_database(row.sent_at).astimezone(TOKYO)
            assert time(10) <= left.time() < time(18)
            told[row.customer_id, row.kind, row.days] += 1
            if row.kind == "expiring":
                assert left.date() <= row.end_date
            if row.kind == "expired":
                assert left.date() > END
                assert row.customer_id not in renewing or left.date() < RENEWED
        assert set(told.values()) == {1}
        assert len(received(self.sink.mails)) == len(self.sink.mails)


_SENT = select(
    notice.c.message_id,
    notice.c.customer_id,
    notice.c.kind,
    notice.c.days,
    notice.c.urgency,
    notice.c.end_date,
    notice.c.sent_at,
).where(notice.c.state == "sent")


def play(month_end: MonthEnd) -> dict[str, object]:
    """The whole story, with its checks; the figures of it."""
    play = month_end
    play.settle()
    ending = len(play.ending)
    by_day: dict[str, Counter[str]] = {}

    def day(offset: int) -> None:
        sent = play.send(offset)
        kinds = Counter(f"{row.kind} {row.days}" if row.days else row.kind for row in sent)
        by_day[f"{END + timedelta(days=offset)}"] = kinds

    for offset in (*range(-30, -26), *range(-7, 1)):
        code = play.night(offset)
        assert code == 0, play.said[END + timedelta(days=offset)]
        announced = "guards approve" in play.said[END + timedelta(days=offset)]
        assert announced == (offset >= -6), "announced a week ahead, not before"
        day(offset)
    assert play.classes() == {"store": ending}

    assert play.night(1) == 70, "refused without approval"
    assert play.classes() == {"store": ending}
    assert play.shop.run("guards", "approve", f"{END + timedelta(days=1)}", str(ending)) == 0
    assert play.night(1, at=time(4)) == 0, play.said[END + timedelta(days=1)]
    assert play.classes() == {"ec_only": ending}
    day(1)
    assert play.night(2) == 0
    day(2)
    renewing = play.renew(0.05)
    offset = 3
    while True:
        assert play.night(offset) == 0, play.said[END + timedelta(days=offset)]
        day(offset)
        waiting = play.shop.count(notice, notice.c.state == "queued")
        if not waiting or offset > 40:
            break
        offset += 1
    assert waiting == 0
    assert play.classes() == {"ec_only": ending - len(renewing), "store": len(renewing)}
    play.check_truth(renewing)
    states = Counter(row.state for row in play.shop.rows(select(notice.c.state)))
    return {"ending": ending, "renewing": len(renewing), "by_day": by_day, "states": states}
