"""Nights, overrides and an undo leave EC-CUBE as it was, but for the one group they show the class in."""

from __future__ import annotations

from sqlalchemy import func, select

from eccube_sync.tables.customers import customer, customer_class
from eccube_sync.tables.runs import run
from tests.nightly.endstate import State, differences, eccube_state
from tests.nightly.story import SECOND, Story
from tests.support.installed import InstalledShop
from tests.support.smtp import Sink

GROUP = "plg_customer_group_customers_groups"
OURS, ANOTHER = 1, 77


class Witness:
    """EC-CUBE as it is, to be compared with what it is after our program ran."""

    def __init__(self, shop: InstalledShop) -> None:
        self.shop = shop
        self.before: State = {}

    def look(self) -> None:
        self.before = eccube_state(self.shop, without=(GROUP,))

    def nothing_changed(self) -> None:
        """Every table as it was; in the group's table only rows of our group, for exactly the store members."""
        assert differences(self.before, eccube_state(self.shop, without=(GROUP,))) == []
        rows = self.shop.eccube.rows(f"SELECT customer_id, group_id FROM {GROUP}")
        assert sorted(one for one, group in rows if group == ANOTHER) == [5, 6, 7]
        statement = (
            select(customer.c.eccube_id)
            .join(customer_class, customer_class.c.customer_id == customer.c.id)
            .where(customer_class.c.membership_class == "store")
        )
        members = sorted(row.eccube_id for row in self.shop.rows(statement))
        assert sorted(one for one, group in rows if group == OURS) == members


def test_only_our_group_changes(installed: InstalledShop, sink: Sink) -> None:
    shop = installed
    story, witness = Story(shop, sink.port), Witness(shop)
    shop.eccube.execute(
        f"INSERT INTO plg_customer_group SELECT {ANOTHER}, '常連', '常連（手動）', 0, 9, 'group' FROM"
        " plg_customer_group WHERE id = 1"
    )
    shop.eccube.insert(GROUP, [{"customer_id": one, "group_id": ANOTHER} for one in (5, 6, 7)])
    witness.look()
    assert shop.run("nightly") == 0
    witness.nothing_changed()
    for day in (story.first_day, story.second_day):
        day()
        witness.look()
        assert shop.run("nightly") == 0
        witness.nothing_changed()

    shop.at(SECOND, 15)
    kept = str(story.eccube_id("ends on the first day"))
    arguments = ("--class", "store", "--until", "2026-12-31", "--reason", "by hand", "--apply")
    assert shop.run("overrides", "set", kept, *arguments) == 0
    assert shop.run("nightly") == 0
    witness.nothing_changed()
    nights = shop.rows(select(func.max(run.c.id)).where(run.c.command == "nightly", run.c.id < _newest(shop)))
    assert shop.run("runs", "undo", str(nights[0][0]), "--apply") in (0, 1)
    assert shop.run("project", "--apply") == 0
    witness.nothing_changed()
    assert shop.run("nightly") in (0, 1)
    witness.nothing_changed()


def _newest(shop: InstalledShop) -> int:
    return int(shop.rows(select(func.max(run.c.id)).where(run.c.command == "nightly"))[0][0])
