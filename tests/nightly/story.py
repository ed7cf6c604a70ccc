"""A few days in the life of a small shop: what its people do by day, and what its reviewer answers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zlib import crc32

from eccube_sync.population import CustomerPerson, MemberPerson
from tests.review.files import cells_of
from tests.support.installed import TODAY, InstalledShop

EVE = TODAY - timedelta(days=1)
FIRST, SECOND = TODAY, TODAY + timedelta(days=1)
AFTERWARDS = TODAY + timedelta(days=2)
FAR = date(2027, 1, 31)
NEWCOMERS = 8
"""Customers who register while the story goes on."""

SECTIONS = """\
[owner]
mail = "owner@shop.example.jp"
[notices]
per_minute = 1000
[review]
format = "csv"
"""


PARTS = (
    "ends on the eve", "renews on the first day", "ends on the second day", "ends on the first day",
    "withdraws", "changes the phone", "vanishes", "is made anew", "loses the card",
)  # fmt: skip


class Story:
    """The shop, its people by the parts they play, and what happens on each day."""

    def __init__(
        self, shop: InstalledShop, mail_port: int, *, customers: int = 110, members: int = 150
    ) -> None:
        self.shop = shop
        shop.mail_port, shop.sections = mail_port, SECTIONS
        shop.configure()
        shop.fill(customers, members, register=customers - NEWCOMERS)
        self.parts = dict(zip(PARTS, clear_pairs(shop, customers - NEWCOMERS), strict=False))
        assert len(self.parts) == len(PARTS)
        # Nobody's membership ends in these days but those of the story.
        for position, one in enumerate(shop.members):
            if one.end_date and one.end_date >= EVE:
                shop.members[position] = replace(one, end_date=FAR)
        self._ends("ends on the eve", EVE)
        self._ends("renews on the first day", EVE - timedelta(days=7))
        self._ends("ends on the first day", FIRST)
        self._ends("ends on the second day", SECOND)
        self.doubtful = [one for one in shop.members if _well_known(one, shop)][:4]
        shop.drop_export(EVE)
        shop.at(EVE, 10, 30)

    def eccube_id(self, name: str) -> int:
        """The EC-CUBE id of the customer who plays this part: customers are numbered from 1."""
        return self.parts[name][0] + 1

    def email(self, name: str) -> str:
        """The address of the customer who plays this part."""
        return self.shop.customers[self.parts[name][0]].email

    def _card(self, name: str, **values: object) -> MemberPerson:
        position = self.parts[name][1]
        self.shop.members[position] = replace(self.shop.members[position], **values)  # type: ignore[arg-type]
        return self.shop.members[position]

    def _ends(self, name: str, day: date) -> None:
        self._card(name, end_date=day, unlimited=False)

    def first_day(self) -> None:
        """A renewal, new customers, a withdrawal, a changed phone, and the reviewer's answers."""
        shop, registered = self.shop, len(self.shop.customers) - NEWCOMERS
        shop.add_customers(registered, registered + NEWCOMERS // 2)
        for member in self.doubtful:
            add_somebody_like(shop, member)
        self._ends("renews on the first day", FAR)
        shop.eccube.execute(
            "UPDATE dtb_customer SET customer_status_id = 3, email = 'gone@dummy.example' WHERE id = :id",
            id=self.eccube_id("withdraws"),
        )
        shop.eccube.execute(
            "UPDATE dtb_customer SET phone_number = '08000009999' WHERE id = :id",
            id=self.eccube_id("changes the phone"),
        )
        answer_review(shop)
        shop.drop_export(FIRST)
        shop.at(FIRST, 10, 30)

    def second_day(self) -> None:
        """Two renewals, new customers, a row that vanishes, an id given to somebody else, a new card."""
        shop = self.shop
        shop.add_customers(len(shop.customers) - NEWCOMERS // 2, len(shop.customers))
        self._ends("ends on the eve", FAR)
        self._ends("ends on the second day", FAR)
        lost = self._card("loses the card", status=2)
        new = replace(
            lost, status=0, store_key=9001, code="2900000090013", number="00090001", joined_on=FIRST
        )
        shop.members.append(new)
        forget_customer(shop, self.eccube_id("vanishes"))
        make_anew(shop, self.eccube_id("is made anew"))
        answer_review(shop)
        shop.drop_export(SECOND)
        shop.at(SECOND, 10, 30)


def clear_pairs(shop: InstalledShop, registered: int) -> list[tuple[int, int]]:
    """Positions of customer and member of people no matcher can doubt, with one account and one card."""
    accounts = Counter(one.person for one in shop.customers)
    cards = Counter(one.person for one in shop.members)
    return [
        (c, m)
        for c, m in shop.truth
        if c < registered
        and accounts[shop.customers[c].person] == cards[shop.members[m].person] == 1
        and _clearly_one(shop.customers[c], shop.members[m])
    ]


def _clearly_one(customer: CustomerPerson, member: MemberPerson) -> bool:
    def digits(text: str | None) -> str:
        return "".join(sign for sign in text or "" if sign.isdigit())

    names = (customer.family_name, customer.given_name) == (member.family_name, member.given_name)
    phones = digits(customer.phone) in {digits(member.phone), digits(member.mobile)} - {""}
    born = customer.birth_date == member.birth_date is not None
    return customer.status == 2 and member.status == 0 and names and phones and born


def _well_known(member: MemberPerson, shop: InstalledShop) -> bool:
    """Whether this is somebody with a card and no account whose card says enough to be asked about."""
    on_web = any(one.person == member.person for one in shop.customers)
    return bool(
        not on_web and member.status == 0 and member.birth_date and member.mobile and member.given_name
    )


def add_somebody_like(shop: InstalledShop, member: MemberPerson) -> int:
    """Register somebody of the same name and phone and of another birth date: a person must be asked."""
    assert member.birth_date is not None
    return shop.eccube.add_customer(
        id=len(shop.customers) + 1 + member.store_key,
        name01=member.family_name,
        name02=member.given_name,
        kana01=None,
        kana02=None,
        phone_number=member.mobile.replace("-", ""),
        birth_date=member.birth_date.replace(year=member.birth_date.year - 3, day=1),
        email=f"like{member.store_key}@example.com",
        created_at=datetime(2026, 4, 9, 23, tzinfo=UTC),
    )


def forget_customer(shop: InstalledShop, eccube_id: int) -> None:
    """Delete a customer's row, and what hangs on it, as some shops do in the admin pages."""
    for table, column in (("plg_customer_group_customers_groups", "customer_id"), ("dtb_customer", "id")):
        shop.eccube.execute(f"DELETE FROM {table} WHERE {column} = :id", id=eccube_id)


def make_anew(shop: InstalledShop, eccube_id: int) -> None:
    """Let another person stand under a known id, as after an import of customers into an emptied table."""
    shop.eccube.execute(
        "UPDATE dtb_customer SET create_date = '2026-04-10 12:00:00', name01 = '新井', name02 = '太郎',"
        " kana01 = 'アライ', kana02 = 'タロウ', email = 'another@example.com', phone_number = '0311110000',"
        " birth = '1971-01-01 15:00:00', postal_code = '9000001', addr01 = '那覇市港町' WHERE id = :id",
        id=eccube_id,
    )


def answer_review(shop: InstalledShop) -> None:
    """Fill in every review file there is, by a rule that looks only at the people; put it where answers go."""
    folders = shop.settings().folders
    for number, path in enumerate(sorted(folders.review_out.iterdir())):
        filled = _filled(cells_of(path))
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerows(filled)
        (folders.review_in / f"answers-{number}.csv").write_bytes(text.getvalue().encode("utf-8-sig"))
        path.unlink()


def _filled(cells: list[list[str]]) -> list[list[str]]:
    at = {title: position for position, title in enumerate(cells[0])}
    found = [list(row) for row in cells]
    for row in found[1:]:
        who = row[at["EC-CUBE customer ID (web shop)"]], row[at["Member code (store)"]]
        words = ("Same person", "Different people", "Later") if all(who) else ("Dealt with", "Later")
        row[at["Decision"]] = words[crc32(repr(who).encode()) % len(words)]
        row[at["Reviewer"]] = "Tanaka"
    return found
