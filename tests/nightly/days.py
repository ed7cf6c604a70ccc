"""A settled shop whose people are known by name, and its nights one after another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

from sqlalchemy import select

from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.notices import notice
from tests.nightly.endstate import received
from tests.nightly.story import FAR, clear_pairs
from tests.support.installed import TODAY, InstalledShop
from tests.support.smtp import Sink

END = TODAY


def day(number: int) -> date:
    """A day counted from the one on which the memberships of these tests end."""
    return END + timedelta(days=number)


class Days:
    """A settled shop whose people are known by name, and its nights."""

    def __init__(self, shop: InstalledShop, sink: Sink, *names: str) -> None:
        self.shop, self.sink, self.names = shop, sink, names
        shop.mail_port = sink.port
        shop.configure()
        shop.fill(60, 80)
        pairs = clear_pairs(shop, 60)
        assert len(pairs) >= len(names)
        self.positions = dict(zip(names, pairs, strict=False))
        for position, one in enumerate(shop.members):
            shop.members[position] = replace(one, end_date=FAR, unlimited=False)
        for name in names:
            self.card(name, end_date=END)

    def card(self, name: str, **values: object) -> None:
        """Change somebody's card at the counter."""
        position = self.positions[name][1]
        self.shop.members[position] = replace(self.shop.members[position], **values)  # type: ignore[arg-type]

    def eccube_id(self, name: str) -> int:
        return self.positions[name][0] + 1

    def night(self, of: date, hour: int = 3, *, taken: tuple[date, time] | None = None) -> None:
        """One night; ``taken`` is when the store exported, None where it did not."""
        if taken:
            self.export(*taken)
        self.shop.at(of, hour)
        assert self.shop.run("nightly") == 0

    def export(self, of: date, at: time) -> None:
        """An export after a day's business: bytes known already would say nothing new."""
        last = self.shop.members[-1]
        self.shop.members[-1] = replace(last, points=last.points + 1)
        self.shop.drop_export(of, at=at)

    def usual_night(self, of: date) -> None:
        """A night at three, on data of half past midnight; its mails leave at noon."""
        self.night(of, taken=(of, time(0, 30)))
        self.shop.at(of, 12)
        assert self.shop.run("notify") == 0

    def classes(self) -> dict[str, str]:
        """Everybody's class by name; asserts that EC-CUBE shows it."""
        statement = select(customer.c.eccube_id, customer_class.c.membership_class).join(
            customer_class, customer_class.c.customer_id == customer.c.id
        )
        known = {row.eccube_id: row.membership_class for row in self.shop.rows(statement)}
        shown = {
            row[0]
            for row in self.shop.eccube.rows("SELECT customer_id FROM plg_customer_group_customers_groups")
        }
        assert shown == {eccube_id for eccube_id, of in known.items() if of == "store"}
        return {name: known[self.eccube_id(name)] for name in self.names}

    def told(self, name: str) -> list[str]:
        """What somebody was told since the last question, by the kinds of mail."""
        statement = select(notice.c.message_id, notice.c.kind)
        kinds = {row.message_id: row.kind for row in self.shop.rows(statement)}
        email = self.shop.customers[self.positions[name][0]].email
        found = [kinds[key] for key, (to, *_rest) in received(self.sink.mails).items() if to == email]
        self.sink.mails[:] = [mail for mail in self.sink.mails if mail[1] != [email]]
        return found
