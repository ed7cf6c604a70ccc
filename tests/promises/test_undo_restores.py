"""An undone run leaves EC-CUBE and what stands in our tables as before it; no edit of the shop is lost (P15).

Smaller cases, each with its reason, are in tests/undo. History is kept by design: the run, its undo and their
journal stay, ended rows too. What is compared is what is in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from eccube_sync.tables.customers import customer, projection_state
from tests.promises.crowd import crowd
from tests.promises.scale import chance, parts, scale
from tests.support.rows import our_shop
from tests.support.shop import Shop
from tests.undo.story import CONFIGURATION, DAY, Card, Story, moved

pytestmark = pytest.mark.promise("P15")

NEXT = DAY + timedelta(days=1)
COLUMN = """
[[projection]]
kind = "column"
column = "customer_rank_id"
store_value = "2"
"""


@pytest.fixture
def story(shop: Shop, tmp_path: Path) -> Iterator[Story]:
    """A shop that shows the class as a number in a column, which people in the shop may change too."""
    shop.execute("ALTER TABLE dtb_customer ADD COLUMN customer_rank_id SMALLINT DEFAULT NULL")
    sections = CONFIGURATION + COLUMN + "[guards]\nsurprise_downgrades = 1000\ndowngrades = 1000\n"
    with our_shop(shop, tmp_path, sections) as ours:
        yield Story(ours, tmp_path)


class Days:
    """A first night with a crowd, then a day on which everything happens to somebody, and its night."""

    def __init__(self, story: Story, part: int, people: int) -> None:
        self.story, self.luck = story, chance("undo", part)
        self.cards = crowd(self.luck, people, NEXT + timedelta(days=5))
        self.newcomers = self.cards[people * 2 // 3 :]
        self.old = self.cards[: people * 2 // 3]
        story.at(DAY)
        story.register(*self.old)
        story.night(*self.old)

    def day(self) -> list[Card]:
        """People register and change what EC-CUBE says of them; the cards as the store now has them."""
        story, luck = self.story, self.luck
        story.at(NEXT)
        story.register(*self.newcomers)
        for card in luck.sample(self.old, len(self.old) // 8):
            self.edit(card, phone_number="08000000000")
        return [self._changed(card) for card in self.cards]

    def _changed(self, card: Card) -> Card:
        luck = self.luck
        kinds: list[dict[str, Any]] = [
            {}, {}, {"ends": NEXT + timedelta(days=400)}, {"ends": DAY - timedelta(days=3)}, {"status": "停止"},
            {"status": "退会"}, {"status": "紛失"}, {"phone": f"0800000{luck.randrange(10_000):04d}"},
            {"phone": "", "ends": None},
        ]  # fmt: skip
        return moved(card, **luck.choice(kinds))

    def edit(self, card: Card, **values: Any) -> None:
        """EC-CUBE's admin pages change a customer."""
        columns = ", ".join(f"{name} = :{name}" for name in values)
        statement = f"UPDATE dtb_customer SET {columns} WHERE id = :id"
        self.story.ours.eccube.execute(statement, id=self.story.people[card.code], **values)


@pytest.mark.parametrize("part", parts(1, 10))
def test_what_a_night_did_is_as_before_when_it_is_undone(
    story: Story, proof: Counter[str], part: int
) -> None:
    days = Days(story, part, scale(30, 100))
    cards = days.day()
    before = story.standing()
    night = story.night(*cards)
    assert story.standing()["link"] != before["link"]

    report = story.undo(night)

    after = story.standing()
    known = {row[0] for row in before["customer_class"]}
    # Who registered is known by now, as what they are: EC-only. EC-CUBE says so too.
    new = {row for row in after["customer_class"] if row[0] not in known}
    assert {row[1] for row in new} == {"ec_only"}
    assert compared(after, known) == compared(before, known)
    assert report.counts["kept"] == 0
    story.classify()  # what the run asked about data that was never there is no question any more
    assert story.standing()["review_case"] == before["review_case"]
    proof["undone runs"] += 1
    proof["changes taken back"] += report.counts["reversed"]


def compared(standing: dict[str, list[tuple[Any, ...]]], known: set[int]) -> dict[str, list[tuple[Any, ...]]]:
    """What stands, but for the classes of those whom the undone run was the first to see, and open questions."""
    of_customer = ("customer_class", "projection_state")
    return {
        name: [row for row in rows if name not in of_customer or row[0] in known]
        for name, rows in standing.items()
        if name != "review_case"
    }


@pytest.mark.parametrize("part", parts(1, 4))
def test_what_the_shop_edited_between_run_and_undo_is_kept_and_listed(
    story: Story, proof: Counter[str], part: int
) -> None:
    """People in the shop set the number by hand for some, and change names, points and mails of all."""
    days = Days(story, part, scale(30, 120))
    night = story.night(*days.day())
    by_hand = days.luck.sample(days.cards, scale(25, 100))
    for card in by_hand:
        days.edit(card, customer_rank_id=9)
    for card in days.cards:
        days.edit(card, name02="改", point=days.luck.randrange(10_000), email=f"{card.code}@new.example.jp")
    edited = customers(story)

    report = story.undo(night)

    for before, after in zip(edited, customers(story), strict=True):
        own = {"customer_rank_id": after["customer_rank_id"]}
        assert after == before | own
        if before["customer_rank_id"] == 9:
            assert after == before
    rows = [row for row in story.ours.rows(projection_state) if row.projection_key.startswith("column:")]
    ids = {row.eccube_id: row.id for row in story.ours.rows(customer)}
    of_hand = {ids[story.people[card.code]] for card in by_hand}
    listed = {row.customer_id for row in rows if row.state == "drift"}
    assert listed == of_hand & {row.customer_id for row in rows if row.written_class or row.state == "drift"}
    assert len(listed) > len(by_hand) // 2
    assert report.counts["drift"] == len(listed)
    assert report.needs_person
    proof["edits kept"] += len(by_hand)
    proof["edits listed, for what we had written stood there"] += len(listed)


def customers(story: Story) -> list[dict[str, Any]]:
    """Every customer's whole row in EC-CUBE."""
    with story.ours.eccube.connect() as connection:
        return [
            dict(row._mapping) for row in connection.execute(text("SELECT * FROM dtb_customer ORDER BY id"))
        ]
