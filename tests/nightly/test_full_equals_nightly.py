"""Nights that look only at what changed end where a classification of everybody would."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from eccube_sync.population import CustomerPerson
from eccube_sync.tables.customers import customer
from eccube_sync.tables.links import link
from tests.nightly.endstate import State, differences, our_state
from tests.nightly.story import add_somebody_like, answer_review, forget_customer
from tests.support.installed import TODAY, InstalledShop

NIGHTS = 5
SEED, SEEDS = int(os.environ.get("ECCUBE_SYNC_SEED", "1")), int(os.environ.get("ECCUBE_SYNC_SEEDS", "1"))
"""The first seed, and how many; more of them find more."""
COMPARED = {
    "link",
    "review_case",
    "customer_class",
    "customer",
    "scored_pair",
    "match_key",
    "projection_state",
}


class Life:
    """What people do to a shop by day, at random but the same for the same seed."""

    def __init__(self, shop: InstalledShop, chance: Random) -> None:
        self.shop, self.chance = shop, chance
        self.waiting = list(range(len(shop.customers) // 2, len(shop.customers)))
        self.next_key = 50_000

    def day(self) -> None:
        """A handful of everything."""
        for happening in (self.registers, self.moves, self.renumbers, self.takes_card, self.corrects_card):
            for _time in range(self.chance.randint(1, 5)):
                happening()
        for rare in (self.withdraws, self.vanishes, self.loses_card, self.code_is_reused, self.looks_alike):
            if self.chance.random() < 0.6:
                rare()

    def somebody(self) -> int:
        known = self.shop.eccube.rows("SELECT id FROM dtb_customer WHERE customer_status_id = 2 ORDER BY id")
        return int(self.chance.choice(known)[0])

    def registers(self) -> None:
        if self.waiting:
            start = self.waiting.pop(0)
            self.shop.add_customers(start, start + 1)

    def _set(self, **values: object) -> None:
        columns = ", ".join(f"{name} = :{name}" for name in values)
        self.shop.eccube.execute(
            f"UPDATE dtb_customer SET {columns} WHERE id = :id", id=self.somebody(), **values
        )

    def moves(self) -> None:
        """To where somebody else lives, so that households appear and fall apart."""
        other = self._account()
        self._set(postal_code=other.postal_code, addr01=other.street, addr02=other.building)

    def renumbers(self) -> None:
        self._set(phone_number=self.chance.choice([self._account().phone, "09000001111", None]))

    def _account(self) -> CustomerPerson:
        return self.chance.choice(self.shop.customers)

    def withdraws(self) -> None:
        self._set(customer_status_id=3, email=f"gone{self.chance.random()}@dummy.example")

    def vanishes(self) -> None:
        forget_customer(self.shop, self.somebody())

    def _card(self) -> int:
        return self.chance.randrange(len(self.shop.members))

    def _change(self, position: int, **values: object) -> None:
        self.shop.members[position] = replace(self.shop.members[position], **values)  # type: ignore[arg-type]

    def takes_card(self) -> None:
        """A new card, in half of all cases for somebody who has an account."""
        self.next_key += 1
        model = self.chance.choice(self.shop.members)
        self.shop.members.append(
            replace(
                model, store_key=self.next_key, code=f"99{self.next_key:011d}", number=f"9{self.next_key:07d}"
            )
        )

    def corrects_card(self) -> None:
        other = self.shop.members[self._card()]
        which = self.chance.choice(["mobile", "birth_date", "given_name", "emails", "address"])
        self._change(self._card(), **{which: getattr(other, which)})

    def loses_card(self) -> None:
        self._change(self._card(), status=self.chance.choice([2, 3, 4]))

    def code_is_reused(self) -> None:
        kept = self.shop.members[self._card()]
        other = self.shop.members[self._card()]
        self._change(
            self.shop.members.index(kept),
            family_name=other.family_name + "改", given_name=other.given_name + "新", family_kana="", given_kana="",
            birth_date=TODAY - timedelta(days=9000), mobile="09077778888", phone="",
        )  # fmt: skip

    def looks_alike(self) -> None:
        """Somebody registers with a member's name and phone and another birth date."""
        fit = [one for one in self.shop.members if one.birth_date and one.mobile and one.given_name]
        member = replace(self.chance.choice(fit), store_key=self.next_key + self.chance.randrange(10**6))
        add_somebody_like(self.shop, member)


def compared(shop: InstalledShop) -> State:
    """Links, cases and what they rest on; when something was last looked at is no part of it."""
    return {name: rows for name, rows in our_state(shop).items() if name in COMPARED}


@pytest.mark.parametrize("seed", range(SEED, SEED + SEEDS))
def test_a_classification_of_everybody_changes_nothing_after_some_nights(
    installed: InstalledShop, seed: int
) -> None:
    shop, chance = installed, Random(seed)
    shop.policy, shop.guards = "column", "downgrades = 1000\nsurprise_downgrades = 1000"
    shop.configure()
    shop.fill(120, 150, seed=seed, register=60)
    life = Life(shop, chance)
    for number in range(NIGHTS):
        day = TODAY + timedelta(days=number)
        if number:
            life.day()
            answer_review(shop)
        shop.drop_export(day)
        shop.at(day, 3)
        assert shop.run("nightly") in (0, 1)
    before = compared(shop)
    assert before["link"].total() > 20
    assert before["review_case"]
    gone = select(link.c.id).join(customer, customer.c.id == link.c.customer_id)
    assert shop.rows(gone.where(link.c.active == 1, customer.c.state != "full")) == []
    assert shop.run("classify", "--all", "--apply") == 0
    assert differences(before, compared(shop)) == []
