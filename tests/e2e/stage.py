"""Everything the story is played with, and what its chapters say."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from .browser import Browser
from .mailbox import Mailbox
from .program import MEMBERS, Program
from .shop import Customer, Person, Staff

OURS = "EccubeSync42"
OTHER = "SyncTestGroups42"
TARO, HANAKO, ICHIRO, MEGUMI, KEN, SABURO, SATSUKI, NAOKO = MEMBERS


@dataclass(slots=True)
class Stage:
    """One shop with its browser, its mail, its staff, and the program beside it."""

    browser: Browser
    mailbox: Mailbox
    staff: Staff
    program: Program
    package: Path
    downloads: Path
    pictures: Path
    english: str | None = None
    """Where the same shop speaks English."""
    mark: str = field(default_factory=lambda: secrets.token_hex(3))
    """Keeps the addresses of one evening apart from those of another."""
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Serial and code handed out to a member."""

    def customer(self, number: str) -> Customer:
        """The store member with this number, as a customer."""
        _key, name01, name02, kana01, kana02, phone, birth, _points = MEMBERS[number]
        email = f"member-{number}-{self.mark}@example.com"
        person = Person(name01, name02, kana01, kana02, email, phone.replace("-", ""), birth)
        return Customer(self.browser, self.mailbox, person)

    def doubtful(self, number: str) -> Customer:
        """Somebody of a store member's name, and nothing else of theirs."""
        customer = self.customer(number)
        return replace(customer, person=replace(customer.person, phone="0699991111", birth="1931-01-01"))

    def stranger(self, name: str) -> Customer:
        """Somebody no store knows."""
        email = f"{name}-{self.mark}@example.com"
        person = Person("試験", "次郎", "シケン", "ジロウ", email, "0699990000", "1999-12-31")
        return Customer(self.browser, self.mailbox, person)

    def set_bridge(self, url: str) -> None:
        """Tell the plugin where the bridge is; ``""`` for nowhere."""
        self.staff.open("/eccube_sync42/config")
        self.browser.fill({"eccube_sync42_config[bridge_url]": url})
        self.browser.click("#eccube-sync42-config button[type='submit']")

    def open_customer(self, number: str) -> None:
        """Go to the admin page of a customer."""
        self.staff.open("/customer")
        self.browser.fill({"admin_search_customer[multi]": self.customer(number).person.email})
        self.browser.click("#search_form button[type='submit']")
        self.browser.click("tbody tr[id^='ex-customer-'] td:nth-child(2) a")

    def card_class(self) -> str | None:
        """The class on the card page that is open."""
        return self.browser.find(".eccube-sync42-card").get_attribute("data-class")

    def picture(self, name: str, selector: str = "html") -> Path:
        """A picture of the page that is open."""
        return self.browser.picture(self.pictures / f"{name}.png", selector)

    def downloaded(self, pattern: str) -> bytes:
        """The one file of this name that was downloaded."""
        self.browser.wait(lambda: list(self.downloads.glob(pattern)))
        (path,) = self.downloads.glob(pattern)
        return path.read_bytes()


def expect(condition: object, what: str) -> None:
    """Tell what was seen, or stop the chapter."""
    if not condition:
        raise AssertionError(what)
    tell(f"    ✓ {what}")


def tell(line: str) -> None:
    """One line of the log."""
    print(line, flush=True)
